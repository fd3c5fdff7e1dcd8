"""Whether all rows of a table surely obey their JSON Schema: shown column by column, without a row of Python.

What cannot be shown here is no violation yet: :func:`copydesk.tables.bulk_violations` then looks at every row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.json_schema import fast_validator
from copydesk.tables import Schema

#: Keywords that the Arrow types prove, which are compared with the schema for every file, and those that say nothing.
_PROVED = frozenset("type required additionalProperties properties items description title $ref".split())
_FEW = 100_000


def surely_valid(schema: Schema, table: pa.Table) -> bool:
    """Whether a table, whose Arrow schema is the one that follows from its JSON Schema, holds no violation."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:  # text that is not UTF-8
        return False
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return all(_holds(schema, schema["properties"][name], column) for name, column in columns.items())


def _holds(root: Schema, node: Schema, column: pa.Array) -> bool:
    if "$ref" in node:
        node = {**root["$defs"][node["$ref"].removeprefix("#/$defs/")], **node}
    if column.null_count and "null" not in node["type"]:
        return False
    column = column.drop_null()
    if not (
        all(_says(keyword, value, column) for keyword, value in node.items() if keyword in _SAYS)
        and not (pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py())
        and (node.keys() <= _PROVED | _SAYS.keys() or _each_is_valid(root, node, column))
    ):
        return False
    if pa.types.is_list(column.type):
        return _holds(root, node["items"], column.flatten())
    if pa.types.is_struct(column.type):
        names = (column.type.field(number).name for number in range(column.type.num_fields))
        fields = zip(names, column.flatten(), strict=True)
        return all(_holds(root, node["properties"][name], field) for name, field in fields)
    return True


#: Keywords that a whole column proves by its least or its greatest value.
_SAYS: dict[str, Callable[[pa.Array], pa.Scalar]] = {
    "minimum": pc.min,
    "maximum": pc.max,
    "minLength": lambda column: pc.min(pc.utf8_length(column)),
    "maxLength": lambda column: pc.max(pc.utf8_length(column)),
    "minItems": lambda column: pc.min(pc.list_value_length(column)),
}


def _says(keyword: str, bound: Any, column: pa.Array) -> bool:
    if not len(column):
        return True
    extreme = _SAYS[keyword](column).as_py()
    return bool(extreme <= bound if keyword.startswith("max") else extreme >= bound)


def _each_is_valid(root: Schema, node: Schema, column: pa.Array) -> bool:
    """Whether each value is valid on its own; most columns that need it have few different ones."""
    if pa.types.is_nested(column.type):
        return False
    values = column.unique()
    if len(values) > _FEW:
        return False
    validator = fast_validator({"$defs": root.get("$defs", {}), **node})
    return all(map(validator.is_valid, values.to_pylist()))
