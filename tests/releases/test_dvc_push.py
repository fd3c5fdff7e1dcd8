"""What lies in DVC's cache is whole at the remote afterwards, whatever DVC did: a small repository, a folder for a remote."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import warnings
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from dvc_data.hashfile.db.local import LocalHashFileDB

from copydesk.errors import ReleaseError
from copydesk.releases import dvc_push
from copydesk.releases.dvc_push import push_data
from copydesk.revisions.dvc_storages import open_storages
from support import write_seeds

FILES = {"corpus/a.txt": "aa", "corpus/x/b.txt": "bbb", "alone": "c"}


def md5(text: str | bytes) -> str:
    return hashlib.md5(text.encode() if isinstance(text, str) else text).hexdigest()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("push") / "repository"
    write_seeds(root, FILES)
    with Repo.init(str(root), no_scm=True) as repo, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # DVC's own
        repo.add([str(root / "corpus"), str(root / "alone")])
    outs = "[out: {cache: false}, later]"
    (root / "dvc.yaml").write_text(f"stages:\n  a:\n    cmd: nothing\n    outs: {outs}\n")
    return root


class Made:
    """A repository of DVC with a remote, which no program pushes to."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dvc_push, "run_dvc", self.run)
        self.root, self.asked = root, list[Any]()
        self.remote, self.other = root.with_name("remote"), root.with_name("other")
        (root / ".dvc" / "config.local").write_text(
            f'[core]\n    remote = "r"\n[\'remote "r"\']\n    url = {self.remote}\n'
            f"['remote \"other\"']\n    url = {self.other}\n"
        )

    def run(self, *command: Any) -> str:
        self.asked.append(command)
        return ""

    def push_data(self, remote: str | None = None, **more: Any) -> None:
        push_data(self.root, remote, **more)

    def cached(self, oid: str) -> Path:
        return self.root / ".dvc" / "cache" / "files" / "md5" / oid[:2] / oid[2:]

    @property
    def listing(self) -> Path:
        return next((self.root / ".dvc" / "cache").rglob("*.dir"))


def held(place: Path) -> dict[str, bytes]:
    """What lies at a place by its name, which is that of its bytes."""
    found = {p.parent.name + p.name: p.read_bytes() for p in place.rglob("files/md5/??/*")}
    assert all(md5(data) == oid.removesuffix(".dir") for oid, data in found.items())
    return found


@pytest.fixture
def made(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    shutil.copytree(template, tmp_path / "repository", symlinks=True)
    return Made(tmp_path / "repository", monkeypatch)


@pytest.mark.parametrize("remote", [None, "other"])
def test_what_the_remote_lacks_is_pushed_again(made: Made, remote: str | None) -> None:
    made.push_data(remote)
    there, empty = (made.other, made.remote) if remote else (made.remote, made.other)
    assert made.asked == [(made.root, "push", *(["--remote=other"] if remote else []))]
    assert sorted(held(there)) == sorted([*map(md5, FILES.values()), md5(made.listing.read_bytes()) + ".dir"])
    assert held(empty) == {}


def test_only_what_came_back_damaged_is_written_over(made: Made) -> None:
    made.push_data()
    for oid in map(md5, FILES.values()):
        path = made.remote / "files" / "md5" / oid[:2] / oid[2:]
        path.unlink()
        path.write_text("damaged")
        path.chmod(0o444)  # DVC looks no further
    made.push_data(damaged=["x/b.txt", "alone"])
    left = sorted(p.read_text() for p in made.remote.rglob("files/md5/??/??????????????????????????????"))
    assert left == ["bbb", "damaged", "damaged"]  # names are those of the dataset's files


def test_the_cache_is_mended_from_the_working_tree(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    lost, damaged = made.cached(md5("aa")), made.cached(md5("c"))
    lost.unlink()
    damaged.chmod(0o644)
    damaged.write_text("damaged")
    made.push_data()
    assert (lost.read_text(), damaged.read_text()) == ("aa", "c")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (lost, damaged)} == {0o444}
    said = [
        f"release: {p} was damaged or lost; restored from {made.root / f}"
        for p, f in ((lost, "corpus/a.txt"), (damaged, "alone"))
    ]
    assert sorted(capsys.readouterr().err.splitlines()) == sorted(said)
    assert len(held(made.remote)) == 4


@pytest.mark.parametrize("text", [None, "other"])
def test_what_cannot_be_mended_is_named(made: Made, text: str | None) -> None:
    lost, file = made.cached(md5("bbb")), made.root / "corpus" / "x" / "b.txt"
    lost.unlink()
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(ReleaseError) as caught:
        made.push_data()
    assert str(caught.value) == (
        f"{lost}: DVC's copy of {file} is damaged or lost, and so is the file; delete both, run dvc repro (or dvc "
        "pull, if it was pushed before), then run copydesk release again"
    )
    assert made.asked == [] and not made.remote.exists()


@pytest.mark.parametrize("text", [None, "[]"])
def test_a_list_of_files_that_is_lost_is_named_and_removed(made: Made, text: str | None) -> None:
    listing = made.listing
    listing.unlink()
    if text is not None:
        listing.write_text(text)
    with pytest.raises(ReleaseError) as caught:
        made.push_data()
    assert str(caught.value) == (
        f"{listing}: DVC's list of the files in {made.root / 'corpus'} is lost; run dvc commit --force, then run "
        "copydesk release again"
    )
    assert not listing.exists() and made.asked == []


def test_a_remote_that_cannot_be_written_is_named(made: Made) -> None:
    made.remote.write_text("a file where a folder should be")
    expected = (
        rf"^{re.escape(str(made.remote / 'files' / 'md5'))}: cannot be pushed to \(\w+Error: .*{made.remote}.*\)$"
    )
    with pytest.raises(ReleaseError, match=expected):
        made.push_data()


def test_storages_that_cannot_be_listed_are_named_with_the_reason(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.push_data("other")
    oids = {p.parent.name + p.name for p in made.other.rglob("files/md5/??/*")}
    config = made.root / ".dvc" / "config.local"
    config.write_text(config.read_text() + "['remote \"web\"']\n    url = http://127.0.0.1:9/x\n")
    real, locked = LocalHashFileDB.all, made.remote

    def listed(self: Any, *given: Any, **more: Any) -> Any:
        if self.path.startswith(str(locked)):
            raise PermissionError(13, "Permission denied")
        return real(self, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(LocalHashFileDB, "all", listed)
        with open_storages(made.root, own=True) as storages:
            assert [(storage.name, set(storage.oids)) for storage in storages.readable] == [
                ("cache", oids),
                ("remote other", oids),
            ]
            assert storages.unreadable == {
                "remote web": "this kind of remote cannot list its objects",
                "remote r": "PermissionError: [Errno 13] Permission denied",
            }
            assert storages.default == "r" and len(storages.with_object(next(iter(oids)))) == 2
        locked = made.root
        denied = rf"^{made.root}: DVC's cache cannot be read: PermissionError: \[Errno 13\] Permission denied$"
        with pytest.raises(ReleaseError, match=denied), open_storages(made.root, own=True):
            pass
    with open_storages(made.root, own=True) as storages:  # nothing was ever pushed there
        assert [storage.name for storage in storages.readable] == ["cache", "remote other", "remote r"]
        assert storages.readable[2].oids == frozenset()
    missing = rf"^{made.other}: no DVC repository; run dvc init, or give --root$"
    with pytest.raises(ReleaseError, match=missing), open_storages(made.other, own=True):
        pass
