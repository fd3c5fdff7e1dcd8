"""List the documents in a folder of seeds, one row per file or record of a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.json_schema import PACKAGED
from copydesk.readers import PAGES
from copydesk.readers.hash_cache import hashes_of
from copydesk.readers.record_cache import Container, read_container, remove_outdated
from copydesk.readers.seed_files import Refusal, seed_of

#: ``sha256`` is that of the text's bytes, null for an unreadable file. For a record, ``stated`` is its metadata in
#: JSON, ``rows`` and ``row`` are the cache file and the row with its text; for a file all three are null. ``page`` is
#: true for a web page, ``flag`` is a flag to set at the end of the text, ``rights`` what a header says of rights.
LISTED = pa.schema(
    [
        ("doc_id", pa.string()),
        ("path", pa.string()),
        ("size", pa.int64()),
        ("sha256", pa.string()),
        ("stated", pa.string()),
        ("rows", pa.string()),
        ("row", pa.int64()),
        ("page", pa.bool_()),
        ("flag", pa.string()),
        ("rights", pa.string()),
    ]
)

_PAGE = "|".join(f"{re.escape(ending)}$" for ending in PAGES)


def list_documents(
    folder: Path, seeds: pa.Table, build: Path, ingest: dict[str, Any], schemas: Path = PACKAGED
) -> tuple[pa.Table, list[Refusal]]:
    """List the documents in the order of the seeds, and refuse invalid records.

    Only the rows are in memory, not the texts: a million records take about 500 MB.

    Parameters
    ----------
    folder : Path
        Folder of the seeds.
    seeds : pa.Table of ``SEEDS``
        The files in it, in order.
    build : Path
        Folder with the caches of hashes and records.
    ingest : dict
        The section ``ingest`` of the settings.
    schemas : Path
        Folder with the schemas.
    """
    records = build / "records"
    plain = seeds.filter(pc.is_valid(seeds["doc_id"]))
    files = _files(plain, hashes_of(folder, plain, build / "hashes.parquet"))
    tables = []
    refusals: list[Refusal] = []
    containers: list[Container] = []
    done = 0
    for containers_before, place in enumerate(pc.indices_nonzero(pc.is_null(seeds["doc_id"])).to_pylist()):
        tables.append(files.slice(done, place - containers_before - done))
        done = place - containers_before
        container = read_container(folder, seed_of(seeds, place), records, ingest, schemas)
        containers.append(container)
        tables.append(_listed(container))
        refusals += container.refusals
    remove_outdated(records, containers)
    listed, duplicates = _unique(pa.concat_tables([*tables, files.slice(done)]).combine_chunks())
    return listed, [*refusals, *duplicates]


def _files(seeds: pa.Table, hashes: pa.Array) -> pa.Table:
    of_records = ("stated", "rows", "row", "flag", "rights")
    nulls = {name: pa.nulls(len(hashes), LISTED.field(name).type) for name in of_records}
    pages = pc.match_substring_regex(pc.ascii_lower(seeds["path"]), _PAGE)
    columns = {**{name: seeds[name] for name in ("doc_id", "path", "size")}, "sha256": hashes, **nulls, "page": pages}
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _listed(container: Container) -> pa.Table:
    index = container.index
    ids = index["doc_id"]
    columns = {
        **{name: index[name] for name in ("doc_id", "size", "sha256", "stated", "row", "page", "flag", "rights")},
        "path": pc.binary_join_element_wise(pa.scalar(container.path), ids, "#"),
        "rows": pa.repeat(pa.scalar(container.rows.name), index.num_rows),
    }
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _unique(listed: pa.Table) -> tuple[pa.Table, list[Refusal]]:
    """Keep the first document with each id; refuse the others."""
    ids = listed["doc_id"]
    if pc.count_distinct(ids).as_py() == listed.num_rows:
        return listed, []
    counted = pc.value_counts(ids)
    repeated = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
    owners: dict[str, str] = {}
    refusals, dropped = [], []
    for place in pc.indices_nonzero(pc.is_in(ids, repeated)).to_pylist():
        doc_id, path = ids[place].as_py(), listed["path"][place].as_py()
        if doc_id in owners:
            detail = f"id {doc_id!r} belongs to {owners[doc_id]}; rename one of them"
            refusals.append(Refusal(path, "duplicate-id", detail))
            dropped.append(place)
        else:
            owners[doc_id] = path
    keep = pa.array(range(listed.num_rows), pa.int64())
    return listed.take(keep.filter(pc.invert(pc.is_in(keep, pa.array(dropped, pa.int64()))))), refusals


def without_taken_down(listed: pa.Table, ledger: dict[str, Any]) -> tuple[pa.Table, list[Refusal]]:
    """Documents that were not taken down; and refusals of those that were, by their id or their bytes."""
    if not ledger:
        return listed, []
    owners = {row["raw_sha256"]: doc_id for doc_id, row in reversed(ledger.items())}
    by_id = pc.is_in(listed["doc_id"], pa.array(list(ledger), pa.string()))
    by_bytes = pc.is_in(listed["sha256"], pa.array(list(owners), pa.string()))
    taken = pc.or_(by_id, by_bytes)
    refusals = []
    for row in listed.filter(taken).to_pylist():
        if row["doc_id"] in ledger:
            by = f"document {row['doc_id']} is in seeds/takedowns.jsonl"
        else:
            by = f"the same bytes as document {owners[row['sha256']]}, which is in seeds/takedowns.jsonl"
        remove = "remove the file" if row["rows"] is None else "remove the record"
        refusals.append(Refusal(row["path"], "taken-down", f"{by}; {remove}"))
    return listed.filter(pc.invert(taken)), refusals
