"""Two branches beside each other: what only one changed, what both changed alike, what they changed differently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.differences.both_sides import both_sides
from copydesk.differences.rendering import both_sides_as_markdown
from copydesk.revisions.revision import open_revision
from support import build_and_tag, lay_out_tagged_corpora, write_seeds
from support import run_command as run

SETTINGS = {"engine": {"workers": 1}}


@pytest.fixture(scope="module")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the tags base, first and second; the two branches go out from the base."""
    root = tmp_path_factory.mktemp("branches") / "repository"
    lay_out_tagged_corpora(root, 6)
    build_and_tag(root, "base", SETTINGS)
    news = {"article-0009.txt": "A new report.\n"}
    for branch, title in (("first", "Ours"), ("second", "Theirs")):
        run(root, "git", "checkout", "--quiet", "-b", f"on-{branch}", "base")
        (root / "seeds" / "article-0005.txt").unlink()
        if branch == "second":
            (root / "seeds" / "article-0000.txt").rename(root / "seeds" / "bridge.txt")
        titles = {"article-0001": title, f"article-000{2 + (branch == 'second')}": "Alone", "article-0004": "Alike"}
        known = "".join(json.dumps({"doc_id": doc, "title": title}) + "\n" for doc, title in titles.items())
        write_seeds(root / "seeds", {"sources.jsonl": known, **(news if branch == "second" else {})})
        settings = {"corpus": {"title": title, "summary": "a|b"}}
        build_and_tag(root, branch, {**SETTINGS, **settings})
    return root


def test_each_document_says_who_changed_it(branches: Path) -> None:
    sides = both_sides(*(open_revision(branches, tag) for tag in ("base", "first", "second")))
    outcomes = {row.name: (row.outcome, row.first, row.second) for row in sides.documents}
    title = "changed (title, provenance)"
    assert outcomes == {
        "article-0000": ("second", "", "renamed to bridge"),
        "bridge": ("second", "", "renamed from article-0000"),
        "article-0001": ("conflict", title, title),
        "article-0002": ("first", title, ""),
        "article-0003": ("second", "", title),
        "article-0004": ("same", title, title),
        "article-0005": ("same", "removed", "removed"),
        "article-0009": ("second", "", "added"),
    }
    assert {row.name: row.outcome for row in sides.settings} == {"corpus.title": "conflict", "corpus.summary": "same"}


def test_the_other_way_round_swaps_the_sides(branches: Path) -> None:
    there, back = (
        both_sides(*(open_revision(branches, tag) for tag in tags))
        for tags in (("base", "first", "second"), ("base", "second", "first"))
    )
    swapped = {"first": "second", "second": "first"}
    for rows, others in ((there.documents, back.documents), (there.settings, back.settings)):
        assert rows == [
            row._replace(first=row.second, second=row.first, outcome=swapped.get(row.outcome, row.outcome))
            for row in others
        ]


def test_against_the_base_itself_all_is_of_one_side(branches: Path) -> None:
    sides = both_sides(*(open_revision(branches, tag) for tag in ("base", "first", "base")))
    assert {row.outcome for row in [*sides.documents, *sides.settings]} == {"first"}


def test_the_command_shows_it_in_three_forms(branches: Path) -> None:
    def shown(*options: str) -> str:
        command = ["diff", "first", "second", "--base", "base", "--root", str(branches), *options]
        done = CliRunner().invoke(app, command, catch_exceptions=False, env={"COLUMNS": "200"})
        assert done.exit_code == 0
        return done.stdout

    summary = "since base: documents: 1 only in first, 4 only in second, 2 in both alike, 1 in both, differently"
    assert shown().startswith(summary)
    rows = json.loads(shown("--json"))
    assert rows["documents"][1]["outcome"] == "conflict"
    page = shown("--markdown")
    assert page.startswith(f"**{summary}**")
    assert page.index("| article-0001 | conflict |") < page.index("| article-0002 | first |")
    assert "a\\|b" in page
    sides = both_sides(*(open_revision(branches, tag) for tag in ("base", "first", "second")))
    hostile = sides._replace(first="<b>", documents=[sides.documents[0]._replace(name="| x\n# y")])
    assert "<b>" not in both_sides_as_markdown(hostile) and "\n# y" not in both_sides_as_markdown(hostile)
