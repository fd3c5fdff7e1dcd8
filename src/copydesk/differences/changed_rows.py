"""The rows of a table that differ between two revisions, as a change feed: what to insert, to update and to delete.

The names of the changes are those of Delta's change data feed. Shards that both revisions have are never read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from copydesk.differences.row_differences import ChangedShards, differing_values
from copydesk.errors import InputError, ReleaseError
from copydesk.revisions.revision import Revision
from copydesk.tables.parquet import as_loaded
from copydesk.tables.renamed_columns import with_current_names
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.tables.table import LABELS, SIGNATURES, TABLES, table

#: The column that says what became of a row.
CHANGE_TYPE = "_change_type"
#: The columns that identify a row in all revisions.
KEYS = {
    "documents": ("doc_id",),
    "sentences": ("sentence_id",),
    "raw": ("doc_id",),
    "edits": ("doc_id", "index"),
    LABELS: ("label_id",),
    SIGNATURES: ("doc_id",),
}
#: In the order in which the changes of one key stand.
DELETE, BEFORE, AFTER, INSERT = _TYPES = ("delete", "update_preimage", "update_postimage", "insert")
_TOGETHER = 1 << 12  # rows that are compared at a time: their texts must fit one array

Rows = NDArray[np.int64]


class _Side(NamedTuple):
    """Rows of the shards that only one revision has, and what identifies each."""

    rows: pa.Table
    keys: pa.Array


def changed_rows(name: str, old: Revision, new: Revision) -> pa.Table:
    """The rows of a table that only one of two revisions has.

    Parameters
    ----------
    name : str
        ``documents``, ``sentences``, ``raw``, ``edits``, ``labels`` or ``signatures``.
    old, new : Revision

    Returns
    -------
    pa.Table
        The column ``_change_type``, and the columns that the table has in the new revision: ``insert`` and ``delete``
        for rows with a key (see ``KEYS``) that only one revision has, else two rows that follow each other,
        ``update_preimage`` and ``update_postimage``. A column that the old revision lacks is null in its rows. Sorted
        by document and key.

    Raises
    ------
    InputError
        If there is no such table.
    ReleaseError
        If a shard that differs cannot be read, or a column has another type that its values do not fit.
    """
    if name not in KEYS:
        raise InputError(f"table: expected one of {', '.join(TABLES)}; found {name!r}")
    shape = _shape(name, old, new)
    before, after = (_side(name, side, shape) for side in ChangedShards.of(old, new, name))
    at_old = pc.index_in(after.keys, value_set=before.keys)
    in_both = np.flatnonzero(at_old.is_valid().to_numpy(zero_copy_only=False))
    at_old = at_old.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
    differs = _differing(before.rows, at_old, after.rows, in_both)
    chosen = {
        DELETE: (before, np.setdiff1d(np.arange(len(before.keys)), at_old)),
        BEFORE: (before, at_old[differs]),
        AFTER: (after, in_both[differs]),
        INSERT: (after, np.setdiff1d(np.arange(len(after.keys)), in_both)),
    }
    tables, keys = [], []
    for change, (side, rows) in chosen.items():
        taken = side.rows.take(pa.array(rows))
        tables.append(taken.add_column(0, CHANGE_TYPE, pa.repeat(pa.scalar(change), len(rows))))
        keys.append(side.keys.take(pa.array(rows)))
    changes = pa.concat_tables(tables)
    order = pa.table(
        {
            "doc_id": changes["doc_id"],
            "key": pa.chunked_array(keys, pa.string()),
            "change": pc.index_in(changes[CHANGE_TYPE], value_set=pa.array(_TYPES)),
        }
    )
    by = [(column, "ascending") for column in order.column_names]
    return changes.take(pc.sort_indices(order, sort_keys=by)).combine_chunks()


def _shape(name: str, old: Revision, new: Revision) -> pa.Schema:
    """The columns of a table in the new revision; in the old one if the new has no rows."""
    for revision in (new, old):
        for shard in revision.shards(name).values():
            empty = pq.read_schema(revision.locate(shard)).empty_table()
            schema = as_loaded(with_current_names(empty).schema)
            if name == "sentences" and "sentence_id" not in schema.names:
                schema = schema.insert(1, pa.field("sentence_id", pa.string()))
            return schema
    return as_loaded(table(name).arrow)


def _side(name: str, side: ChangedShards, shape: pa.Schema) -> _Side:
    rows = side.table_with_split(name)
    if rows is None:
        rows = shape.empty_table()
    if name == "sentences" and "sentence_id" not in rows.column_names:  # made before there was such a column
        ids = sentence_ids(rows["doc_id"].to_pylist(), rows["text"].to_pylist())
        rows = rows.append_column("sentence_id", pa.array(ids, pa.string()))
    columns = [_column(side.revision, name, rows, field) for field in shape]
    rows = pa.table(columns, schema=shape)
    parts = [rows[column].cast(pa.string()) for column in KEYS[name]]
    keys = pc.binary_join_element_wise(*parts, "/") if len(parts) > 1 else parts[0]  # no id has a slash
    return _Side(rows, keys.combine_chunks())


def _column(revision: Revision, name: str, rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in rows.column_names:
        return pa.nulls(rows.num_rows, field.type)
    try:
        return rows[field.name].cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ReleaseError(
            f"{revision.name}: {name}.{field.name}: found {rows[field.name].type}, expected {field.type} as in the "
            f"other revision ({' '.join(str(error).split())[:200]}); load both releases and compare them yourself"
        ) from None


def _differing(old: pa.Table, at_old: Rows, new: pa.Table, at_new: Rows) -> NDArray[np.bool_]:
    """Whether the rows of two tables at some positions differ in any column: shape (n,) in and out."""
    differs = np.zeros(len(at_old), dtype=bool)
    for start in range(0, len(at_old), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        pair = [rows.take(pa.array(at[part])) for rows, at in ((old, at_old), (new, at_new))]
        for column in new.column_names:
            values = (rows[column].combine_chunks() for rows in pair)
            differs[part] |= differing_values(*values)
    return differs
