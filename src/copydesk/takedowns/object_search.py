"""Find the stored objects that contain a document, by their content; lists of files are not relied on."""

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
from copydesk.revisions.dvc_storages import DvcStorages
from copydesk.store.backend import StoredObject
from copydesk.store.shard_store import Store
from copydesk.takedowns.delivered_records import DeliveredRecords
from copydesk.takedowns.lines_about import LinesAbout

_MENTIONS = ("duplicate_of", "duplicate_group")
_HASHES = ("raw_sha256", "sha256")


class SearchTarget(NamedTuple):
    """The document to search for: its id, the SHA-256 of its files, the keys of its texts (see ``text_keys``).

    A document with another id and the same bytes, or the same text, is the same document.
    """

    doc_id: str
    file_hashes: frozenset[str]
    text_keys: frozenset[str]


class SearchResult(NamedTuple):
    """The result of a search.

    Attributes
    ----------
    objects : dict
        DVC's objects that contain the document, each with the ids of the document in it.
    delivered_files : frozenset of str
        The objects that are delivered files: the document itself, or a file of records with the document; and files
        with lines about it.
    shards : dict
        Finished shards that contain the document, each with the ids of the document in it.
    stores : list of Store
        The stores of finished shards that were searched.
    file_hashes : frozenset of str
        SHA-256 of every file that was ever delivered as the document, or as a copy of it.
    objects_read : int
        How many objects were read.
    unreadable : list of str
        Objects that could not be read, so that they may contain the document; one message each.
    records : DeliveredRecords
        What identifies the document among the records of a file.
    """

    objects: dict[str, frozenset[str]]
    delivered_files: frozenset[str]
    shards: dict[StoredObject, frozenset[str]]
    stores: list[Store]
    file_hashes: frozenset[str]
    objects_read: int
    unreadable: list[str]
    records: DeliveredRecords


def search_objects(
    storages: DvcStorages,
    stores: list[Store],
    target: SearchTarget,
    paths: Mapping[str, str],
    ingest: dict[str, Any],
    *,
    build: Path | None = None,
    plugins: bool = False,
) -> SearchResult:
    """Read every object of the cache, the remotes and the stores once, and return those that contain a document.

    Parameters
    ----------
    storages : DvcStorages
    stores : list of Store
        Finished shards.
    target : SearchTarget
    paths : mapping
        Paths by hash, for objects that are not in the list of a folder.
    ingest : dict
        The settings for reading files of records.
    build : Path, optional
        Folder of the project for work in progress.
    plugins : bool
        Whether a plug-in may have read files of the project.
    """
    objects: dict[str, frozenset[str]] = {}
    file_hashes = set(target.file_hashes)
    sha256_of_others: dict[str, str] = {}  # objects that are not Parquet
    unreadable = []
    oids = storages.oids
    for oid in oids:
        try:
            data = storages.read(oid)
            if data[:4] != b"PAR1":
                sha256_of_others[oid] = hashlib.sha256(data).hexdigest()
            elif ids := ids_of_document(pa.BufferReader(data), target, file_hashes):
                objects[oid] = ids
        except (pa.ArrowException, OSError, CopydeskError) as error:
            unreadable.append(f"object {oid}: {error}")
    # A seed may have had other bytes when it was first delivered. Then its name in a list of files identifies it.
    objects_by_name: set[str] = set()
    all_paths = dict(paths)
    for oid in (oid for oid in sha256_of_others if oid.endswith(".dir")):
        try:
            listing = storages.listing(oid)
            all_paths |= {md5: path for path, md5 in listing.items()}
            objects_by_name |= {md5 for path, md5 in listing.items() if PurePosixPath(path).stem == target.doc_id}
        except ReleaseError as error:
            unreadable.append(str(error))
    delivered_files = {
        oid
        for oid, sha256 in sha256_of_others.items()
        if (oid in objects_by_name or sha256 in file_hashes) and not oid.endswith(".dir")
    }
    records = DeliveredRecords(frozenset({target.doc_id}), frozenset(file_hashes), ingest, build, plugins)
    about = LinesAbout(records.ids, records.hashes)
    for oid in set(oids) & all_paths.keys() - objects.keys() - delivered_files:
        path = all_paths[oid]
        try:
            data = storages.read(oid)
            if records.numbers(path, data) or about.are_surely_in(path, data):
                delivered_files.add(oid)
        except CopydeskError as error:
            unreadable.append(f"object {oid}: {error}")
    other_paths = {all_paths[oid] for oid in sha256_of_others.keys() & all_paths.keys() - delivered_files}
    unreadable += records.not_searched(path for path in other_paths if not path.endswith(".dir"))
    objects |= {oid: frozenset({target.doc_id}) for oid in delivered_files}
    shards, searched_stores, shards_read, unreadable_shards = _search_stores(stores, target)
    return SearchResult(
        objects,
        frozenset(delivered_files),
        shards,
        searched_stores,
        frozenset(file_hashes),
        len(oids) + shards_read,
        unreadable + unreadable_shards,
        records,
    )


def _search_stores(
    stores: list[Store], target: SearchTarget
) -> tuple[dict[StoredObject, frozenset[str]], list[Store], int, list[str]]:
    shards, searched_stores, shards_read, unreadable = {}, [], 0, []
    for store in stores:
        try:
            for stored, ids_or_error in store.each_object(lambda stored: _ids_or_error(stored, target)):
                shards_read += 1
                if isinstance(ids_or_error, str):
                    unreadable.append(ids_or_error)
                elif ids_or_error:
                    shards[stored] = ids_or_error
            searched_stores.append(store)
        except StoreError as error:
            unreadable.append(str(error))
    return shards, searched_stores, shards_read, unreadable


def _ids_or_error(stored: StoredObject, target: SearchTarget) -> frozenset[str] | str:
    """Return the ids of the document in a finished shard, or an error message."""
    try:
        return ids_of_document(pa.BufferReader(stored.read()), target)
    except (pa.ArrowException, OSError) as error:
        return f"{stored}: {error}; delete it: the next build makes it again"


def ids_of_document(file: pa.NativeFile, target: SearchTarget, file_hashes: set[str] | None = None) -> frozenset[str]:
    """Return the ids of the document in a Parquet file that contains it or refers to it; empty for other files.

    Hashes of the files in which the document was delivered are added to ``file_hashes``.
    """
    parquet = pq.ParquetFile(file)
    names = parquet.schema_arrow.names
    if "doc_id" not in names:
        return frozenset()
    columns = [name for name in ("doc_id", *_HASHES, "text", *_MENTIONS) if name in names]
    rows = parquet.read(columns=columns, use_threads=False)
    ids = _ids(rows, pc.equal(rows["doc_id"], target.doc_id))
    hash_columns = [name for name in _HASHES if name in columns]
    for name in hash_columns:
        ids |= _ids(rows, pc.is_in(rows[name], value_set=pa.array(sorted(target.file_hashes), pa.string())))
    if "text" in columns and target.text_keys:
        ids |= _ids_with_text(rows, target.text_keys)
    if file_hashes is not None:
        document_rows = rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(sorted(ids), pa.string())))
        file_hashes.update(*(document_rows[name].to_pylist() for name in hash_columns))
    if any(pc.any(pc.equal(rows[name], target.doc_id)).as_py() for name in _MENTIONS if name in columns):
        ids.add(target.doc_id)
    return frozenset(ids)


def _ids_with_text(rows: pa.Table, keys: frozenset[str]) -> set[str]:
    """Return the ids of documents whose text has one of the keys; the sentences of a document are joined."""
    pairs = zip(rows["doc_id"].to_pylist(), rows["text"].to_pylist(), strict=True)
    texts = [(doc_id, " ".join(text for _, text in group)) for doc_id, group in groupby(pairs, lambda pair: pair[0])]
    text_key_of_each = text_keys(normalised(pa.array([text for _, text in texts], pa.string()))).to_pylist()
    return {doc_id for (doc_id, _), key in zip(texts, text_key_of_each, strict=True) if key in keys}


def document_ids_in(data: bytes) -> set[str]:
    """Return the ids of the documents in a Parquet file; empty for a damaged file, which a search reports."""
    try:
        parquet = pq.ParquetFile(pa.BufferReader(data))
        if "doc_id" not in parquet.schema_arrow.names:
            return set()
        return set(parquet.read(columns=["doc_id"], use_threads=False)["doc_id"].to_pylist())
    except (pa.ArrowException, OSError):
        return set()


def _ids(rows: pa.Table, mask: Any) -> set[str]:
    return set(rows.filter(mask)["doc_id"].to_pylist())
