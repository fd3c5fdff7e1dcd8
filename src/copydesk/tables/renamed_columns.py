"""Tables of releases from before columns were renamed, read under today's names."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.renamed_fields import COLUMNS


def with_old_names(columns: Iterable[str]) -> list[str]:
    """Columns to read of a file: those given, and the old names of those that were renamed.

    >>> with_old_names(["doc_id", "license"])
    ['doc_id', 'license', 'licence']
    """
    names = list(columns)
    return [*names, *(old for old, new in COLUMNS.items() if new in names)]


def with_current_names(table: pa.Table) -> pa.Table:
    """The same rows with today's names, of columns and in the column ``provenance``, which names columns.

    >>> with_current_names(pa.table({"licence": ["MIT"], "words": [3]})).column_names
    ['license', 'words']
    """
    names = table.column_names
    renames = {old: new for old, new in COLUMNS.items() if old in names and new not in names}
    renamed = table.rename_columns([renames.get(name, name) for name in names]) if renames else table
    if "provenance" not in names:
        return renamed
    column = table["provenance"].combine_chunks()
    provenance = _with_current_fields(column)
    if provenance is column:
        return renamed
    return renamed.set_column(names.index("provenance"), table.schema.field("provenance"), provenance)


def _with_current_fields(provenance: pa.Array) -> pa.Array:
    """A list of origins of values for each document, each origin with today's name of its field."""
    origins = provenance.flatten()
    fields = origins.field("field")
    old = pc.index_in(fields, value_set=pa.array(list(COLUMNS), pa.string()))
    if old.null_count == len(old):
        return provenance
    current = pc.coalesce(pa.array(list(COLUMNS.values()), pa.string()).take(old), fields)
    values = [current if field.name == "field" else origins.field(field.name) for field in origins.type]
    entries = pa.StructArray.from_arrays(values, fields=list(origins.type))
    lengths = pc.fill_null(pc.list_value_length(provenance), 0).to_numpy()
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    return pa.ListArray.from_arrays(offsets, entries, type=provenance.type, mask=pc.is_null(provenance))
