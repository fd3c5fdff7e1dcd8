"""Two clones of one commit make one dataset, whatever git is told about line ends; or the build says why not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.ci.hand_written_files import check_inputs
from copydesk.errors import BuildError
from copydesk.pipeline import build_project
from copydesk.project import Project
from copydesk.revisions import toolkit_lock
from copydesk.revisions.line_ends import converted_files
from copydesk.revisions.toolkit_lock import check_line_ends, check_line_ends_of_stage
from copydesk.scaffold.doctor import examine
from copydesk.scaffold.repository import init, upgrade
from support import GIT, run_command, run_stages

#: What ``copydesk init`` wrote before every file was protected.
OLD = "seeds/** -text\ncorpus/** -text\nreports/** -text\ndvc.lock -text\n"
SEEDS = {
    "lf.txt": b"One article.\nIts end.\n",
    "crlf.txt": b"Another article.\r\nIts end.\r\n",
    "bare.txt": b"One line.",
}


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    root = tmp_path / "origin"
    init(root)
    for name, data in SEEDS.items():
        (root / "seeds" / name).write_bytes(data)
    commit(root)
    return root


def commit(root: Path) -> None:
    run_command(root, "git", "add", "--all")
    run_command(root, "git", "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "x")


def clone(origin: Path, name: str, *settings: str) -> Path:
    root = origin.with_name(name)
    command = [part for setting in settings for part in ("-c", setting)]
    run_command(origin.parent, "git", "clone", "-q", *command, str(origin), str(root))
    return root


def manifest(root: Path) -> bytes:
    check_line_ends(root)
    return (run_stages(Project.open(root)).corpus / "MANIFEST.sha256").read_bytes()


@pytest.mark.parametrize("value", ["true", "input"])
def test_what_core_autocrlf_says_changes_nothing(origin: Path, value: str) -> None:
    other = clone(origin, "other", f"core.autocrlf={value}")
    tracked = run_command(other, "git", "ls-files", "-z").split("\0")[:-1]
    assert {"params.yaml", "schemas/raw.schema.json", "scripts/clean.py", "dvc.yaml", "seeds/lf.txt"} <= set(tracked)
    assert all((other / name).read_bytes() == (origin / name).read_bytes() for name in tracked)
    assert converted_files(other) == []
    if value == "true":
        assert manifest(other) == manifest(origin)


def test_seeds_that_git_converted_are_refused_in_words(origin: Path) -> None:
    with (origin / ".gitattributes").open("a") as file:
        file.write("* text eol=crlf\n")
    commit(origin)
    other = clone(origin, "other")
    assert (other / "seeds" / "lf.txt").read_bytes() == b"One article.\r\nIts end.\r\n"
    with pytest.raises(BuildError, match=r"git has changed the line ends of \d+ files.*'\* -text'"):
        build_project(Project.open(other))
    command = [sys.executable, "scripts/ingest.py"]
    done = subprocess.run(command, cwd=other, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("BuildError: .: git has changed the line ends of ")
    (finding,) = (f for f in check_inputs(other).findings if f.file == "seeds/lf.txt")
    assert "seeds/lf.txt has LF in the repository and CRLF here; let .gitattributes end with" in finding.message
    (told,) = (f for f in examine(other, remotes=False) if f.subject == "line ends")
    assert told.verdict == "error"
    # What is advised helps.
    with (other / ".gitattributes").open("a") as file:
        file.write("* -text\n")
    run_command(other, "git", "checkout-index", "--force", "--", "seeds/lf.txt", "params.yaml")
    assert (other / "seeds" / "lf.txt").read_bytes() == SEEDS["lf.txt"]
    left = {file.path for file in converted_files(other)}  # they were converted before they were protected
    assert {"schemas/raw.schema.json", "scripts/clean.py"} <= left
    assert not {"seeds/lf.txt", "params.yaml"} & left
    run_command(other, "git", "checkout-index", "--force", "--all")
    with (other / "schemas" / "raw.schema.json").open("a") as file:
        file.write("\n")
    assert converted_files(other) == []


def test_line_ends_that_a_commit_would_change_are_seen_where_the_seed_was_delivered(origin: Path) -> None:
    (origin / ".gitattributes").write_text("*.txt text\n")
    run_command(origin, "git", "add", "--renormalize", ".")
    assert [file.path for file in converted_files(origin)] == ["seeds/crlf.txt"]


def test_what_a_steward_changed_is_no_conversion(origin: Path) -> None:
    (origin / ".gitattributes").unlink()
    (origin / "seeds" / "lf.txt").write_bytes(b"Delivered anew.\r\n")
    (origin / "seeds" / "[l]f.txt").write_bytes(b"Not tracked.\r\n")
    assert converted_files(origin) == []
    assert converted_files(origin.parent) == []  # in no repository


def test_upgrade_protects_a_repository_from_before_and_takes_converted_files_for_its_own(origin: Path) -> None:
    known = json.loads((origin / "toolkit.json").read_text())
    (origin / ".gitattributes").write_text(OLD)
    known["files"][".gitattributes"] = hashlib.sha256(OLD.encode()).hexdigest()
    (origin / "toolkit.json").write_text(json.dumps(known))
    commit(origin)
    other = clone(origin, "other", "core.autocrlf=true")
    assert {"params.yaml", "schemas/raw.schema.json", "scripts/clean.py"} <= {
        file.path for file in converted_files(other)
    }
    moved = upgrade(other)
    assert moved.differing == []
    assert {".gitattributes", "scripts/clean.py", "schemas/raw.schema.json"} <= set(moved.written)
    assert b"\r" not in (other / "scripts" / "clean.py").read_bytes()
    run_command(other, "git", "checkout-index", "--force", "--", "params.yaml", "splits.jsonl")
    assert converted_files(other) == []


def test_stages_after_ingest_ask_git_again_only_if_an_input_changed(
    origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(toolkit_lock, "check_line_ends", asked.append)
    check_line_ends_of_stage(origin, "clean")
    check_line_ends_of_stage(origin, "split")
    assert len(asked) == 1
    check_line_ends_of_stage(origin, "ingest")
    check_line_ends_of_stage(origin, "clean")
    assert len(asked) == 2
    for name in ("splits.jsonl", "schemas/raw.schema.json", ".git/index"):
        before = len(asked)
        (origin / name).write_bytes((origin / name).read_bytes() + b"\n")
        check_line_ends_of_stage(origin, "deduplicate")
        check_line_ends_of_stage(origin, "labels")
        assert len(asked) == before + 1, name


def test_a_stage_that_git_made_invalid_is_refused_each_time(origin: Path) -> None:
    with (origin / ".gitattributes").open("a") as file:
        file.write("* text eol=crlf\n")
    commit(origin)
    other = clone(origin, "other")
    for stage in ("ingest", "clean", "clean"):
        with pytest.raises(BuildError, match="git has changed the line ends"):
            check_line_ends_of_stage(other, stage)
