"""Labels that do not fit their texts, sentences or edits are found; labels that fit are proved by columns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from broken import rewrite
from copydesk.project import Project
from copydesk.validation import document_groups, validate
from label_history import documents, keep, label
from support import articles, run_stages, write_seeds


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with labels on an edited and on an unedited document."""
    root = tmp_path_factory.mktemp("labelled") / "corpus"
    texts = [text.replace("  ", " ") for text in articles(2).values()]
    write_seeds(root / "seeds", {"a.txt": f"The first  sentence. {texts[0]}", "b.txt": texts[1]})
    (root / "params.yaml").write_text("engine: {workers: 1}\n")
    run_stages(Project.open(root))
    rows = documents(root)
    made = [label(rows["a"], "first"), label(rows["a"], "sentence. Report"), label(rows["b"], "Report 1")]
    keep(root, "words", made)
    run_stages(Project.open(root))
    return root


@pytest.fixture
def desk(labelled: Path, tmp_path: Path) -> Project:
    shutil.copytree(labelled, tmp_path / "corpus")
    return Project.open(tmp_path / "corpus")


def test_labels_that_fit_are_proved_without_a_look_at_each(desk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: Any) -> None:
        raise AssertionError("the columns prove it")

    monkeypatch.setattr(document_groups, "check_references", unexpected)
    report = validate(desk.corpus, desk.schemas, load=False)
    assert report.ok and report.checked["labels"] == 3


def rewrite_labels(desk: Project, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    rewrite(desk, "labels", lambda rows: pa.Table.from_pylist(change(rows.to_pylist()), rows.schema))


@pytest.mark.parametrize(
    ("row", "change", "field", "message"),
    [
        (0, {"text": "other"}, "[0].text", "found 'other', expected 'first'"),
        (0, {"text": None}, "[0].text", "found None, expected 'first'"),
        (1, {"end": 2_000_000_000}, "[1].start", "is empty or outside the text"),
        (1, {"start": 9, "end": 9}, "[1].start", "[9, 9) is empty or outside"),
        (1, {"raw_start": 0}, "raw_start", "found [4, 0], expected [4, 11]"),
        (1, {"raw_end": 12}, "raw_end", "expected [9, "),
        (1, {"sentence_ids": []}, "[1].sentence_ids", "found [], expected ['a/"),
        (2, {"label_id": "a/0123456789abcdef"}, "[0].label_id", "expected a name of its own"),
        (2, {"fields": "[1]"}, "[0].fields", "found '[1]', expected null or an object"),
        (2, {"fields": "{"}, "[0].fields", "expected null or an object"),
    ],
)
def test_each_fault_is_named(desk: Project, row: int, change: dict[str, Any], field: str, message: str) -> None:
    def broken(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows[row].update(change)
        return rows

    rewrite_labels(desk, broken)
    findings = validate(desk.corpus, desk.schemas, load=False).findings
    assert ("content", "data/labels", "ab"[row // 2]) in {finding[:3] for finding in findings}
    assert any(finding.field == field and message in finding.message for finding in findings), findings


def test_rows_out_of_order_or_twice_or_of_no_document_are_found(desk: Project) -> None:
    rewrite_labels(desk, lambda rows: [rows[1], rows[0], rows[2]])
    finding = validate(desk.corpus, desk.schemas, load=False).findings[0]
    assert finding.message == "labels are not in the order of their places"
    rewrite_labels(desk, lambda rows: [rows[1], rows[1], rows[2]])
    assert "expected a name of its own" in validate(desk.corpus, desk.schemas, load=False).findings[0].message
    rewrite_labels(desk, lambda rows: [{**rows[0], "doc_id": "c"}])
    findings = validate(desk.corpus, desk.schemas, load=False).findings
    assert [(f.check, f.file, f.document, f.message) for f in findings] == [
        ("ids", "data/labels", "c", "no such document")
    ]


def test_a_row_that_disobeys_its_schema_is_found(desk: Project) -> None:
    rewrite_labels(desk, lambda rows: [{**row, "status": "moved"} for row in rows])
    findings = validate(desk.corpus, desk.schemas, load=False).findings
    assert {(f.check, f.field) for f in findings} == {("records", "status")}
