"""A takedown: gone from the next build under any name, reported where it resembles, told of past releases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk import validate
from copydesk.cli import app
from copydesk.errors import BuildError, ConfigError, ReleaseError
from copydesk.project import Project
from copydesk.releases.takedown import entry, ledger_of, take_down
from support import articles, run_stages, write_seeds

Make = Callable[..., Project]
SEEDS = articles(4)
TEXT = SEEDS["article-0003.txt"]


def ids(project: Project) -> set[str]:
    return {i for path in project.corpus.glob("data/documents/*") for i in pq.read_table(path)["doc_id"].to_pylist()}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def taken(make_corpus: Make, more: dict[str, str]) -> Project:
    project = make_corpus(SEEDS)
    take_down(project, entry(project, "article-0003", "asked for by the author", "the author"))
    write_seeds(project.seeds, more)
    return run_stages(project)


def test_a_document_leaves_the_next_build_and_its_copies_with_it(make_corpus: Make) -> None:
    project = taken(
        make_corpus,
        {
            "same-bytes.txt": TEXT,
            "same-text.txt": TEXT.replace("  ", " ").upper(),
            "near.txt": TEXT + " One more sentence was added here.",
        },
    )
    assert ids(project) == {"article-0000", "article-0001", "article-0002", "near"}
    refused = {row["path"]: (row["reason"], row["detail"]) for row in lines(project.reports / "quarantine.jsonl")}
    assert {path: reason for path, (reason, _) in refused.items()} == {
        "article-0003.txt": "taken-down",
        "same-bytes.txt": "taken-down",
    }
    assert "the same bytes as document article-0003" in refused["same-bytes.txt"][1]
    assert [
        (row["doc_id"], row["reason"], json.loads(row["values"])) for row in lines(project.reports / "dropped.jsonl")
    ] == [("same-text", "takedown", {"takedown": "article-0003"})]
    (similar,) = lines(project.reports / "takedowns.jsonl")
    assert (similar["doc_id"], similar["reason"]) == ("near", "resembles a takedown")
    assert json.loads(similar["values"])["similarity"] > 0.8
    assert validate(project.corpus, project.schemas, load=False).ok


def test_the_ledger_holds_no_text_and_is_kept(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    first = entry(project, "article-0003", "asked for")
    take_down(project, first)
    take_down(project, entry(project, "article-0001", "asked for", "somebody"))
    assert list(ledger_of(project)) == ["article-0003", "article-0001"]
    assert ledger_of(project)["article-0003"] == first
    words = set(TEXT.split()) - {"asked", "for"}
    assert not any(f'"{word}' in (project.seeds / "takedowns.jsonl").read_text("utf-8") for word in words)
    with pytest.raises(ReleaseError, match="article-0003 is in it already"):
        entry(project, "article-0003", "again")
    with pytest.raises(ReleaseError, match="no document 'nobody'"):
        entry(project, "nobody", "asked for")
    with pytest.raises(ReleaseError, match="reason"):
        entry(project, "article-0002", "")


def test_a_ledger_that_is_damaged_stops_the_build(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    (project.seeds / "takedowns.jsonl").write_text('{"doc_id": "article-0003", "reason": "x"}\n')
    with pytest.raises(ConfigError, match=r"takedowns.jsonl:1: .*'date' is a required property"):
        run_stages(project)
    (project.seeds / "takedowns.jsonl").unlink()
    assert ids(run_stages(project)) == {name[:-4] for name in SEEDS}


def test_a_takedown_of_everything_is_an_error_that_says_so(make_corpus: Make) -> None:
    project = make_corpus({"only.txt": TEXT})
    take_down(project, entry(project, "only", "asked for"))
    with pytest.raises(BuildError, match="no documents"):
        run_stages(project)


def test_the_command(make_corpus: Make) -> None:
    project = make_corpus(SEEDS)
    root = str(replace(project).corpus.parent)
    call = lambda *given: CliRunner().invoke(app, ["takedown", *given, "--root", root])  # noqa: E731
    assert call("article-0002").exit_code == 2
    shown = call("article-0002", "--reason", "asked for", "--dry-run")
    assert json.loads(shown.output)["doc_id"] == "article-0002"
    assert not (project.seeds / "takedowns.jsonl").exists()
    assert "article-0002 is taken down" in call("article-0002", "--reason", "asked for").output
    assert list(ledger_of(project)) == ["article-0002"]
