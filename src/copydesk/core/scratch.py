"""Folders for work in progress that may hold documents, kept out of the system's temporary folder.

They are created in ``build/scratch`` of a project that has a ``build``, else in ``scratch`` of the user's cache
folder. A command locks its folder while it runs. A killed command leaves its folder behind without a lock: the next
run of the same command removes it, and a takedown searches all of them.
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
    """A folder of work in progress, and whether a running command uses it."""

    path: Path
    in_use: bool


def cache_folder() -> Path:
    """Return the folder for cached files of the user: ``copydesk`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "copydesk"


@contextmanager
def scratch(purpose: str, room: Path | None = None) -> Iterator[Path]:
    """Create an empty folder that is removed when the block ends, and remove the folders of killed runs.

    Parameters
    ----------
    purpose : str
        What the folder is for. Only folders of killed runs with the same purpose are removed.
    room : Path, optional
        The folder ``build`` of a project, or a cache. If it is missing, not writable, or a link, the user's cache is
        used.

    Raises
    ------
    BuildError
        If neither is writable.
    """
    parent = _writable(room)
    with _locked_against_others(parent):
        for leftover in parent.glob(f"{purpose}-*"):
            if not _is_locked(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=f"{purpose}-"))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def leftovers(build: Path) -> list[Leftover]:
    """List all folders of work in progress, of a project and of the user."""
    folders = []
    for parent in (*_inside(build), cache_folder() / _NAME):
        if parent.is_dir():
            with _locked_against_others(parent):
                folders += [Leftover(path, _is_locked(path)) for path in sorted(parent.iterdir()) if path.is_dir()]
    return folders


def _inside(room: Path | None) -> list[Path]:
    """The place in a room, unless a link leads elsewhere: a repository may hold one, and files there are removed."""
    if room is None or not room.is_dir() or room.is_symlink() or (room / _NAME).is_symlink():
        return []
    return [room.absolute() / _NAME]


def _writable(room: Path | None) -> Path:
    """Return the folder in which to create scratch folders."""
    places = [*_inside(room), cache_folder().absolute() / _NAME]
    for place in places:
        with suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(place, os.W_OK | os.X_OK):
                return place
    raise BuildError(f"{places[-1]}: not writable; set XDG_CACHE_HOME to a writable folder")


@contextmanager
def _locked_against_others(parent: Path) -> Iterator[None]:
    """Keep other commands from creating or removing scratch folders, so that none is removed before it is locked."""
    lock = os.open(parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_locked(folder: Path) -> bool:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:  # no permission to open it
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
