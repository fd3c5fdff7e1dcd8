"""How schemas may change, and what that breaks."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from copydesk.core.json_schema import load_schema
from copydesk.differences.schema_changes import SchemaChange, schema_changes
from copydesk.tables.table import PUBLISHED

BASE: dict[str, Any] = {
    "description": "A table.",
    "type": "object",
    "required": ["doc_id", "words", "flags", "kind"],
    "properties": {
        "doc_id": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "description": "Id."},
        "words": {"type": "integer", "minimum": 0, "maximum": 100, "description": "Words."},
        "flags": {"type": "array", "items": {"$ref": "#/$defs/flag"}, "description": "Flags."},
        "kind": {"type": ["string", "null"], "enum": ["exact", "near", None], "description": "Kind."},
    },
    "$defs": {
        "flag": {
            "type": "object",
            "required": ["start"],
            "properties": {"start": {"type": "integer", "minimum": 0, "maximum": 7, "description": "Start."}},
        }
    },
}


def changed(path: str, **keywords: Any) -> dict[str, Any]:
    """The schema with keywords of a column replaced; None takes one away."""
    schema = deepcopy(BASE)
    node = schema["$defs"]["flag"]["properties"]["start"] if path == "flags[].start" else schema["properties"][path]
    for keyword, value in keywords.items():
        node.pop(keyword, None)
        if value is not None:
            node[keyword] = value
    return schema


def found(new: dict[str, Any]) -> list[SchemaChange]:
    return schema_changes({"documents": BASE}, {"documents": new})


@pytest.mark.parametrize(
    ("path", "keywords", "what", "breaking"),
    [
        ("doc_id", {"minLength": 0}, "constraint loosened: minLength", False),
        ("doc_id", {"minLength": 2}, "constraint tightened: minLength", False),
        ("doc_id", {"maxLength": 10}, "constraint loosened: maxLength", False),
        ("doc_id", {"maxLength": 8}, "constraint tightened: maxLength", False),
        ("doc_id", {"pattern": None}, "constraint loosened: pattern", False),
        ("doc_id", {"pattern": "^b"}, "constraint changed: pattern", False),
        ("doc_id", {"format": "uri"}, "constraint tightened: format", False),
        ("doc_id", {"description": "Name."}, "description changed", False),
        ("doc_id", {"type": ["string", "null"]}, "null allowed", True),
        ("doc_id", {"type": "integer"}, "type changed", True),
        ("words", {"minimum": -1}, "constraint loosened: minimum", False),
        ("words", {"maximum": 99}, "constraint tightened: maximum", False),
        ("words", {"type": "number"}, "type changed", True),
        ("kind", {"enum": ["exact", "near", "far", None]}, "constraint loosened: enum", False),
        ("kind", {"enum": ["exact", None]}, "constraint tightened: enum", False),
        ("kind", {"enum": ["exact", "far", None]}, "constraint changed: enum", False),
        ("kind", {"enum": ["exact", "near"], "type": "string"}, "null forbidden", False),
        ("flags[].start", {"maximum": 8}, "constraint loosened: maximum", False),
        ("flags[].start", {"type": ["integer", "null"]}, "null allowed", True),
    ],
)
def test_a_changed_column_has_its_class(path: str, keywords: dict[str, Any], what: str, breaking: bool) -> None:
    (change,) = found(changed(path, **keywords))
    assert change[:3] == ("documents", path, what)
    assert change.breaking is breaking


def test_a_bound_that_needs_more_bits_is_another_type() -> None:
    changes = found(changed("words", maximum=2**31))
    assert [(c.what, c.old, c.new, c.breaking) for c in changes] == [
        ("type changed", "int32", "int64", True),
        ("constraint loosened: maximum", 100, 2**31, False),
    ]


def test_columns_come_go_and_are_renamed() -> None:
    new = deepcopy(BASE)
    new["properties"]["label"] = new["properties"].pop("kind")
    del new["properties"]["words"]
    new["properties"] = {"first": {"type": "boolean", "description": "New."}, **new["properties"]}
    new["required"] = ["first", "doc_id", "flags", "label"]
    assert found(new) == [
        SchemaChange("documents", "words", "column removed", "int32", None, True),
        SchemaChange("documents", "kind", "column renamed", "kind", "label", True),
        SchemaChange("documents", "first", "column added", None, "boolean", False),
    ]


def test_a_column_that_may_be_missing_breaks() -> None:
    new = {**BASE, "required": ["doc_id", "flags", "kind"]}
    (change,) = found(new)
    assert (change.column, change.what, change.breaking) == ("words", "no longer required", True)


def test_tables_come_and_go() -> None:
    assert [(c.what, c.breaking) for c in schema_changes({"raw": BASE}, {"edits": BASE})] == [
        ("table added", False),
        ("table removed", True),
    ]


def test_a_table_may_be_described_anew() -> None:
    (change,) = found({**BASE, "description": "Another."})
    assert (change.column, change.what, change.breaking) == ("", "description changed", False)


def test_the_tables_of_today_do_not_differ_from_themselves() -> None:
    schemas = {name: load_schema(name) for name in PUBLISHED}
    assert schema_changes(schemas, json.loads(json.dumps(schemas))) == []


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_column_of_today_is_missed(name: str) -> None:
    schema = load_schema(name)
    for column in schema["properties"]:
        kept = {key: value for key, value in schema["properties"].items() if key != column}
        new = {**schema, "properties": kept, "required": list(kept)}
        changes = schema_changes({name: schema}, {name: new})
        assert changes[0] == SchemaChange(name, column, "column removed", changes[0].old, None, True)
        assert all(change.column.startswith(column) for change in changes)
