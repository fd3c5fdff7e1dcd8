"""What columns prove, every row obeys: compared with the reference over random schemas of all keywords."""

from __future__ import annotations

from typing import Any, NamedTuple

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import assume, given

from copydesk.core.schema_faults import faults
from copydesk.core.schema_validator import fast_validator
from copydesk.validation.fast_schema_check import surely_valid
from reference import refuses


def table_schema(column: dict[str, Any], **root: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {"a": {"description": "a", **column}},
        **root,
    }


TEXT = {"type": ["string", "null"]}
NUMBER = {"type": "number"}
IS_Y = {"properties": {"a": {"const": "y"}}}


@pytest.mark.parametrize(
    ("schema", "kind", "value"),
    [
        (table_schema({**TEXT, "enum": ["x"]}), pa.string(), None),
        (table_schema({**TEXT, "const": "x"}), pa.string(), None),
        (table_schema({**TEXT, "not": {"type": "null"}}), pa.string(), None),
        (table_schema({**TEXT, "anyOf": [{"type": "string"}]}), pa.string(), None),
        (table_schema({"type": "array", "items": {**TEXT, "enum": ["x"]}}), pa.list_(pa.string()), [None]),
        (table_schema(TEXT, allOf=[IS_Y]), pa.string(), "x"),
        (table_schema(TEXT, anyOf=[IS_Y]), pa.string(), "x"),
        (table_schema(TEXT, **{"if": {}, "then": IS_Y}), pa.string(), "x"),
        (table_schema(TEXT, patternProperties={"a": {"const": "y"}}), pa.string(), "x"),
        (table_schema(TEXT, propertyNames={"maxLength": 0}), pa.string(), "x"),
        (table_schema(TEXT, dependentSchemas={"a": IS_Y}), pa.string(), "x"),
        (table_schema(TEXT, dependentRequired={"a": ["b"]}), pa.string(), "x"),
        (table_schema(TEXT, **{"not": {"required": ["a"]}}), pa.string(), "x"),
        (table_schema(TEXT, const={"a": "y"}), pa.string(), "x"),
        (table_schema(TEXT, minProperties=2), pa.string(), "x"),
        (table_schema(TEXT, **{"$ref": "#/$defs/y", "$defs": {"y": IS_Y}}), pa.string(), "x"),
        (table_schema({"$ref": "#/$defs/s", "maximum": 1}, **{"$defs": {"s": {**NUMBER, "maximum": 0.5}}}),
         pa.float64(), 0.8),
        (table_schema({"$ref": "#/$defs/s"}, **{"$defs": {"s": {**NUMBER, "$ref": "#/$defs/b"}, "b": {"minimum": 0}}}),
         pa.float64(), -1.0),
        (table_schema({"type": "array", "items": NUMBER, "uniqueItems": True}), pa.list_(pa.float64()), [1.0, 1.0]),
        (table_schema({"type": "array", "items": NUMBER, "contains": {"const": 2}}), pa.list_(pa.float64()), [1.0]),
        (table_schema({"type": "array", "items": NUMBER, "prefixItems": [False]}), pa.list_(pa.float64()), [1.0]),
        (table_schema({"type": "array", "items": False}), pa.list_(pa.float64()), [1.0]),
        (table_schema({"type": "array", "items": NUMBER, "maxItems": 0}), pa.list_(pa.float64()), [1.0]),
        (table_schema({"type": "object", "properties": {"x": NUMBER}, "maxProperties": 0}),
         pa.struct([("x", pa.float64())]), {"x": 1.0}),
        (table_schema(NUMBER), pa.float64(), float("inf")),
        (table_schema(NUMBER), pa.float64(), float("nan")),
    ],
)  # fmt: skip
def test_what_a_row_departs_in_no_column_proves(schema: dict[str, Any], kind: pa.DataType, value: Any) -> None:
    rows = pa.table({"a": pa.array([value], kind)})
    assert faults("t", schema) == []
    assert not fast_validator(schema).is_valid({"a": value})
    assert not surely_valid(schema, rows)


TEXTS = st.sampled_from(["", "a", "ab", "b", "2024-01-05", "https://example.org/"])
NUMBERS = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 1e300])
COUNTS = st.sampled_from([0, 1, 2])
VALUES = st.none() | st.booleans() | st.sampled_from([-1, 0, 1, 2]) | NUMBERS | TEXTS
NAMES = st.sampled_from(["a", "b", "x"])
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def keywords(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Every keyword of draft 2020-12 that says what is valid, and some that do not."""
    some, named = st.lists(inner, min_size=1, max_size=2), st.dictionaries(NAMES, inner, max_size=2)
    names = st.lists(NAMES, max_size=2, unique=True)
    one = "additionalProperties contains else if items not propertyNames then unevaluatedItems unevaluatedProperties"
    counts = "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties"
    return {
        **dict.fromkeys(one.split(), inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), some),
        **dict.fromkeys(("dependentSchemas", "properties"), named),
        **dict.fromkeys(counts.split(), COUNTS),
        **dict.fromkeys("exclusiveMaximum exclusiveMinimum maximum minimum".split(), NUMBERS),
        "patternProperties": st.dictionaries(st.sampled_from(["a", "^[bx]$"]), inner, max_size=1),
        "dependentRequired": st.dictionaries(NAMES, names, max_size=1),
        "required": names,
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        # Python's floats are no measure of what a decimal fraction is a multiple of.
        "multipleOf": st.sampled_from([1, 2, 0.5]),
        "pattern": st.sampled_from(["^a", "b$", "^[ab]*$", ""]),
        "format": st.sampled_from(["date", "date-time", "uri", "unknown"]),
        "uniqueItems": st.booleans(),
        "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b", "#/properties/a", "#", "#b"]),
        "$dynamicRef": st.sampled_from(["#b", "#/$defs/a"]),
        "$anchor": st.just("b"),
        "$dynamicAnchor": st.just("b"),
        "$comment": st.just("x"),
        "default": VALUES,
        "contentMediaType": st.just("text/plain"),
    }


SCHEMAS = st.recursive(
    st.booleans() | st.just({}),
    lambda inner: st.lists(st.sampled_from(sorted(keywords(inner))), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: keywords(inner)[name] for name in chosen})
    ),
    max_leaves=4,
)
PARTS = st.lists(st.sampled_from(sorted(keywords(SCHEMAS))), max_size=2, unique=True).flatmap(
    lambda chosen: st.fixed_dictionaries({name: keywords(SCHEMAS)[name] for name in chosen})
)


class Kind(NamedTuple):
    """A kind of column: its type in Arrow, what its schema says at least, values of it."""

    arrow: pa.DataType
    schema: dict[str, Any]
    values: st.SearchStrategy[Any]


PLAIN = [
    Kind(pa.string(), {"type": "string"}, TEXTS),
    Kind(pa.bool_(), {"type": "boolean"}, st.booleans()),
    Kind(pa.int64(), {"type": "integer"}, st.sampled_from([-1, 0, 1, 2, 2**53 + 1])),
    Kind(pa.float64(), {"type": "number"}, NUMBERS | st.sampled_from([float("nan"), float("-inf")])),
]


@st.composite
def kinds(draw: st.DrawFn, depth: int = 2) -> Kind:
    shape = draw(st.integers(0, 5)) if depth else 0
    if shape == 4:
        item = draw(kinds(depth - 1))
        kind = Kind(pa.list_(item.arrow), {"type": "array", "items": item.schema}, st.lists(item.values, max_size=2))
    elif shape == 5:
        field = draw(kinds(depth - 1))
        schema = {
            "type": "object",
            "properties": {"x": field.schema},
            "required": ["x"],
            "additionalProperties": False,
        }
        kind = Kind(pa.struct([("x", field.arrow)]), schema, st.fixed_dictionaries({"x": field.values}))
    else:
        kind = draw(st.sampled_from(PLAIN))
    schema = {**kind.schema, **draw(PARTS)} if draw(st.booleans()) else kind.schema
    if draw(st.booleans()):
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        return Kind(kind.arrow, {**schema, "type": sorted({*types, "null"})}, st.none() | kind.values)
    return Kind(kind.arrow, schema, kind.values)


@given(st.data())
def test_what_columns_prove_the_reference_accepts(data: st.DataObject) -> None:
    columns = data.draw(st.dictionaries(NAMES, kinds(), min_size=1, max_size=2))
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(columns),
        "properties": {name: kind.schema for name, kind in columns.items()},
        "$defs": {name: data.draw(SCHEMAS) for name in ("a", "b")},
        **(data.draw(PARTS) if data.draw(st.booleans()) else {}),
    }
    assume(not faults("t", schema))
    one = st.fixed_dictionaries({name: kind.values for name, kind in columns.items()})
    rows = data.draw(st.lists(one, min_size=1, max_size=3))
    arrow = pa.schema([(name, kind.arrow) for name, kind in columns.items()])
    try:
        refused = [refuses(schema, row) for row in rows]
    except (RecursionError, OverflowError, ValueError):  # of a $ref to itself, of multiples of what is not finite
        assume(False)
    validator = fast_validator(schema)
    accepted = [validator.is_valid(row) for row in rows]
    assert not any(yes and no for yes, no in zip(accepted, refused, strict=True))
    if surely_valid(schema, pa.Table.from_pylist(rows, schema=arrow)):
        assert all(accepted)
