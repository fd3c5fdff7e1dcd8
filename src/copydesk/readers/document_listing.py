"""List the documents in a folder of seeds, one row per file or record of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import ipc

from copydesk.core.json_schema import PACKAGED
from copydesk.core.scratch import scratch
from copydesk.readers import PAGES
from copydesk.readers.hash_cache import hashes_of
from copydesk.readers.record_cache import Container, read_container, remove_outdated
from copydesk.readers.seed_files import Refusal, seed_of
from copydesk.tables.shard_cutting import id_hashes

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
_BATCH = 4096  # rows that are written, and read, together, unless they have more bytes than this:
_BATCH_BYTES = 32 << 20


class ListedRows(NamedTuple):
    """Consecutive rows of a listing; other processes read them from its file.

    They lie in the batches from ``first`` to ``last - 1``, from the row ``start`` of these on.
    """

    file: Path
    first: int
    last: int
    start: int
    length: int

    def table(self) -> pa.Table:
        """Read the rows."""
        with pa.OSFile(str(self.file)) as source, ipc.open_file(source) as batches:
            rows = pa.Table.from_batches(map(batches.get_batch, range(self.first, self.last)), LISTED)
        # Taken, because a slice would be sent to other processes with the whole table.
        return rows.take(pa.array(np.arange(self.start, self.start + self.length))).combine_chunks()


class Listing(NamedTuple):
    """Listed documents, as rows of ``LISTED`` in an Arrow file; in memory are 16 bytes for each of n.

    Attributes
    ----------
    file : Path
    id_hashes : numpy.ndarray of uint64, shape (n,)
        See :func:`~copydesk.tables.shard_cutting.id_hashes`.
    sizes : numpy.ndarray of int64, shape (n,)
        Bytes of each document.
    bounds : numpy.ndarray of int64
        The first row of each batch of the file, and n.
    has_pages : bool
        Whether any is a web page.
    """

    file: Path
    id_hashes: NDArray[np.uint64]
    sizes: NDArray[np.int64]
    bounds: NDArray[np.int64]
    has_pages: bool

    @classmethod
    def write(cls, file: Path, tables: Iterable[pa.Table]) -> Listing:
        """Write consecutive tables of ``LISTED`` to a file."""
        hashes, sizes = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        has_pages = False
        with pa.OSFile(str(file), "wb") as sink, ipc.new_file(sink, LISTED, options=_LZ4) as writer:
            for batch in _in_batches(tables):
                hashes.append(id_hashes(batch["doc_id"].to_pylist()))
                sizes.append(batch["size"].fill_null(0).to_numpy())
                has_pages |= bool(pc.any(batch["page"]).as_py())
                writer.write_batch(batch)
        bounds = np.cumsum([len(of_batch) for of_batch in sizes])
        return cls(file, np.concatenate(hashes), np.concatenate(sizes), bounds, has_pages)

    def rows(self, start: int, stop: int) -> ListedRows:
        """Some consecutive rows."""
        first = int(np.searchsorted(self.bounds, start, "right")) - 1
        last = int(np.searchsorted(self.bounds, stop))
        return ListedRows(self.file, first, last, start - int(self.bounds[first]), stop - start)

    def batches(self) -> Iterator[tuple[int, pa.Table]]:
        """Read all rows, some at a time, with the number of the first of them."""
        for start, stop in pairwise(self.bounds.tolist()):
            yield start, self.rows(start, stop).table()

    def without(self, dropped: NDArray[np.bool_]) -> Listing:
        """The listing without some rows, in another file: the old one is removed. ``dropped`` has shape (n,)."""
        if not dropped.any():
            return self
        kept = (rows.filter(pa.array(~dropped[start : start + rows.num_rows])) for start, rows in self.batches())
        listing = Listing.write(self.file.with_name(f"{self.file.name}-"), kept)
        self.file.unlink()
        return listing


_LZ4 = ipc.IpcWriteOptions(compression="lz4")


def _in_batches(tables: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    """The rows of small tables, in batches of some ``_BATCH`` rows or ``_BATCH_BYTES``."""
    pending: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        pending.append(table)
        rows, size = rows + table.num_rows, size + table.nbytes
        if rows >= _BATCH or size >= _BATCH_BYTES:
            yield from _combined(pending)
            pending, rows, size = [], 0, 0
    yield from _combined(pending)


def _combined(tables: list[pa.Table]) -> Iterator[pa.RecordBatch]:
    """One batch of all rows, or several where a column has more bytes than one can have."""
    whole = pa.concat_tables([LISTED.empty_table(), *tables]).combine_chunks()
    return (batch for batch in whole.to_batches() if batch.num_rows)


def list_documents(
    folder: Path, seeds: pa.Table, build: Path, ingest: dict[str, Any], schemas: Path = PACKAGED
) -> tuple[pa.Table, list[Refusal]]:
    """List a few documents in memory; parameters and result as for :func:`list_in_file`."""
    build.mkdir(parents=True, exist_ok=True)
    with scratch("listed", build) as place:  # where takedowns look for what a killed run has left
        listing, refusals = list_in_file(folder, seeds, build, ingest, schemas, place / "listed")
        rows = [LISTED.empty_table(), *(table for _, table in listing.batches())]
        return pa.concat_tables(rows).combine_chunks(), refusals


def list_in_file(  # noqa: PLR0917  (what to read, by which settings, and where to write)
    folder: Path, seeds: pa.Table, build: Path, ingest: dict[str, Any], schemas: Path, file: Path
) -> tuple[Listing, list[Refusal]]:
    """List the documents in the order of the seeds, and refuse invalid records.

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
    file : Path
        Where to write the listing.
    """
    refusals: list[Refusal] = []
    tables = _tables(folder, seeds, build, ingest, schemas, refusals)
    listing, duplicates = _unique(Listing.write(file, tables))
    return listing, [*refusals, *duplicates]


def _tables(  # noqa: PLR0917  (as for list_in_file)
    folder: Path, seeds: pa.Table, build: Path, ingest: dict[str, Any], schemas: Path, refusals: list[Refusal]
) -> Iterator[pa.Table]:
    """The rows of files and records in the order of the seeds; refused records are added to ``refusals``."""
    records = build / "records"
    plain = seeds.filter(pc.is_valid(seeds["doc_id"])) if seeds["doc_id"].null_count else seeds
    hashes = hashes_of(folder, plain, build / "hashes.parquet")
    containers: list[Path] = []
    done = 0
    for containers_before, place in enumerate(pc.indices_nonzero(pc.is_null(seeds["doc_id"])).to_pylist()):
        yield from _files(plain, hashes, done, place - containers_before)
        done = place - containers_before
        container = read_container(folder, seed_of(seeds, place), records, ingest, schemas)
        containers.append(container.rows)
        for index in container.index_batches():
            refusals += container.refusals(index)
            yield _listed(container, index)
    yield from _files(plain, hashes, done, plain.num_rows)
    remove_outdated(records, containers)


def _files(seeds: pa.Table, hashes: pa.Array, start: int, stop: int) -> Iterator[pa.Table]:
    """Rows of some of the seeds that hold one document each."""
    for at in range(start, stop, _BATCH):
        size = min(_BATCH, stop - at)
        yield _file_rows(seeds.slice(at, size), hashes.slice(at, size))


def _file_rows(seeds: pa.Table, hashes: pa.Array) -> pa.Table:
    of_records = ("stated", "rows", "row", "flag", "rights")
    nulls = {name: pa.nulls(len(hashes), LISTED.field(name).type) for name in of_records}
    pages = pc.match_substring_regex(pc.ascii_lower(seeds["path"]), _PAGE)
    columns = {**{name: seeds[name] for name in ("doc_id", "path", "size")}, "sha256": hashes, **nulls, "page": pages}
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _listed(container: Container, index: pa.Table) -> pa.Table:
    index = index.filter(pc.is_null(index["reason"]))
    ids = index["doc_id"]
    columns = {
        **{name: index[name] for name in ("doc_id", "size", "sha256", "stated", "row", "page", "flag", "rights")},
        "path": pc.binary_join_element_wise(pa.scalar(container.path), ids, "#"),
        "rows": pa.repeat(pa.scalar(container.rows.name), index.num_rows),
    }
    return pa.table({name: columns[name] for name in LISTED.names}, LISTED)


def _unique(listing: Listing) -> tuple[Listing, list[Refusal]]:
    """Keep the first document with each id; refuse the others."""
    ordered = np.sort(listing.id_hashes)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    refusals: list[Refusal] = []
    dropped = np.zeros(len(listing.sizes), dtype=bool)
    owners: dict[str, str] = {}
    suspects = np.isin(listing.id_hashes, repeated) if len(repeated) else dropped
    for start, rows in listing.batches() if len(repeated) else ():
        places = np.flatnonzero(suspects[start : start + rows.num_rows])
        some = rows.select(["doc_id", "path"]).take(pa.array(places)).to_pylist()
        for place, row in zip((places + start).tolist(), some, strict=True):
            doc_id, path = row["doc_id"], row["path"]
            if doc_id in owners:
                detail = f"id {doc_id!r} belongs to {owners[doc_id]}; rename one of them"
                refusals.append(Refusal(path, "duplicate-id", detail))
                dropped[place] = True
            else:
                owners[doc_id] = path
    return listing.without(dropped), refusals


def without_taken_down(listing: Listing, ledger: dict[str, Any]) -> tuple[Listing, list[Refusal]]:
    """Documents that were not taken down; and refusals of those that were, by their id or their bytes."""
    if not ledger:
        return listing, []
    owners = {row["raw_sha256"]: doc_id for doc_id, row in reversed(ledger.items())}
    ids, hashes = pa.array(list(ledger), pa.string()), pa.array(list(owners), pa.string())
    dropped = [np.zeros(0, dtype=bool)]
    refusals = []
    for _, rows in listing.batches():
        taken = pc.or_(pc.is_in(rows["doc_id"], ids), pc.is_in(rows["sha256"], hashes))
        dropped.append(taken.to_numpy())
        for row in rows.filter(taken).to_pylist():
            if row["doc_id"] in ledger:
                by = f"document {row['doc_id']} is in seeds/takedowns.jsonl"
            else:
                by = f"the same bytes as document {owners[row['sha256']]}, which is in seeds/takedowns.jsonl"
            remove = "remove the file" if row["rows"] is None else "remove the record"
            refusals.append(Refusal(row["path"], "taken-down", f"{by}; {remove}"))
    return listing.without(np.concatenate(dropped)), refusals
