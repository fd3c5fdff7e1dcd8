"""A difference as it is read: each section of the comment, the same on a terminal, as JSON, and a text in colours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from copydesk.differences.diff_model import Change, Delta, Diff, Move, Pair, Parameter
from copydesk.differences.rendering import ROWS, diff_as_json, diff_as_markdown, diff_as_table, document_diff_as_text
from copydesk.differences.schema_changes import SchemaChange
from copydesk.differences.text_diff import TextDiff, TextPiece

COLUMNS = ("a", "b", "c", "d", "e", "f")
DIFF = Diff(
    old="one",
    new="two",
    added=["new"],
    removed=["gone", "out"],
    dropped={"out": "too short"},
    moved=[Move("wanders", "train", "test")],
    changed=[
        Change("x", COLUMNS, ("edits", "sentences"), ("rule spaces", "source"), Delta(2, 1), Delta(0, 3), "a", "a"),
        Change("y", (*COLUMNS, "g"), (), ("source",), Delta(), Delta(), "a", "a"),
        Change("z", (), ("raw",), ("rule spaces", "another"), Delta(1, 0), Delta(), "a", "a"),
    ],
    sources={"press": Pair(1000, 2500), "same": Pair(3, 3)},
    languages={"de": Pair(7, 4)},
    complete=False,
    tables={"documents": Pair(4, 4), "edits": Pair(12, 10)},
    schemas=[
        SchemaChange("raw", "size", "description changed", "a" * 201, None, False),
        SchemaChange("raw", "path", "type changed", ["string"], "int32", True),
    ],
    parameters=[Parameter("clean.rules", None, {"é": 1})],
)
MARKDOWN = f"""\
**one → two: documents: 1 added, 2 removed, 3 changed, 1 moved; 2 schema changes, 1 breaking**

### Rows

| table | old | new | difference |
|---|---|---|---|
| edits | 12 | 10 | -2 |

### Why documents changed

| cause | documents |
|---|---|
| rule spaces | 2 |
| source | 2 |
| another | 1 |

### Added

| document |
|---|
| new |

### Removed

| document | left out by |
|---|---|
| gone |  |
| out | too short |

### Moved between splits

| document | from | to |
|---|---|---|
| wanders | train | test |

### Changed

| document | why | what | sentences | edits |
|---|---|---|---|---|
| x | rule spaces, source | a, b, c, d, e, f, rows of edits, rows of sentences | +2 -1 | +0 -3 |
| y | source | a, b, c, d, e, f, … |  |  |
| z | rule spaces, another | rows of raw | +1 -0 |  |

### Sources (in files that differ)

| source | old | new | difference |
|---|---|---|---|
| press | 1,000 | 2,500 | +1,500 |

### Languages (in files that differ)

| language | old | new | difference |
|---|---|---|---|
| de | 7 | 4 | -3 |

### Schemas

| class | table | column | change | old | new |
|---|---|---|---|---|---|
| breaking | raw | path | type changed | \\["string"\\] | int32 |
| compatible | raw | size | description changed | {"a" * 199}… | - |

### Settings

| setting | old | new |
|---|---|---|
| clean.rules | - | {{"é": 1}} |
"""
NOTHING = Diff("one", "two", [], [], {}, [], [], {}, {}, True, {}, [], [])


def test_a_comment_has_every_section() -> None:
    assert diff_as_markdown(DIFF) == MARKDOWN
    assert diff_as_markdown(NOTHING) == "**one → two: documents: 0 added, 0 removed, 0 changed, 0 moved**\n"


def test_a_terminal_shows_the_same() -> None:
    shown = diff_as_table(DIFF)
    assert str(shown[0]) == MARKDOWN.partition("**")[2].partition("**")[0]
    tables = [table for table in shown if isinstance(table, Table)]
    assert shown[1:] == tables
    sections = [part.splitlines() for part in MARKDOWN.replace("\\", "").split("### ")[1:]]
    for table, lines in zip(tables, sections, strict=True):
        rows = list(zip(*(column.cells for column in table.columns), strict=True))
        said = [f"| {' | '.join(map(str, row))} |" for row in rows]
        head = f"| {' | '.join(str(column.header) for column in table.columns)} |"
        assert [str(table.title), head, *said] == [lines[0], lines[2], *lines[4 : 4 + len(rows)]]
        assert table.title_justify == "left" and {column.overflow for column in table.columns} == {"fold"}


@pytest.mark.parametrize(("count", "more"), [(ROWS, None), (ROWS + 1, "and 1 more"), (1234 + ROWS, "and 1,234 more")])
def test_long_sections_are_cut(count: int, more: str | None) -> None:
    found = Diff(**{**vars(NOTHING), "added": [f"d{n}" for n in range(count)], "sources": {"press": Pair(0, 1)}})
    shown = diff_as_table(found)
    assert [str(text) for text in shown[1:] if isinstance(text, Text)] == [more] * (more is not None)
    page = diff_as_markdown(found)
    assert page.count("\n| d") == ROWS + 1  # with its header
    said = f"| d{ROWS - 1} |\n\n{more}\n\n### Sources\n" if more else f"| d{ROWS - 1} |\n\n### Sources\n"
    assert said in page


def test_json_has_objects_and_lists() -> None:
    told = diff_as_json(DIFF)
    assert told == json.loads(json.dumps(told))
    assert told["changed"][1] == {
        "doc_id": "y",
        "columns": [*COLUMNS, "g"],
        "tables": [],
        "causes": ["source"],
        "sentences": {"added": 0, "removed": 0},
        "edits": {"added": 0, "removed": 0},
        "old_split": "a",
        "new_split": "a",
    }
    assert told["moved"] == [{"doc_id": "wanders", "old": "train", "new": "test"}]
    assert told["sources"]["press"] == told["sources"]["press"] | {"old": 1000, "new": 2500}
    assert (told["languages"], told["tables"]["edits"]) == ({"de": {"old": 7, "new": 4}}, {"old": 12, "new": 10})
    assert told["schemas"][1] == DIFF.schemas[1]._asdict()
    assert told["parameters"] == [{"name": "clean.rules", "old": None, "new": {"é": 1}}]
    rest = ("old", "new", "added", "removed", "dropped", "complete")
    assert {name: told[name] for name in rest} == {name: getattr(DIFF, name) for name in rest}


def edit(before: str, *rules: str, applied: bool = True) -> dict[str, Any]:
    return {"before": before, "after": "x" * 201, "rules": list(rules), "applied": applied}


def styled(text: Text) -> list[tuple[str, str]]:
    """The pieces of a text with their styles; what is empty is left out."""
    return [(text.plain[s.start : s.end], str(s.style)) for s in text.spans if s.start < s.end]


def test_a_text_in_colours() -> None:
    long = "a" * 300 + "b" * 1300 + "c" * 300
    pieces = [
        TextPiece("equal", long, long),
        TextPiece("replace", "old\t\x1b", "new\n\u202e"),
        TextPiece("equal", "\r", "\r"),
    ]
    columns = {"title": ("a" * 200, None), "flags": (["é"], "\n")}
    found = TextDiff("id\x07", "", "", pieces, columns, [edit("a", "one", "two", applied=False)], [edit("b", "one")])
    shown = document_diff_as_text(found)
    cut = f"{'a' * 300}\n[… 1,300 characters …]\n{'c' * 300}"
    assert shown.plain == (
        f'id\\x07\ntitle: {"a" * 200} -\nflags: ["é"] \\n\n- one: b → {"x" * 199}…\n'
        f"+ one, two (suggested): a → {'x' * 199}…\n\n{cut}old\t\\x1bnew\n\\u202e\\r"
    )
    assert styled(shown) == [
        ("id\\x07\n", "bold"),
        ("a" * 200, "red strike"),
        ("-", "green"),
        ('["é"]', "red strike"),
        ("\\n", "green"),
        (f"- one: b → {'x' * 199}…\n", "red"),
        (f"+ one, two (suggested): a → {'x' * 199}…\n", "green"),
        ("old\t\\x1b", "red strike"),
        ("new\n\\u202e", "green underline"),
    ]
    Console(quiet=True).print(shown)


@pytest.mark.parametrize("length", [600, 601])
def test_stretches_are_cut_only_where_that_saves_something(length: int) -> None:
    text = "a" * length
    shown = document_diff_as_text(TextDiff("x", text, text, [TextPiece("equal", text, text)], {}, [], []))
    whole = f"{'a' * 300}\n[… 1 characters …]\n{'a' * 300}" if length > 600 else text
    assert shown.plain == f"x\n\n{whole}"


@pytest.mark.parametrize(("old", "new", "which"), [(None, "", "new"), ("", None, "old")])
def test_a_document_of_one_revision_alone(old: str | None, new: str | None, which: str) -> None:
    shown = document_diff_as_text(TextDiff("x", old, new, [], {}, [], []))
    assert styled(shown) == [("x\n", "bold"), (f"only in the {which} revision\n", "yellow")]
