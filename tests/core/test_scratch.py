"""Work in progress lies where a takedown finds it, and the next run removes what a killed one left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.core.scratch import Leftover, leftovers, scratch
from copydesk.errors import BuildError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "copydesk" / "scratch"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "build").mkdir()
    return tmp_path / "build"


def killed(build: Path, purpose: str) -> Path:
    """The folder of a process that was killed while it was at work there."""
    code = f"""
import os, signal, sys
from pathlib import Path
from copydesk.core.scratch import scratch
with scratch({purpose!r}, Path({str(build)!r})) as folder:
    (folder / "text").write_text("a document")
    print(folder, flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert leftovers(build)[-1] == Leftover(folder, in_use=True)
        with scratch(purpose, build) as other:
            assert other != folder and folder.exists()
        os.kill(process.pid, signal.SIGKILL)
    assert leftovers(build)[-1] == Leftover(folder, in_use=False)
    return folder


def test_what_a_killed_command_left_is_found_and_its_next_run_removes_it(build: Path) -> None:
    folder = killed(build, "one")
    assert folder.parent == build / "scratch" and (folder / "text").read_text() == "a document"
    with scratch("two", build) as other:
        assert folder.exists()
        assert leftovers(build) == [Leftover(folder, in_use=False), Leftover(other, in_use=True)]
    with scratch("one", build) as again:
        assert not folder.exists() and list(again.iterdir()) == []
        assert again.stat().st_mode & 0o077 == 0
    assert leftovers(build) == []


def test_without_a_project_it_lies_in_the_users_cache(build: Path, cache: Path, tmp_path: Path) -> None:
    for room in (None, tmp_path / "not-there"):
        with scratch("load", room) as folder:
            assert folder.parent == cache
            assert leftovers(build) == [Leftover(folder, in_use=True)]
    assert not (tmp_path / "not-there").exists()
    (build / "scratch").write_text("a file where a folder should be")
    with scratch("load", build) as folder:
        assert folder.parent == cache
    cache.rmdir()
    cache.write_text("a file where a folder should be")
    with (
        pytest.raises(BuildError, match=rf"^{cache}: not writable; set XDG_CACHE_HOME to"),
        scratch("load", build),
    ):
        pass


def test_an_error_leaves_nothing(build: Path) -> None:
    with pytest.raises(KeyError), scratch("one", build) as folder:
        (folder / "deep").mkdir()
        raise KeyError
    assert leftovers(build) == []


@pytest.mark.parametrize("linked", ["build", "build/scratch"])
def test_a_link_of_a_repository_is_not_followed(build: Path, tmp_path: Path, cache: Path, linked: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    kept = elsewhere / "scratch" / "one-kept" if linked == "build" else elsewhere / "one-kept"
    kept.mkdir(parents=True)
    if linked == "build":
        build.rmdir()
    (tmp_path / linked).symlink_to(elsewhere)
    with scratch("one", build) as folder:
        assert folder.parent == cache and kept.is_dir()
        assert leftovers(build) == [Leftover(folder, in_use=True)]
