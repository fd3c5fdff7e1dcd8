"""What changed since the last release, document by document, in a real repository with git and DVC."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from copydesk.core.json_schema import PACKAGED
from copydesk.differences.diff import diff
from copydesk.project import Project
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.release_page import release_page
from copydesk.revisions.revision import open_revision
from support import articles, needs_browser, run_stages, write_seeds
from support import run_command as run


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one release, in which then one article came, one went, one changed, and one was decided on."""
    root = tmp_path_factory.mktemp("released") / "repository"
    write_seeds(root / "seeds", articles(6))
    shutil.copytree(PACKAGED, root / "schemas")
    stage = {"cmd": "false", "outs": ["corpus/data"]}
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"package": stage}}))
    (root / "params.yaml").write_text("engine: {workers: 1}\n")
    (root / ".gitignore").write_text("/build/\n/reports/\n")
    run(root, "git", "init", "-q", "-b", "main")
    run(root, "dvc", "init", "-q")
    run_stages(Project.open(root))
    run(root, "dvc", "commit", "--force", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "-q", "-m", "first")
    run(root, "git", "tag", "-a", "corpus@v1.0.0", "-m", "first")
    corpus = Corpus(Project.open(root))
    document = corpus.document("article-0004")
    edit = next(edit for edit in document.edits if edit["applied"])
    place = {name: edit[name] for name in ("raw_start", "raw_end", "before", "after")}
    anchor = {"doc_id": "article-0004", "raw_sha256": document.row["raw_sha256"], "date": "2026-01-02"}
    anchor_5 = {**anchor, "doc_id": "article-0005", "raw_sha256": corpus.document("article-0005").row["raw_sha256"]}
    decisions = [
        {**anchor, "decision": "reject", **place},
        {**anchor_5, "decision": "correct", "field": "license", "value": "CC0-1.0"},
    ]
    write_seeds(
        root / "seeds",
        {
            "decisions.jsonl": "".join(f"{json.dumps(row)}\n" for row in decisions),
            "article-0009.txt": "An article <b>that</b> is new.",
            "article-0002.txt": (root / "seeds" / "article-0002.txt").read_text() + "\nOne <i>more</i> line.",
        },
    )
    (root / "seeds" / "article-0000.txt").unlink()
    run_stages(Project.open(root))
    return root


def test_each_document_that_changed_is_shown_with_the_cause(released: Path) -> None:
    corpus = Corpus(Project.open(released))
    page = release_page(corpus, linked=True)
    facts = dict(re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", page))
    assert [facts[name] for name in ("from", "added", "removed")] == ["corpus@v1.0.0", "1", "1"]
    assert f'<a href="{address("article-0009")}">article-0009</a>' in page
    assert '<th scope="row">article-0000</th>' in page
    parts = re.findall(r'<article class="change"><h3><a [^>]*>(.*?)</a></h3>(.*?)</article>', page, re.DOTALL)
    found = diff(open_revision(released, "corpus@v1.0.0"), corpus.revision)
    assert [doc_id for doc_id, _ in parts] == [change.doc_id for change in found.changed]
    shown = dict(parts)
    assert "<dd>source" in shown["article-0002"]
    assert html.escape("One <i>more</i> line.") in re.sub("</?(ins|del|span)[^>]*>", "", shown["article-0002"])
    assert "<b>that" not in page
    assert "<i>more" not in page


def test_a_decision_is_the_cause_of_what_it_changed(released: Path) -> None:
    found = diff(open_revision(released, "corpus@v1.0.0"), open_revision(released))
    causes = {change.doc_id: change.causes for change in found.changed}
    assert causes["article-0004"] == ("decision",)
    assert causes["article-0005"] == ("decision",)


@needs_browser
def test_nothing_keeps_anybody_out_of_the_changes(released: Path, tmp_path: Path, visit: Callable[..., Page]) -> None:
    (tmp_path / "release.html").write_text(release_page(Corpus(Project.open(released)), linked=True), "utf-8")
    page = visit(tmp_path / "release.html", viewport={"width": 400, "height": 800})
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_without_a_release_or_without_git_the_page_says_so(released: Path, two_articles: Project) -> None:
    assert "The comparison with the last release failed" in release_page(Corpus(two_articles), linked=True)
    run(released, "git", "tag", "-d", "corpus@v1.0.0")
    assert "There is no release yet" in release_page(Corpus(Project.open(released)), linked=True)
