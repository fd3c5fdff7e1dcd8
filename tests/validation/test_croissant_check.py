"""croissant.json is read back, and only if it says what files and schemas say: a reader fetches what others name."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from broken import write_manifest
from copydesk.core.findings import Finding, Report
from copydesk.project import Project
from copydesk.tables.table import PUBLISHED
from copydesk.validation import validate
from copydesk.validation.croissant_check import read_back
from support import articles


def change(project: Project, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change croissant.json, and list its new hash."""
    path = project.corpus / "croissant.json"
    described = json.loads(path.read_text("utf-8"))
    edit(described)
    path.write_text(json.dumps(described), "utf-8")
    write_manifest(project)


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize("whole", [True, False])
def test_every_record_set_and_split_is_read_back(make_corpus: Callable[..., Project], whole: bool) -> None:
    splits = {"train": 0.5, "validation": 0.25, "test": 0.25, "minimum": 10}
    shards = {"target": 6, "minimum": 3, "maximum": 18}
    project = make_corpus(articles(24), {"splits": splits, "shards": shards})
    assert read_back(project.corpus, list(PUBLISHED), whole=whole).findings == []
    # What it cannot read by is named with the record set.
    change(
        project,
        lambda d: d["recordSet"][2]["field"][-1]["source"]["transform"].update(regex=r".*(train|test)-\d+-of.*"),
    )
    findings = read_back(project.corpus, list(PUBLISHED), whole=whole).findings
    assert {finding.field for finding in findings} == {"sentences"}
    assert findings[0].check == "loading"
    assert "mlcroissant: " in findings[0].message


@pytest.mark.own_processes
def test_what_the_library_refuses_is_a_finding(own_copy: Project) -> None:
    change(own_copy, lambda d: d["recordSet"][1]["field"][0].pop("dataType"))
    finding = only(read_back(own_copy.corpus, list(PUBLISHED), whole=True))
    assert (finding.check, finding.file) == ("loading", "croissant.json")
    assert "could not be run" in finding.message


def test_another_column_than_the_description_says(own_copy: Project) -> None:
    change(own_copy, lambda d: d["recordSet"][3]["field"][0]["source"]["extract"].update(column="sha256"))
    findings = read_back(own_copy.corpus, list(PUBLISHED), whole=False).findings
    assert [(finding.field, finding.file) for finding in findings] == [("raw", "croissant.json")]
    assert "split train: begins with [{'doc_id': '" in findings[0].message


BREAKS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another place": (
        lambda d: d["distribution"][0].update(contentUrl="https://example.org/train.parquet"),
        "distribution.0.contentUrl",
    ),
    "other files of a set": (lambda d: d["distribution"][1].update(includes="../*"), "distribution.1.includes"),
    "another column": (
        lambda d: d["recordSet"][1]["field"][0]["source"]["extract"].update(column="text"),
        "recordSet.1.field.0.source.extract.column",
    ),
    "a slow pattern": (
        lambda d: d["recordSet"][1]["field"][-1]["source"]["transform"].update(regex="(a+)+$"),
        "recordSet.1.field.*.source.transform.regex",
    ),
    "another type": (lambda d: d["recordSet"].append({"@type": "cr:RecordSet"}), "recordSet"),
    "a context elsewhere": (
        lambda d: d["@context"].update({"@import": "https://example.org/c.jsonld"}),
        "@context.@import",
    ),
    "a context within": (
        lambda d: d.update(creator=[{"@context": "https://example.org/c.jsonld", "@type": "sc:Person"}]),
        "@context",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_would_be_read_otherwise_is_found_before_it_is_read(
    own_copy: Project, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.validation.read_back", pytest.fail)
    edit, place = BREAKS[name]
    change(own_copy, edit)
    finding = only(validate(own_copy.corpus, own_copy.schemas))
    assert (finding.check, finding.file) == ("card", "croissant.json")
    assert fnmatch(finding.field, place)
    assert "run the stage package" in finding.message or "remove it" in finding.message


def test_validate_reads_it_back(own_copy: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, bool]] = []

    def double(corpus: Path, names: list[str], *, whole: bool) -> Report:
        asked.append((corpus, whole))
        report = Report()
        report.add("loading", "croissant.json", "mlcroissant: no rows", field=names[0])
        return report

    monkeypatch.setattr("copydesk.validation.read_back", double)
    assert only(validate(own_copy.corpus, own_copy.schemas)).message == "mlcroissant: no rows"
    assert asked == [(own_copy.corpus.resolve(), True)]


def test_it_is_said_that_it_was_not_read(
    own_copy: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mlcroissant", None)
    monkeypatch.setattr("copydesk.validation.read_back", pytest.fail)
    assert validate(own_copy.corpus, own_copy.schemas).ok
    assert "mlcroissant is not installed, so croissant.json was not read with it" in capsys.readouterr().err
