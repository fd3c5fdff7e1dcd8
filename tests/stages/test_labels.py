"""Labels that the repository keeps are placed in every build, and what broke is reported."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.core.config import check_params
from copydesk.project import Project
from copydesk.stages.labelling import routing
from copydesk.stages.labelling.placing import LabelledDocument, place_labels
from copydesk.tables.table import table
from copydesk.text import Alignment
from copydesk.text.masked_text import MaskedPlaces, Secrets
from copydesk.validation import validate
from label_history import documents, keep, label, read_lines, write_labels
from support import articles, file_bytes, run_stages, write_seeds

SMALL: dict[str, Any] = {
    "engine": {"workers": 1},
    "shards": {"target": 2, "minimum": 1, "maximum": 4, "max_bytes": 1 << 20},
    "deduplicate": {"duplicates": "flag"},
}
SECRET = "joe.smith@example.org"
UNRULED = {"clean": {"rules": {"spaces": "off"}}}


def root_of(project: Project) -> Path:
    return project.seeds.parent


def labelled(project: Project) -> list[dict[str, Any]]:
    """The rows of the table, in the order of splits and files."""
    paths = sorted((project.corpus / "data" / "labels").glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def broken(project: Project) -> list[dict[str, Any]]:
    return read_lines(project.reports / "labels.jsonl")


def built_and_valid(project: Project) -> Project:
    """Build the corpus, and check its rows."""
    run_stages(project)
    report = validate(project.corpus, project.schemas, load=False, store=project.store)
    assert report.ok, report.findings
    return project


def with_params(project: Project, params: dict[str, Any]) -> Project:
    return replace(project, params=check_params({**SMALL, **params}))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of eight articles, one with an address and one with a double space, and a label on each article."""
    root = tmp_path_factory.mktemp("labels") / "corpus"
    seeds = articles(6)
    seeds["spaced.txt"] = "The first  sentence is short. Kiev  was quiet for a while."
    seeds["secret.txt"] = f"Somebody wrote to {SECRET} on Monday. Nobody answered for a while."
    write_seeds(root / "seeds", seeds)
    (root / "params.yaml").write_text(yaml.safe_dump(SMALL))
    run_stages(Project.open(root))
    words = {"spaced": "was quiet", "secret": "Monday"}
    rows = documents(root).values()
    keep(
        root, "words", [label(row, words.get(row["doc_id"], row["text"][12:24]), by="Ana", note="n") for row in rows]
    )
    return root


@pytest.fixture
def desk(built: Path, tmp_path: Path) -> Project:
    """A copy of that corpus, which a test may change."""
    shutil.copytree(built, tmp_path / "corpus")
    return Project.open(tmp_path / "corpus")


def test_labels_are_a_table_whose_rows_fit_the_others(desk: Project) -> None:
    run_stages(desk, "validate")
    texts = documents(root_of(desk))
    rows = {row["doc_id"]: row for row in labelled(desk)}
    assert rows.keys() == texts.keys()
    for doc_id, row in rows.items():
        assert row["text"] == texts[doc_id]["text"][row["start"] : row["end"]]
        assert (row["label"], row["status"], row["by"]) == ("THING", "kept", "Ana")
        assert json.loads(row["fields"]) == {"note": "n"}
        assert row["sentence_ids"] and row["sentence_ids"][0].startswith(f"{doc_id}/")
    assert rows["spaced"]["raw_start"] - rows["spaced"]["start"] == 2
    assert broken(desk) == []
    assert json.loads((desk.reports / "validation.json").read_text("utf-8"))["checked"]["labels"] == len(rows)
    assert json.loads((desk.reports / "metrics.json").read_text("utf-8"))["labels"] == {"THING": len(rows)}
    card = (desk.corpus / "README.md").read_text("utf-8")
    assert "config_name: labels" in card and "| THING | 8 |" in card


def test_without_labels_every_file_is_as_if_there_were_no_such_table(make_corpus: Callable[..., Project]) -> None:
    plain = make_corpus(articles(4), SMALL, "plain")
    emptied = make_corpus(articles(4), SMALL, "emptied")
    folder = root_of(emptied) / "labels"
    folder.mkdir()
    (folder / "README.md").write_text("nothing here")
    (folder / "none.jsonl").write_text("\n")
    run_stages(emptied)
    assert file_bytes(emptied.corpus) == file_bytes(plain.corpus)
    assert not any("label" in name for name in file_bytes(plain.corpus))
    assert "labels" not in json.loads((plain.corpus / "manifest.json").read_text("utf-8"))["schemas"]
    assert (plain.reports / "labels.jsonl").read_bytes() == b""


def test_after_a_change_of_cleaning_labels_are_found_by_way_of_the_raw_text(desk: Project) -> None:
    project = with_params(desk, UNRULED)
    built_and_valid(project)
    rows = {row["doc_id"]: row for row in labelled(project)}
    assert broken(project) == []
    assert (rows["spaced"]["text"], rows["spaced"]["start"]) == ("was quiet", rows["spaced"]["raw_start"])


def test_a_span_that_reads_otherwise_is_kept_and_reported(desk: Project) -> None:
    row = documents(root_of(desk))["spaced"]
    path = keep(root_of(desk), "more", [label(row, "Kiev was"), label(row, "first sentence", label="END")])
    project = with_params(desk, UNRULED)
    built_and_valid(project)
    changed = [row for row in labelled(project) if row["status"] == "changed"]
    assert [row["text"] for row in changed] == ["first  sentence", "Kiev  was"]
    reported = [(p["file"], p["line"], p["status"], p["reason"], p["text"]) for p in broken(project)]
    name = f"labels/{path.name}"
    assert reported == [
        (name, 1, "changed", "other-text", "Kiev  was"),
        (name, 2, "changed", "other-text", "first  sentence"),
    ]
    assert "copydesk labels update --accept" in broken(project)[0]["message"]


def test_a_file_that_changed_makes_its_labels_stale_and_no_others(desk: Project) -> None:
    seed = desk.seeds / "article-0002.txt"
    seed.write_text("A new beginning. " + seed.read_text("utf-8"), "utf-8")
    run_stages(desk)
    (problem,) = broken(desk)
    assert (problem["doc_id"], problem["status"], problem["reason"]) == ("article-0002", "stale", "file-changed")
    assert "copydesk labels update" in problem["message"]
    assert "article-0002" not in {row["doc_id"] for row in labelled(desk)}
    assert len(labelled(desk)) == 7


def test_a_renamed_file_keeps_its_labels_and_a_removed_one_loses_them(desk: Project) -> None:
    (desk.seeds / "article-0001.txt").rename(desk.seeds / "renamed.txt")
    (desk.seeds / "article-0003.txt").unlink()
    built_and_valid(desk)
    assert "renamed" in {row["doc_id"] for row in labelled(desk)}
    assert [(p["doc_id"], p["status"], p["reason"]) for p in broken(desk)] == [("article-0003", "gone", "removed")]


def test_files_that_are_renamed_in_a_circle_keep_their_labels(desk: Project) -> None:
    before = {row["text"] for row in labelled(run_stages(desk))}
    names = ["article-0001.txt", "article-0002.txt"]
    contents = [(desk.seeds / name).read_bytes() for name in names]
    write_seeds(desk.seeds, dict(zip(names, reversed(contents), strict=True)))
    run_stages(desk)
    assert ({row["text"] for row in labelled(desk)}, broken(desk)) == (before, [])


def test_documents_that_leave_take_their_labels_along(desk: Project) -> None:
    project = with_params(desk, {"select": {"keep": "doc_id != 'article-0004'"}})
    built_and_valid(project)
    assert [(p["doc_id"], p["reason"]) for p in broken(project)] == [("article-0004", "left-out")]
    assert "article-0004" not in {row["doc_id"] for row in labelled(project)}


def test_masked_text_does_not_come_back_in_a_label(desk: Project) -> None:
    root = root_of(desk)
    row = documents(root)["secret"]
    on_secret = label(row, SECRET, label=SECRET)
    quoting = [
        label(row, "Nobody", seen={"in": ["to", SECRET.upper().lower()]}),
        label(row, "answered", by=SECRET[4:]),
    ]
    keep(root, "secret", [on_secret, *quoting, label(row, "a while", note="harmless")])
    run_stages(desk)
    assert SECRET in {row["text"] for row in labelled(desk)}  # nothing is masked yet
    project = with_params(desk, {"clean": {"rules": {"mask-email-address": "safe"}}})
    built_and_valid(project)
    rows = [row for row in labelled(project) if row["doc_id"] == "secret"]
    assert [row["text"] for row in rows] == ["Monday", "a while"]
    reported = broken(project)
    assert [(p["line"], p["status"], p["reason"], p["label"]) for p in reported] == [
        (number, "gone", "masked", None) for number in (1, 2, 3)
    ]
    assert SECRET[4:11] not in json.dumps([rows, reported])


def test_taken_down_documents_do_not_come_back_in_the_report(desk: Project) -> None:
    text = (desk.seeds / "article-0000.txt").read_bytes()
    keep(root_of(desk), "quote", [label(documents(root_of(desk))["article-0000"], "Report 0", quote="Report 0")])
    row = {"doc_id": "other", "reason": "asked for", "requested_by": None, "date": "2026-01-01", "minhash": []}
    row |= {"raw_sha256": hashlib.sha256(text).hexdigest(), "text_key": "0" * 64}
    write_labels(desk.seeds / "takedowns.jsonl", [row])
    run_stages(desk)
    assert "article-0000" not in {row["doc_id"] for row in labelled(desk)}
    gone = [(p["doc_id"], p["status"], p["reason"], p["label"]) for p in broken(desk)]
    assert gone == [("article-0000", "gone", "taken-down", None)] * 2
    assert "Report 0" not in (desk.reports / "labels.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "(line): not JSON"),
        (b"\xff", "(line): not UTF-8"),
        ('{"doc_id": "a", "doc_id": "b"}', "keys given twice: doc_id"),
        ("[]", "is not of type 'object'"),
        ("[" * 100_000, "not JSON"),
        ('{"a":' * 300 + "1" + "}" * 300, "(line): "),
        ({"raw_sha256": "x"}, "raw_sha256: 'x' does not match"),
        ({"span_sha256": None}, "span_sha256: None is not of type 'string'"),
        ({"start": 9, "end": 9}, "end: [9, 9) holds no character"),
        ({"raw_start": 9, "raw_end": 8}, "raw_end: [9, 8) is no span"),
        ({"by": 7}, "by: 7 is not of type 'string'"),
        ({"label": ""}, "label: '' should be non-empty"),
    ],
)
def test_a_line_that_is_wrong_is_reported_by_number_and_the_others_go_on(
    desk: Project, line: Any, message: str
) -> None:
    path = root_of(desk) / "labels" / "words.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    if isinstance(line, dict):
        line = json.dumps({**json.loads(first), **line})
    path.write_bytes(first + (line.encode() if isinstance(line, str) else line) + b"\n" + b"".join(rest))
    run_stages(desk)
    (problem,) = broken(desk)
    assert (problem["file"], problem["line"], problem["status"]) == ("labels/words.jsonl", 2, "invalid")
    assert message in problem["message"] and "copydesk labels add" in problem["message"]
    assert len(labelled(desk)) == 8


def test_offsets_that_leave_the_text_are_refused(desk: Project) -> None:
    path = root_of(desk) / "labels" / "words.jsonl"
    lines = read_lines(path)
    lines[0]["end"] = 10_000_000
    lines[1] |= {"text_sha256": "0" * 64, "raw_end": 10_000_000}
    write_labels(path, lines)
    built_and_valid(desk)
    assert sorted((p["line"], p["reason"]) for p in broken(desk)) == [(1, "outside"), (2, "outside")]


def test_only_files_of_the_repository_are_read(desk: Project, tmp_path: Path) -> None:
    outside = write_labels(tmp_path / "outside.jsonl", [{"secret": "of another"}])
    folder = root_of(desk) / "labels"
    (folder / "a-link.jsonl").symlink_to(outside)
    (folder / "a-loop.jsonl").symlink_to(folder / "a-loop.jsonl")
    (folder / "b-folder.jsonl").mkdir()
    os.mkfifo(folder / "c-pipe.jsonl")
    run_stages(desk)
    reported = [(p["file"], p["line"], p["reason"]) for p in broken(desk)]
    names = ("a-link", "a-loop", "b-folder", "c-pipe")
    assert reported == [(f"labels/{name}.jsonl", 0, "unreadable") for name in names]
    assert "secret" not in (desk.reports / "labels.jsonl").read_text("utf-8")
    assert len(labelled(desk)) == 8


def test_one_changed_file_of_labels_computes_only_its_shards(
    desk: Project, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    built_and_valid(desk)
    capfd.readouterr()
    keep(root_of(desk), "more", [label(documents(root_of(desk))["article-0005"], "Report 5")])
    built_and_valid(desk)
    told = capfd.readouterr().err
    computed = {line.partition(":")[0]: line for line in told.splitlines() if " computed, " in line}
    for stage in ("ingest", "clean", "split", "describe", "package"):
        assert ", 0 computed, " in computed[stage]
    assert ", 1 computed, " in computed["labels"]
    fresh = {name: tmp_path / "fresh" / name for name in ("corpus", "reports", "build")}
    anew = built_and_valid(replace(desk, **fresh))
    assert file_bytes(anew.corpus) == file_bytes(desk.corpus)
    assert (anew.reports / "labels.jsonl").read_bytes() == (desk.reports / "labels.jsonl").read_bytes()


def test_how_labels_are_divided_among_files_and_read_changes_no_row(
    desk: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_of(desk)
    keep(root, "words", [label(row, row["text"][30:40]) for row in documents(root).values()])
    run_stages(desk)
    rows, problems = labelled(desk), broken(desk)
    lines = (root / "labels" / "words.jsonl").read_text("utf-8").splitlines()
    (root / "labels" / "words.jsonl").unlink()
    for number, line in enumerate(reversed(lines)):
        write_labels(root / "labels" / f"{number:02d}.jsonl", [line])
    monkeypatch.setattr(routing, "_TOGETHER", 3)
    run_stages(desk)
    assert (labelled(desk), broken(desk)) == (rows, problems)
    workers = replace(desk, params=check_params({**SMALL, "engine": {"workers": 2}}), build=root / "other")
    run_stages(workers)
    assert labelled(workers) == rows


def test_ids_stay_when_the_place_changes_and_tell_equal_labels_apart(desk: Project) -> None:
    root = root_of(desk)
    row = documents(root)["spaced"]
    twice = [label(row, "while", by="Ben"), {**label(row, "while", by="Ben"), "note": 1}]
    named = label(row, "short", id="n-1")
    keep(root, "more", [*twice, named])
    run_stages(desk)
    before = {row["label_id"]: row["text"] for row in labelled(desk)}
    built_and_valid(with_params(desk, UNRULED))
    assert {row["label_id"]: row["text"] for row in labelled(desk)} == before
    assert len(before) == 11 and sum(name.endswith("-2") for name in before) == 1
    lines = read_lines(root / "labels" / "more.jsonl")
    lines[2] |= {"label": "OTHER"}  # its own id still names it
    write_labels(root / "labels" / "more.jsonl", lines)
    run_stages(desk)
    assert {row["label_id"]: row["text"] for row in labelled(desk)} == before


def test_a_long_span_is_not_quoted(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus({"long.txt": "A word and another one. " * 100, "end.txt": "Short."}, SMALL)
    rows = documents(root_of(project))
    keep(root_of(project), "whole", [label(row, row["text"]) for row in rows.values()])
    built_and_valid(project)
    texts = {row["doc_id"]: row["text"] for row in labelled(project)}
    assert texts == {"long": None, "end": "Short."}
    assert all(len(row["sentence_ids"]) == rows[row["doc_id"]]["sentence_count"] for row in labelled(project))


words = st.text(st.sampled_from("ab  \u00a0\u200b?Ké👩\n"), min_size=1, max_size=40)


@given(words, st.data())
@settings(max_examples=200)
def test_a_label_survives_any_change_of_cleaning_that_leaves_its_characters(raw: str, data: st.DataObject) -> None:
    """From the clean text of some edits to that of others: what is kept has the labelled characters."""
    old, new = (random_edits(raw, data) for _ in range(2))
    if not old[0] or not new[0]:
        return
    start = data.draw(st.integers(0, len(old[0]) - 1))
    end = data.draw(st.integers(start + 1, len(old[0])))
    raw_span = old[1].to_raw(*spans(start, end))
    row = {
        **{"file": "a.jsonl", "line": 1, "document": "d", "doc_id": "d", "label": "L", "start": start, "end": end},
        **{"raw_start": int(raw_span[0][0]), "raw_end": int(raw_span[1][0]), "raw_sha256": "1" * 64},
        **{"text_sha256": sha256(old[0]), "span_sha256": sha256(old[0][start:end])},
        **{"id": None, "by": None, "fields": None},
    }
    document = LabelledDocument(
        *("d", new[0], sha256(new[0]), "1" * 64, len(raw), new[1], MaskedPlaces([]), Secrets([])),
        sentences=([], *(side[:0] for side in spans(0, 0))),
    )
    placed, problems = place_labels(table("label_lines").from_rows([row]), document)
    assert len(placed) + len([p for p in problems if p["status"] == "gone"]) == 1
    for result in placed:
        kept = new[0][result["start"] : result["end"]] == old[0][start:end]
        assert (result["status"] == "kept") == kept
        assert kept or [p["status"] for p in problems] == ["changed"]
    if new[0] == old[0]:
        assert [(p["start"], p["end"]) for p in placed] == [(start, end)]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def spans(start: int, end: int) -> Any:
    import numpy as np

    return np.array([start]), np.array([end])


def random_edits(raw: str, data: st.DataObject) -> tuple[str, Alignment]:
    """Replace or delete some characters of a text."""
    text, columns = "", ([], [], [], [])  # type: ignore[var-annotated]
    at = 0
    for place in sorted(data.draw(st.sets(st.integers(0, len(raw) - 1), max_size=5))):
        after = data.draw(st.sampled_from(["", "x", "yz"]))
        text += raw[at:place]
        for column, value in zip(columns, (place, place + 1, len(text), len(text) + len(after)), strict=True):
            column.append(value)
        text, at = text + after, place + 1
    return text + raw[at:], Alignment(*columns)
