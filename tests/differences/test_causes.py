"""Why a document changed, computed from two revisions of a few rows that lie in folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from copydesk.core.atomic_files import sha256_file
from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Change, Delta, Parameter
from copydesk.revisions.revision import open_revision
from copydesk.tables.parquet import write_parquet

Tables = dict[str, list[dict[str, Any]]]


def revision(root: Path, tables: Tables, decisions: str = "", params: dict[str, Any] | None = None) -> Any:
    listed: dict[str, Any] = {}
    for name, rows in tables.items():
        listed[name] = {"rows": len(rows), "files": {}}
        for split in sorted({row.get("split", "train") for row in rows}):
            some = [row for row in rows if row.get("split", "train") == split]
            path = root / "corpus" / "data" / name / f"{split}-0.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_parquet(pa.Table.from_pylist(some), path)
            file = path.relative_to(root / "corpus").as_posix()
            listed[name]["files"][file] = {"sha256": sha256_file(path), "rows": len(some)}
    (root / "corpus" / "manifest.json").write_text(json.dumps({"tables": listed, "dropped": []}))
    (root / "seeds").mkdir()
    (root / "seeds" / "decisions.jsonl").write_text(decisions)
    (root / "params.yaml").write_text(yaml.safe_dump(params or {}))
    return open_revision(root)


def document(doc_id: str = "a", **more: Any) -> dict[str, Any]:
    row = {"doc_id": doc_id, "text": "T.", "text_sha256": "t", "raw_sha256": "r", "split": "train", "title": "One"}
    named = {"license": "MIT", "public": True, "words": 2, "source": "o", "publisher": "p", "language": "en"}
    return {**row, **named, "provenance": [{"field": "title", "origin": "first-line"}], **more}


def edit(start: int, end: int, rule: str, doc_id: str = "a", **more: Any) -> dict[str, Any]:
    row = {"raw_start": start, "raw_end": end, "before": "x", "after": "y", "rules": [rule], "tier": "safe"}
    return {"doc_id": doc_id, **row, "applied": True, "confidence": 1.0, **more}


def decided(**more: Any) -> str:
    return json.dumps({"doc_id": "a", "raw_sha256": "r", "decision": "x", **more}) + "\n"


def changed(tmp_path: Path, old: Tables, new: Tables, before: str = "", after: str = "", **more: Any) -> Change:
    pair = revision(tmp_path / "old", old, before), revision(tmp_path / "new", new, after, **more)
    (there,), (back,) = diff(*pair).changed, diff(*reversed(pair)).changed
    assert there.causes == back.causes or more
    return there


FIELD, PLACE = decided(field="title", value="Two"), decided(raw_start=3, raw_end=5, before="x", after="y")
OTHER = [{"field": "title", "origin": "decisions.jsonl"}]
STATED = [{"field": "title", "origin": "sources.jsonl"}]


@pytest.mark.parametrize(
    ("was", "now", "before", "after", "causes"),
    [
        # A decision explains its column, and where it came from; not what else differs.
        ({}, {"title": "Two", "provenance": OTHER}, "", FIELD, ["decision"]),
        ({}, {"title": "Two"}, "", f"\n{FIELD}", ["decision"]),
        ({}, {"title": "Two", "words": 3}, "", FIELD, ["decision", "code"]),
        ({}, {"title": "Two", "public": False}, "", FIELD, ["decision", "code"]),
        # Of a license follows whether a document is public.
        ({}, {"license": "X", "public": False}, "", decided(field="license", value="X"), ["decision"]),
        ({}, {"license": "X", "provenance": OTHER}, "", decided(field="license", value="X"), ["decision"]),
        # One that both revisions have decides nothing, and neither does that of another document.
        ({}, {"title": "Two"}, FIELD, FIELD, ["code"]),
        ({}, {"title": "Two"}, PLACE + FIELD, FIELD + PLACE, ["code"]),
        ({}, {"title": "Two"}, FIELD, FIELD * 2, ["decision"]),
        ({}, {"title": "Two"}, "", FIELD.replace('"a"', '"b"'), ["code"]),
        # What is stated of it, in one revision or in both, is metadata.
        ({"provenance": STATED}, {"title": "Two", "provenance": STATED}, "", "", ["metadata"]),
        ({}, {"title": "Two", "provenance": STATED}, "", "", ["metadata"]),
        ({}, {"words": 3, "provenance": STATED}, "", "", ["metadata", "code"]),
        ({}, {"provenance": OTHER}, "", "", ["code"]),
        # Of another file follows everything but what is stated, and what was decided for the other.
        ({}, {"raw_sha256": "s", "title": "Two", "words": 3}, "", "", ["source"]),
        ({}, {"raw_sha256": "s", "title": "Two"}, "", FIELD, ["decision", "source"]),
        ({}, {"raw_sha256": "s", "title": "Two", "provenance": STATED}, "", "", ["source", "metadata"]),
    ],
)
def test_what_is_decided_or_stated_of_a_document(
    was: dict[str, Any], now: dict[str, Any], before: str, after: str, causes: list[str], tmp_path: Path
) -> None:
    old, new = ({"documents": [document(**more), document("b")]} for more in (was, now))
    found = changed(tmp_path, old, new, before, after)
    assert (found.doc_id, list(found.causes), found.tables) == ("a", causes, ())


@pytest.mark.parametrize(
    ("text", "raw", "edits", "after", "causes"),
    [
        ("u", "r", [edit(3, 5, "one")], PLACE, ["decision"]),
        ("u", "r", [edit(3, 5, "one"), edit(9, 10, "two")], PLACE, ["decision", "rule two"]),
        ("t", "r", [edit(3, 5, "one")], PLACE, ["decision", "duplicates"]),
        ("t", "r", [edit(3, 5, "one"), edit(9, 10, "two")], PLACE, ["decision", "rule two", "duplicates"]),
        ("u", "r", [edit(3, 6, "one")], PLACE, ["rule one"]),
        ("u", "r", [edit(2, 5, "one")], PLACE, ["rule one"]),
        ("u", "r", [edit(0, 0, "one")], decided(raw_start=0, before="x"), ["decision"]),
        ("u", "r", [edit(0, 0, "one")], FIELD, ["rule one"]),
        ("u", "s", [edit(3, 5, "one")], PLACE, ["source"]),
        ("u", "r", [edit(3, 5, "one")], "", ["rule one"]),
    ],
)
def test_edits_where_something_was_decided(
    text: str, raw: str, edits: list[dict[str, Any]], after: str, causes: list[str], tmp_path: Path
) -> None:
    always = [edit(50, 51, "always"), edit(50, 51, "always", "b")]
    # Which documents repeat each other is no matter of edits that are only suggested.
    was = document(duplicate_of="b" if text == "t" else "")
    now = document(duplicate_of="", text_sha256=text, raw_sha256=raw)
    old = {"documents": [was, document("b", duplicate_of="")], "edits": always}
    new = {"documents": [now, document("b", duplicate_of="")], "edits": [*edits, *always]}
    found = changed(tmp_path, old, new, "", after)
    assert (list(found.causes), found.tables, found.edits) == (causes, ("edits",), Delta(len(edits), 0))


def test_sentences_are_counted_by_their_text_and_a_file_that_moved_is_another(tmp_path: Path) -> None:
    def tables(path: str, *texts: str) -> Tables:
        sentences = [{"doc_id": "a", "text": text, "start": n} for n, text in enumerate(texts)]
        raw = [{"doc_id": i, "path": p, "size": 1} for i, p in (("a", path), ("b", "b"))]
        return {"documents": [document(), document("b")], "sentences": sentences, "raw": raw}

    found = changed(tmp_path, tables("a", "One.", "Two.", "Two."), tables("c", "Two.", "One.", "Three.", "Four."))
    assert found == Change("a", (), ("sentences", "raw"), ("source",), Delta(2, 1), Delta(), "train", "train")


@pytest.mark.parametrize(
    ("was", "now", "cause"),
    [("aaa", "aab", "corpus size"), ("aab", "abb", "duplicates"), ("aab", "aac", "duplicates")],
)
def test_documents_are_split_where_a_corpus_grew(was: str, now: str, cause: str, tmp_path: Path) -> None:
    old, new = (
        {"documents": [document(i, split=s) for i, s in zip("xyz", splits, strict=True)]} for splits in (was, now)
    )
    found = changed(tmp_path, old, new)
    assert (found.causes, found.old_split != found.new_split) == ((cause,), True)


def test_settings_that_differ_are_named_with_both_values(tmp_path: Path) -> None:
    old = {"corpus": {"name": "x", "gone": 1}, "plain": 1, "same": {"a": [1]}, "section": {"a": 1}}
    new = {"corpus": {"name": "y", "new": None}, "plain": 2, "same": {"a": [1]}, "section": 3}
    tables = {"documents": [document()]}
    found = diff(revision(tmp_path / "old", tables, "", old), revision(tmp_path / "new", tables, "", new))
    assert found.parameters == [
        Parameter("corpus.gone", 1, None),
        Parameter("corpus.name", "x", "y"),
        Parameter("plain", 1, 2),
        Parameter("section", None, 3),
        Parameter("section.a", 1, None),
    ]
    assert found.changed == []


@pytest.mark.parametrize(
    ("group", "edits", "causes"),
    [
        ({"rule": "one"}, [edit(3, 5, "one")], ["decision"]),
        ({"rule": "one", "before": "an x y", "after": "an xy"}, [edit(3, 5, "one")], ["decision"]),
        ({"rule": "one", "before": "other", "after": "o ther"}, [edit(3, 5, "one")], ["rule one"]),
        ({"rule": "two"}, [edit(3, 5, "one")], ["rule one"]),
        # An accepted suggestion may have become one edit with its neighbours.
        ({"rule": "one"}, [edit(3, 5, "two"), edit(3, 9, "two\none")], ["decision"]),
        ({"rule": "one"}, [edit(3, 5, "one"), edit(7, 9, "two")], ["decision", "rule two"]),
    ],
)
def test_edits_of_a_group_that_was_decided_about(
    group: dict[str, Any], edits: list[dict[str, Any]], causes: list[str], tmp_path: Path
) -> None:
    of_group = json.dumps({"decision": "accept", **group}) + "\n"
    edits = [{**row, "rules": row["rules"][0].split("\n")} for row in edits]
    old = {"documents": [document(), document("b")], "edits": [edit(50, 51, "always")]}
    new = {"documents": [document(text_sha256="u"), document("b")], "edits": [*edits, edit(50, 51, "always")]}
    assert list(changed(tmp_path, old, new, "", of_group).causes) == causes
