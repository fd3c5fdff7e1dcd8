"""What lies in a folder of seeds: a row for each document that there may be, whether a file or a record of one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.json_schema import PACKAGED
from copydesk.readers import PAGES
from copydesk.readers.hash_cache import hashes_of
from copydesk.readers.record_cache import Container, forget, read_container
from copydesk.readers.seed_files import Refusal, seed_of

#: ``sha256`` is that of the text's bytes, null for a file that cannot be read. Of a record, ``stated`` is what it
#: says of itself as JSON, ``rows`` and ``row`` are the place of its text; all three are null for a file. ``page``
#: tells whether the text is a web page, ``flag`` what is marked at its end.
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
    ]
)

_PAGE = "|".join(f"{re.escape(ending)}$" for ending in PAGES)


def list_documents(
    folder: Path, seeds: pa.Table, build: Path, ingest: dict[str, Any], schemas: Path = PACKAGED
) -> tuple[pa.Table, list[Refusal]]:
    """List the documents of seeds in their order, and refuse records that are none.

    Of a document there is nothing in memory but its row: a million records of a file take about 500 MB.

    Parameters
    ----------
    folder : Path
        Folder of the seeds.
    seeds : pa.Table of ``SEEDS``
        Its files, in order.
    build : Path
        Folder that remembers hashes, and keeps records.
    ingest : dict
        The settings.
    schemas : Path
        Folder with the schemas.
    """
    kept = build / "records"
    plain = seeds.filter(pc.is_valid(seeds["doc_id"]))
    files = _files(plain, hashes_of(folder, plain, build / "hashes.parquet"))
    tables = []
    refusals: list[Refusal] = []
    containers: list[Container] = []
    done = 0
    for before, place in enumerate(pc.indices_nonzero(pc.is_null(seeds["doc_id"])).to_pylist()):
        tables.append(files.slice(done, place - before - done))
        done = place - before
        container = read_container(folder, seed_of(seeds, place), kept, ingest, schemas)
        containers.append(container)
        tables.append(_listed(container))
        refusals += container.refusals
    forget(kept, containers)
    listed, twice = _unique(pa.concat_tables([*tables, files.slice(done)]).combine_chunks())
    return listed, [*refusals, *twice]


def _files(seeds: pa.Table, hashes: pa.Array) -> pa.Table:
    nulls = {name: pa.nulls(len(hashes), LISTED.field(name).type) for name in ("stated", "rows", "row", "flag")}
    pages = pc.match_substring_regex(pc.ascii_lower(seeds["path"]), _PAGE)
    columns = {**{name: seeds[name] for name in ("doc_id", "path", "size")}, "sha256": hashes, **nulls, "page": pages}
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _listed(container: Container) -> pa.Table:
    index = container.index
    ids = index["doc_id"]
    columns = {
        **{name: index[name] for name in ("doc_id", "size", "sha256", "stated", "row", "page", "flag")},
        "path": pc.binary_join_element_wise(pa.scalar(container.path), ids, "#"),
        "rows": pa.repeat(pa.scalar(container.rows.name), index.num_rows),
    }
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _unique(listed: pa.Table) -> tuple[pa.Table, list[Refusal]]:
    """Of the documents with one id the first, and refusals of the others."""
    ids = listed["doc_id"]
    if pc.count_distinct(ids).as_py() == listed.num_rows:
        return listed, []
    counted = pc.value_counts(ids)
    often = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
    owners: dict[str, str] = {}
    refusals, gone = [], []
    for place in pc.indices_nonzero(pc.is_in(ids, often)).to_pylist():
        doc_id, path = ids[place].as_py(), listed["path"][place].as_py()
        if doc_id in owners:
            detail = f"id {doc_id!r} belongs to {owners[doc_id]}; rename one of them"
            refusals.append(Refusal(path, "duplicate-id", detail))
            gone.append(place)
        else:
            owners[doc_id] = path
    keep = pa.array(range(listed.num_rows), pa.int64())
    return listed.take(keep.filter(pc.invert(pc.is_in(keep, pa.array(gone, pa.int64()))))), refusals
