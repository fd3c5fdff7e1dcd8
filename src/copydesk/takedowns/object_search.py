"""Which stored objects hold a document: told by what is in them, not by what some listing says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.description.duplicates.minhash import normalised, text_keys
from copydesk.errors import CopydeskError, ReleaseError, StoreError
from copydesk.revisions.dvc_places import Places
from copydesk.store.backend import StoredObject
from copydesk.store.shard_store import Store
from copydesk.takedowns.delivered_records import Deliveries

_MENTIONS = ("duplicate_of", "duplicate_group")
_HASHES = ("raw_sha256", "sha256")


class Wanted(NamedTuple):
    """What a document is told by: its id, the SHA-256 of its file, the key of its text (see ``text_keys``).

    The same bytes, or the same text, under another id are the same document.
    """

    doc_id: str
    files: frozenset[str]
    texts: frozenset[str]


class Sought(NamedTuple):
    """The outcome of a search.

    Attributes
    ----------
    objects : dict
        For each of DVC's objects that holds the document, the ids under which it does.
    plain : frozenset of str
        Those of them that are its file as it was delivered, or a file with records of which it is one.
    store : dict
        The same of finished shards, in ``build/store`` and wherever else they lie.
    stores : list of Store
        Where finished shards were searched.
    files : frozenset of str
        SHA-256 of every file that was ever delivered as the document, or as a copy of it.
    searched : int
        How many objects were read.
    unreadable : list of str
        What could not be read, and so may hold it.
    deliveries : Deliveries
        What it is told by among the records of a file.
    """

    objects: dict[str, frozenset[str]]
    plain: frozenset[str]
    store: dict[StoredObject, frozenset[str]]
    stores: list[Store]
    files: frozenset[str]
    searched: int
    unreadable: list[str]
    deliveries: Deliveries


def search(
    places: Places,
    stores: list[Store],
    wanted: Wanted,
    names: Mapping[str, str],
    ingest: dict[str, Any],
    *,
    build: Path | None = None,
) -> Sought:
    """Read every object of the cache, the remotes and the stores, each once.

    Parameters
    ----------
    places : Places
    stores : list of Store
        Finished shards.
    wanted : Wanted
    names : mapping
        Paths of objects by their hashes, for those that no list of a folder names.
    ingest : dict
        The settings by which files of records are read.
    build : Path, optional
        Folder of the project for work in progress.
    """
    found: dict[str, frozenset[str]] = {}
    files = set(wanted.files)
    plain: dict[str, str] = {}
    unreadable = []
    oids = places.oids
    for oid in oids:
        try:
            data = places.read(oid)
            if data[:4] != b"PAR1":
                plain[oid] = hashlib.sha256(data).hexdigest()
            elif ids := owners(pa.BufferReader(data), wanted, files):
                found[oid] = ids
        except (pa.ArrowException, OSError, CopydeskError) as error:
            unreadable.append(f"object {oid}: {error}")
    # A seed may have been another file when it was delivered first: its name in a listing tells.
    named: set[str] = set()
    paths = dict(names)
    for oid in (oid for oid in plain if oid.endswith(".dir")):
        try:
            listing = places.listing(oid)
            paths |= {md5: path for path, md5 in listing.items()}
            named |= {md5 for path, md5 in listing.items() if PurePosixPath(path).stem == wanted.doc_id}
        except ReleaseError as error:
            unreadable.append(str(error))
    held = {oid for oid, sha256 in plain.items() if (oid in named or sha256 in files) and not oid.endswith(".dir")}
    deliveries = Deliveries(frozenset({wanted.doc_id}), frozenset(files), ingest, build)
    for oid in set(oids) & paths.keys() - found.keys() - held:
        try:
            if deliveries.numbers(paths[oid], places.read(oid)):
                held.add(oid)
        except CopydeskError as error:
            unreadable.append(f"object {oid}: {error}")
    found |= {oid: frozenset({wanted.doc_id}) for oid in held}
    shards, searched, read, broken = _search_stores(stores, wanted)
    count = len(oids) + read
    unreadable += broken
    return Sought(found, frozenset(held), shards, searched, frozenset(files), count, unreadable, deliveries)


def _search_stores(
    stores: list[Store], wanted: Wanted
) -> tuple[dict[StoredObject, frozenset[str]], list[Store], int, list[str]]:
    shards, searched, read, broken = {}, [], 0, []
    for store in stores:
        try:
            for stored, found in store.each_object(lambda stored: _owners(stored, wanted)):
                read += 1
                if isinstance(found, str):
                    broken.append(found)
                elif found:
                    shards[stored] = found
            searched.append(store)
        except StoreError as error:
            broken.append(str(error))
    return shards, searched, read, broken


def _owners(stored: StoredObject, wanted: Wanted) -> frozenset[str] | str:
    """The same of a finished shard, or what is wrong with it."""
    try:
        return owners(pa.BufferReader(stored.read()), wanted)
    except (pa.ArrowException, OSError) as error:
        return f"{stored}: {error}; delete it: the next build makes it again"


def owners(file: pa.NativeFile, wanted: Wanted, files: set[str] | None = None) -> frozenset[str]:
    """The ids under which a Parquet file holds a document, or refers to it.

    Hashes of the files that it was delivered as are added to ``files``.
    """
    parquet = pq.ParquetFile(file)
    names = parquet.schema_arrow.names
    if "doc_id" not in names:
        return frozenset()
    read = [name for name in ("doc_id", *_HASHES, "text", *_MENTIONS) if name in names]
    rows = parquet.read(columns=read, use_threads=False)
    found = _ids(rows, pc.equal(rows["doc_id"], wanted.doc_id))
    hashes = [name for name in _HASHES if name in read]
    for name in hashes:
        found |= _ids(rows, pc.is_in(rows[name], value_set=pa.array(sorted(wanted.files), pa.string())))
    if "text" in read and wanted.texts:
        found |= _same_text(rows, wanted.texts)
    if files is not None:
        own = rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(sorted(found), pa.string())))
        files.update(*(own[name].to_pylist() for name in hashes))
    if any(pc.any(pc.equal(rows[name], wanted.doc_id)).as_py() for name in _MENTIONS if name in read):
        found.add(wanted.doc_id)
    return frozenset(found)


def _same_text(rows: pa.Table, keys: frozenset[str]) -> set[str]:
    """Ids whose text has one of the keys; sentences are put together again."""
    pairs = zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    texts = [(doc_id, " ".join(text for _, text in group)) for doc_id, group in groupby(pairs, lambda pair: pair[0])]
    found = text_keys(normalised(pa.array([text for _, text in texts], pa.string()))).to_pylist()
    return {doc_id for (doc_id, _), key in zip(texts, found, strict=True) if key in keys}


def ids_in(data: bytes) -> set[str]:
    """Ids of the documents that a Parquet file has rows of; none for a file that is damaged, which a search names."""
    try:
        parquet = pq.ParquetFile(pa.BufferReader(data))
        if "doc_id" not in parquet.schema_arrow.names:
            return set()
        return set(parquet.read(columns=["doc_id"], use_threads=False)["doc_id"].to_pylist())
    except (pa.ArrowException, OSError):
        return set()


def _ids(rows: pa.Table, mask: Any) -> set[str]:
    return set(rows.filter(mask)["doc_id"].to_pylist())
