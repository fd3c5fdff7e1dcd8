"""A branch does not deliver results: what git tracks below build/ is a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.ci.hand_written_files import check_inputs
from copydesk.core.findings import Finding
from support import GIT, run_command


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    corpus = tmp_path / "repository" / "corpus of one"  # a folder of the repository
    (corpus / "build" / "finished").mkdir(parents=True)
    (corpus / "build" / "finished" / "clean.json").write_text("{}")
    (corpus / "rebuild").mkdir()
    (corpus / "rebuild" / "notes.txt").write_text("Not a result.")
    run_command(tmp_path, "git", "init", "-q", "repository")
    return corpus


def findings(root: Path) -> list[Finding]:
    return check_inputs(root).findings


def test_results_that_git_does_not_track_are_no_finding(root: Path) -> None:
    run_command(root, "git", "add", "rebuild")
    assert findings(root) == []


def test_outside_of_git_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    assert findings(tmp_path) == []


def test_a_tracked_result_is_named_with_what_to_do(root: Path) -> None:
    run_command(root, "git", "add", "--all")
    (finding,) = findings(root)
    assert (finding.check, finding.file, finding.line) == ("results", "build/finished/clean.json", 1)
    assert "would believe what a branch delivers; run git rm -r --cached build, and" in finding.message
    run_command(root, "git", "rm", "-r", "--cached", "-q", "build")
    assert findings(root) == []


def test_a_folder_that_some_file_systems_take_for_it_and_a_link(root: Path) -> None:
    (root / "build").rename(root / "Build")
    (root / "elsewhere").mkdir()
    (root / "build").symlink_to("elsewhere", target_is_directory=True)
    run_command(root, "git", "add", "--all")
    found = {finding.file: finding.message for finding in findings(root)}
    assert found.keys() == {"Build/finished/clean.json", "build"}
    assert "git rm -r --cached Build," in found["Build/finished/clean.json"]


def test_a_name_with_control_characters_is_one_finding(root: Path) -> None:
    (root / "build" / "x\ny.json").write_text("{}")
    run_command(root, "git", "add", "--all")
    assert [finding.file for finding in findings(root)] == ["build/finished/clean.json", "build/x\ny.json"]
