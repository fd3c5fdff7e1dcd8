"""The one way in which git is run. Real git, real hooks, real repositories."""

import subprocess
from pathlib import Path

import pytest

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git, git_environment, git_result


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
    with pytest.raises(ReleaseError, match=r"here: git cat-file did not finish in 0\.01 seconds; run git gc"):
        git(root, "cat-file", "--batch-check", stdin=b"HEAD\n" * 1_000_000, timeout=0.01)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="git is not installed"):
        git(root, "status")


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("filter.x.clean", ["status"]),
        ("filter.x.process", ["status"]),
        ("diff.x.textconv", ["diff"]),
        ("diff.external", ["diff"]),
        ("gpg.program", ["log", "-1", "signed"]),
        ("core.sshCommand", ["ls-remote", "ssh://127.0.0.1:9/x"]),
    ],
)
def test_no_program_runs_that_the_configuration_of_a_repository_names(
    key: str, command: list[str], tmp_path: Path
) -> None:
    root = repository(tmp_path / "here")
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----"
    signed = git(root, "cat-file", "commit", "HEAD").replace("\n\n", f"\n{signature}\n\n", 1)
    commit = git(root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode()).strip()
    git(root, "tag", "signed", commit)
    (root / ".gitattributes").write_text("* filter=x diff=x\n")
    (root / "a").write_text("ereh")  # of the same size, so that git must look into it
    git(root, "config", "log.showSignature", "true")
    if key.startswith("filter"):
        git(root, "config", "filter.x.required", "true")
    git(root, "config", key, str(program))
    git_result(root, *command)
    assert not ran.exists()
    git_result(root, *command, own=True)
    assert ran.exists() or key == "gpg.program"  # signatures in logs are of no use to copydesk
    subprocess.run(["git", *command], cwd=root, check=False, capture_output=True)
    assert ran.exists()  # so the test can fail


def test_a_missing_object_is_not_fetched(tmp_path: Path) -> None:
    root = repository(tmp_path / "here")
    ran = tmp_path / "ran"
    for key, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(root),
        "remote.origin.uploadpack": f"touch {ran};",
    }.items():
        git(root, "config", key, value)
    assert git_result(root, "cat-file", "-p", "1" * 40).returncode
    assert not ran.exists()
    subprocess.run(["git", "cat-file", "-p", "1" * 40], cwd=root, check=False, capture_output=True)
    assert ran.exists()  # so the test can fail


def test_an_address_is_not_looked_up_in_the_repository_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ran = repository(tmp_path / "here"), tmp_path / "ran"
    git(root, "config", "remote.origin.url", str(root))
    git(root, "config", "remote.origin.uploadpack", f"touch {ran};")
    monkeypatch.chdir(root)
    with pytest.raises(ReleaseError, match="origin"):
        git(None, "ls-remote", "--", "origin")
    assert not ran.exists()


def test_a_program_under_a_name_that_cannot_be_overridden_is_refused(tmp_path: Path) -> None:
    root = repository(tmp_path / "here")
    git(root, "config", "filter.a=b.clean", "false")
    with pytest.raises(ReleaseError, match=r"\.git/config: 'filter\.a=b\.clean' names a program"):
        git(root, "status")


def test_nobody_is_asked_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS"):
        monkeypatch.delenv(name, raising=False)
    assert git_environment()["GIT_ASKPASS"] == ""
    assert "BatchMode=yes" in git_environment()["GIT_SSH_COMMAND"]
    monkeypatch.setenv("GIT_SSH_COMMAND", "mine")
    assert git_environment()["GIT_SSH_COMMAND"] == "mine"
