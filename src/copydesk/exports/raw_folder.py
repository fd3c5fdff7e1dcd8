"""Raw files that somebody holds, under any names: found by their bytes, read as ingest reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.core.config import Params
from copydesk.errors import ValidationError
from copydesk.readers.document_listing import list_documents
from copydesk.readers.listed_texts import read_listed
from copydesk.readers.seed_files import Refusal, list_seeds


class FoundDocuments(NamedTuple):
    """Which documents are there.

    Attributes
    ----------
    places : dict
        The place in the listing of the file or record of each document that was found.
    missing, other : list of str
        What is not there, and what has other bytes; a message for each document.
    """

    places: dict[str, int]
    missing: list[str]
    other: list[str]


class RawFolder:
    """A folder of raw files.

    Parameters
    ----------
    folder : Path
    params : Params
        The settings by which the files are read.
    work : Path
        An empty folder for the caches of the listing.

    Raises
    ------
    BuildError
        If there is no such folder.
    """

    def __init__(self, folder: Path, params: Params, work: Path) -> None:
        self._folder, self._work = folder, work
        self._ingest = params["ingest"]
        seeds, refused = list_seeds(folder, self._ingest["max_bytes"])
        self._listed, refused_records = list_documents(folder, seeds, work, self._ingest)
        self.refusals: list[Refusal] = [*refused, *refused_records]

    def find(self, wanted: Mapping[str, str], renamed: Collection[str]) -> FoundDocuments:
        """Find documents.

        Parameters
        ----------
        wanted : mapping of str to str
            SHA-256 of the raw text's bytes by id.
        renamed : collection of str
            Those whose id says nothing of a file's name.
        """
        ids, hashes = self._listed["doc_id"].to_pylist(), self._listed["sha256"].to_pylist()
        by_id = {doc_id: place for place, doc_id in enumerate(ids)}
        by_hash = {sha256: place for place, sha256 in reversed([*enumerate(hashes)])}
        documents = FoundDocuments({}, [], [])
        for doc_id, sha256 in wanted.items():
            own = None if doc_id in renamed else by_id.get(doc_id)
            if own is not None and hashes[own] == sha256:
                documents.places[doc_id] = own
            elif sha256 in by_hash:
                documents.places[doc_id] = by_hash[sha256]
            elif own is not None:
                path = f"{self._folder}/{self._listed['path'][own].as_py()}"
                documents.other.append(f"{path}: document {doc_id}: found SHA-256 {hashes[own]}, expected {sha256}")
            else:
                documents.missing.append(
                    f"{self._folder}: document {doc_id}: no file or record with SHA-256 {sha256}"
                )
        return documents

    def read(self, places: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield documents with their rows of the table ``raw``, in the order of the listing.

        Raises
        ------
        ValidationError
            If one cannot be read.
        """
        owners: dict[int, list[str]] = defaultdict(list)
        for doc_id, place in places.items():
            owners[place].append(doc_id)
        order = sorted(owners)
        listed = self._listed.take(pa.array(order, pa.int64())).to_pylist()
        read = read_listed(self._folder, self._work / "records", listed, self._ingest["encodings"])
        for place, (seed, row) in zip(order, _refused_as_errors(self._folder, read), strict=True):
            for doc_id in owners[place]:
                yield doc_id, {**row, "where": f"{self._folder}/{seed['path']}"}


def _refused_as_errors(
    folder: Path, read: Iterable[tuple[dict[str, Any], dict[str, Any] | Refusal]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for seed, row in read:
        if isinstance(row, Refusal):
            raise ValidationError(f"{folder}/{row.path}: cannot be read: {row.reason}: {row.detail}")
        yield seed, row
