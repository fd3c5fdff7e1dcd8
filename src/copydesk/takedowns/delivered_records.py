"""Seed files that hold a document as one of their records: which records, and the file without them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from copydesk.core.scratch import scratch
from copydesk.readers import CONTAINERS, split_name
from copydesk.readers.record_cache import rows_of

_LINES = {".jsonl", ".ndjson"}


class DeliveredRecords(NamedTuple):
    """What identifies a document among the records of a file.

    Attributes
    ----------
    ids : frozenset of str
        Ids of the document and of its copies.
    hashes : frozenset of str
        SHA-256 of every text that was delivered as the document.
    ingest : dict
        The settings for reading records.
    build : Path or None
        Folder of the project for work in progress.
    """

    ids: frozenset[str]
    hashes: frozenset[str]
    ingest: dict[str, Any]
    build: Path | None = None

    def with_ids(self, ids: Collection[str]) -> DeliveredRecords:
        """The same with more ids."""
        return self._replace(ids=self.ids | frozenset(ids))

    def numbers(self, path: str, data: bytes) -> list[int]:
        """Numbers of the records of a file that are the document; empty where the file holds no records."""
        name = PurePosixPath(path).name
        if split_name(name)[1] not in CONTAINERS:
            return []
        with scratch("delivery", self.build) as folder:
            file = folder / name
            file.write_bytes(data)
            return [
                row["number"]
                for row in rows_of(file, self.ingest)
                if row["reason"] is None and (row["doc_id"] in self.ids or row["sha256"] in self.hashes)
            ]

    def file_without(self, path: str, data: bytes) -> bytes | None:
        """Remove the document from a file; a file that does not hold it is returned as it is.

        JSON Lines get an empty line in its place, so that other records keep their numbers. None for a file of
        another kind, and for one of which nothing remains: it must be removed as a whole.
        """
        numbers = self.numbers(path, data)
        if not numbers:
            return data
        if split_name(PurePosixPath(path).name)[1] not in _LINES:
            return None
        lines = data.split(b"\n")
        for number in numbers:
            lines[number - 1] = b""
        return b"\n".join(lines) if any(line.strip() for line in lines) else None
