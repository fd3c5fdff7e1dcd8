"""A table is its schema: Arrow, Features and documentation follow from it, and bad schemas are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.core.json_schema import bulk_violations, load_json, load_schema, violations
from copydesk.dataset.card_metadata import yaml_features
from copydesk.errors import ConfigError, SchemaError
from copydesk.tables.table import PUBLISHED, Table, table
from reference import refuses
from support import ROOT


def columns(**properties: Any) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "t",
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": {name: {"description": name, **prop} for name, prop in properties.items()},
    }


def table_of(folder: Path, schema: dict[str, Any]) -> Table:
    (folder / "t.schema.json").write_text(json.dumps(schema))
    return Table("t", folder)


def test_every_kind_of_column(tmp_path: Path) -> None:
    point = {
        "type": "object",
        "additionalProperties": False,
        "required": ["x"],
        "properties": {"x": {"type": ["number", "null"], "description": "x"}},
    }
    made = table_of(
        tmp_path,
        columns(
            name={"type": "string", "minLength": 1},
            kind={"type": "string", "enum": ["a", "b"]},
            when={"type": ["string", "null"], "format": "date-time"},
            small={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
            large={"type": "integer", "minimum": 0},
            share={"type": "number"},
            yes={"type": "boolean"},
            words={"type": "array", "items": {"type": "string"}},
            points={"type": "array", "items": point},
            point={**point, "type": ["object", "null"]},
        ),
    )
    element = pa.field("element", pa.string(), nullable=False)
    struct = pa.struct([pa.field("x", pa.float64())])
    assert made.arrow == pa.schema(
        [
            pa.field("name", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("when", pa.string()),
            pa.field("small", pa.int32(), nullable=False),
            pa.field("large", pa.int64(), nullable=False),
            pa.field("share", pa.float64(), nullable=False),
            pa.field("yes", pa.bool_(), nullable=False),
            pa.field("words", pa.list_(element), nullable=False),
            pa.field("points", pa.list_(pa.field("element", struct, nullable=False)), nullable=False),
            pa.field("point", struct),
        ]
    )
    assert made.columns[2][:3] == ("when", "string", True)
    assert made.columns[8].type == "list of {x: double}"


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_card_describes_the_features_that_datasets_derives(name: str) -> None:
    from datasets import Features

    features = table(name).features
    assert Features._from_yaml_list(yaml_features(table(name).arrow)) == features
    assert yaml_features(table(name).arrow) == features._to_yaml_list()


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.json")), ids=lambda p: p.name)
def test_schemas_describe_everything_and_name_themselves(path: Path) -> None:
    name = path.name.removesuffix(".schema.json")
    schema = load_schema(name)
    assert (schema["$id"], schema["title"]) == (f"urn:copydesk:{name}", name)
    undescribed = [where for where, prop in properties(schema) if not prop.get("description")]
    assert undescribed == []


def properties(schema: dict[str, Any], where: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = [(f"{where}.{name}", prop) for name, prop in schema.get("properties", {}).items()]
    return found + [inner for place, prop in found for inner in properties(prop, place)]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (columns(a={"type": ["string", "integer"]}), r"\.a: type is \['string', 'integer'\], expected one type"),
        (columns(a={"type": "null"}), r"\.a: type is"),
        (columns(a={"type": "string", "description": ""}), r"\.a: a description is missing"),
        (
            columns(a={"$ref": "#/$defs/other"}),
            r"/properties/a/\$ref: \$ref \"#/\$defs/other\" leads to no usable schema",
        ),
        (columns(a={"$ref": "#/properties/b"}, b={"type": "string"}), r"\.a: \$ref #/properties/b is not in \$defs"),
        (columns(a={"type": "array", "items": True}), r"\.a\[\]: found True, expected a schema with a type"),
        (
            {**columns(a={"$ref": "#/$defs/x"}), "$defs": {"x": columns(y={"$ref": "#/$defs/x"})}},
            "leads back to itself",
        ),
        (
            {
                **columns(a={**columns(y={"type": "string"}), "$ref": "#/$defs/x"}),
                "$defs": {"x": columns(z={"type": "string"})},
            },
            "both apply; keep one",
        ),
        ({**columns(a={"type": "string"}), "required": []}, "required must name every property"),
        ({**columns(a={"type": "string"}), "additionalProperties": True}, "additionalProperties: false"),
        ({**columns(a={"type": "strin"})}, "not a JSON Schema"),
    ],
)
def test_schemas_that_are_no_tables_are_refused(tmp_path: Path, schema: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        table_of(tmp_path, schema)


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"nothing\.schema\.json: no such schema"):
        Table("nothing", tmp_path)


def test_conform_orders_and_casts(tmp_path: Path) -> None:
    made = table_of(tmp_path, columns(a={"type": "string"}, n={"type": "integer", "minimum": 0, "maximum": 9}))
    shuffled = pa.table({"n": pa.array([1], pa.int64()), "a": ["x"]}).replace_schema_metadata({"pandas": "{}"})
    conformed = made.conform(shuffled)
    assert conformed.schema.equals(made.arrow, check_metadata=True)
    assert made.from_rows([{"a": "x", "n": 1}]).equals(conformed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": ["x"]}, r"missing columns \['n'\]"),
        ({"a": ["x"], "n": [1], "z": [1]}, r"unknown columns \['z'\]"),
        ({"a": [None], "n": [1]}, "column a: 1 nulls, none allowed"),
        ({"a": ["x"], "n": [2**40]}, "not in range"),
        ({"a": ["x"], "n": ["many"]}, "many"),
    ],
)
def test_conform_says_what_is_in_the_way(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    made = table_of(tmp_path, columns(a={"type": "string"}, n={"type": "integer", "minimum": 0, "maximum": 9}))
    with pytest.raises(SchemaError, match=message):
        made.conform(pa.table({**content, "a": pa.array(content["a"], pa.string())}))


def test_part_of_a_table() -> None:
    part = table("documents", columns=("doc_id", "characters"))
    assert part.arrow.names == ["doc_id", "characters"]
    with pytest.raises(SchemaError, match=r"documents.schema.json: columns \['nothing'\] are missing"):
        table("documents", columns=("nothing",))


SOURCE = load_schema("source")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"doc_id": "a", "published": "yesterday"}, "published"),
        ({"doc_id": "a", "published": "2024-02-30"}, "published"),
        ({"doc_id": "a", "url": "not a url"}, "url"),
        ({"doc_id": "a", "license": "free for all"}, "license"),
        ({"doc_id": "a/b"}, "doc_id"),
        ({"doc_id": "a", "licnce": None}, ""),
        ({}, ""),
        ([], ""),
    ],
)
def test_a_row_that_is_refused_is_named_with_its_field(row: Any, field: str) -> None:
    assert violations(SOURCE, row)[0].field == field
    found = list(bulk_violations(SOURCE, [{"doc_id": "fine"}, row]))
    assert [(number, violation.field) for number, violation in found][:1] == [(1, field)]


MOMENTS = st.text("0123456789-:TZtz+. \n\u0663", max_size=26) | st.builds(
    "{}-{:02}-{:02}{}".format,
    st.sampled_from(["2026", "0000", "-026", "+026", "２０２６", "12026"]),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from(
        ["", "\n", "T12:00:00Z", "t12:00:60z", "T24:00:00Z", "T12:00:00.5+23:59", "T12:00:00", " 12:00:00Z"]
    ),
)


@given(MOMENTS, st.sampled_from(["published", "url", "license", "doc_id"]))
def test_the_reference_agrees_on_moments(value: str, field: str) -> None:
    row = {"doc_id": "a", field: value}
    assert bool(violations(SOURCE, row)) == refuses(SOURCE, row)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("published", "-026-01-02"),
        ("published", "0000-01-02"),
        ("published", "2026-01-02T23:59:60Z"),
        ("published", "2026-01-02\n"),
        ("license", "MIT\n"),
        ("doc_id", "a\n"),
        ("url", "https://example.org/\n"),
    ],
)
def test_what_some_validators_would_take_is_refused_and_named(field: str, value: str) -> None:
    ((_, found),) = bulk_violations(SOURCE, [{"doc_id": "a", field: value}])
    assert found.field == field
    assert repr(value) in found.message


@pytest.mark.parametrize(
    "license", ["MIT", "CC-BY-SA-4.0", "LicenseRef-unknown", "MIT OR Apache-2.0", "GPL-2.0+", None]
)
@pytest.mark.parametrize("published", ["2024-02-29", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00.5+01:00", None])
def test_good_sources_pass(license: str | None, published: str | None) -> None:
    row = {"doc_id": "Ein Ärtikel 1", "license": license, "published": published, "url": "https://example.org/a?b=c"}
    assert violations(SOURCE, row) == []
    assert list(bulk_violations(SOURCE, [row])) == []


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3)
DATES = st.sampled_from(["2024-01-01", "2024-13-01", "2024-01-01T00:00:00Z", "2024-01-01T25:00:00Z", "2024", "x"])


@given(st.dictionaries(st.sampled_from(["doc_id", "url", "published", "license", "source", "other"]), VALUES | DATES))
def test_the_reference_agrees_on_sources(row: dict[str, Any]) -> None:
    assert bool(violations(SOURCE, row)) == refuses(SOURCE, row)


@given(st.data())
def test_the_reference_agrees_on_edits(data: st.DataObject) -> None:
    row = {
        "doc_id": "a", "index": 0, "raw_start": 0, "raw_end": 1, "start": 0, "end": 1, "before": "", "after": "",
        "rules": ["r"], "tiers": ["safe"], "tier": "safe", "applied": True, "confidence": 1.0, "otherwise": [],
    }  # fmt: skip
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
        row[name] = data.draw(VALUES | st.lists(VALUES, max_size=2))
    schema = load_schema("edits")
    strange = row["confidence"] in (float("inf"), float("-inf"))  # JSON has none
    assert bool(violations(schema, row)) == (refuses(schema, row) or strange)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "f:1: keys given twice: a"),
        ('{"a": {"b": 1, "b": 2}}', "keys given twice: b"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": }', "not JSON: Expecting value"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_ambiguous_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_json(text, "f:1")


def test_numbers_that_json_does_not_have_are_named() -> None:
    schema = columns(a={"type": "array", "items": {"type": "number"}}, b={"type": "string"})
    found = violations(schema, {"a": [1.0, float("nan"), float("inf")], "b": 1})
    assert found == [
        ("a[1]", "nan is not a JSON number"),
        ("a[2]", "inf is not a JSON number"),
        ("b", "1 is not of type 'string'"),
    ]
