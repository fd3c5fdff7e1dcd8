"""Texts of a release go to annotation tools and come back as labels, or as decisions on suggested edits."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from copydesk.cli import app
from copydesk.core.decisions import read_decisions
from copydesk.errors import ConfigError, InputError
from copydesk.labels import import_labels
from copydesk.project import Project
from copydesk.revisions.revision import open_revision
from label_history import NEW, OLD, accepted, documents, exported, label, nothing, read_lines, responded, write_labels
from support import GIT, ROOT, run_stages

TOOLS = {
    "label-studio": ("tasks.json", accepted),
    "doccano": ("lines.jsonl", exported),
    "argilla": ("records.json", responded),
    "brat": ("folder", nothing),
    "conllu": ("words.conllu", nothing),
    "w3c": ("page.json", nothing),
}


def run(root: Path, *command: str) -> Result:
    return CliRunner().invoke(app, ["labels", *command, "--root", str(root)], catch_exceptions=False)


@pytest.fixture(scope="module")
def old(history: Path) -> dict[str, dict[str, Any]]:
    revision = open_revision(history, OLD)
    return {row["doc_id"]: row for shard in revision.shards("documents") for row in revision.read(shard).to_pylist()}


@pytest.fixture(scope="module")
def labels(old: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Labels beyond the first plane, on combining marks, right-to-left text, and behind all of them."""
    edited = old["edited"]
    found = [label(edited, words) for words in ("👩‍🚀", "𝒳 metres", "café\u0301", "الوزير", "Kiev", "quiet")]
    found += [label(old["same"], "Report"), label(old["masked"], "call")]
    return sorted(found, key=lambda row: (row["doc_id"], row["start"]))


def in_order(path: Path) -> list[dict[str, Any]]:
    names = ("doc_id", "start", "end", "label", "text_sha256")
    return sorted(
        ({name: row[name] for name in names} for row in read_lines(path)),
        key=lambda row: (row["doc_id"], row["start"]),
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_labels_of_a_release_come_back_from_each_tool(
    history: Path, labels: list[dict[str, Any]], tool: str, tmp_path: Path
) -> None:
    name, annotate = TOOLS[tool]
    file = write_labels(tmp_path / "labels.jsonl", labels)
    sent = run(history, "export", str(tmp_path / name), "--to", tool, "--rev", OLD, "--labels", str(file))
    assert sent.exit_code == 0, sent.output
    assert f"{name}: 6 documents, 8 labels" in sent.output
    annotate(tmp_path / name)
    back = run(history, "import", str(tmp_path / name), "--rev", OLD, "--out", str(tmp_path / "back.jsonl"))
    assert back.exit_code == 0, back.output
    assert "8 labels" in back.output
    assert in_order(tmp_path / "back.jsonl") == labels


@pytest.mark.parametrize("tool", ["label-studio", "doccano", "argilla"])
def test_sentences_come_back_as_labels_of_their_document(
    history: Path, labels: list[dict[str, Any]], old: dict[str, Any], tool: str, tmp_path: Path
) -> None:
    name, annotate = TOOLS[tool]
    whole = label(old["same"], old["same"]["text"])
    file = write_labels(tmp_path / "labels.jsonl", [*labels, whole])
    options = ("--rev", OLD, "--labels", str(file), "--by", "sentences")
    sent = run(history, "export", str(tmp_path / name), "--to", tool, *options)
    assert sent.exit_code == 1
    assert "1 label left out, across the border of a sentence" in sent.output
    annotate(tmp_path / name)
    run(history, "import", str(tmp_path / name), "--rev", OLD, "--out", str(tmp_path / "back.jsonl"))
    assert in_order(tmp_path / "back.jsonl") == labels


@pytest.mark.parametrize("tool", TOOLS)
def test_what_was_made_on_another_release_is_refused_and_its_release_named(
    history: Path, labels: list[dict[str, Any]], tool: str, tmp_path: Path
) -> None:
    name, annotate = TOOLS[tool]
    file = write_labels(tmp_path / "labels.jsonl", labels)
    run(history, "export", str(tmp_path / name), "--to", tool, "--rev", OLD, "--labels", str(file))
    annotate(tmp_path / name)
    back = run(history, "import", str(tmp_path / name), "--rev", NEW, "--out", str(tmp_path / "back.jsonl"))
    assert back.exit_code == 1
    assert f"text_sha256: found {labels[0]['text_sha256']}, expected " in back.output
    assert f"that of the text of 'edited' in {NEW}; it is the text of {OLD}" in back.output
    # What is the same in both releases goes on; brat says no id, and "before" is found by its text.
    assert {row["doc_id"] for row in read_lines(tmp_path / "back.jsonl")} == {"same"}


def test_text_that_was_edited_in_a_tool_is_refused(
    history: Path, labels: list[dict[str, Any]], tmp_path: Path
) -> None:
    file, path = write_labels(tmp_path / "labels.jsonl", labels), tmp_path / "lines.jsonl"
    run(history, "export", str(path), "--to", "doccano", "--rev", OLD, "--labels", str(file))
    lines = read_lines(path)
    lines[0]["text"] += "!"
    del lines[1]["text_sha256"]
    lines[1]["text"] += "!"
    lines[2]["doc_id"] = "other"
    lines[2]["text"] += "!"
    lines[3]["label"] = [[0, 0, "X"]]
    lines[4]["label"] = [[0, 1, ""]]
    write_labels(path, lines)
    back = run(history, "import", str(path), "--rev", OLD, "--out", str(tmp_path / "back.jsonl"))
    assert back.exit_code == 1
    for number, told in enumerate(
        (
            f"its text is not that of {lines[0]['doc_id']!r} in {OLD}",
            "it is the text of no known release",
            f"no document 'other'; expected the id of a document of {OLD}",
            "'X' on [0, 0); expected a label and 0 <= start < end",
            "'' on [0, 1); expected a label",
        ),
        start=1,
    ):
        assert any(f"lines.jsonl:{number}: " in shown and told in shown for shown in back.output.split("\n")), told
    assert "5 problems" in back.output


def test_a_document_that_no_id_names_is_found_by_its_text(history: Path, old: dict[str, Any], tmp_path: Path) -> None:
    line = {"text": old["same"]["text"], "label": [[0, 6, "X"]]}
    path = write_labels(tmp_path / "lines.jsonl", [line])
    back = run(history, "import", str(path), "--rev", OLD, "--out", str(tmp_path / "back.jsonl"))
    assert back.exit_code == 0
    assert in_order(tmp_path / "back.jsonl") == [{**label(old["same"], "Report"), "label": "X"}]


def test_labels_of_other_texts_and_unknown_documents_are_listed(
    history: Path, labels: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = write_labels(tmp_path / "labels.jsonl", [*labels, "no JSON", {**labels[0], "doc_id": "other"}])
    only = tmp_path / "only.txt"
    only.write_text("same\nother\n", "utf-8")
    options = ("--labels", str(file), "--only", str(only))
    sent = run(history, "export", str(tmp_path / "lines.jsonl"), "--to", "doccano", "--rev", NEW, *options)
    assert sent.exit_code == 1
    assert f"labels.jsonl:1: text_sha256: found {labels[0]['text_sha256']}" in sent.output
    assert "labels.jsonl:9: (line): not JSON" in sent.output
    assert f"labels.jsonl:10: doc_id: no document 'other' in {NEW}" in sent.output
    assert f"only.txt: no document 'other' in {NEW}; expected the id of one" in sent.output
    (line,) = read_lines(tmp_path / "lines.jsonl")
    assert (line["doc_id"], line["label"]) == ("same", [[0, 6, "THING"]])


def test_documents_that_were_taken_down_are_not_exported(
    history: Path, old: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    file = write_labels(tmp_path / "labels.jsonl", [label(old["taken"], "Report"), label(old["same"], "Report")])
    path = tmp_path / "lines.jsonl"
    sent = run(history, "export", str(path), "--to", "doccano", "--rev", OLD, "--labels", str(file))
    assert sent.exit_code == 0, sent.output
    assert "1 document and 1 label on them left out: taken down, as seeds/takedowns.jsonl says" in sent.output
    assert {line["doc_id"] for line in read_lines(path)} == {*old} - {"taken"}
    assert old["taken"]["text"] not in {line["text"] for line in read_lines(path)}


def test_a_missing_list_of_ids_is_refused_in_words(history: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nope: no such file; expected the ids of documents"):
        run(history, "export", str(tmp_path / "x.jsonl"), "--to", "doccano", "--only", str(tmp_path / "nope"))


def test_a_label_that_the_schema_refuses_is_a_problem_and_the_others_go_on(
    history: Path, old: dict[str, Any], tmp_path: Path
) -> None:
    line = {"text": old["same"]["text"], "label": [[0, 6, "X"], [0, 6, "long" * 1250], [0, 3, "Y"]]}
    path = write_labels(tmp_path / "lines.jsonl", [line])
    back = run(history, "import", str(path), "--rev", OLD, "--out", str(tmp_path / "back.jsonl"))
    assert back.exit_code == 1 and "lines.jsonl:1: [0, 6): label: 'longlong" in back.output
    assert "is too long" in back.output and "1 problem" in back.output
    assert [row["label"] for row in read_lines(tmp_path / "back.jsonl")] == ["Y", "X"]


def test_formats_of_documents_take_no_sentences(history: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--by sentences: brat takes documents; expected one of label-studio"):
        run(history, "export", str(tmp_path / "x"), "--to", "brat", "--by", "sentences")


def test_the_interface_of_label_studio_lists_the_labels_escaped(
    history: Path, labels: list[dict[str, Any]], tmp_path: Path
) -> None:
    from xml.etree import ElementTree

    file = write_labels(tmp_path / "labels.jsonl", [{**labels[0], "label": 'a<"&>'}])
    run(history, "export", str(tmp_path / "tasks.json"), "--to", "label-studio", "--rev", OLD, "--labels", str(file))
    root = ElementTree.fromstring((tmp_path / "tasks.xml").read_text("utf-8"))
    assert [node.get("value") for node in root.iter("Label")] == ['a<"&>']


@pytest.fixture
def suggesting(history: Path, tmp_path: Path) -> Path:
    """A copy whose rules only suggest: two edits, one of which would insert a character."""
    root = tmp_path / "copy"
    shutil.copytree(history, root, symlinks=True)
    for path in (root / "seeds").glob("*.txt"):
        path.unlink()
    text = "The war began?Russia  does not say. It was a long report about the town and its people."
    (root / "seeds" / "one.txt").write_text(text, "utf-8")
    (root / "params.yaml").write_text("clean: {apply: []}\nengine: {workers: 1}\n")
    run_stages(Project.open(root))
    return root


@pytest.mark.parametrize("tool", ["label-studio", "argilla", "brat"])
def test_verdicts_on_suggested_edits_become_decisions(suggesting: Path, tool: str, tmp_path: Path) -> None:
    root = suggesting
    name, annotate = TOOLS[tool]
    path, out = tmp_path / name, tmp_path / "back.jsonl"
    sent = run(root, "export", str(path), "--to", tool, "--suggestions")
    assert "1 document, 2 labels" in sent.output
    # The annotator accepts one, rejects the other, and labels a word.
    annotate(path)
    for file in [path] if path.is_file() else path.glob("*.ann"):
        text = file.read_text("utf-8")
        for verdict in ("accept", "reject"):
            before, behind = text.rsplit("responses", 1) if tool == "argilla" else ("", text)
            text = re.sub(r"\bsuggestion\b", verdict, behind, count=1)
            text = f"{before}responses{text}" if before else text
        file.write_text(text, "utf-8")
    done = run(root, "import", str(path), "--out", str(out), "--decide")
    assert done.exit_code == 0, done.output
    assert "0 labels, 2 decisions added" in done.output
    first, second = read_decisions(root / "seeds")
    raw = documents(root)["one"]["raw_sha256"]
    assert (first.decision, first.before, first.after, first.raw_sha256) == ("accept", "", " ", raw)
    assert (second.decision, second.before, second.after) == ("reject", "  ", " ")
    again = run(root, "import", str(path), "--out", str(out), "--decide")
    assert "0 decisions added" in again.output
    # The build obeys them.
    run_stages(Project.open(root))
    assert documents(root)["one"]["text"].startswith("The war began? Russia  does not say.")
    contrary = (root / "seeds" / "decisions.jsonl").read_text("utf-8").replace('"accept"', '"reject"')
    (root / "seeds" / "decisions.jsonl").write_text(contrary.removesuffix("\n"), "utf-8")


def test_verdicts_that_fit_no_suggestion_or_contradict_are_refused(suggesting: Path, tmp_path: Path) -> None:
    root, path, out = suggesting, tmp_path / "lines.jsonl", tmp_path / "back.jsonl"
    run(root, "export", str(path), "--to", "doccano", "--suggestions")
    (line,) = read_lines(path)
    (first, second) = line["label"]
    line["label"] = [
        [*first[:2], "accept"],
        [*first[:2], "reject"],
        [*second[:2], "suggestion"],
        [0, 3, "accept"],
        [4, 7, "WAR"],
    ]
    write_labels(path, [line])
    done = run(root, "import", str(path), "--out", str(out), "--decide")
    assert done.exit_code == 1
    assert "both accepted and rejected; decide on one" in done.output
    assert "accept on [0, 3): 0 suggestions of working tree have this span; expected one" in done.output
    assert [row["label"] for row in read_lines(out)] == ["WAR"]
    line["label"] = [[*first[:2], "reject"]]
    write_labels(path, [line])
    done = run(root, "import", str(path), "--out", str(out), "--decide")
    assert done.exit_code == 1 and "but " in done.output and "has accept; decide on one" in done.output
    # Without --decide they are labels like others.
    assert run(root, "import", str(path), "--out", str(out)).exit_code == 0
    assert [row["label"] for row in read_lines(out)] == ["reject"]


def test_suggestions_across_sentences_are_counted_when_sentences_are_written(
    suggesting: Path, tmp_path: Path
) -> None:
    root, path = suggesting, tmp_path / "lines.jsonl"
    text = "The war in  Russia began.  It was a long report about the town and its people."
    (root / "seeds" / "one.txt").write_text(text, "utf-8")
    run_stages(Project.open(root))
    whole = run(root, "export", str(path), "--to", "doccano", "--suggestions")
    assert whole.exit_code == 0 and "1 document, 2 labels" in whole.output
    sent = run(root, "export", str(path), "--to", "doccano", "--suggestions", "--by", "sentences")
    assert sent.exit_code == 1 and "2 sentences, 1 label" in sent.output
    assert "1 suggestion left out, across the border of a sentence; use --by documents" in sent.output
    assert sum(len(line["label"]) for line in read_lines(path)) == 1


def test_words_hold_no_white_space(suggesting: Path, tmp_path: Path) -> None:
    sent = run(suggesting, "export", str(tmp_path / "words.conllu"), "--to", "conllu", "--suggestions")
    assert sent.exit_code == 1
    assert "one: [20, 22) suggestion: on white space alone; it is left out" in sent.output
    assert "1 document, 1 label" in sent.output


def test_decisions_are_added_behind_a_line_without_end_and_not_to_a_damaged_file(suggesting: Path) -> None:
    project = Project.open(suggesting)
    document = documents(suggesting)["one"]
    row = {
        "doc_id": "one",
        "raw_sha256": document["raw_sha256"],
        "decision": "reject",
        "raw_start": 1,
        "raw_end": 2,
        "before": "h",
        "after": "H",
        "date": "2026-01-01",
    }
    path = project.seeds / "decisions.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    added, problems = import_labels.add_decisions(project, [{**row, "raw_start": 2, "raw_end": 3, "before": "e"}])
    assert (added, problems, len(read_lines(path))) == (1, [], 2)
    path.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="not JSON"):
        import_labels.add_decisions(project, [row])
    assert path.read_text("utf-8") == "{"


def test_the_commands_of_the_docs_run_as_they_are_printed(
    history: Path, suggesting: Path, old: dict[str, Any], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "from-release-to-release.md").read_text("utf-8")
    carry, _, tools, verdicts = re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    root = tmp_path / "docs"
    shutil.copytree(history, root, symlinks=True)
    write_labels(root / "labels.jsonl", [label(old["same"], "Report"), label(old["edited"], "Kiev")])
    for folder, block in ((root, carry), (root, tools), (suggesting, verdicts)):
        lines = "\n".join(line.removeprefix("$ ") for line in block.splitlines())
        if folder == suggesting:  # between the two commands somebody looks at the suggestions
            export, lines = lines.split("\n")
            shell(folder, export)
            accepted(folder / "suggestions.json")
            text = (folder / "suggestions.json").read_text("utf-8")
            (folder / "suggestions.json").write_text(text.replace('["suggestion"]', '["accept"]'), "utf-8")
        shell(folder, lines)
    assert [row["status"] for row in read_lines(root / "carried.jsonl")] == ["kept", "changed"]
    assert [row["label"] for row in read_lines(root / "labels-2.jsonl")] == ["THING", "THING"]
    assert len(read_decisions(suggesting / "seeds")) == 2


def shell(folder: Path, lines: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-eu", "-c", lines]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **GIT, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
