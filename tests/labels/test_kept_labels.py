"""Labels are added to the repository, and brought to the texts of another delivery by way of a release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import copydesk
from copydesk.ci.hand_written_files import check_inputs
from copydesk.cli import app
from copydesk.differences.diff import diff
from copydesk.differences.diff_model import RowCounts
from copydesk.differences.rendering import diff_as_json, diff_as_markdown
from copydesk.project import Project
from copydesk.releases.versions import required_level
from copydesk.revisions.revision import open_revision
from label_history import (
    HARD,
    NEW,
    OLD,
    SECRET,
    SETTINGS,
    commit,
    documents,
    keep,
    label,
    read_lines,
    write_labels,
)
from support import articles, run_stages, write_seeds
from support import run_command as run


def labels(*words: str, root: Path) -> Any:
    """Run ``copydesk labels``; stdout and stderr together."""
    return CliRunner().invoke(app, ["labels", *words, "--root", str(root)])


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of four articles, each with a label, and a working tree in which one has changed."""
    root = tmp_path_factory.mktemp("kept") / "corpus"
    texts = [text.replace("  ", " ") for text in articles(4).values()]
    seeds = {"same.txt": texts[0], "spaced.txt": f"A first  sentence. {texts[1]}", "edited.txt": f"{HARD} {texts[2]}"}
    write_seeds(root / "seeds", {**seeds, "gone.txt": texts[3]})
    (root / ".gitignore").write_text("/build/\n/corpus/data/\n")
    run(root, "git", "init", "-q", "-b", "main")
    (root / "params.yaml").write_text(yaml.safe_dump(SETTINGS))
    run_stages(Project.open(root))
    rows = documents(root)
    made = [
        label(rows["same"], "Report 0", by="Ana"),
        label(rows["spaced"], "first sentence"),
        label(rows["edited"], "Kiev", id="k"),
        label(rows["edited"], "café\u0301"),
        label(rows["edited"], "Monday"),
        label(rows["gone"], "Report 3"),
    ]
    assert labels("add", str(write_labels(root.parent / "words.jsonl", made)), root=root).exit_code == 0
    commit(root, OLD, SETTINGS)
    edited = HARD.replace("Kiev", "Kyiv").replace("The ", "Yesterday the ").replace(" on Monday", "")
    write_seeds(root / "seeds", {"edited.txt": f"{edited} {texts[2]}"})
    (root / "seeds" / "gone.txt").unlink()
    run_stages(Project.open(root))
    return root


@pytest.fixture
def desk(delivered: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(delivered, tmp_path / "corpus")
    return tmp_path / "corpus"


def broken(root: Path) -> list[tuple[int, str, str]]:
    return [(row["line"], row["status"], row["reason"]) for row in read_lines(root / "reports" / "labels.jsonl")]


def test_added_labels_are_tied_to_the_raw_text(delivered: Path) -> None:
    rows = read_lines(delivered / "labels" / "words.jsonl")
    raw = {path.stem: path.read_text("utf-8") for path in (delivered / "seeds").glob("*.txt")}
    first = rows[1]
    assert raw["spaced"][first["raw_start"] : first["raw_end"]] == "first  sentence"
    assert first["end"] - first["start"] == len("first sentence")
    assert rows[2]["id"] == "k" and check_inputs(delivered).ok
    assert broken(delivered) == [
        (6, "gone", "removed"),
        (3, "stale", "file-changed"),
        (4, "stale", "file-changed"),
        (5, "stale", "file-changed"),
    ]


def test_what_was_added_is_not_added_again(desk: Path) -> None:
    path = desk / "labels" / "words.jsonl"
    row = label(documents(desk)["same"], "Report 0", by="Ben")
    given = write_labels(desk.parent / "words.jsonl", [row, row])
    told = labels("add", str(given), root=desk)
    assert (told.exit_code, told.output) == (0, f"{path}: 1 label added\n")
    assert len(read_lines(path)) == 7
    before = path.read_bytes()
    assert labels("add", str(given), root=desk).exit_code == 0 and path.read_bytes() == before
    out = desk / "labels" / "other.jsonl"
    assert labels("add", str(given), "--out", str(out), root=desk).exit_code == 0 and len(read_lines(out)) == 1


def test_labels_on_a_release_are_added_by_its_name(desk: Path) -> None:
    row = {name: value for name, value in read_lines(desk / "labels" / "words.jsonl")[2].items() if "raw" not in name}
    given = write_labels(desk.parent / "old.jsonl", [row])
    told = labels("add", str(given), root=desk)
    assert told.exit_code == 1 and f"it is the text of {OLD}" in told.output
    assert read_lines(desk / "labels" / "old.jsonl") == []
    assert labels("add", str(given), "--rev", OLD, root=desk).exit_code == 0
    (added,) = read_lines(desk / "labels" / "old.jsonl")
    assert added["raw_sha256"] == read_lines(desk / "labels" / "words.jsonl")[2]["raw_sha256"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doc_id": "nobody"}, "1: doc_id: no document 'nobody' in"),
        ({"end": 10_000_000}, "1: end: [0, 10000000) leaves the text"),
        ({"status": "gone", "reason": "removed"}, "1: status: the label is gone; review it"),
        ({"status": "changed"}, "1: status: the label is changed; review it"),
    ],
)
def test_what_cannot_be_kept_is_named_and_the_rest_goes_on(desk: Path, change: dict[str, Any], message: str) -> None:
    row = documents(desk)["same"]
    first = {**label(row, row["text"][:5]), **change}
    given = write_labels(desk.parent / "given.jsonl", [first, label(row, "Report 0", status="moved")])
    told = labels("add", str(given), root=desk)
    assert told.exit_code == 1 and message in told.output
    (added,) = read_lines(desk / "labels" / "given.jsonl")
    assert "status" not in added


def test_an_update_leads_by_way_of_the_release_to_the_new_texts(desk: Path) -> None:
    path = desk / "labels" / "words.jsonl"
    before = path.read_text("utf-8").splitlines()
    told = labels("update", root=desk)
    assert told.exit_code == 1
    for message in (
        f"{path}:3: span_sha256: the span has other characters than were labelled",
        f"{path}:5: (line): gone (deleted); remove the line",
        f"{path}:6: (line): gone (removed); remove the line",
        f"{path}: 6 labels: 3 kept, 1 changed, 2 gone, 0 left",
    ):
        assert message in told.output
    after = path.read_text("utf-8").splitlines()
    assert [after[n] == before[n] for n in range(6)] == [True, True, False, False, True, True]
    run_stages(Project.open(desk))
    assert broken(desk) == [(6, "gone", "removed"), (3, "changed", "other-text"), (5, "stale", "file-changed")]
    assert labels("update", "--accept", str(path), root=desk).exit_code == 1  # two are gone
    run_stages(Project.open(desk))
    assert broken(desk) == [(6, "gone", "removed"), (5, "stale", "file-changed")]
    write_labels(path, path.read_text("utf-8").splitlines()[:4])
    told = labels("update", root=desk)
    assert (told.exit_code, told.output) == (0, f"{path}: 4 labels: 4 kept, 0 changed, 0 gone, 0 left\n")
    run_stages(Project.open(desk), "validate")
    assert broken(desk) == []
    texts = [(row["doc_id"], row["text"]) for row in table_of(desk)]
    assert sorted(texts) == [
        ("edited", "Kyiv"),
        ("edited", "café\u0301"),
        ("same", "Report 0"),
        ("spaced", "first sentence"),
    ]


def table_of(root: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [row for p in sorted((root / "corpus/data/labels").glob("*")) for row in pq.read_table(p).to_pylist()]


def test_an_update_after_a_change_of_cleaning_needs_no_release(desk: Path) -> None:
    run(desk, "git", "tag", "-d", OLD)
    (desk / "params.yaml").write_text(yaml.safe_dump({**SETTINGS, "clean": {"rules": {"spaces": "off"}}}))
    run_stages(Project.open(desk))
    path = desk / "labels" / "words.jsonl"
    told = labels("update", root=desk)
    assert f"{path}:4: text_sha256: no known release has the text that it was made on" in told.output
    assert f"{path}:2: span_sha256: the span has other characters" in told.output
    assert f"{path}: 6 labels: 1 kept, 1 changed, 0 gone, 4 left" in told.output
    commit_of_old = run(desk, "git", "rev-parse", "HEAD").strip()
    told = labels("update", "--from", commit_of_old, "--accept", root=desk)
    assert f"{path}: 6 labels: 4 kept, 0 changed, 2 gone, 0 left" in told.output


def test_a_file_with_a_bad_line_is_not_updated(desk: Path) -> None:
    path = desk / "labels" / "words.jsonl"
    path.write_text(path.read_text("utf-8") + "{}\n", "utf-8")
    before = path.read_bytes()
    told = labels("update", root=desk)
    assert told.exit_code == 1 and "words.jsonl:7: (line): 'doc_id' is a required property" in str(told.exception)
    assert path.read_bytes() == before


def test_what_a_change_of_labels_means_for_the_version(desk: Path) -> None:
    def changes() -> Any:
        run_stages(Project.open(desk))
        return diff(open_revision(desk, OLD), open_revision(desk))

    run(desk, "git", "checkout", "-q", OLD, "--", "seeds")
    made = changes()
    assert made.empty and required_level(made) == "patch"
    path = keep(desk, "more", [label(documents(desk)["same"], "Report")])
    made = changes()
    assert (made.labels, made.changed, made.added) == (RowCounts(1, 0, 0), [], [])
    assert required_level(made) == "minor" and not made.empty
    assert "labels: 1 added, 0 removed, 0 changed" in diff_as_markdown(made)
    assert diff_as_json(made)["labels"] == {"added": 1, "removed": 0, "changed": 0}
    assert copydesk.changes("labels", OLD, root=desk)["_change_type"].to_pylist() == ["insert"]
    path.unlink()
    rows = read_lines(desk / "labels" / "words.jsonl")
    write_labels(desk / "labels" / "words.jsonl", [*rows[:2], {**rows[2], "label": "TOWN"}, *rows[3:5]])
    made = changes()
    assert (made.labels, required_level(made)) == (RowCounts(0, 1, 1), "major")


def test_check_names_the_lines(desk: Path) -> None:
    path = desk / "labels" / "words.jsonl"
    rows = read_lines(path)
    write_labels(path, [*rows[:2], {**rows[2], "raw_start": -1}, "nothing", *rows[3:]])
    (desk / "labels" / "x-link.jsonl").symlink_to("/etc/hostname")
    found = [(f.file, f.line, f.field) for f in check_inputs(desk).findings]
    assert found == [
        ("labels/words.jsonl", 3, "raw_start"),
        ("labels/words.jsonl", 4, ""),
        ("labels/x-link.jsonl", 1, ""),
    ]


def test_what_was_masked_since_comes_back_neither_in_a_build_nor_in_an_update(history: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(history, root)
    revision = open_revision(root, OLD)
    rows = {r["doc_id"]: r for shard in revision.shards("documents") for r in revision.read(shard).to_pylist()}
    made = [label(rows["masked"], SECRET, label="WHO"), label(rows["taken"], rows["taken"]["text"][:9], quote=SECRET)]
    given = write_labels(tmp_path / "old.jsonl", made)
    told = labels("add", str(given), "--rev", OLD, root=root)
    assert told.exit_code == 1 and "2: doc_id: the document was taken down" in told.output
    run_stages(Project.open(root))
    assert broken(root) == [(1, "gone", "masked")]
    told = labels("update", root=root)
    assert "gone (masked)" in told.output and SECRET[:9] not in told.output
    assert NEW and table_of(root) == []
    assert SECRET[4:10] not in json.dumps(read_lines(root / "labels" / "old.jsonl"))
