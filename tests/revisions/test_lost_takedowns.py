"""A takedown does not vanish when a merge takes one side; a document comes back only where a command said so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.check import _refuse_unready_corpus
from copydesk.revisions.lost_takedowns import lost_takedowns
from copydesk.takedowns.takedown import ledger_of, takedown_row, withdrawal_row, write_to_ledger
from support import articles, run_stages
from support import run_stripped as run

LEDGER = "seeds/takedowns.jsonl"


def line(doc_id: str, day: str = "2026-01-02", **more: Any) -> str:
    row = {"doc_id": doc_id, "reason": "asked for", "date": day, "raw_sha256": "a" * 64, "text_key": "b" * 64}
    return json.dumps({**row, "minhash": [], **more}) + "\n"


def commit(root: Path, *doc_lines: str, message: str = "ledger") -> str:
    (root / LEDGER).write_text("".join(doc_lines))
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", message)
    return run(root, "git", "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "corpus"
    (root / "seeds").mkdir(parents=True)
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    commit(root, line("first"))
    run(root, "git", "tag", "corpus@v1.0.0")
    return root


def merged(root: Path) -> str:
    """Two branches that took a document down each, and a merge that takes the side of one for everything."""
    run(root, "git", "checkout", "--quiet", "-b", "theirs")
    theirs = commit(root, line("first"), line("d003"))
    run(root, "git", "checkout", "--quiet", "main")
    commit(root, line("first"), line("d004"))
    with pytest.raises(AssertionError):
        run(root, "git", "merge", "--quiet", "theirs")
    run(root, "git", "checkout", "--ours", "--", LEDGER)
    return theirs


def lost(root: Path, against: str | None = None) -> list[tuple[str, str]]:
    return [(takedown.doc_id, takedown.revision) for takedown in lost_takedowns(root, against)]


def check(root: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["check", "--root", str(root), *more])
    return done.exit_code, done.output


def test_a_merge_that_takes_one_side_is_found_before_and_after_its_commit(root: Path) -> None:
    theirs = merged(root)
    assert lost(root) == [("d003", theirs[:12])]
    status, said = check(root)
    assert status == 1
    assert f"d003: the takedown of 'd003' is missing, and {theirs[:12]} has it; put its line back (git show " in said
    assert (
        f"{theirs[:12]}:{LEDGER}), or, if the document may return, withdraw it: copydesk takedown --withdraw d003"
        in said
    )
    commit(root, line("first"), line("d004"), message="merged")
    assert lost(root) == [("d003", theirs[:12])]
    commit(root, line("first"), line("d004"), message="one more")
    assert lost(root) == [("d003", theirs[:12])]
    with pytest.raises(
        ReleaseError, match=rf"^{root / LEDGER}: 1 takedown would be undone:\n  the takedown of 'd003'"
    ):
        _refuse_unready_corpus(root)
    (root / LEDGER).write_text(line("first") + line("d004") + line("d003"))
    assert lost(root) == [] and check(root)[0] == 0


def test_what_a_squash_a_rebase_or_a_pushed_branch_drops_is_found(root: Path) -> None:
    commit(root)
    assert lost(root) == [("first", "corpus@v1.0.0")]  # of the last release, wherever it lies
    base = commit(root, line("first"), line("d003"))
    run(root, "git", "reset", "--quiet", "--hard", "HEAD~1")
    commit(root, line("first"), message="squashed")
    assert lost(root) == []
    assert lost(root, base) == [("d003", base)]
    assert check(root, "--against", base)[0] == 1
    with pytest.raises(
        ReleaseError, match=r"^nowhere: unknown revision: no such commit, tag or branch; fetch it first$"
    ):
        lost(root, "nowhere")
    run(root, "git", "tag", "corpus@v1.1.0")  # a release without it, which was withdrawn
    run(root, "git", "tag", "corpus@v1.1.0!")
    commit(root)
    assert lost(root) == [("first", "corpus@v1.0.0")]


def test_outside_of_git_and_in_a_shallow_clone_what_is_there_is_compared(root: Path, tmp_path: Path) -> None:
    assert lost(tmp_path) == []
    with pytest.raises(ReleaseError, match="no commits yet, so there is no HEAD; omit --against"):
        lost(tmp_path, "HEAD")
    commit(root, line("first"), line("d003"))
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", "--depth=1", f"file://{root}", str(clone))
    assert lost(clone) == []
    (clone / LEDGER).write_text("not a line\n" + line("d003"))
    assert [doc_id for doc_id, _ in lost(clone)] == ["first"]


def test_a_ledger_that_dvc_tracks_is_compared_too(root: Path) -> None:
    run(root, "git", "rm", "--quiet", "--cached", LEDGER)
    run(root, "dvc", "init", "--quiet")
    run(root, "dvc", "add", "--quiet", "seeds")
    (root / ".gitignore").write_text("/seeds\n")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "seeds in DVC")
    run(root, "git", "tag", "corpus@v1.1.0")
    (root / LEDGER).write_text("")
    assert lost(root) == [("first", "corpus@v1.1.0")]
    shutil.rmtree(root / ".dvc" / "cache")
    with pytest.raises(ReleaseError, match="cannot be read to compare with"):
        lost(root)
    run(root, "dvc", "remote", "add", "--quiet", "--default", "store", "/nowhere/at/all")
    with pytest.raises(ReleaseError, match="in neither DVC's cache nor a remote"):
        lost(root)
    # A repository does not choose whom its reader's keys are shown to.
    run(root, "dvc", "remote", "modify", "--quiet", "store", "url", "ssh://stranger.example/store")
    run(root, "git", "commit", "--quiet", "--all", "--message", "another remote")
    with pytest.raises(ReleaseError, match="the DVC remote 'store' was not used"):
        lost(root)


def test_a_withdrawal_is_a_line_that_stays_and_lets_the_document_back_in(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(3))
    root = project.corpus.parent
    write_to_ledger(project, takedown_row(project, "article-0001", "asked for"))
    write_to_ledger(project, takedown_row(project, "article-0002", "asked for"))
    kept = (project.seeds / "takedowns.jsonl").read_text("utf-8").splitlines()
    call = lambda *words: CliRunner().invoke(app, ["takedown", *words, "--root", str(root)])  # noqa: E731
    assert "Invalid value for --reason: give the reason" in call("--withdraw", "article-0001").output
    assert call("--withdraw", "status", "article-0001", "--reason", "x").exit_code == 2
    assert call("--withdraw", "article-0001", "--purge", "--reason", "x").exit_code == 2
    asked = ("--withdraw", "article-0001", "--reason", "a mistake", "--requested-by", "the desk")
    first, last = call(*asked, "--dry-run").output.splitlines()
    shown = json.loads(first[first.index("{") : first.rindex("}") + 1])
    assert last == "dry run: 1 line would be changed; nothing was changed"
    assert (project.seeds / "takedowns.jsonl").read_text("utf-8").splitlines() == kept
    assert call(*asked).output.startswith(
        f"{project.seeds / 'takedowns.jsonl'}: the takedown of article-0001 is withdrawn, and its line says so; now put back its seed"
    )
    ledger = ledger_of(project)
    shown["minhash"] = ledger["article-0001"]["minhash"]
    assert ledger["article-0001"] == shown == json.loads(kept[0]) | {"withdrawn": ledger["article-0001"]["withdrawn"]}
    assert ledger["article-0001"]["withdrawn"].items() >= {"reason": "a mistake", "requested_by": "the desk"}.items()
    assert (project.seeds / "takedowns.jsonl").read_text("utf-8").splitlines()[1] == kept[1]
    assert check(root)[0] == 0
    run_stages(project)
    assert [pq.read_table(p)["doc_id"].to_pylist() for p in project.corpus.glob("data/documents/*")] == [
        ["article-0000", "article-0001"]
    ]
    with pytest.raises(ReleaseError, match=r"the takedown of 'article-0001' was withdrawn already, on \d{4}-"):
        withdrawal_row(project, root, "article-0001", "again")
    with pytest.raises(
        ReleaseError, match=r"no line for 'nobody', so there is no takedown to withdraw; check the id$"
    ):
        withdrawal_row(project, root, "nobody", "why")
    with pytest.raises(ReleaseError, match=r"^article-0002: withdrawn\.reason: "):
        withdrawal_row(project, root, "article-0002", "")
    # Taken down again: the same line, in force.
    write_to_ledger(project, takedown_row(project, "article-0001", "asked for again"))
    assert ledger_of(project)["article-0001"].get("withdrawn") is None and list(ledger_of(project)) == list(ledger)


def test_a_withdrawal_speaks_of_the_takedown_before_it_and_brings_back_a_lost_line(root: Path) -> None:
    theirs = merged(root)
    commit(root, line("first"), line("d004"), message="merged")
    row = withdrawal_row(Project.open(root), root, "d003", "may stay")
    assert row["raw_sha256"] == "a" * 64
    write_to_ledger(Project.open(root), row)
    assert lost(root) == [] and check(root, "--against", theirs)[0] == 0
    old = line("first", withdrawn={"date": "2026-01-03", "reason": "x"})
    again = commit(root, line("first", day="2026-01-04"), line("d003"), line("d004"), message="taken down again")
    (root / LEDGER).write_text(old + line("d003") + line("d004"))
    assert lost(root) == [("first", again[:12])]
