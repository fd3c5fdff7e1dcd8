"""The steps of a release one by one, in a small repository of git: what each refuses, keeps, takes back and says."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from copydesk.core.atomic_files import replacing, replacing_folder, write_text
from copydesk.core.journal import journaled
from copydesk.errors import ReleaseError
from copydesk.releases import release as module
from copydesk.releases.changelog import section, with_section
from copydesk.releases.verify import Problem, Verification
from support import run_stripped as run
from support import write_seeds


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
    module.keep(root)
    assert {p.name: p.read_text() for p in (root / "build" / "release").iterdir()} == {
        "package.jsonl": "before",
        "two.jsonl": "2",
    }
    strays = {"corpus/x.tmp": "mine", ".tmp": "mine", "é": "mine", "seeds/.draft.txt.old.tmp": "mine"}
    strays |= {"corpus/.x.ab_12_cd.tmp": "mine"}
    written = {"params.yaml": "new", "corpus/x": "new", "reports/x": "new"}
    new = {"CHANGELOG.md": "new", "corpus/MANIFEST.sha256.sig": "new"}
    write_seeds(root, {**strays, "build/package.jsonl": "after", "corpus/.x.0123456789ab.tmp": ""})
    with journaled(module.journal_of(root)):
        for name, text in {**written, **new}.items():
            write_text(root / name, text)
        unfinished = ExitStack()  # never closed: a kill
        unfinished.enter_context(replacing(root / "reports" / "y")).write(b"half")
        (unfinished.enter_context(replacing_folder(root / "corpus" / "data")) / "part").write_text("half")
    run(root, "git", "add", "CHANGELOG.md", "params.yaml")
    (root / "build" / "two.jsonl").unlink()
    note.write_text(json.dumps({"version": "1.0.0", "base": base}))
    assert module._resumed(root, note) is None
    unfinished.pop_all()
    assert commands == [("unlock",), ("dvc", "checkout", "--quiet")]
    assert capsys.readouterr().err == "release: taking back what the unfinished release 1.0.0 wrote\n"
    assert not note.exists() and not module.journal_of(root).exists()
    assert (root / "build" / "package.jsonl").read_text() == "before" and (
        root / "build" / "two.jsonl"
    ).read_text() == "2"
    assert {name: (root / name).read_text() for name in written} == dict.fromkeys(written, "kept")
    left = run(root, "git", "-c", "core.quotePath=false", "status", "--porcelain", "-uall").splitlines()
    assert left == [f"?? {name}" for name in sorted(strays)]


def test_later_edits_of_what_a_killed_release_wrote_stay(
    root: Path, commands: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    note = root / "build" / "release.json"
    base = run(root, "git", "rev-parse", "HEAD")
    write_seeds(root / "build", {"release.json": json.dumps({"version": "1.0.0", "base": base})})
    with journaled(module.journal_of(root)):
        for name in ("params.yaml", "CHANGELOG.md", "corpus/x", "corpus/y"):
            write_text(root / name, "of the release")
    edits = {"params.yaml": "edited", "corpus/y": "edited too", "reports/x": "not written by it at all", "other": "e"}
    write_seeds(root, {**edits, "corpus/data/train": "of nobody", "dvc.lock": "half"})
    run(root, "git", "add", "other")
    with pytest.raises(ReleaseError) as caught:
        module._resumed(root, note)
    assert str(caught.value) == (
        f"{root}: edited since the unfinished release 1.0.0 began: params.yaml, reports/x, corpus/y; these files stay "
        "as they are, copies lie in build/edited-*, and the rest is taken back; commit them, or take them back with git "
        "checkout -- FILE, then run copydesk release again"
    )
    assert {name: (root / name).read_text() for name in edits} == edits
    assert (root / "corpus" / "x").read_text() == (root / "dvc.lock").read_text() == "kept"
    assert not (root / "CHANGELOG.md").exists() and not note.exists()
    (aside,) = (root / "build").glob("edited-*")
    copied = {p.relative_to(aside).as_posix(): p.read_text() for p in aside.rglob("*") if p.is_file()}
    assert copied == {**{name: edits[name] for name in edits if name != "other"}, "dvc.lock": "half"}
    (unknown,) = (root / "build" / "scratch").glob("unknown-*/train")
    assert unknown.read_text() == "of nobody" and "neither of this release nor of the last" in capsys.readouterr().err
    assert run(root, "git", "diff", "--cached", "--name-only") == "other"
    assert module._resumed(root, note) is None


@pytest.mark.parametrize(
    "damaged", ["", "{", "[1]", '{"version": "1.0.0"}', '{"version": "x", "base": "y"}', "\udcff"]
)
def test_a_damaged_note_is_one_line_of_advice(root: Path, damaged: str) -> None:
    write_seeds(root / "build", {"release.json": ""})
    note = root / "build" / "release.json"
    note.write_text(damaged, "utf-8", "surrogateescape")
    with pytest.raises(ReleaseError) as caught:
        module._resumed(root, note)
    assert str(caught.value).startswith(f"{note}: not what a release notes (")
    assert "delete the note, run dvc checkout" in str(caught.value) and "\n" not in str(caught.value)
    assert note.exists()


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


def holds(*findings: str) -> Any:
    return SimpleNamespace(ok=not findings, findings=list(findings))


def test_what_is_in_the_way_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = SimpleNamespace(reports=root / "reports", corpus=root / "corpus", schemas=root / "schemas")
    answers = {"stale": "", "report": holds()}
    unlicensed: list[Any] = []
    real = module._run
    fakes = {
        "_run": lambda place, *words: real(place, *words) if words[0] == "git" else status(place, *words),
        "validate": lambda *given: answers["report"] if given == (root / "corpus", root / "schemas") else None,
        "refuse_unlicensed": unlicensed.append,
    }

    def status(place: Path, *words: str) -> Any:
        assert (place, words) == (root, ("dvc", "status", "--json"))
        return answers["stale"]

    for name, fake in fakes.items():
        monkeypatch.setattr(module, name, fake)
    monkeypatch.setattr(module.Project, "open", lambda place: project if place == root else None)

    def said() -> str:
        with pytest.raises(ReleaseError) as caught:
            module._refuse_unless_ready(root)
        return str(caught.value)

    module._refuse_unless_ready(root)
    assert unlicensed == [project]
    answers["stale"] = '{"b": 1, "a": 2}'
    assert said() == f"{root}: the pipeline is stale (a, b); run dvc repro and commit"
    answers["stale"] = "{}"
    answers["report"] = holds(*(f"finding {n}" for n in range(6)))
    shown = "\n".join(f"  finding {n}" for n in range(5))
    assert said() == f"{root / 'corpus'}: 6 violations; see copydesk validate:\n{shown}"
    (root / ".gitignore").write_text("/reports/\n")
    run(root, "git", "commit", "--quiet", "--all", "--message", "x")
    alarms = root / "reports" / "alarms.jsonl"
    alarms.write_text(" \n")
    assert "violations" in said()
    alarms.write_text("{}\n")
    assert said() == f"{alarms}: a source loses more documents than select.alarm allows; look, then raise it"
    (root / "é").write_text("")
    run(root, "git", "config", "core.quotePath", "false")
    assert said() == f"{root}: the working tree is not clean; commit or take back:\n?? é"
    assert unlicensed == [project]


def test_a_proof_is_that_of_a_stranger(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = run(root, "git", "rev-parse", "HEAD")
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "later")
    seen: list[Any] = []
    real = module._run
    bad = [Problem("x", "this", "that", "mend it")]

    def asked(place: Path, *words: str) -> str:
        if words[0] == "git":
            return real(place, *words)
        local = place / ".dvc" / "config.local"
        seen.append((*words[:4], local.read_text("utf-8") if local.exists() else None))
        assert words[1] != "cache" or words[4] == str(place.parent / "cache")
        return ""

    def verified(place: Path, allowed_signers: Path | None) -> Any:
        assert run(place, "git", "rev-parse", "HEAD") == commit and place != root
        seen.append(allowed_signers and allowed_signers.read_text("utf-8"))
        return Verification("x", problems=problems)

    def validated(corpus: Path, schemas: Path, mapped: bool) -> Any:
        assert (corpus.name, schemas.name, corpus.parent == schemas.parent != root, mapped) == (
            "corpus",
            "schemas",
            True,
            True,
        )
        return report

    for name, fake in (("_run", asked), ("verify", verified), ("validate", validated)):
        monkeypatch.setattr(module, name, fake)
    problems: list[Problem] = []
    report = holds()
    assert module.prove(root, commit, "1.0.0", None) == []
    pulled = [("dvc", "cache", "dir", "--local", None), ("dvc", "pull", "corpus/data", None), None]
    assert seen == pulled
    assert capsys.readouterr().err == "release: 1.0.0 was fetched from the remote, verified and loaded\n"
    write_seeds(root, {".dvc/config.local": "password = é"})
    (root / ".dvc" / "config.local").write_text("password = é", "utf-8")
    seen.clear()
    problems = bad
    clone = root.with_name("clone")
    run(root, "git", "clone", "--quiet", str(root), str(clone))
    monkeypatch.setattr(
        module, "write_text", lambda path, text: (path.parent.mkdir(exist_ok=True), path.write_text(text, "utf-8"))
    )
    assert module.prove(root, commit, "1.0.0", "there", "key é") == bad
    assert seen == [
        ("dvc", "cache", "dir", "--local", "password = é"),
        ("dvc", "pull", "--remote=there", "corpus/data", "password = é"),
        "key é",
    ]
    problems, report = [], holds("one", "two")
    with pytest.raises(ReleaseError, match=r"^1\.0\.0: what came back from the remote does not hold: one$"):
        module.prove(root, commit, "1.0.0", None)
    assert capsys.readouterr().err == ""


def test_what_a_release_writes_is_committed_or_taken_back(
    root: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    params, signature = root / "params.yaml", root / "corpus" / "MANIFEST.sha256.sig"
    write_seeds(root, {"params.yaml": "corpus:\n  version: 0.1.0\n", "corpus/MANIFEST.sha256.sig": "of another"})
    run(root, "git", "rm", "--quiet", "-r", "reports")
    run(root, "git", "add", "--all")
    run(root, "env", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z", "git", "commit", "--quiet", "--message", "settings")
    base, note = run(root, "git", "rev-parse", "HEAD"), root / "build" / "release.json"
    note.parent.mkdir()
    noted = {"version": "1.0.0", "base": base}
    real = module._run

    def building(place: Path, *words: str) -> str:
        if words == ("dvc", "repro"):
            assert json.loads(note.read_text()) == noted
            write_text(root / "corpus" / "x", params.read_text())
            (root / "stray").write_text("not of the release")
        return real(place, *words)

    monkeypatch.setattr(module, "_run", building)
    version, commit = module._written(root, note, "1.0.0", None, None)
    (root / "stray").unlink()
    settings = f'corpus:\n  version: 1.0.0\n  commit: "{base}"\n  date: "2026-01-02"\n'
    assert (version, commit) == ("1.0.0", run(root, "git", "rev-parse", "HEAD"))
    assert run(root, "git", "log", "-1", "--format=%s %P") == f"Release corpus@v1.0.0 {base}"
    changed = run(root, "git", "show", "--format=", "--name-status", commit).split()
    assert changed == [
        *("A", "CHANGELOG.md", "D", "corpus/MANIFEST.sha256.sig"),
        *("M", "corpus/x", "M", "params.yaml"),
    ]
    assert params.read_text() == (root / "corpus" / "x").read_text() == settings
    first = (root / "CHANGELOG.md").read_text()
    assert first == with_section(None, section("1.0.0", "2026-01-02", None))
    assert ("dvc", "repro") in commands and note.exists()

    monkeypatch.setattr(module, "sign", lambda corpus, key: signature.write_text(f"{corpus} {key}"))
    noted |= {"version": "1.0.1", "base": commit}
    module._written(root, note, "1.0.1", None, Path("key"))
    (root / "stray").unlink()
    assert signature.read_text() == f"{root / 'corpus'} key"
    assert run(root, "git", "status", "--porcelain") == ""
    assert (root / "CHANGELOG.md").read_text().endswith(first[first.index("## [") :])
    assert "## [1.0.1]" in (root / "CHANGELOG.md").read_text()

    head = run(root, "git", "rev-parse", "HEAD")
    noted |= {"version": "1.0.2", "base": head}

    def refuses(corpus: Path, key: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "sign", refuses)
    with pytest.raises(KeyboardInterrupt):
        module._written(root, note, "1.0.2", None, Path("key"))
    (root / "stray").unlink()
    assert not note.exists() and signature.exists() and "1.0.1" in params.read_text()
    assert run(root, "git", "status", "--porcelain") == "" and run(root, "git", "rev-parse", "HEAD") == head
