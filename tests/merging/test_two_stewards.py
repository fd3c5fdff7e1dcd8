"""Two branches in real git: merge, rebase and cherry-pick give the united inputs, with drivers or without."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from copydesk.cli import app
from copydesk.merging.drivers import set_drivers, unset_drivers
from copydesk.merging.three_way import sorted_json
from copydesk.project import Project
from support import ROOT, articles, file_bytes, make_repository, run_stages, write_seeds
from support import run_stripped as run

SOURCES, DECISIONS, LEDGER = "seeds/sources.jsonl", "seeds/decisions.jsonl", "seeds/takedowns.jsonl"
LINES = (SOURCES, DECISIONS, LEDGER, "splits.jsonl", "labels/names.jsonl")
SEEDS = articles(8)
DVC = """\
stages:
  package:
    cmd: python build.py
    deps: [seeds, params.yaml]
    outs: [corpus/data, {corpus/manifest.json: {cache: false}}, {corpus/README.md: {cache: false}}]
"""


def append(root: Path, name: str, row: dict[str, Any]) -> None:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + json.dumps(row) + "\n")


def edit_lines(root: Path, name: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    rows = map(change, (json.loads(line) for line in (root / name).read_text().splitlines()))
    (root / name).write_text("".join(json.dumps(row) + "\n" for row in rows if row is not None))


def takedown(doc_id: str, digit: str) -> dict[str, Any]:
    hashes = {"raw_sha256": digit * 64, "text_key": digit * 64}
    return {"doc_id": doc_id, "reason": "asked for", "date": "2026-01-02", **hashes, "minhash": []}


def commit(root: Path, message: str) -> str:
    """Commit, with files as a build writes them: other ones on each branch."""
    for name in ("corpus/README.md", "corpus/manifest.json", "dvc.lock"):
        (root / name).write_text(f"# of {message}\n" * 3)
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", message)
    return run(root, "git", "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with four articles and what people wrote about them."""
    root = tmp_path_factory.mktemp("base") / "corpus"
    make_repository(
        root, DVC, yaml.safe_dump({"corpus": {"name": "news", "title": "News"}, "engine": {"workers": 1}})
    )
    shutil.copy(ROOT / ".gitattributes", root)
    write_seeds(root / "seeds", dict(list(SEEDS.items())[:4]))
    (root / "corpus").mkdir()
    for number in range(4):
        append(root, SOURCES, {"doc_id": f"article-{number:04d}", "license": "CC0-1.0", "title": f"Report {number}"})
        append(root, "splits.jsonl", {"doc_id": f"article-{number:04d}", "split": "train"})
    for name in (DECISIONS, LEDGER):
        (root / name).touch()
    commit(root, "base")
    return root


@pytest.fixture
def root(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "corpus", symlinks=True))


def steps(steward: int) -> list[Callable[[Path], None]]:
    """What a steward may do, in any order; the stewards share files and settings, and no field."""
    old, other, new = f"article-{steward:04d}", f"article-{steward + 2:04d}", f"article-{steward + 4:04d}"
    setting, value = [("title", "The news"), ("summary", "Of two")][steward]

    def set_parameter(root: Path) -> None:
        params = yaml.safe_load((root / "params.yaml").read_text())
        params["corpus"][setting] = value
        (root / "params.yaml").write_text(yaml.safe_dump(params))

    def add(root: Path) -> None:
        write_seeds(root / "seeds", {f"{new}.txt": SEEDS[f"{new}.txt"]})
        append(root, SOURCES, {"doc_id": new, "publisher": "The Desk"})
        append(root, "splits.jsonl", {"doc_id": new, "split": "test"})

    def correct(root: Path) -> None:
        edit_lines(root, SOURCES, lambda row: {**row, "license": "MIT"} if row["doc_id"] == old else row)

    def retitle(root: Path) -> None:
        field = ["title", "publisher"][steward]  # of the same document
        edit_lines(root, SOURCES, lambda row: {**row, field: "By hand"} if row["doc_id"] == "article-0003" else row)

    def remove(root: Path) -> None:
        (root / "seeds" / f"{other}.txt").unlink()
        edit_lines(root, "splits.jsonl", lambda row: None if row["doc_id"] == other else row)

    def decide(root: Path) -> None:
        decision = {"line": "Read more.", "decision": "remove-line", "date": "2026-01-02"}
        append(root, DECISIONS, {"source": f"Desk {steward}", **decision})

    def take_down(root: Path) -> None:
        append(root, LEDGER, takedown(f"gone-{steward}", str(steward)))

    return [add, set_parameter, correct, retitle, remove, decide, take_down]


def content(root: Path) -> dict[str, Any]:
    """What the build reads: lines as sets, since their order is of no account."""
    lines = {name: sorted((root / name).read_text().splitlines()) for name in LINES if (root / name).exists()}
    canonical = {name: sorted(sorted_json(json.loads(line)) for line in rows) for name, rows in lines.items()}
    texts = {path.name: path.read_bytes() for path in (root / "seeds").glob("*.txt")}
    return {**canonical, **texts, "params": yaml.safe_load((root / "params.yaml").read_text())}


def built(root: Path) -> dict[str, bytes]:
    """The bytes of the dataset that a build makes."""
    for name in ("corpus", "build"):
        shutil.rmtree(root / name, ignore_errors=True)
    return file_bytes(run_stages(Project.open(root)).corpus)


@pytest.mark.parametrize("seed", range(60 if os.environ.get("COPYDESK_HYPOTHESIS") == "soak" else 2))
def test_merge_rebase_and_cherry_pick_unite_the_inputs(root: Path, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    both = [rng.sample(steps(steward), 3) for steward in (0, 1)]
    united = Path(shutil.copytree(root, tmp_path / "united", symlinks=True))
    for step in (*both[0], *both[1]):
        step(united)
    assert set_drivers(root) != [] and unset_drivers(root) == []
    start = run(root, "git", "rev-parse", "HEAD")
    for branch, todo in zip(("first", "second"), both, strict=True):
        run(root, "git", "checkout", "--quiet", "-b", branch, start)
        for number, step in enumerate(todo):
            step(root)
            commit(root, f"{branch} {number}")
    expected, dataset = content(united), built(united)

    commands = {
        "merged": ("first", ["merge", "--quiet", "--no-edit", "second"]),
        "back": ("second", ["merge", "--quiet", "--no-edit", "first"]),
        "rebased": ("second", ["rebase", "--quiet", "first"]),
        "picked": ("first", ["cherry-pick", f"{start}..second"]),
    }
    for name, (branch, command) in commands.items():
        run(root, "git", "checkout", "--quiet", "-b", name, branch)
        run(root, "git", *command)
        assert run(root, "git", "status", "--porcelain") == ""
        assert content(root) == expected, name
        if command[0] == "merge":
            here = run(root, "git", "show", f"{branch}:dvc.lock")
            assert (root / "dvc.lock").read_text().strip() == here
            assert built(root) == dataset, name
            run(root, "git", "checkout", "--quiet", "--force", "HEAD", "--", "corpus")
            run(root, "git", "clean", "-d", "--force", "--quiet")
    # Two merges of the same commits have two common ancestors.
    run(root, "git", "checkout", "--quiet", "merged")
    run(root, "git", "merge", "--quiet", "--no-edit", "back")
    assert content(root) == expected


def two_branches(root: Path, ours: Callable[[Path], None], theirs: Callable[[Path], None]) -> None:
    """Branches main and theirs with a step each; main is checked out."""
    run(root, "git", "checkout", "--quiet", "-b", "theirs")
    theirs(root)
    commit(root, "theirs")
    run(root, "git", "checkout", "--quiet", "main")
    ours(root)
    commit(root, "ours")


def entitle(title: str, doc_id: str = "article-0001") -> Callable[[Path], None]:
    return lambda root: edit_lines(root, SOURCES, lambda r: {**r, "title": title} if r["doc_id"] == doc_id else r)


def merge(root: Path, *arguments: str, status: int = 0) -> list[str]:
    done = CliRunner().invoke(app, ["merge", *arguments, "--root", str(root)], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output.splitlines()


def git_fails(root: Path, *command: str) -> str:
    with pytest.raises(AssertionError) as caught:
        run(root, "git", *command)
    return str(caught.value)


TITLE = f'{SOURCES}: document \'article-0001\': title: "Ours" in ours, "Theirs" in theirs; keep one of them'


def check(root: Path) -> str:
    return CliRunner().invoke(app, ["check", "--root", str(root)]).output


def test_git_names_a_conflict_in_words_and_check_where_it_is(root: Path) -> None:
    set_drivers(root)
    two_branches(root, entitle("Ours"), entitle("Theirs"))
    assert TITLE in git_fails(root, "merge", "theirs")
    assert run(root, "git", "status", "--porcelain").splitlines() == [f"UU {SOURCES}"]
    lines = (root / SOURCES).read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("<<<<<<<"))
    assert [json.loads(lines[at + n])["title"] for n in (1, 3)] == ["Ours", "Theirs"]
    assert f"{SOURCES}:{at + 1}: a merge left a conflict here; keep one of both versions" in check(root)
    # What people are about to decide is not overwritten.
    (root / SOURCES).write_text("\n".join(line for n, line in enumerate(lines) if n not in (at, at + 3)) + "\n")
    assert merge(root, status=1)[0].startswith(f"{SOURCES}: edited since git stopped; git add it, or begin again")
    (root / SOURCES).write_text("\n".join([*lines[:at], lines[at + 1], *lines[at + 5 :]]) + "\n")
    run(root, "git", "add", SOURCES)
    assert merge(root) == ["now run dvc repro, git add --all, git commit"]
    assert json.loads(lines[at + 1]) in [json.loads(line) for line in (root / SOURCES).read_text().splitlines()]


def test_a_merge_without_drivers_is_solved_by_the_command(root: Path) -> None:
    """As after the merge of a pull request that its host could not merge."""
    two_branches(root, steps(0)[0], steps(1)[0])
    assert "CONFLICT" in git_fails(root, "merge", "theirs")
    assert merge(root) == [
        f"{SOURCES}: merged",
        "splits.jsonl: merged",
        "3 files of the build: taken as here; dvc repro makes them anew",
        "now run dvc repro, git add --all, git commit",
    ]
    documents = [json.loads(line)["doc_id"] for line in (root / "splits.jsonl").read_text().splitlines()]
    assert documents == [f"article-{number:04d}" for number in range(6)]
    assert "all checks passed" in check(root)
    run(root, "git", "commit", "--quiet", "--no-edit")
    assert run(root, "git", "rev-list", "--parents", "--max-count=1", "HEAD").count(" ") == 2


def test_a_rebase_without_drivers_is_solved_by_the_command(root: Path) -> None:
    two_branches(root, entitle("Ours"), entitle("Theirs", "article-0003"))
    run(root, "git", "checkout", "--quiet", "theirs")
    git_fails(root, "rebase", "main")
    lines = merge(root)
    assert lines[-1] == (
        "now run git rebase --continue; when the rebase is finished: dvc repro, git add --all, git commit"
    )
    run(root, "git", "-c", "core.editor=true", "rebase", "--continue")
    titles = [json.loads(line)["title"] for line in (root / SOURCES).read_text().splitlines()]
    assert titles == ["Report 0", "Ours", "Report 2", "Theirs"]


def test_what_git_merges_as_text_is_merged_again(root: Path) -> None:
    """Lines of one document, added at two places: git alone takes both."""
    row = {"doc_id": "article-0009", "license": "MIT"}
    first = json.dumps(row) + "\n"

    def ours(root: Path) -> None:
        (root / SOURCES).write_text(first + (root / SOURCES).read_text())

    two_branches(root, ours, lambda root: append(root, SOURCES, {**row, "title": "Nine"}))
    run(root, "git", "config", "merge.copydesk-generated.driver", "true")
    run(root, "git", "merge", "--quiet", "--no-commit", "theirs")
    assert check(root).count("already on line 1") == 1
    assert merge(root)[0] == f"{SOURCES}: merged"
    assert "all checks passed" in check(root)
    rows = [json.loads(line) for line in (root / SOURCES).read_text().splitlines()]
    assert [r for r in rows if r["doc_id"] == row["doc_id"]] == [{**row, "title": "Nine"}]


def test_the_command_begins_a_merge_with_drivers_of_its_own(root: Path) -> None:
    two_branches(root, entitle("Ours"), entitle("Theirs", "article-0003"))
    assert merge(root, "theirs") == ["now run dvc repro, git add --all, git commit"]
    assert run(root, "git", "status", "--porcelain").splitlines() == [f"M  {SOURCES}"]
    assert (root / ".git" / "MERGE_MSG").read_text().startswith("Merge theirs")
    assert unset_drivers(root) != []
    run(root, "git", "commit", "--quiet", "--no-edit")
    assert merge(root, "theirs") == ["already up to date"]
    run(root, "git", "checkout", "--quiet", "theirs")
    assert merge(root, "main") == ["fast-forward; run dvc checkout"]


@pytest.mark.parametrize("rev", ["nowhere", "--abort", "-Xours"])
def test_a_revision_that_is_none_is_named(root: Path, rev: str) -> None:
    done = subprocess.run(
        [shutil.which("copydesk") or "copydesk", "merge", "--root", str(root), "--", rev],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"'{rev}': no such branch, tag or commit; run git fetch" in done.stderr


def test_errors_say_what_to_do(root: Path) -> None:
    done = CliRunner().invoke(app, ["merge", "--root", str(root)])
    assert "nothing is unfinished; name the branch to merge: copydesk merge BRANCH" in str(done.exception)
    two_branches(root, entitle("Ours"), entitle("Theirs"))
    (root / SOURCES).write_text("")
    done = CliRunner().invoke(app, ["merge", "theirs", "--root", str(root)])
    assert "Your local changes to the following files would be overwritten by merge" in str(done.exception)
    run(root, "git", "checkout", "--", SOURCES)
    assert merge(root, "theirs", status=1)[0] == TITLE
    done = CliRunner().invoke(app, ["merge", "theirs", "--root", str(root)])
    assert "is unfinished; run copydesk merge without a branch to go on" in str(done.exception)


def test_a_file_of_another_kind_is_left_to_people(root: Path) -> None:
    def write(text: str) -> Callable[[Path], None]:
        return lambda root: write_seeds(root / "seeds", {"article-0000.txt": text})

    two_branches(root, write("One."), write("Another."))
    lines = merge(root, "theirs", status=1)
    assert lines[0] == "seeds/article-0000.txt: not a file of copydesk's; edit it, then git add it"
    assert lines[-1].startswith("edit these files, git add them, then run copydesk merge again; then dvc repro")


def test_a_file_removed_on_one_branch_is_merged_by_its_lines(root: Path) -> None:
    two_branches(root, lambda root: (root / SOURCES).unlink(), entitle("Theirs"))
    assert merge(root, "theirs", status=1)[0] == (
        f"{SOURCES}: document 'article-0001': removed in ours, changed in theirs; keep the line or remove it"
    )
    lines = (root / SOURCES).read_text().splitlines()
    assert [line[:7] for line in lines] == ["<<<<<<<", "=======", '{"doc_i', ">>>>>>>"]


def test_a_link_is_not_written_through(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_text("")

    def link(root: Path) -> None:
        (root / SOURCES).unlink()
        (root / SOURCES).symlink_to(outside)

    two_branches(root, entitle("Ours"), link)
    git_fails(root, "merge", "theirs")
    merge(root, status=1)
    assert outside.read_text() == ""


def test_a_takedown_of_each_branch_stays(root: Path) -> None:
    def take_down(doc_id: str) -> Callable[[Path], None]:
        return lambda root: append(root, LEDGER, takedown(doc_id, doc_id[-1]))

    two_branches(root, take_down("d003"), take_down("d004"))
    merge(root, "theirs")
    assert {json.loads(line)["doc_id"] for line in (root / LEDGER).read_text().splitlines()} == {"d003", "d004"}
    assert "all checks passed" in check(root)


def test_the_repository_cannot_name_the_program(root: Path, tmp_path: Path) -> None:
    """Attributes name a driver; what it runs stands in the clone's own configuration."""
    made = tmp_path / "made"
    two_branches(root, entitle("Ours"), entitle("Theirs"))
    (root / ".gitattributes").write_text(f"/{SOURCES} merge=touch\n")
    (root / ".gitconfig").write_text(f'[merge "touch"]\n\tdriver = touch {made}\n')
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "-m", "a driver")
    merge(root, "theirs", status=1)
    assert not made.exists()


def test_a_name_is_no_command(root: Path, tmp_path: Path) -> None:
    """Git gives the driver's command to a shell, with names that the repository chose."""
    name = f"labels/-o $(touch {tmp_path.name}) '; touch made #.jsonl".replace("/tmp", "")
    set_drivers(root)
    row = {"doc_id": "article-0001", "raw_start": 0, "raw_end": 4, "label": "PER"}
    append(root, name, row)
    commit(root, "labels")
    two_branches(
        root,
        lambda root: append(root, name, {**row, "raw_end": 5}),
        lambda root: append(root, name, {**row, "raw_end": 6}),
    )
    run(root, "git", "merge", "--quiet", "--no-edit", "theirs")
    assert sorted(json.loads(line)["raw_end"] for line in (root / name).read_text().splitlines()) == [4, 5, 6]
    assert run(root, "git", "status", "--porcelain") == ""


def test_check_names_marks_in_settings_and_labels(root: Path) -> None:
    marked = "<<<<<<< ours (copydesk merge)\n=======\n>>>>>>> theirs (copydesk merge)\n"
    (root / "labels").mkdir()
    for name in ("params.yaml", "labels/names.jsonl"):
        (root / name).write_text(marked)
    assert "params.yaml:1: a merge left a conflict here; keep one of both versions" in check(root)
    assert "labels/names.jsonl:1: " in check(root)


def test_a_build_after_the_merge_is_that_of_the_united_inputs(root: Path) -> None:
    """With DVC: its lock conflicts, that of one branch stays, and one command builds what follows from both."""

    def build_and_commit(message: str) -> None:
        run(root, "dvc", "repro", "--quiet")
        run(root, "git", "add", "--all")
        run(root, "git", "commit", "--quiet", "--message", message)

    (root / "dvc.lock").unlink()
    build_and_commit("base")
    for branch, step in (("first", entitle("Ours")), ("second", entitle("Theirs", "article-0003"))):
        run(root, "git", "checkout", "--quiet", "-b", branch, "main")
        step(root)
        build_and_commit(branch)
    datasets = []
    for here, there in (("second", "first"), ("first", "second")):
        run(root, "git", "checkout", "--quiet", here)
        said = merge(root, there, "--build")
        assert said[-1] == "built; now run git commit"
        assert "merge: building what follows from both, with dvc repro" in said
        assert any(line.startswith("clean: 1 shard") for line in said)  # each stage, as it ends
        run(root, "git", "commit", "--quiet", "--no-edit")
        assert run(root, "git", "status", "--porcelain") == ""
        assert "up to date" in run(root, "dvc", "status")
        datasets.append(file_bytes(root / "corpus"))
        run(root, "git", "reset", "--quiet", "--hard", "HEAD~1")
    assert datasets[0] == datasets[1]
    titles = Project.open(root).corpus / "manifest.json"
    assert titles.read_bytes() != datasets[0]["manifest.json"]
