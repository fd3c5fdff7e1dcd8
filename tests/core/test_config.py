"""params.yaml and sources.jsonl: defaults, and messages that name file, field, found and expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.core.config import check_params, load_json_lines, load_params
from copydesk.errors import ConfigError
from support import ROOT


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("shards: {target: 50}\n")
    params = load_params(path)
    assert params["shards"] == {"target": 50, "minimum": 250, "maximum": 4000, "max_bytes": 134217728}
    assert params["clean"]["apply"] == ["safe", "probable"]
    assert load_params(tmp_path / "missing.yaml") == load_params(None) == check_params({})


def test_an_empty_file_stands_for_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("# nothing\n")
    assert load_params(path) == check_params({})


def test_the_settings_of_this_repository_are_spelled_out_and_valid() -> None:
    params = load_params(ROOT / "params.yaml")
    assert params["shards"] == check_params({})["shards"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shards: {target: many}", r"params.yaml: does not obey params.schema.json:\n  shards.target: 'many' is not"),
        ("shards: {taget: 10}", "'taget' was unexpected"),
        ("clean: {rules: {spaces: sometimes}}", r"clean.rules.spaces: 'sometimes' is not one of"),
        ("ingest: {encodings: [utf-7]}", r"ingest.encodings\[0\]"),
        ("shards: {target: 1, target: 2}", "key 'target' is given twice"),
        ("a: [", "not YAML"),
        ("? [a]\n: b", "not YAML"),
        ("- a", "is not of type 'object'"),
        (
            "a: !!python/object/apply:os.system [ls]",
            "params.yaml:1: a: not YAML for settings: a value of type 'os.system'",
        ),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_params(path)


def test_settings_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"corpus: {title: caf\xe9}")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 19"):
        load_params(path)


def test_sources_by_document(tmp_path: Path) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text('{"doc_id": "a", "source": "X"}\n\n{"doc_id": "b"}\n')
    assert load_json_lines(path, "source", "doc_id") == {"a": {"doc_id": "a", "source": "X"}, "b": {"doc_id": "b"}}
    assert load_json_lines(tmp_path / "none.jsonl", "source", "doc_id") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"doc_id": "a"}\n{"doc_id": "b", "url": 3}', r"sources.jsonl:2: url: 3 is not of type"),
        ('{"doc_id": "a"}\n{"doc_id": "a"}', r"sources.jsonl:2: doc_id 'a' is given twice; keep one line"),
        ('{"doc_id": "a",}', r"sources.jsonl:1: not JSON"),
        ('{"source": "X"}', r"sources.jsonl:1: \(line\): 'doc_id' is a required property"),
    ],
)
def test_bad_sources_are_named_by_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_json_lines(path, "source", "doc_id")


@pytest.mark.parametrize("day", ["2020-13-45", "2020-02-30", "soon"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(ConfigError, match=rf"splits\.test_from: '{day}'"):
        check_params({"splits": {"test_from": day}})
