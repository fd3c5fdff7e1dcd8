"""What differs between two revisions, exactly: small tables in folders, without git or DVC."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from copydesk.core.atomic_files import sha256_file
from copydesk.differences import text_diff
from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Move
from copydesk.differences.schema_changes import SchemaChange, published_changes, schema_changes
from copydesk.differences.text_diff import TextPiece, compare_texts, document_diff
from copydesk.errors import ReleaseError
from copydesk.revisions.revision import Revision
from copydesk.tables.parquet import read_parquet, write_parquet

Rows = list[dict[str, Any]]


class Folder:
    """A revision whose shards are files of a folder."""

    def __init__(self, root: Path, name: str, tables: dict[str, list[Rows]], dropped: Rows, hidden: bool = False):
        self.name, self.schemas, self.params = name, cast(dict[str, Any], {}), cast(dict[str, Any], {})
        self.split_list: dict[str, str] = {}
        self.taken_down: frozenset[str] = frozenset()
        self._hidden, self._files, self.opened = hidden, dict[str, Path](), list[str]()
        listed: dict[str, Any] = {}
        for table, shards in tables.items():
            files = {}
            for number, rows in enumerate(shards):
                path = root / name / table / f"train-{number}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                write_parquet(pa.Table.from_pylist(rows), path)
                digest = sha256_file(path)
                self._files[digest], files[f"data/{table}/{path.name}"] = path, {"sha256": digest}
            listed[table] = {"files": files, "rows": sum(map(len, shards))}
        self.listing = {"tables": listed, "dropped": dropped}
        self.split_list: dict[str, str] = {}
        self.taken_down: frozenset[str] = frozenset()

    def shards(self, table: str) -> dict[str, str]:
        files = self.listing["tables"].get(table, {}).get("files", {})  # type: ignore[call-overload]
        return {path: file["sha256"] for path, file in files.items()}

    def is_local(self, shard: str) -> bool:
        return not self._hidden

    def text(self, path: str) -> None:
        return None

    def locate(self, shard: str) -> Path:
        self.opened.append(shard)
        return self._files[shard]

    def read(self, shard: str, columns: list[str] | None = None) -> pa.Table:
        names = read_parquet(self.locate(shard)).column_names
        return read_parquet(self._files[shard], [c for c in columns if c in names] if columns else None)


def row(
    doc_id: str, text: str = "Text.", split: str = "train", outlet: str | None = None, **more: Any
) -> dict[str, Any]:
    told = {"doc_id": doc_id, "text": text, "text_sha256": text, "raw_sha256": text, "split": split}
    return {**told, "source": outlet, "publisher": "House", "language": "en", **more}


def revisions(
    root: Path, old: list[Rows], new: list[Rows], dropped: Rows | None = None, **more: Any
) -> tuple[Any, Any]:
    return (
        cast(Revision, Folder(root, "old", {"documents": old}, [])),
        cast(Revision, Folder(root, "new", {"documents": new}, dropped or [], **more)),
    )


def test_a_difference_counts_names_and_moves(tmp_path: Path) -> None:
    shared = [row("s", outlet="Post"), row("t")]
    before = [row("a", outlet="Post"), row("b"), row("gone"), row("out")]
    after = [row("a", outlet="Post"), row("b", split="test"), row("new", "New.", language=None)]
    dropped = [{"doc_id": "out", "reason": "words >= 50"}, {"doc_id": "never", "reason": "x"}]
    old, new = revisions(tmp_path, [shared, before], [shared, after], dropped)
    found = diff(old, new)
    assert (found.old, found.new, found.complete) == ("old", "new", True)
    assert (found.added, found.removed, found.dropped) == (["new"], ["gone", "out"], {"out": "words >= 50"})
    assert found.moved == [Move("b", "train", "test")]
    assert found.sources == {"House": (4, 3), "Post": (2, 2)}
    assert found.languages == {"en": (6, 4), "unknown": (0, 1)}
    assert found.tables == {"documents": (6, 5)}


def test_files_that_are_not_local_are_not_counted(tmp_path: Path) -> None:
    shared, more = [row("s")], [row("t", outlet="Post")]
    old, new = revisions(tmp_path, [shared], [shared, more], hidden=True)
    found = diff(old, new)
    assert (found.complete, found.sources, found.added) == (False, {"Post": (0, 1)}, ["t"])
    assert not {*old.opened, *new.opened} & {*old.shards("documents").values()}


def test_a_revision_without_these_columns_counts_as_unknown(tmp_path: Path) -> None:
    told = {name: value for name, value in row("a").items() if name not in ("publisher", "source", "language")}
    old, new = revisions(tmp_path, [[told]], [[row("a", "Another.", outlet="Post")]])
    found = diff(old, new)
    assert (found.sources, found.languages) == (
        {"Post": (0, 1), "unknown": (1, 0)},
        {"en": (0, 1), "unknown": (1, 0)},
    )
    del old.listing["tables"]["documents"]["rows"]
    assert diff(old, new).tables == {}


def edit(before: str, rules: str = "spaces") -> dict[str, Any]:
    return {"doc_id": "a", "before": before, "after": " ", "rules": [rules], "tier": "safe", "applied": True}


def test_a_document_is_compared_column_by_column_and_edit_by_edit(tmp_path: Path) -> None:
    old = Folder(
        tmp_path,
        "old",
        {
            "documents": [[row("a", "One two.", words=2)], [row("s", "Same.")]],
            "edits": [[edit("x"), edit("x"), edit("y")]],
        },
        [],
    )
    new = Folder(
        tmp_path,
        "new",
        {
            "documents": [[row("a", "One three.", words=2), row("n", "New.")], [row("s", "Same.")]],
            "edits": [[edit("x"), edit("z")]],
        },
        [],
    )
    sides = cast(Revision, old), cast(Revision, new)
    found = document_diff(*sides, "a")
    assert (found.doc_id, found.old_text, found.new_text) == ("a", "One two.", "One three.")
    assert found.columns == dict.fromkeys(("text_sha256", "raw_sha256"), ("One two.", "One three."))
    assert [e["before"] for e in found.edits_added] == ["z"]
    assert [e["before"] for e in found.edits_removed] == ["x", "y"]
    added = document_diff(*sides, "n")
    assert (added.old_text, added.pieces, added.columns["split"]) == (
        None,
        [TextPiece("insert", "", "New.")],
        (None, "train"),
    )
    assert "doc_id" not in added.columns and "text" not in added.columns
    back = document_diff(sides[1], sides[0], "n")
    assert (back.new_text, back.pieces) == (None, [TextPiece("delete", "New.", "")])
    same = document_diff(*sides, "s")
    assert (same.old_text, same.new_text, same.columns, same.edits_added) == ("Same.", "Same.", {}, [])
    with pytest.raises(ReleaseError, match=r"^nobody: no such document, neither in old nor in new$"):
        document_diff(*sides, "nobody")


def test_words_are_compared_up_to_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    by_words = [TextPiece("equal", "One ", "One "), TextPiece("replace", "two", "six")]
    assert compare_texts("One two", "One six") == by_words
    assert compare_texts("Kept.\nOne two", "Kept.\nOne six") == [TextPiece("equal", "Kept.\n", "Kept.\n"), *by_words]
    assert compare_texts("a b\n", "") == [TextPiece("delete", "a b\n", "")]
    monkeypatch.setattr(text_diff, "_LARGEST", 14)
    assert compare_texts("One two", "One six") == by_words
    monkeypatch.setattr(text_diff, "_LARGEST", 13)
    assert compare_texts("One two", "One six") == [TextPiece("replace", "One two", "One six")]


def table(required: tuple[str, ...] = ("n",), **columns: Any) -> dict[str, Any]:
    return {"description": "T.", "required": list(required), "properties": columns}


def test_each_change_of_a_schema_says_what_stood_there() -> None:
    def changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [tuple(change) for change in schema_changes({"t": old}, {"t": new})]

    number = {"type": "integer", "description": "N."}
    plain = table(n=number)
    assert changes(plain, {**plain, "description": "U."}) == [("t", "", "description changed", "T.", "U.", False)]
    assert changes(plain, table((), n=number)) == [("t", "n", "no longer required", True, False, True)]
    assert changes(table((), n=number), plain) == [("t", "n", "required", False, True, False)]
    described = table(n={**number, "description": "M."})
    assert changes(plain, described) == [("t", "n", "description changed", "N.", "M.", False)]
    assert [tuple(c) for c in schema_changes({}, {"t": plain})] == [("t", "", "table added", None, "t", False)]
    assert [tuple(c) for c in schema_changes({"t": plain}, {})] == [("t", "", "table removed", "t", None, True)]
    nothing = {"type": ["integer", "null"], "description": "N."}
    assert changes(plain, table(n=nothing)) == [("t", "n", "null allowed", False, True, True)]
    # A list of plain values is a column whose values have no required of their own.
    some = {"type": "array", "items": {"type": "string"}}
    assert changes(table(n=some), table(n={**some, "items": {"type": "string", "maxLength": 3}})) == [
        ("t", "n[]", "constraint tightened: maxLength", None, 3, False)
    ]


def test_references_are_what_they_name_with_what_stands_beside_them() -> None:
    named = {"$defs": {"small": {"type": "integer", "minimum": 0, "maximum": 9}}}
    old = {**table(n={"$ref": "#/$defs/small", "description": "N."}), **named}
    assert (
        schema_changes(
            {"t": old}, {"t": table(n={"type": "integer", "minimum": 0, "maximum": 9, "description": "N."})}
        )
        == []
    )
    (less,) = schema_changes(
        {"t": old}, {"t": {**table(n={"$ref": "#/$defs/small", "maximum": 8, "description": "N."}), **named}}
    )
    assert less == SchemaChange("t", "n", "constraint tightened: maximum", 9, 8, False)
    lost = schema_changes({"t": old}, {"t": table(n={"$ref": "#/$defs/small", "description": "N."})})
    assert lost[0] == SchemaChange("t", "n", "type changed", "int32", "any", True)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (-(2**31), 2**31 - 1, "int32"),
        (-(2**31) - 1, 0, "int64"),
        (0, 2**31, "int64"),
        (None, 0, "int64"),
        (0, None, "int64"),
    ],
)
def test_bounds_decide_how_many_bits(low: int | None, high: int | None, kind: str) -> None:
    bounds = {name: bound for name, bound in (("minimum", low), ("maximum", high)) if bound is not None}
    (change,) = schema_changes({"t": table()}, {"t": table(n={"type": "integer", **bounds})})
    assert (change.what, change.new) == ("column added", kind)


def test_a_column_is_renamed_only_where_one_alone_fits() -> None:
    one, other = {"type": "string", "description": "One."}, {"type": "string", "description": "Other."}
    both = table((), a=one, b=other)
    assert [c.what for c in schema_changes({"t": both}, {"t": table((), c=one, b=other)})] == ["column renamed"]
    assert [c.what for c in schema_changes({"t": both}, {"t": table((), c=one)})] == [
        "column renamed",
        "column removed",
    ]
    twins = table((), a=one, b=one)
    assert {c.what for c in schema_changes({"t": twins}, {"t": table((), c=one)})} == {
        "column removed",
        "column added",
    }
    inner = {"type": "object", "properties": {"x": one}}
    moved = schema_changes(
        {"t": table((), o=inner, p={"type": "object"})}, {"t": table((), o={"type": "object"}, p=inner)}
    )
    assert {c.what for c in moved} == {"column removed", "column added"}


def test_a_line_says_what_stood_there_only_where_it_helps() -> None:
    def said(what: str, column: str = "c") -> str:
        return str(SchemaChange("t", column, what, 1, 2, False))

    assert said("type changed") == "t.c: type changed (1 -> 2)"
    assert said("column renamed") == "t.c: column renamed (1 -> 2)"
    assert said("constraint changed: enum") == "t.c: constraint changed: enum (1 -> 2)"
    assert said("column removed") == "t.c: column removed"
    assert said("table removed", "") == "t: table removed"


def test_a_revision_without_schemas_says_nothing_about_them() -> None:
    raw = {"raw": table(n={"type": "string"})}
    assert published_changes({}, raw) == published_changes(raw, {"params": {}}) == []
    assert [c.what for c in published_changes(raw, {"raw": table()})] == ["column removed"]


def test_a_column_of_another_table_that_only_one_revision_has_changes_no_document(tmp_path: Path) -> None:
    document = {"doc_id": "a", "text": "One.", "text_sha256": "0", "split": "train"}
    sentence = {"doc_id": "a", "index": 0, "text": "One.", "start": 0, "end": 4}
    old = Folder(tmp_path, "old", {"documents": [[document]], "sentences": [[sentence]]}, [])
    named = Folder(
        tmp_path, "named", {"documents": [[document]], "sentences": [[{**sentence, "sentence_id": "a/1"}]]}, []
    )
    moved = Folder(
        tmp_path,
        "moved",
        {"documents": [[document]], "sentences": [[{**sentence, "sentence_id": "a/1", "start": 1, "end": 5}]]},
        [],
    )
    assert diff(cast(Revision, old), cast(Revision, named)).changed == []
    assert diff(cast(Revision, named), cast(Revision, old)).changed == []
    assert [change.tables for change in diff(cast(Revision, old), cast(Revision, moved)).changed] == [("sentences",)]
