"""Folders for work in progress that may hold documents: never in the system's temporary folder.

They lie in ``build/scratch`` of a project that has a ``build``, else in ``scratch`` of the user's cache folder. Each
is locked while a command is at work in it. A command that was killed leaves its folder behind, without a lock: the
next run of the same command removes it, and a takedown looks for all of them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import BuildError

_NAME = "scratch"


class Leftover(NamedTuple):
    """A folder of work in progress, and whether a command is still at work in it."""

    path: Path
    in_use: bool


def cache_folder() -> Path:
    """Where copydesk keeps things of a user: ``copydesk`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copydesk"


@contextmanager
def scratch(purpose: str, room: Path | None = None) -> Iterator[Path]:
    """Make an empty folder that is removed when the block ends, and remove those that killed runs left behind.

    Parameters
    ----------
    purpose : str
        What it is for; of killed runs, folders of the same purpose are removed.
    room : Path, optional
        The folder ``build`` of a project, or a cache; where it is not there or closed, the user's cache is taken.

    Raises
    ------
    BuildError
        If neither can be written to.
    """
    place = _writable(room)
    with _alone_in(place):
        for left in place.glob(f"{purpose}-*"):
            if not _is_locked(left):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=place, prefix=f"{purpose}-"))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def leftovers(build: Path) -> list[Leftover]:
    """All folders of work in progress: of a project, and of the user."""
    found = []
    for place in (build / _NAME, cache_folder() / _NAME):
        if place.is_dir():
            with _alone_in(place):
                found += [Leftover(path, _is_locked(path)) for path in sorted(place.iterdir()) if path.is_dir()]
    return found


def _writable(room: Path | None) -> Path:
    """The folder that scratch folders are made in."""
    places = [room.absolute() / _NAME] if room is not None and room.is_dir() else []
    places.append(cache_folder().absolute() / _NAME)
    for place in places:
        with suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(place, os.W_OK | os.X_OK):
                return place
    raise BuildError(f"{places[-1]}: cannot be written; set XDG_CACHE_HOME to a folder that can")


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Keep others from making or removing folders here, so that none is taken for left before it is locked."""
    lock = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_locked(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:  # not ours to open
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
