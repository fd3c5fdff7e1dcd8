"""Which rows of two revisions differ: shard by shard, column by column, over whole Arrow columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.dataset.rows_by_split import split_of
from copydesk.differences.diff_model import Delta
from copydesk.revisions.revision import Revision
from copydesk.tables.renamed_columns import with_current_names

#: Readers of shards at once: decoding and hashing leave Python's lock.
THREADS = 4
Mask = npt.NDArray[np.bool_]
Row = dict[str, Any]


class ChangedShards(NamedTuple):
    """The shards of a table that only one of two revisions has."""

    revision: Revision
    shards: list[str]

    @classmethod
    def of(cls, old: Revision, new: Revision, table: str) -> tuple[ChangedShards, ChangedShards]:
        """The shards of a table that only the old revision has, and those that only the new one has."""
        old_shards, new_shards = list(old.shards(table).values()), list(new.shards(table).values())
        common = {*old_shards} & {*new_shards}
        return (
            cls(old, [shard for shard in old_shards if shard not in common]),
            cls(new, [shard for shard in new_shards if shard not in common]),
        )

    def table(self, without: Sequence[str] = ()) -> pa.Table | None:
        """The rows of the shards, without some columns; None if there is no shard."""

        def read(shard: str) -> pa.Table:
            names = pq.read_schema(self.revision.locate(shard)).names
            return self.revision.read(shard, [name for name in names if name not in without])

        with ThreadPoolExecutor(THREADS) as threads:
            tables = list(threads.map(read, self.shards))
        return pa.concat_tables(tables) if tables else None

    def table_with_split(self, name: str) -> pa.Table | None:
        """The rows of the shards of a table. If they have no column ``split``, it is that of the file."""
        paths = {shard: path for path, shard in self.revision.shards(name).items()}

        def read(shard: str) -> pa.Table:
            rows = self.revision.read(shard)
            if "split" in rows.column_names:
                return rows
            split = split_of(paths[shard])
            return rows.append_column("split", pa.repeat(pa.scalar(split), rows.num_rows))

        with ThreadPoolExecutor(THREADS) as threads:
            tables = list(threads.map(read, self.shards))
        return pa.concat_tables(tables) if tables else None

    def rows(self, ids: Iterable[str]) -> dict[str, list[Row]]:
        """Rows of some documents, by document."""
        table = self.some(ids)
        by_document: dict[str, list[Row]] = defaultdict(list)
        for row in table.to_pylist() if table is not None else ():
            by_document[row["doc_id"]].append(row)
        return by_document

    def some(self, ids: Iterable[str], columns: Sequence[str] = ()) -> pa.Table | None:
        """Rows of some documents; only row groups with one of them are read in full."""
        sorted_ids = pa.array(sorted(ids), pa.string())
        if not len(sorted_ids) or not self.shards:
            return None
        with ThreadPoolExecutor(THREADS) as threads:
            rows = pa.concat_tables(threads.map(lambda shard: self._rows(shard, sorted_ids, columns), self.shards))
        return with_current_names(rows)

    def _rows(self, shard: str, ids: pa.Array, columns: Sequence[str]) -> pa.Table:
        with pq.ParquetFile(self.revision.locate(shard)) as file:
            names = [name for name in file.schema_arrow.names if not columns or name in columns]
            tables = [file.schema_arrow.empty_table().select(names)]
            for group in range(file.num_row_groups):
                mask = pc.is_in(file.read_row_group(group, ["doc_id"], use_threads=False)["doc_id"], ids)
                if pc.any(mask).as_py():
                    tables.append(file.read_row_group(group, names, use_threads=False).filter(mask))
        return pa.concat_tables(tables)


def common_shards(old: Revision, new: Revision, table: str) -> list[str]:
    """Shards of a table that both revisions have."""
    old_shards = {*old.shards(table).values()}
    return [shard for shard in new.shards(table).values() if shard in old_shards]


class _Matched(NamedTuple):
    """Two tables with one row per document, and the positions of the rows of documents in both."""

    old: pa.Table
    new: pa.Table
    at_old: npt.NDArray[np.int64]
    at_new: npt.NDArray[np.int64]

    @property
    def added(self) -> list[str]:
        return _ids_elsewhere(self.new["doc_id"], self.at_new)

    @property
    def removed(self) -> list[str]:
        return _ids_elsewhere(self.old["doc_id"], self.at_old)

    def differing(self) -> dict[str, list[str]]:
        """By document in both tables, the columns that differ; only columns of both tables are compared."""
        ids = self.new["doc_id"].take(pa.array(self.at_new))
        by_document: dict[str, list[str]] = defaultdict(list)
        for name in self.new.column_names:
            if name != "doc_id" and name in self.old.column_names:
                one, other = (
                    _whole(table[name].take(pa.array(at)))
                    for table, at in ((self.old, self.at_old), (self.new, self.at_new))
                )
                for doc_id in ids.filter(pa.array(differing_values(one, other))).to_pylist():
                    by_document[doc_id].append(name)
        return by_document


def match_documents(old: pa.Table | None, new: pa.Table | None) -> _Matched:
    """The rows of two tables, matched by document."""
    some = old if old is not None else new
    empty = some.slice(0, 0) if some is not None else pa.table({"doc_id": pa.array([], pa.string())})
    old, new = (empty if table is None else table for table in (old, new))
    at = pc.index_in(new["doc_id"], value_set=_whole(old["doc_id"]))
    known = pc.is_valid(at).to_numpy()
    return _Matched(old, new, at.drop_null().to_numpy().astype(np.int64), np.flatnonzero(known))


def _ids_elsewhere(ids: pa.ChunkedArray, at: npt.NDArray[np.int64]) -> list[str]:
    mask = np.ones(len(ids), dtype=bool)
    mask[at] = False
    unmatched: list[str] = ids.filter(pa.array(mask)).to_pylist()
    return unmatched


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def differing_values(old: pa.Array, new: pa.Array) -> Mask:
    """Which values of two columns of equal length differ; nulls equal each other, and so do NaNs."""
    if old.type != new.type:
        try:
            old = old.cast(new.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return np.ones(len(old), dtype=bool)
    if pa.types.is_null(old.type):
        return np.zeros(len(old), dtype=bool)
    missing = pc.is_null(old).to_numpy(zero_copy_only=False)
    different: Mask = missing != pc.is_null(new).to_numpy(zero_copy_only=False)
    if pa.types.is_list(old.type):
        lengths, new_lengths = (pc.fill_null(pc.list_value_length(a), 0).to_numpy() for a in (old, new))
        different |= lengths != new_lengths
        rows = np.flatnonzero(~different & (lengths > 0))
        taken = pa.array(rows)
        inner = differing_values(old.take(taken).flatten(), new.take(taken).flatten())
        different[np.repeat(rows, lengths[rows])[inner]] = True
        return different
    if pa.types.is_struct(old.type):
        for one, other in zip(old.flatten(), new.flatten(), strict=True):
            different |= differing_values(one, other)
        return different
    unequal = pc.fill_null(pc.not_equal(old, new), False)
    if pa.types.is_floating(old.type):
        unequal = pc.and_not(unequal, pc.fill_null(pc.and_(pc.is_nan(old), pc.is_nan(new)), False))
    different |= unequal.to_numpy(zero_copy_only=False)
    return different


def documents_with_other_rows(old: Revision, new: Revision, table: str, apart: set[str]) -> set[str]:
    """Documents in both revisions whose rows in another table differ."""
    # A text follows from the document's hash and the span; comparing millions of them would take long.
    # The split is that of the document, whose own row has it.
    without = ("split",) if table == "edits" else ("split", "text")
    tables = [side.table(without=without) for side in ChangedShards.of(old, new, table)]
    present = [rows.column_names for rows in tables if rows is not None]
    # A column that only one revision has changes no document.
    names = [name for name in present[0] if all(name in others for others in present)] if present else []
    before, after = (None if rows is None else _bundled(rows.select(names)) for rows in tables)
    matched = match_documents(before, after)
    return {*matched.differing(), *matched.added, *matched.removed} - apart


def _bundled(table: pa.Table) -> pa.Table | None:
    """Convert a table with several consecutive rows per document to one with a list of rows per document."""
    if not table.num_rows:
        return None
    ids = _whole(table["doc_id"])
    changes = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy(zero_copy_only=False)
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    values = table.drop_columns("doc_id").to_struct_array()
    offsets = pa.array(np.append(starts, len(ids)), pa.int32())
    return pa.table({"doc_id": ids.take(pa.array(starts)), "rows": pa.ListArray.from_arrays(offsets, _whole(values))})


def net_rows(
    old: Revision, new: Revision, table: str, ids: list[str], columns: Sequence[str]
) -> dict[str, list[Row]]:
    """Rows that only one revision has, or has more of; ``sign`` says how many more are in the new one.

    Counted in Arrow: if a rule changes every document, only its edits become Python objects.
    """
    names = ("doc_id", *columns)
    sides = []
    for sign, side in zip((-1, 1), ChangedShards.of(old, new, table), strict=True):
        some = side.some(ids, names)
        if some is not None:
            some = some.select([name for name in names if name in some.column_names])
            if "rules" in some.column_names:
                # Lists cannot be grouped by. No name of a rule has a line feed.
                joined = pc.binary_join(some["rules"].cast(pa.list_(pa.string())), "\n")
                some = some.set_column(some.column_names.index("rules"), "rules", joined)
            sides.append(some.append_column("sign", pa.repeat(pa.scalar(sign, pa.int64()), some.num_rows)))
    by_document: dict[str, list[Row]] = defaultdict(list)
    if sides:
        every = pa.concat_tables(sides, promote_options="permissive")
        keys = [name for name in every.column_names if name != "sign"]
        counted = every.group_by(keys, use_threads=False).aggregate([("sign", "sum")])
        for row in counted.filter(pc.not_equal(counted["sign_sum"], 0)).to_pylist():
            by_document[row["doc_id"]].append({**row, "sign": row["sign_sum"]})
    return by_document


def count_changes(rows: list[Row], key: Callable[[Row], Any]) -> Delta:
    """How many rows were added and removed; rows with the same key are the same."""
    net = Counter[Any]()
    for row in rows:
        net[key(row)] += row["sign"]
    return Delta((+net).total(), (-net).total())
