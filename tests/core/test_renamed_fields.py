"""Old names of fields: read under the new ones, warned of, refused where both say different things."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.core.config import load_json_lines
from copydesk.core.decisions import from_row, read_decisions
from copydesk.core.renamed_fields import COLUMNS, FIELDS, renamed
from copydesk.core.renamed_text import renamed_condition, renamed_line, renamed_params
from copydesk.description.provenance import FIELDS as COLUMN_FIELDS
from copydesk.errors import ConfigError, SchemaError
from copydesk.readers.base import STATED
from copydesk.tables.table import table
from old_names import write_old_schemas


def test_new_names_are_those_of_the_columns() -> None:
    assert {*FIELDS.values()} <= {*STATED} == {*COLUMN_FIELDS}
    assert not {*FIELDS} & {*table("documents").arrow.names}


@pytest.mark.parametrize(
    ("row", "expected", "old_names"),
    [
        ({"doc_id": "a", "license": "MIT"}, {"doc_id": "a", "license": "MIT"}, ()),
        ({"doc_id": "a", "licence": "MIT"}, {"doc_id": "a", "license": "MIT"}, ("licence",)),
        ({"outlet": "A", "licence": None}, {"source": "A", "license": None}, ("outlet", "licence")),
        ({"source": "A", "outlet": "A"}, {"source": "A"}, ("outlet",)),
        ({"outlet": "A", "source": None}, {"source": "A"}, ("outlet",)),
        ({"source": None, "outlet": "A"}, {"source": "A"}, ("outlet",)),
        ({"source": "A", "source_outlet": "A", "outlet": "A"}, {"source": "A"}, ("source_outlet", "outlet")),
        (["licence"], ["licence"], ()),
        (None, None, ()),
    ],
)
def test_a_row_gets_the_new_names(row: Any, expected: Any, old_names: tuple[str, ...]) -> None:
    assert renamed("source", row) == (expected, old_names, {})
    assert renamed("takedown", row) == (row, (), {})
    if isinstance(row, dict):
        line = json.dumps(row)
        new_line = renamed_line("source", line)
        assert json.loads(new_line) == expected
        assert renamed_line("source", new_line) == new_line


def test_different_values_are_an_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text('{"doc_id": "a", "licence": "MIT"}\n\n{"doc_id": "b", "license": "MIT", "licence": "CC0-1.0"}\n')
    with pytest.raises(ConfigError) as refused:
        load_json_lines(path, "source", "doc_id")
    message = "license is 'MIT' and licence is 'CC0-1.0'; keep license alone"
    assert str(refused.value) == f"{path}:3: license: {message}"
    with pytest.raises(ConfigError, match=f"^license: {message}"):
        renamed_line("source", path.read_text().split("\n")[2])


def test_old_names_are_read_with_one_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text('{"doc_id": "a", "licence": "MIT"}\n{"doc_id": "b", "outlet": "B", "licence": "MIT"}\n')
    for _ in range(2):
        rows = load_json_lines(path, "source", "doc_id")
    assert rows == {"a": {"doc_id": "a", "license": "MIT"}, "b": {"doc_id": "b", "source": "B", "license": "MIT"}}
    assert capsys.readouterr().err.splitlines() == [
        f"warning: {path}: licence is now license (2 lines); run copydesk upgrade to rename it",
        f"warning: {path}: outlet is now source (1 line); run copydesk upgrade to rename it",
    ]


def test_what_is_wrong_is_said_of_the_new_name(tmp_path: Path) -> None:
    path = tmp_path / "sources.jsonl"
    path.write_text('{"doc_id": "a", "licence": "free for all"}\n')
    with pytest.raises(
        ConfigError,
        match=r"sources\.jsonl:1: license: 'free for all' is not what is expected; write it like CC-BY-4.0",
    ):
        load_json_lines(path, "source", "doc_id")


def decision(field: str, value: str = "MIT") -> dict[str, str]:
    return {
        "doc_id": "a", "raw_sha256": "0" * 64, "decision": "correct", "field": field, "value": value,
        "date": "2025-01-01",
    }  # fmt: skip


@pytest.mark.parametrize(("old", "new"), COLUMNS.items())
def test_a_decision_about_an_old_column_is_one_about_the_new(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "decisions.jsonl"
    path.write_text(json.dumps(decision(old)) + "\n")
    (read,) = read_decisions(tmp_path)
    assert read == from_row(decision(new)) == from_row(decision(old))
    line = json.dumps(decision(old, old))
    assert renamed_line("decision", line) == json.dumps(decision(new, old))
    path.write_text(f"{json.dumps(decision(old))}\n{json.dumps(decision(new))}\n")
    with pytest.raises(ConfigError, match=r"decisions\.jsonl:2: .* is given twice; keep one line"):
        read_decisions(tmp_path)


@pytest.mark.parametrize("name", ["source", "decision"])
def test_a_schema_of_old_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    write_old_schemas(tmp_path)
    path = tmp_path / "lines.jsonl"
    path.write_text('{"doc_id": "a"}\n')
    with pytest.raises(SchemaError, match=rf"{name}\.schema\.json: licence is now license; run copydesk upgrade"):
        load_json_lines(path, name, "doc_id", tmp_path)


def test_columns_that_a_schema_of_old_lacks_are_named(tmp_path: Path) -> None:
    write_old_schemas(tmp_path)
    assert {"licence", "source_outlet"} < {*table("documents", tmp_path).arrow.names}
    with pytest.raises(SchemaError, match=r"columns \['license'\] are missing \(licence is now license, .*upgrade"):
        table("documents", tmp_path, ("doc_id", "license"))


@pytest.mark.parametrize(
    "line",
    [
        '{"doc_id": "licence",\t"note": "\\"licence\\": {outlet}" , "url":null}',
        '{"doc_id": "a", "note": "broken"',
        "no JSON: licence",
        '{"doc_id": "a", "licence": "MIT", "licence": "MIT"}',
        "",
        "[1]",
    ],
)
def test_lines_without_an_old_name_stay_as_they_are(line: str) -> None:
    assert renamed_line("source", line) == renamed_line("decision", line) == line


def test_only_names_change_in_a_line() -> None:
    line = '  {"doc_id":"a\\"licence" ,"licence" :"outlet", "note": "\\u00e9 licence",  "outl\\u0065t": "ü"}\r'
    new = '  {"doc_id":"a\\"licence" ,"license" :"outlet", "note": "\\u00e9 licence",  "source": "ü"}\r'
    assert renamed_line("source", line) == new


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('licence == "MIT"', 'license == "MIT"'),
        ('title != "é licence" and licence in ["licence"]', 'title != "é licence" and license in ["licence"]'),
        ("source_outlet is None or\n  licences > 3", "source is None or\n  licences > 3"),
        (" (licence == 'a')", " (license == 'a')"),
        ("a.licence == 3", "a.licence == 3"),
        ("licence ==", "licence =="),
        ("words > 5", "words > 5"),
    ],
)
def test_only_columns_change_in_a_condition(condition: str, expected: str) -> None:
    assert renamed_condition(condition)[0] == expected
    assert renamed_condition(expected) == (expected, ())


PARAMS = """\
# Settings.
select:
  alarm: 0.5  # licence
  keep: {}
corpus: {{name: licence}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('licence == "MIT"  # the licence', 'license == "MIT"  # the licence'),
        ("'licence == \"it''s licence\" and source_outlet is None'", None),
        (
            '"licence == \\"MIT\\" or\\\n    \\ \\n licence is None"',
            '"license == \\"MIT\\" or\\\n    \\ \\n license is None"',
        ),
        (
            ">-\n    licence is None\n    or title == 'licence'\n",
            ">-\n    license is None\n    or title == 'licence'\n",
        ),
        ("|\n    source_outlet is None\n    and words > 3", "|\n    source is None\n    and words > 3"),
        ('""', '""'),
        ("null", "null"),
        ("[licence]", "[licence]"),
        ("licence ==", "licence =="),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_params_keep_their_comments_and_layout(old: str, new: str | None, line_end: str) -> None:
    new = "'license == \"it''s licence\" and source is None'" if new is None else new
    text, expected = (PARAMS.format(value).replace("\n", line_end) for value in (old, new))
    assert renamed_params(text) == expected
    assert renamed_params(expected) == expected


def test_params_that_cannot_be_renamed_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"select\.keep: licence is now license, and it cannot be renamed"):
        renamed_params('select: {keep: "l\\x69cence is None"}\n')
    for text in ("", "select:\n", "select: []\n", "a: [", "keep: licence\n"):
        assert renamed_params(text) == text
