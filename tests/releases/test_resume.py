"""A release that was killed: what it wrote is taken back, what somebody edited since stays, and a commit goes on."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from copydesk.core.atomic_files import replacing, replacing_folder, write_text
from copydesk.core.journal import journaled
from copydesk.errors import ReleaseError
from copydesk.releases.resume import resume_release
from copydesk.releases.undo import journal_of, keep_shard_lists, note_of
from copydesk.releases.write import CommittedRelease
from support import run_stripped as run
from support import write_seeds

TRACKED = ("params.yaml", "dvc.lock", "corpus/x", "reports/x", "other")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "repository"
    write_seeds(root, {**dict.fromkeys(TRACKED, "kept"), ".gitignore": "/build/\n"})
    run(root, "git", "init", "--quiet")
    run(root, "dvc", "init", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "first")
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "repository"))


def write_note(root: Path) -> str:
    """Leave the note of a release that began at HEAD; return the commit."""
    base = run(root, "git", "rev-parse", "HEAD")
    write_seeds(root / "build", {"release.json": json.dumps({"version": "1.0.0", "base": base})})
    return base


def test_what_a_killed_release_wrote_is_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert resume_release(root) is None
    lists = {"package/shards.jsonl": "before", "two/shards.jsonl": "2", "other.json": "x", "release/old.jsonl": ""}
    write_seeds(root / "build", lists)
    keep_shard_lists(root)
    kept = {p.name: p.read_text() for p in (root / "build" / "release").iterdir()}
    assert kept == {"package.jsonl": "before", "two.jsonl": "2"}
    strays = {"corpus/x.tmp": "mine", ".tmp": "mine", "é": "mine", "seeds/.draft.txt.old.tmp": "mine"}
    strays |= {"corpus/.x.ab_12_cd.tmp": "mine"}
    written = {"params.yaml": "new", "corpus/x": "new", "reports/x": "new"}
    new = {"CHANGELOG.md": "new", "corpus/MANIFEST.sha256.sig": "new"}
    write_seeds(root, {**strays, "build/package/shards.jsonl": "after", "corpus/.x.0123456789ab.tmp": ""})
    with journaled(journal_of(root)):
        for name, text in {**written, **new}.items():
            write_text(root / name, text)
        unfinished = ExitStack()  # never closed: a kill
        unfinished.enter_context(replacing(root / "reports" / "y")).write(b"half")
        (unfinished.enter_context(replacing_folder(root / "corpus" / "data")) / "part").write_text("half")
    run(root, "git", "add", "CHANGELOG.md", "params.yaml")
    (root / "build" / "two" / "shards.jsonl").unlink()
    write_note(root)
    assert resume_release(root) is None
    unfinished.pop_all()
    assert capsys.readouterr().err == "release: undoing what the unfinished release 1.0.0 wrote\n"
    assert not note_of(root).exists() and not journal_of(root).exists()
    assert [(root / "build" / name / "shards.jsonl").read_text() for name in ("package", "two")] == ["before", "2"]
    assert {name: (root / name).read_text() for name in written} == dict.fromkeys(written, "kept")
    status = run(root, "git", "-c", "core.quotePath=false", "status", "--porcelain", "-uall").splitlines()
    assert status == [f"?? {name}" for name in sorted(strays)]


def test_lists_that_a_killed_stage_left_are_taken_back(root: Path) -> None:
    outs = [{"build/a": {"persist": True}}]
    lists = "[Path('build/a/shards.jsonl').write_text('a'), Path('build/a/finished.json').write_text('b')]"
    code = f"from pathlib import Path; Path('build/a').mkdir(parents=True, exist_ok=True); {lists}"
    stage = {"cmd": f'python -c "{code}"', "deps": ["params.yaml"], "outs": outs}
    write_seeds(root, {"dvc.yaml": json.dumps({"stages": {"a": stage}}), "params.yaml": "a: 1\n"})
    (root / "dvc.lock").unlink()
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "second")
    assert run(root, "dvc", "status", "--json") == "{}"
    keep_shard_lists(root)
    write_note(root)
    with journaled(journal_of(root)):
        write_text(root / "params.yaml", "a: 2\n")
    for name in ("shards.jsonl", "finished.json"):  # not through a link into the cache
        (root / "build" / "a" / name).unlink()
        (root / "build" / "a" / name).write_text("half")
    assert resume_release(root) is None
    assert run(root, "dvc", "status", "--json") == "{}"
    assert (root / "build" / "a" / "finished.json").read_text() == "b"


def test_later_edits_of_what_a_killed_release_wrote_stay(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_note(root)
    with journaled(journal_of(root)):
        for name in ("params.yaml", "CHANGELOG.md", "corpus/x", "corpus/y"):
            write_text(root / name, "of the release")
    edits = {"params.yaml": "edited", "corpus/y": "edited too", "reports/x": "not written by it at all", "other": "e"}
    write_seeds(root, {**edits, "corpus/data/train": "of nobody", "dvc.lock": "half"})
    run(root, "git", "add", "other")
    with pytest.raises(ReleaseError) as caught:
        resume_release(root)
    assert str(caught.value) == (
        f"{root}: edited since the unfinished release 1.0.0 began: params.yaml, reports/x, corpus/y; these files stay "
        "as they are, with copies in build/edited-*, and the rest is undone; commit them, or undo them with git checkout "
        "-- FILE, then run copydesk release again"
    )
    assert {name: (root / name).read_text() for name in edits} == edits
    assert (root / "corpus" / "x").read_text() == (root / "dvc.lock").read_text() == "kept"
    assert not (root / "CHANGELOG.md").exists() and not note_of(root).exists()
    (aside,) = (root / "build").glob("edited-*")
    copied = {p.relative_to(aside).as_posix(): p.read_text() for p in aside.rglob("*") if p.is_file()}
    assert copied == {**{name: edits[name] for name in edits if name != "other"}, "dvc.lock": "half"}
    (unknown,) = (root / "build" / "scratch").glob("unknown-*/train")
    assert unknown.read_text() == "of nobody" and "neither to this release nor to the last" in capsys.readouterr().err
    assert run(root, "git", "diff", "--cached", "--name-only") == "other"
    assert resume_release(root) is None


@pytest.mark.parametrize(
    "damaged", ["", "{", "[1]", '{"version": "1.0.0"}', '{"version": "x", "base": "y"}', "\udcff"]
)
def test_a_damaged_note_is_one_line_of_advice(root: Path, damaged: str) -> None:
    note = note_of(root)
    write_seeds(root / "build", {"release.json": damaged.encode("utf-8", "surrogateescape")})
    with pytest.raises(ReleaseError) as caught:
        resume_release(root)
    assert str(caught.value).startswith(f"{note}: not a note of a release (")
    assert "delete the note, run dvc checkout" in str(caught.value) and "\n" not in str(caught.value)
    assert note.exists()


def test_a_release_that_was_committed_goes_on_and_another_commit_is_left_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_note(root)
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "Release corpus@v1.0.0")
    head = run(root, "git", "rev-parse", "HEAD")
    assert resume_release(root) == CommittedRelease("1.0.0", head)
    assert capsys.readouterr().err == f"release: continuing with 1.0.0 at {head[:12]}\n"
    assert note_of(root).exists()
    write_seeds(root, {"corpus/x": "of somebody"})
    run(root, "git", "commit", "--quiet", "--allow-empty", "--message", "Release corpus@v1.0.0 of somebody")
    assert resume_release(root) is None
    assert not note_of(root).exists()
    assert (root / "corpus" / "x").read_text() == "of somebody"
