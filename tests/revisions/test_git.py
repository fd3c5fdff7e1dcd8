"""The one way in which git is run. Real git, real hooks, real repositories."""

import subprocess
from pathlib import Path

import pytest

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git, git_result


def repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "A")
    git(folder, "config", "user.email", "a@example.org")
    (folder / "a").write_text(folder.name)
    git(folder, "add", "a")
    git(folder, "commit", "--quiet", "--message", folder.name)
    return folder


def test_a_hook_of_another_repository_does_not_choose_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook in a linked worktree sets all of these; git would look there and not here."""
    here, other = repository(tmp_path / "here"), repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_COMMON_DIR", str(other / ".git"))
    assert git(here, "log", "--format=%s") == "here\n"
    assert git(here, "rev-parse", "--show-toplevel").strip() == str(here)


def test_hooks_run_only_where_they_are_asked_for(tmp_path: Path) -> None:
    root = repository(tmp_path / "here")
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (root / "a").write_text("b")
    with pytest.raises(ReleaseError, match="here: git commit: "):
        git(root, "commit", "--quiet", "--all", "--message", "b", hooks=True)
    git(root, "commit", "--quiet", "--all", "--message", "b")
    assert git(root, "log", "--format=%s").split() == ["b", "here"]


def test_a_monitor_that_the_repository_names_does_not_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "here")
    ran = tmp_path / "ran"
    monitor = tmp_path / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {ran}\n")
    monitor.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(monitor))
    git(root, "status")
    assert not ran.exists()
    subprocess.run(["git", "status"], cwd=root, check=True, capture_output=True)
    assert ran.exists()  # so the test can fail


def test_failures_are_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "here")
    with pytest.raises(ReleaseError, match=r"here: git rev-parse: fatal: "):
        git(root, "rev-parse", "--verify", "nowhere")
    assert git_result(root, "rev-parse", "--verify", "nowhere").returncode
    with pytest.raises(ReleaseError, match="cannot be run: embedded null"):
        git(root, "show", "a\0b")
    with pytest.raises(ReleaseError, match=r"gave no answer in 0\.01 seconds"):
        git(root, "cat-file", "--batch-check", stdin=b"HEAD\n" * 1_000_000, timeout=0.01)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="git is not installed"):
        git(root, "status")
