"""Fast path: prove by column statistics that every row obeys the schema.

If that cannot be proved, :func:`copydesk.core.json_schema.bulk_violations` checks every row. So each keyword of a
schema is either understood here or leads to that check; none is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.schema_validator import Schema, fast_validator

#: Keywords that allow everything.
_NOTES = frozenset("$comment default deprecated description examples readOnly title writeOnly".split())
#: Keywords of the root only: its identifier and its definitions.
_ROOT = frozenset("$defs $id $schema".split())
_LIST = frozenset(("items", "minItems", "maxItems"))
_STRUCT = frozenset(("properties", "required", "additionalProperties"))
#: Keywords about single values, null or not, which are checked for each distinct value.
_VALUE = frozenset(
    "allOf anyOf const else enum exclusiveMaximum exclusiveMinimum format if maximum maxLength minimum minLength "
    "not oneOf pattern then".split()
)
_FEW = 100_000


def surely_valid(schema: Schema, table: pa.Table) -> bool:
    """Whether a table is proved to have no violation; its Arrow schema must be that of its JSON Schema."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:  # text that is not UTF-8
        return False
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    root = {keyword: value for keyword, value in schema.items() if keyword not in _ROOT}
    return len(columns) == len(table.column_names) and all(
        _allows(node, "object") and node.keys() <= _NOTES | _STRUCT | {"type"} and _fields_hold(schema, node, columns)
        for node in _all_that_hold(schema, root)
    )


def _all_that_hold(root: Schema, node: Any) -> Iterator[Schema]:
    """A schema without its ``$ref``, and the schemas that it refers to: values must obey all of them.

    Only references into ``$defs`` of the root are followed; any other yields a schema that allows nothing.
    """
    seen: set[str] = set()
    while True:
        if not isinstance(node, dict):
            yield {"": False}  # an unknown keyword, so nothing is proved
            return
        yield {keyword: value for keyword, value in node.items() if keyword != "$ref"}
        if "$ref" not in node:
            return
        name = node["$ref"].removeprefix("#/$defs/")
        # A further $id or anchor is an unknown keyword here, so nothing is proved.
        node = None if name == node["$ref"] or name in seen else root.get("$defs", {}).get(name)
        seen.add(name)


def _holds(root: Schema, node: Any, column: pa.Array) -> bool:
    nulls = bool(column.null_count)
    values = column.drop_null()
    return all(_all_obey(root, part, values, nulls) for part in _all_that_hold(root, node))


def _all_obey(root: Schema, node: Schema, values: pa.Array, nulls: bool) -> bool:
    """Whether values without nulls, and null if ``nulls``, obey a schema without a reference."""
    kind, keywords = values.type, node.keys() - _NOTES - {"type"}
    if nulls and not _allows(node, "null"):
        return False
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return (
            _allows(node, "array")
            and keywords <= _LIST
            and _within(node, values, "minItems", "maxItems", pc.list_value_length)
            and ("items" not in node or _holds(root, node["items"], values.flatten()))
        )
    if pa.types.is_struct(kind):
        names = [kind.field(number).name for number in range(kind.num_fields)]
        fields = dict(zip(names, values.flatten(), strict=True))
        return (
            _allows(node, "object")
            and keywords <= _STRUCT
            and len(fields) == len(names)
            and _fields_hold(root, node, fields)
        )
    name = _NAMES.get(kind)
    if name is None or not (_allows(node, name) or (name == "integer" and _allows(node, "number"))):
        return False
    if name == "number" and not pc.all(pc.is_finite(values), min_count=0).as_py():
        return False
    if name == "string" and _within(node, values, "minLength", "maxLength", pc.utf8_length):
        keywords -= {"minLength", "maxLength"}
    if name in ("integer", "number") and _within(node, values, "minimum", "maximum", lambda column: column):
        keywords -= {"minimum", "maximum"}
    return not keywords or (keywords <= _VALUE and _each_is_valid({k: node[k] for k in keywords}, values, nulls))


_NAMES = {
    pa.string(): "string",
    pa.large_string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "integer",
    pa.int64(): "integer",
    pa.float64(): "number",
}


def _allows(node: Schema, kind: str) -> bool:
    types = node.get("type", kind)
    return types == kind or (isinstance(types, list) and kind in types)


def _fields_hold(root: Schema, node: Schema, fields: dict[str, pa.Array]) -> bool:
    """Whether the fields of objects obey the schema of the objects; every object has all of these fields."""
    properties = node.get("properties", {})
    additional = node.get("additionalProperties", True)
    return (
        set(node.get("required", ())) <= fields.keys()
        and (additional is True or (additional is False and fields.keys() <= properties.keys()))
        and all(_holds(root, properties[name], column) for name, column in fields.items() if name in properties)
    )


def _within(node: Schema, values: pa.Array, least: str, most: str, size: Callable[[pa.Array], pa.Array]) -> bool:
    """Whether the smallest and the largest ``size`` of the values are within two bounds of the schema."""
    if not len(values) or (least not in node and most not in node):
        return True
    extremes = pc.min_max(size(values)).as_py()
    return bool(
        extremes["min"] >= node.get(least, extremes["min"]) and extremes["max"] <= node.get(most, extremes["max"])
    )


def _each_is_valid(node: Schema, values: pa.Array, nulls: bool) -> bool:
    """Whether every distinct value is valid by itself; most columns that need this check have few of them."""
    different = values.unique()
    # References are relative to the root, and this part of the schema is validated alone.
    if len(different) > _FEW or _refers(node):
        return False
    validator = fast_validator(node)
    return all(map(validator.is_valid, different.to_pylist())) and (not nulls or validator.is_valid(None))


def _refers(node: Any) -> bool:
    if isinstance(node, dict):
        return any(keyword.startswith("$") or _refers(value) for keyword, value in node.items())
    return isinstance(node, list) and any(map(_refers, node))
