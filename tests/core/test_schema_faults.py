"""A schema that cannot be obeyed is refused when it is loaded, with file and place, and nothing is fetched for it."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from copydesk.ci.hand_written_files import check_inputs
from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED, load_schema
from copydesk.core.schema_faults import faults
from copydesk.core.schema_validator import fast_validator
from copydesk.errors import ConfigError, SchemaError


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"^\p{Lu}", "is not valid in Python (bad escape"),
        ("(?<n>a)", "is not valid in Python"),
        (r"\u{1F600}", "is not valid in Python"),
        ("[a$", "is not a pattern"),
        ("(?=a)", "cannot be matched in linear time"),
        (r"(a)\1", "cannot be matched in linear time"),
        ("(a{0,1000}){0,1000}", "cannot be matched in linear time"),
    ],
)
def test_a_pattern_that_not_all_understand(pattern: str, message: str) -> None:
    (fault,) = faults("t", {"properties": {"a/b": {"anyOf": [{"pattern": pattern}]}}})
    assert fault.pointer == "/properties/a~1b/anyOf/0/pattern"
    assert message in fault.message
    (fault,) = faults("t", {"$defs": {"x": {"patternProperties": {pattern: {}}}}})
    assert fault.keys == ["$defs", "x", "patternProperties", pattern]


@pytest.mark.parametrize(
    ("schema", "pointer", "message"),
    [
        ({"$ref": "source.schema.json"}, "/$ref", "leads out of this file"),
        ({"$ref": "file:///etc/hostname"}, "/$ref", "leads out of this file"),
        ({"$defs": {"a": {"$ref": "#/$defs/b"}}}, "/$defs/a/$ref", "leads to no usable schema"),
        ({"items": {"$dynamicRef": "#b"}}, "/items/$dynamicRef", "leads to no usable schema"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", "expected"),
        ({"$defs": {"a": {"$schema": "x:y"}}}, "/$defs/a/$schema", "expected"),
        ({"properties": {"a": {"type": "text"}}}, "/properties/a/type", "not a JSON Schema"),
        ({"maximum": float("inf")}, "/maximum", "too large"),
        (True, "", "expected an object"),
    ],
)
def test_what_cannot_be_obeyed(schema: Any, pointer: str, message: str) -> None:
    (fault,) = faults("t", schema)
    assert fault.pointer == pointer
    assert message in fault.message


def test_references_within_a_file_hold() -> None:
    assert (
        faults("t", {"$ref": "#b", "$defs": {"b": {"$anchor": "b", "$ref": "#/$defs/c"}, "c": {"$id": "x:c"}}}) == []
    )
    assert faults("t", {"$ref": "https://json-schema.org/draft/2020-12/schema"}) == []


def test_nothing_is_fetched_and_the_finding_has_its_place(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED, tmp_path / "schemas")
    path = tmp_path / "schemas" / "takedown.schema.json"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        schema = {**json.loads(path.read_text("utf-8")), "$ref": f"http://127.0.0.1:{server.getsockname()[1]}/x"}
        path.write_text(json.dumps(schema, indent=2), "utf-8")
        (finding,) = check_inputs(tmp_path).findings
        with pytest.raises(SchemaError, match=r"takedown\.schema\.json: #/\$ref: .* leads out of this file"):
            load_schema("takedown", tmp_path / "schemas")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert (finding.file, finding.field) == ("schemas/takedown.schema.json", "$ref")
    assert finding.line == json.dumps(schema, indent=2).count("\n")
    assert "(#/$ref)" in finding.message


def test_repetition_in_repetition_takes_no_time() -> None:
    validator = fast_validator({"pattern": "^(a+)+$"})
    assert not validator.is_valid("a" * 50_000 + "!")


def test_a_schema_of_ones_own_may_narrow_add_and_leave_out_but_not_loosen(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED, tmp_path / "schemas")
    path = tmp_path / "schemas" / "params.schema.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["own"] = {"type": "integer", "default": 3}
    del schema["properties"]["select"]
    path.write_text(json.dumps(schema), "utf-8")
    params = check_params({}, schemas=tmp_path / "schemas")
    assert params == {**check_params({}), "own": 3}
    load_schema.cache_clear()
    schema["properties"]["corpus"]["properties"]["title"] = {"type": "integer", "default": 7}
    path.write_text(json.dumps(schema), "utf-8")
    (tmp_path / "params.yaml").write_text("own: 4\n")
    with pytest.raises(ConfigError, match=r"corpus\.title: 7 is not of type 'string'"):
        check_params({}, schemas=tmp_path / "schemas")
    (finding,) = check_inputs(tmp_path).findings
    assert finding.message == "corpus.title: 7 is not of type 'string'"
