"""The steps of a release one by one, in a small repository of git: what each refuses, keeps, takes back and says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import ReleaseError
from copydesk.releases import release as module
from copydesk.releases.verify import Problem
from support import GIT, run_command, write_seeds


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)


def run(root: Path, *command: str) -> str:
    return run_command(root, *command).strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    tracked = dict.fromkeys(("params.yaml", "dvc.lock", "corpus/x", "reports/x", "other"), "kept")
    write_seeds(root, {**tracked, ".gitignore": "/build/\n/.dvc/\n"})
    run(root, "git", "init", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "first")
    return root


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What DVC is asked: git answers for itself, DVC says nothing."""
    asked: list[tuple[str, ...]] = []
    real = module._run

    def noting(root: Path, *command: str) -> str:
        if command[0] == "git":
            return real(root, *command)
        asked.append(command)
        return ""

    monkeypatch.setattr(module, "_run", noting)
    monkeypatch.setattr(module, "_unlock", lambda root: asked.append(("unlock",)))
    return asked


def test_a_command_that_fails_says_which_and_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*command: str) -> str:
        with pytest.raises(ReleaseError) as caught:
            module._run(tmp_path, *command)
        return str(caught.value)

    assert (
        failed("sh", "-c", "echo out; exit 3", "x") == f"{tmp_path}: sh -c echo out; exit 3 failed with status 3: out"
    )
    loud = f"echo out; echo ' {'e' * 900}. ' >&2; false"
    assert failed("sh", "-c", loud).endswith(f" failed with status 1: {'e' * 799}.")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "0")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "1")
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    told = module._run(tmp_path, "sh", "-c", 'echo "$DVC_NO_ANALYTICS $GIT_TERMINAL_PROMPT $PATH $PWD"; echo err >&2')
    path = os.pathsep.join([str(Path(sys.executable).parent), "/bin:/usr/bin"])
    assert told == f"1 0 {path} {tmp_path}\n"


def test_one_release_at_a_time(root: Path) -> None:
    with module._alone(root):
        assert (root / "build" / "release.lock").exists()
        waiting = rf"^{root}: another release is at work here; wait until it ends$"
        with pytest.raises(ReleaseError, match=waiting), module._alone(root):
            pass
    with module._alone(root):
        pass


def test_a_tag_is_made_once_and_never_moved(root: Path) -> None:
    first = run(root, "git", "rev-parse", "HEAD")
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "second")
    second = run(root, "git", "rev-parse", "HEAD")
    for _ in range(2):
        module._tag(root, first, "1.0.0")
    shown = run(
        root, "git", "for-each-ref", "refs/tags", "--format=%(refname) %(objecttype) %(*objectname) %(contents)"
    )
    assert shown == f"refs/tags/corpus@v1.0.0 tag {first} corpus 1.0.0"
    with pytest.raises(ReleaseError) as caught:
        module._tag(root, second, "1.0.0")
    assert str(caught.value) == (
        f"{root}: corpus@v1.0.0 is there already, at {first[:12]} and not at {second[:12]}, and stays; to give up this "
        f"release and cut the next one, run git reset --keep {second[:12]}~1 and dvc checkout, then copydesk release again"
    )


def test_what_came_back_damaged_is_pushed_a_second_time_and_no_third(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pushed: list[Any] = []
    proofs: list[Any] = []
    bad = [Problem("data/x", "this", "that", "mend it"), Problem("data/y", "this", "that", "mend it")]
    monkeypatch.setattr(module, "push", lambda *given, **more: pushed.append((given, more)))
    monkeypatch.setattr(module, "prove", lambda *given: proofs.append(given) or answers.pop(0))
    answers: list[list[Problem]] = [[]]
    module._publish(tmp_path, "c", "1.0.0", "there", "signers")
    assert proofs == [(tmp_path, "c", "1.0.0", "there", "signers")]
    once = ((tmp_path, "there", module._run), {})
    assert pushed == [once]
    answers += [bad, []]
    module._publish(tmp_path, "c", "1.0.0", "there", "signers")
    assert pushed == [once, once, ((tmp_path, "there", module._run), {"damaged": ["data/x", "data/y"]})]
    assert proofs == proofs[:1] * 3
    said = "data/x: found this, expected that; mend it"
    assert capsys.readouterr().err == f"release: {said}; pushing it again\n"
    answers += [bad, bad[:1]]
    with pytest.raises(ReleaseError) as caught:
        module._publish(tmp_path, "c", "1.0.0", "there", "signers")
    assert str(caught.value) == f"1.0.0: what came back from the remote is not what was pushed: {said}"


def test_what_a_killed_release_wrote_is_taken_back(
    root: Path, commands: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    note = root / "build" / "release.json"
    assert module._resumed(root, note) is None and commands == []
    base = run(root, "git", "rev-parse", "HEAD")
    write_seeds(
        root / "build", {"package.jsonl": "before", "two.jsonl": "2", "other.json": "x", "release/old.jsonl": ""}
    )
    module._keep(root)
    assert {p.name: p.read_text() for p in (root / "build" / "release").iterdir()} == {
        "package.jsonl": "before",
        "two.jsonl": "2",
    }
    unfinished = {"corpus/.x.ab_1.tmp": "half", ".x.y.zz.tmp/part": "half"}
    strays = {"corpus/x.tmp": "mine", ".tmp": "mine", "é": "mine"}
    written = {"params.yaml": "new", "dvc.lock": "new", "corpus/x": "new", "reports/x": "new"}
    new = {"CHANGELOG.md": "new", "corpus/MANIFEST.sha256.sig": "new"}
    write_seeds(root, {**unfinished, **strays, **written, **new, "build/package.jsonl": "after"})
    run(root, "git", "add", "CHANGELOG.md", "params.yaml")
    (root / "build" / "two.jsonl").unlink()
    note.write_text(json.dumps({"version": "1.0.0", "base": base}))
    assert module._resumed(root, note) is None
    assert commands == [("unlock",), ("dvc", "checkout", "--quiet")]
    assert capsys.readouterr().err == "release: taking back what the unfinished release 1.0.0 wrote\n"
    assert not note.exists()
    assert (root / "build" / "package.jsonl").read_text() == "before" and (
        root / "build" / "two.jsonl"
    ).read_text() == "2"
    assert {name: (root / name).read_text() for name in written} == dict.fromkeys(written, "kept")
    left = run(root, "git", "-c", "core.quotePath=false", "status", "--porcelain", "-uall").splitlines()
    assert left == [f"?? {name}" for name in sorted(strays)]


def test_a_release_that_was_committed_goes_on_and_another_commit_is_left_alone(
    root: Path, commands: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    note = root / "build" / "release.json"
    base = run(root, "git", "rev-parse", "HEAD")
    write_seeds(root / "build", {"release.json": json.dumps({"version": "1.0.0", "base": base})})
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "Release corpus@v1.0.0")
    head = run(root, "git", "rev-parse", "HEAD")
    assert module._resumed(root, note) == ("1.0.0", head)
    assert capsys.readouterr().err == f"release: going on with 1.0.0 at {head[:12]}\n"
    assert note.exists() and commands == [("unlock",)]
    write_seeds(root, {"corpus/x": "of somebody"})
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "Release corpus@v1.0.0 of somebody")
    assert module._resumed(root, note) is None
    assert not note.exists() and commands == [("unlock",)] * 2
    assert (root / "corpus" / "x").read_text() == "of somebody"
