"""Whatever breaks while a release is cut: no tag, nothing lost, a message that says what to do, and the next try goes on."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.errors import ReleaseError
from copydesk.releases import prove
from copydesk.releases.dvc_push import push_data
from copydesk.releases.release import only_release, release
from copydesk.releases.tag import tag_release
from copydesk.releases.verify import verify
from copydesk.releases.write import CommittedRelease
from servers import Place, folder_place, wire
from support import file_bytes, run_command, run_on_small_disk, write_seeds


@pytest.fixture(autouse=True)
def _environment(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def run(root: Path, *command: str) -> str:
    return run_command(root, *command).strip()


def tags(root: Path) -> list[str]:
    return run(root, "git", "tag", "--list", "corpus@v?.?.?").split()


@pytest.fixture(scope="module")
def template(releases: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with two releases, and one article more: 1.2.0 is due."""
    root = tmp_path_factory.mktemp("due") / "work"
    shutil.copytree(releases.root, root, symlinks=True, ignore=shutil.ignore_patterns("tmp"))
    (root / ".gitignore").write_text("/build/\n__pycache__/\n")
    write_seeds(root / "seeds", {"new.txt": "A new article, which is like none of the others at all."})
    run(root, "dvc", "repro", "--quiet")
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", "one more")
    return root


@pytest.fixture
def due(template: Path, tmp_path: Path) -> Path:
    root = tmp_path / "work"
    shutil.copytree(template, root, symlinks=True)
    return root


@pytest.fixture
def other(tmp_path: Path) -> Callable[[Path, str], Path]:
    """Return a function that makes a repository with data that have nothing to do with ours, and pushes them."""

    def make(root: Path, config: str) -> Path:
        root.mkdir()
        run(root, "git", "init", "--quiet", "--initial-branch", "main")
        run(root, "dvc", "init", "--quiet")
        (root / ".dvc" / "config").write_text(config)
        (root / "corpus").mkdir()
        (root / "corpus" / "text.txt").write_text("Another corpus.")
        run(root, "dvc", "add", "--quiet", "corpus")
        run(root, "dvc", "push", "--quiet")
        return root

    return make


@pytest.mark.parametrize("kind", ["ssh", "s3"])
def test_a_remote_that_drops_in_the_middle_of_a_push(
    kind: str, due: Path, places: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = places(kind)
    for name, value in {**place.environment, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    assert place.port is not None
    with wire(place.port) as laid:
        (due / ".dvc" / "config.local").write_text(place.config("there", laid.port))
        laid.cut_after(25_000)  # after the client has introduced itself, before all data are through
        with pytest.raises(ReleaseError) as caught:
            release(due)
        assert laid.was_cut
        assert re.search(
            r"dvc push failed with status \d+: (?s:.*)\n1\.2\.0 is committed and not tagged", str(caught.value)
        )
        assert str(caught.value).endswith("then run copydesk release again: it continues from here")
        assert tags(due) == ["corpus@v1.0.0", "corpus@v1.1.0"]
        assert whole(place)
        arrived = len(place.objects())
        laid.mend()
        assert release(due).version == "1.2.0"
        assert len(place.objects()) > arrived
        assert whole(place)
        assert verify(due, "corpus@v1.2.0", remote=True).ok


def whole(place: Place) -> bool:
    """Whether everything that lies in a remote under the name of its bytes has these bytes."""
    objects = {name: data for name, data in place.objects().items() if "/" not in name}
    return all(hashlib.md5(data).hexdigest() == name.removesuffix(".dir") for name, data in objects.items())


def test_damage_on_both_sides_is_mended_and_another_corpus_there_is_left_alone(
    due: Path, other: Callable[[Path, str], Path], places: Callable[[str], Place], capsys: pytest.CaptureFixture[str]
) -> None:
    place = places("local")
    (due / ".dvc" / "config.local").write_text(place.config("there"))
    theirs = other(due.with_name("theirs"), place.config("there"))
    before = place.objects()
    raw, documents = (data_object(due, table) for table in ("raw", "documents"))
    # A byte has changed where DVC does not look, since the file is protected and as long as it was.
    _write(due / ".dvc" / "cache" / "files" / "md5" / documents[:2] / documents[2:], b"damaged")
    # And an object lies at the remote already, with other bytes: DVC does not write over it.
    _write(Path(place.root) / "files" / "md5" / raw[:2] / raw[2:], b"damaged")
    assert release(due).version == "1.2.0"
    said = capsys.readouterr().err
    assert f"{documents[2:]} was damaged or lost; restored from " in said
    assert re.search(r"data/raw/.*: found sha256 .*; pushing it again", said)
    assert whole(place)
    assert verify(due, "corpus@v1.2.0", remote=True).ok
    assert {name: place.objects()[name] for name in before} == before
    shutil.rmtree(theirs / ".dvc" / "cache")
    shutil.rmtree(theirs / "corpus")
    run(theirs, "dvc", "pull", "--quiet")
    assert (theirs / "corpus" / "text.txt").read_text() == "Another corpus."


def data_object(root: Path, table: str) -> str:
    """The name of the object that holds a table's rows."""
    (file,) = (root / "corpus" / "data" / table).iterdir()
    return hashlib.md5(file.read_bytes()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write over the first bytes of a file, or write one."""
    rest = b""
    if path.exists():
        rest = path.read_bytes()[len(data) :]
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + rest)
    path.chmod(0o444)


def test_a_cache_that_cannot_be_mended_is_named_with_what_to_do(due: Path, places: Callable[[str], Place]) -> None:
    (due / ".dvc" / "config.local").write_text(places("local").config("there"))
    (file,) = (due / "corpus" / "data" / "raw").iterdir()
    oid = data_object(due, "raw")
    kept = due / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]
    good = file.read_bytes()
    kept.unlink()
    file.unlink()
    with pytest.raises(ReleaseError, match=rf"{kept}: .* and so is the file; delete both, run dvc repro"):
        push_data(due, None)
    # A release finds the shard that was deleted before it does anything.
    with pytest.raises(ReleaseError, match=r"the pipeline is stale \(package\); run dvc repro and commit"):
        release(due)
    run(due, "dvc", "repro", "--quiet")
    assert file.read_bytes() == kept.read_bytes() == good
    (listing,) = (p for p in kept.parents[1].rglob("*.dir") if f"{p.parent.name}{p.name}" in _lock(due))
    listed = listing.read_bytes()
    _write(listing, b"damaged")
    with pytest.raises(
        ReleaseError, match=r"list of the files in .*corpus/data is lost; run dvc commit --force, then"
    ):
        push_data(due, None)
    run(due, "dvc", "commit", "--quiet", "--force")
    assert listing.read_bytes() == listed
    assert run(due, "git", "status", "--porcelain") == ""


def _lock(root: Path) -> str:
    return (root / "dvc.lock").read_text()


def test_a_tag_that_appears_meanwhile_stays_and_what_to_do_is_said(
    due: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(root: Path, *_: Any, **__: Any) -> None:
        run(root, "git", "tag", "--annotate", "corpus@v1.2.0", "HEAD~1", "--message", "somebody else's")

    monkeypatch.setattr(prove, "push_data", meanwhile)
    monkeypatch.setattr(prove, "verify_fresh_clone", lambda *_: [])
    base = run(due, "git", "rev-parse", "HEAD")
    with pytest.raises(ReleaseError, match=r"corpus@v1\.2\.0 exists already, on .* and stays; to give up") as caught:
        release(due)
    assert run(due, "git", "rev-parse", "corpus@v1.2.0^{commit}") == base
    (advice,) = re.findall(r"run (git .*) and (dvc checkout), then", str(caught.value))
    for command in advice:
        run(due, *command.split())
    # Their release has our article: there is nothing left to release, and nothing is lost.
    with pytest.raises(ReleaseError, match=r"nothing differs from 1\.2\.0"):
        release(due)
    assert run(due, "git", "rev-parse", "HEAD") == base
    assert run(due, "git", "status", "--porcelain") == ""


def test_a_release_that_was_killed_behind_its_tag_is_finished(due: Path) -> None:
    head = run(due, "git", "rev-parse", "HEAD")
    for _ in range(2):
        assert tag_release(due, CommittedRelease("1.2.0", head)) == "corpus@v1.2.0"
    assert tags(due) == ["corpus@v1.0.0", "corpus@v1.1.0", "corpus@v1.2.0"]


def test_two_releases_at_once(due: Path) -> None:
    with only_release(due), pytest.raises(ReleaseError, match="another release or purge is running here; wait"):
        release(due)
    assert tags(due) == ["corpus@v1.0.0", "corpus@v1.1.0"]
    with only_release(due):  # the one that was refused holds nothing
        pass


def test_two_builds_at_once(due: Path) -> None:
    write_seeds(due / "seeds", {"newer.txt": "A still newer article, which is like none of the others either."})
    both = [
        subprocess.Popen(["dvc", "repro"], cwd=due, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = {build.communicate(timeout=300)[0]: build.returncode for build in both}
    assert 0 in said.values(), said
    assert all(code == 0 or "is busy" in text or "Unable to acquire lock" in text for text, code in said.items()), (
        said
    )
    run(due, "dvc", "repro", "--quiet")
    assert verify(due).ok
    together = file_bytes(due / "corpus")
    for made in ("build", "corpus/data"):
        shutil.rmtree(due / made)
    run(due, sys.executable, "build.py")
    assert file_bytes(due / "corpus") == together


FULL = """
import hashlib
from pathlib import Path
from copydesk.errors import ReleaseError
from copydesk.releases.dvc_push import push_data
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release

root, disk = Path({root!r}), Path({disk!r})
release = find_release(root, "1.1.0")
for attempt in (lambda: fetch_release(release, disk / "cache"), lambda: push_data(root, "there")):
    try:
        attempt()
    except ReleaseError as error:
        print(" ".join(str(error).split()))
    assert not list(disk.glob("cache/*/*"))
    for path in disk.glob("remote/files/md5/??/[0-9a-f]*"):  # what is half written has another name
        assert hashlib.md5(path.read_bytes()).hexdigest() == path.parent.name + path.name.removesuffix(".dir"), path
make_room()
print(len(list(fetch_release(release, disk / "cache").rglob("*.parquet"))))
push_data(root, "there")
print(len(list(disk.glob("remote/files/md5/??/[0-9a-f]*"))))
"""


def test_a_full_disk_under_the_cache_and_under_the_remote(due: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    (due / ".dvc" / "config.local").write_text(folder_place(disk / "remote").config("there"))
    done = run_on_small_disk(FULL.format(root=str(due), disk=str(disk)), disk, 16_384)
    assert done.returncode == 0, done.stderr
    cache, remote, fetched, pushed = done.stdout.splitlines()
    assert re.search(
        r"release 1\.1\.0 of .* (No space left on device|File too large); make room, or choose another", cache
    )
    assert re.search(r"dvc push .* failed with status 1: .*(No space left on device|File too large)", remote)
    assert (fetched, pushed) == ("4", "5")
