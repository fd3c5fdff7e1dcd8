"""The journal of a command: every file that it writes, with its hash, so that all can be taken back after a kill."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Environment variable with the file that :func:`journaled` notes in; set for this process and those it starts.
_JOURNAL = "COPYDESK_JOURNAL"


@contextmanager
def journaled(journal: Path) -> Iterator[None]:
    """Note every file that this process and those it starts write atomically, but those beside the journal.

    A file is noted before it gets its name: after a kill, the journal knows all that was written, by its hash.
    """
    kept = os.environ.get(_JOURNAL)
    journal.unlink(missing_ok=True)
    os.environ[_JOURNAL] = str(journal.absolute())
    try:
        yield
    finally:
        del os.environ[_JOURNAL]
        if kept is not None:
            os.environ[_JOURNAL] = kept


def note_written(path: Path, written: Path | None = None) -> None:
    """Note in the journal, where there is one, what ``path`` is about to be, or is: the bytes of ``written``."""
    if _JOURNAL in os.environ and (written or path).is_file():
        _note(path, _sha256(written or path))


def note_unfinished(temporary: Path) -> None:
    """Note in the journal, where there is one, that a file or folder was begun."""
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
    """SHA-256 of all that was written to each path, and the files and folders that were begun, finished or not."""
    written: dict[Path, set[str]] = {}
    begun: set[Path] = set()
    for line in journal.read_bytes().split(b"\n") if journal.is_file() else ():
        try:
            path, sha256 = json.loads(line)
        except ValueError:  # the last line, which a kill cut short
            continue
        if sha256 is None:
            begun.add(Path(path))
        else:
            written.setdefault(Path(path), set()).add(sha256)
    return written, begun


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
