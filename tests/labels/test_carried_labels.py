"""Labels of one release on the texts of another, in a real repository, from the command line and in Python."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import copydesk
from copydesk.cli import app
from copydesk.core import label_lines
from copydesk.errors import InputError, ReleaseError
from copydesk.labels import carried_labels
from copydesk.revisions.revision import open_revision
from label_history import NEW, OLD, SECRET, label, read_lines, write_labels
from support import run_command as run


def texts_at(root: Path, revision: str) -> dict[str, dict[str, Any]]:
    opened = open_revision(root, revision)
    return {row["doc_id"]: row for shard in opened.shards("documents") for row in opened.read(shard).to_pylist()}


@pytest.fixture(scope="module")
def old(history: Path) -> dict[str, dict[str, Any]]:
    return texts_at(history, OLD)


@pytest.fixture(scope="module")
def new(history: Path) -> dict[str, dict[str, Any]]:
    return texts_at(history, NEW)


def carry(root: Path, file: Path, *more: str) -> Result:
    command = ["labels", "carry", str(file), "--root", str(root), "--from", OLD, "--out", f"{file}.out", *more]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def test_each_label_comes_back_with_what_became_of_it(
    history: Path, old: dict[str, Any], new: dict[str, Any], tmp_path: Path
) -> None:
    labels = [
        label(old["same"], "Report", id=1, note={"by": "Ana"}),
        label(old["unruled"], "sentence stands"),
        label(old["unruled"], "first sentence"),
        label(old["edited"], "Monday"),
        label(old["edited"], "👩‍🚀"),
        label(old["edited"], "الوزير"),
        label(old["edited"], "Kiev"),
        label(old["removed"], "Report"),
        label(old["before"], "Report"),
        label(old["taken"], "Report", id="t-1", quote=old["taken"]["text"], prefix="Some of its text"),
        label(old["masked"], SECRET, quote=SECRET),
        label(old["masked"], "call"),
    ]
    file = write_labels(tmp_path / "labels.jsonl", labels)
    done = carry(history, file, "--to", NEW)
    assert done.exit_code == 0, done.output
    assert "12 labels: 1 kept, 6 moved, 2 changed, 3 gone" in done.output
    rows = read_lines(Path(f"{file}.out"))
    kept = {"start": labels[0]["start"], "end": labels[0]["end"]}
    assert rows[0] == {**labels[0], **kept, "status": "kept"}
    assert [row["status"] for row in rows] == [
        *("kept", "moved", "changed", "moved", "moved", "moved", "changed", "gone", "moved", "gone", "gone", "moved")
    ]
    for before, row in zip(labels, rows, strict=True):
        if row["status"] == "gone":
            continue
        text = new[row["doc_id"]]
        assert row["text_sha256"] == text["text_sha256"]
        was = old[before["doc_id"]]["text"][before["start"] : before["end"]]
        now = text["text"][row["start"] : row["end"]]
        assert (was == now) == (row["status"] != "changed")
        assert (row.get("old_text"), row.get("new_text")) == ((was, now) if was != now else (None, None))
    assert rows[2]["new_text"] == "first  sentence"
    assert rows[6]["new_text"] == "Kyiv"
    assert rows[7] == {**labels[7], "status": "gone", "reason": "removed"}
    assert rows[8]["doc_id"] == "after"
    # What was taken down or masked does not come back, not even in a field that somebody added.
    assert rows[9] == {
        **{key: labels[9][key] for key in ("doc_id", "start", "end", "label", "text_sha256", "id")},
        "status": "gone",
        "reason": "taken-down",
    }
    assert rows[10]["reason"] == "masked"
    output = Path(f"{file}.out").read_text("utf-8")
    assert SECRET not in output and "Some of its text" not in output


def test_there_and_back_and_on_to_the_next_release(history: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    labels = [
        {**label(document, document["text"][start : start + 9]), "start": start, "end": start + 9}
        for document in old.values()
        for start in range(0, len(document["text"]) - 9, 5)
    ]
    there = copydesk.carry(labels, OLD, NEW, root=history)
    assert {row["status"] for row in there} == {"kept", "moved", "changed", "gone"}
    stays = [number for number, row in enumerate(there) if row["status"] in ("kept", "moved")]
    back = copydesk.carry([there[number] for number in stays], NEW, OLD, root=history)
    for number, row in zip(stays, back, strict=True):
        assert {key: row[key] for key in labels[number]} == labels[number]
        assert row["status"] == there[number]["status"]
    # Nobody has looked at what changed, and what is gone has no place: the next step says so again.
    again = copydesk.carry(there, NEW, root=history)
    for row, before in zip(again, there, strict=True):
        assert row["status"] == (before["status"] if before["status"] in ("changed", "gone") else "kept")
        assert row.get("old_text") == before.get("old_text")


def test_text_that_was_taken_down_does_not_come_back_from_an_earlier_release(
    history: Path, old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Neither by asking for a release that still had it, nor from a mask to what it hides."""
    (kept,) = copydesk.carry([label(old["taken"], "Report")], OLD, OLD, root=history)
    assert (kept["status"], kept["reason"]) == ("gone", "taken-down")
    mask = new["masked"]["text"][9:].split("]")[0] + "]"
    (back,) = copydesk.carry([label(new["masked"], mask)], NEW, OLD, root=history)
    assert (back["status"], back["reason"]) == ("gone", "masked")


def test_of_a_label_that_was_gone_before_its_document_was_taken_down_no_text_is_left(
    history: Path, old: dict[str, Any]
) -> None:
    texts = {"quote": "Some of its text", "text": "Report", "old_text": "Report"}
    gone = label(old["taken"], "Report", id=7, **texts, status="gone", reason="deleted")
    left = {key: gone[key] for key in ("doc_id", "id", "start", "end", "label", "text_sha256")}
    changed = {**gone, "status": "changed"}
    del changed["reason"]
    for revision in (OLD, NEW):  # NEW does not have the document
        assert copydesk.carry([gone], revision, NEW, root=history) == [
            {**left, "status": "gone", "reason": "taken-down"}
        ]
    assert copydesk.carry([changed], OLD, NEW, root=history) == [{**left, "status": "gone", "reason": "taken-down"}]
    other = label(old["removed"], "Report", quote="kept", status="gone", reason="removed")
    assert copydesk.carry([other], NEW, NEW, root=history) == [other]


def test_offsets_that_are_written_as_decimals_are_whole_numbers(
    history: Path, old: dict[str, Any], tmp_path: Path
) -> None:
    labels = [label(old["same"], "Report"), label(old["edited"], "Kiev")]
    decimals = [{**row, "start": float(row["start"]), "end": float(row["end"])} for row in labels]
    done = carry(history, write_labels(tmp_path / "labels.jsonl", decimals), "--to", NEW)
    assert done.exit_code == 0, done.output
    carried = copydesk.carry(labels, OLD, NEW, root=history)
    assert (tmp_path / "labels.jsonl.out").read_text("utf-8") == write_labels(tmp_path / "all", carried).read_text()
    assert copydesk.carry(decimals, OLD, NEW, root=history) == carried


def test_what_cannot_be_carried_is_listed_and_the_other_lines_go_on(
    history: Path, old: dict[str, Any], new: dict[str, Any], tmp_path: Path
) -> None:
    good, length = label(old["same"], "Report"), len(old["same"]["text"])
    bad = {
        "{not JSON": "(line): not JSON",
        json.dumps({**good, "doc_id": "other"}): f"doc_id: no document 'other' in {OLD}",
        json.dumps({**good, "end": length + 1}): f"[0, {length + 1}) leaves the text of {length:,} characters",
        json.dumps({**good, "start": 5, "end": 5}): "end: [5, 5) holds no character; expected start < end",
        json.dumps({**good, "start": -1}): "start: -1 is less than the minimum of 0",
        json.dumps({key: good[key] for key in good if key != "text_sha256"}): "'text_sha256' is a required property",
        json.dumps({**good, "status": "submitted"}): "status: 'submitted' is not one of ['kept', ",
        json.dumps({**good, "reason": "mine"}): "'mine' is not one of",
        json.dumps({**good, "text_sha256": "0" * 64}): f"found {'0' * 64}, expected {good['text_sha256']}",
        json.dumps(label(new["edited"], "Kyiv")): f"it is the text of {NEW}",
        '{"doc_id": "a", "doc_id": "b"}': "keys given twice: doc_id",
        "[]": "is not of type 'object'",
    }
    file = write_labels(tmp_path / "labels.jsonl", [good, *bad, "", good])
    with file.open("ab") as handle:
        handle.write(b'{"doc_id": "\xff"}\n' + b"x" * (2 << 20) + b"\n" + json.dumps(good).encode())
    done = carry(history, file, "--to", NEW)
    assert done.exit_code == 1
    lines = done.output.split("\n")
    for number, (line, told) in enumerate(bad.items(), start=2):
        assert any(f"labels.jsonl:{number}: " in shown and told in shown for shown in lines), (
            line,
            [shown for shown in lines if f".jsonl:{number}:" in shown],
        )
    assert f"labels.jsonl:{len(bad) + 4}: (line): not UTF-8 at byte 12 of the line" in done.output
    assert f"labels.jsonl:{len(bad) + 5}: (line): more than 1,048,576 bytes" in done.output
    assert "it is the text of no known release" in done.output
    assert f"{len(bad) + 2} lines left out" in done.output
    assert [row["status"] for row in read_lines(Path(f"{file}.out"))] == ["kept"] * 3


def test_strict_fails_if_a_label_changed_or_is_gone(history: Path, old: dict[str, Any], tmp_path: Path) -> None:
    for name, words, status in (("same", "Report", 0), ("edited", "Kiev", 1), ("removed", "Report", 1)):
        file = write_labels(tmp_path / "labels.jsonl", [label(old[name], words)])
        assert carry(history, file, "--strict").exit_code == status
        assert carry(history, file).exit_code == 0


def test_the_result_does_not_depend_on_how_lines_are_read_together(
    history: Path, old: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels: list[Any] = [label(document, document["text"][-9:]) for document in old.values()] * 3
    file = write_labels(tmp_path / "labels.jsonl", [*labels[:9], "no JSON", *labels[9:]])
    whole = carry(history, file).output, Path(f"{file}.out").read_bytes()
    monkeypatch.setattr(label_lines, "_LINES", 2)
    monkeypatch.setattr(carried_labels, "_DOCUMENTS", 1)
    assert (carry(history, file).output, Path(f"{file}.out").read_bytes()) == whole


def test_long_texts_of_changed_labels_are_shortened(history: Path, old: dict[str, Any]) -> None:
    document = old["edited"]
    whole = {**label(document, document["text"])}
    (row,) = copydesk.carry([whole], OLD, NEW, root=history)
    assert row["status"] == "changed"
    assert len(row["old_text"]) <= 1003 and row["old_text"][:500] == document["text"][:500]


def test_python_names_the_labels_that_it_refuses(history: Path, old: dict[str, Any]) -> None:
    good = label(old["same"], "Report")
    with pytest.raises(
        InputError, match=r"2 of 3 labels cannot be carried from corpus@v1.0.0:\n  spans\[1\]: doc_id"
    ):
        copydesk.carry([good, {**good, "doc_id": "other"}, 7], OLD, NEW, root=history)  # type: ignore[list-item]
    with pytest.raises(ReleaseError, match=r"corpus@v9.9.9: unknown revision"):
        copydesk.carry([good], "corpus@v9.9.9", root=history)


def test_a_file_that_cannot_be_read_is_named(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: cannot be read: No such file"):
        carry(history, tmp_path / "none.jsonl")


def test_files_renamed_in_a_circle_are_found_by_their_bytes(history: Path, tmp_path: Path) -> None:
    """Numbered files are renamed by each insertion: every name stays, and has the bytes of its neighbour."""
    from copydesk.project import Project
    from support import run_stages

    root = tmp_path / "copy"
    shutil.copytree(history, root, symlinks=True)
    names = ["same", "edited", "unruled"]
    contents = [(root / "seeds" / f"{name}.txt").read_bytes() for name in names]
    for name, content in zip(names, contents[1:] + contents[:1], strict=True):
        (root / "seeds" / f"{name}.txt").write_bytes(content)
    run_stages(Project.open(root))
    now = texts_at(root, NEW)
    rows = copydesk.carry([label(now[name], now[name]["text"][:9]) for name in names], NEW, root=root)
    assert [(row["doc_id"], row["status"]) for row in rows] == [
        ("unruled", "moved"),
        ("same", "moved"),
        ("edited", "moved"),
    ]


def test_a_takedown_that_was_withdrawn_hides_nothing(history: Path, old: dict[str, Any], tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(history, root, symlinks=True)
    ledger = root / "seeds" / "takedowns.jsonl"
    row = json.loads(ledger.read_text("utf-8"))
    ledger.write_text(json.dumps({**row, "withdrawn": {"date": "2026-01-01", "reason": "a mistake"}}) + "\n", "utf-8")
    assert copydesk.carry([label(old["taken"], "Report")], OLD, OLD, root=root)[0]["status"] == "kept"
    ledger.unlink()  # lost in a merge: the release still has its line
    assert copydesk.carry([label(old["taken"], "Report")], OLD, NEW, root=root)[0]["reason"] == "taken-down"


def test_nothing_of_the_working_tree_is_touched(history: Path, old: dict[str, Any], tmp_path: Path) -> None:
    before = run(history, "git", "status", "--short"), pq.read_table(history / "corpus" / "data" / "documents")
    carry(history, write_labels(tmp_path / "labels.jsonl", [label(old["edited"], "Kiev")]), "--to", NEW)
    assert run(history, "git", "status", "--short") == before[0]
    assert pq.read_table(history / "corpus" / "data" / "documents").equals(before[1])
