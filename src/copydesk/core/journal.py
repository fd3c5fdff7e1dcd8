"""The journal of a command: every file it writes, with its hash, so that a killed command can be undone."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Environment variable with the path of the journal; set for this process and its child processes.
_JOURNAL = "COPYDESK_JOURNAL"


@contextmanager
def journaled(journal: Path) -> Iterator[None]:
    """Record every file that this process and its children write atomically, except in the journal's own folder.

    A file is recorded before it is renamed into place, so after a kill the journal has the hash of every file.
    """
    outer = os.environ.get(_JOURNAL)
    journal.unlink(missing_ok=True)
    os.environ[_JOURNAL] = str(journal.absolute())
    try:
        yield
    finally:
        del os.environ[_JOURNAL]
        if outer is not None:
            os.environ[_JOURNAL] = outer


def note_written(path: Path, written: Path | None = None) -> None:
    """Record, if there is a journal, that ``path`` gets the bytes of ``written``, or has its bytes already."""
    if _JOURNAL in os.environ and (written or path).is_file():
        _note(path, _sha256(written or path))


def note_unfinished(temporary: Path) -> None:
    """Record, if there is a journal, that a temporary file or folder was created."""
    if _JOURNAL in os.environ:
        _note(temporary, None)


def _note(path: Path, sha256: str | None) -> None:
    journal = Path(os.environ[_JOURNAL])
    if path.absolute().is_relative_to(journal.parent):
        return
    with journal.open("ab", buffering=0) as file:
        file.write(json.dumps([str(path.absolute()), sha256]).encode() + b"\n")
        os.fsync(file.fileno())


def read_journal(journal: Path) -> tuple[dict[Path, set[str]], set[Path]]:
    """Return the SHA-256 hashes written to each path, and all temporary files and folders that were created."""
    written: dict[Path, set[str]] = {}
    created: set[Path] = set()
    for line in journal.read_bytes().split(b"\n") if journal.is_file() else ():
        try:
            path, sha256 = json.loads(line)
        except ValueError:  # the last line, truncated by a kill
            continue
        if sha256 is None:
            created.add(Path(path))
        else:
            written.setdefault(Path(path), set()).add(sha256)
    return written, created


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
