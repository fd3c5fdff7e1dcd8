"""Writing so that nobody ever sees half a file, and hashing what was written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from copydesk.errors import BuildError

#: What the system says when there is no room: on the disk, in the quota, in the largest file that is allowed.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BLOCK = 1 << 20
#: Environment variable with the file that :func:`journaled` notes in; set for this process and those it starts.
_JOURNAL = "COPYDESK_JOURNAL"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of ``path`` when the block ends without an error.

    The data is on disk before the name changes, so after a crash ``path`` holds the old bytes or the new ones.

    Raises
    ------
    BuildError
        If the disk is full.
    """
    with _room(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".tmp")
        temporary = Path(name)
        try:
            _note_unfinished(temporary)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            note_written(path, temporary)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def read_small(path: str) -> bytes:
    """Read a file whole, in half the time that ``Path`` and its buffers take."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def clear_left(*folders: Path) -> None:
    """Remove the files that killed processes were writing; for folders in which one process writes at a time."""
    for folder in folders:
        for left in folder.glob(".*.*.tmp"):
            if left.is_file():
                left.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with the line ends as they are."""
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON for people to read."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """JSON for people to read: sorted keys, two spaces, a final line feed."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_json_lines(path: Path, values: Iterable[Any]) -> None:
    """Write one compact JSON value a line."""
    with replacing(path) as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n")


def read_json_lines(path: Path) -> list[Any]:
    """Read what :func:`write_json_lines` wrote; a line feed alone ends a line, and texts may have other breaks."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder beside ``path`` that takes its place when the block ends without an error.

    Raises
    ------
    BuildError
        If the disk is full.
    """
    with _room(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{path.name}.*"):
            if left.suffix in (".tmp", ".old"):  # by a process that was killed here
                shutil.rmtree(left)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        try:
            _note_unfinished(temporary)
            yield temporary
            temporary.chmod(0o755)
            for file in temporary.rglob("*"):
                note_written(path / file.relative_to(temporary), file)
            if path.exists():
                old = temporary.with_suffix(".old")
                path.replace(old)
                temporary.replace(path)
                shutil.rmtree(old)
            else:
                temporary.replace(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _sync_folder(path.parent)


@contextmanager
def journaled(journal: Path) -> Iterator[None]:
    """Note every file that this process and those it starts write with this module, but those beside the journal.

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
        _note(path, sha256_file(written or path))


def _note_unfinished(temporary: Path) -> None:
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


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file, put it on disk, and return the SHA-256 of the bytes that were copied."""
    with source.open("rb") as reader:
        return write_hashed(reader, target)


def write_hashed(reader: BinaryIO, target: Path) -> str:
    """Write what a reader has left to a file, put it on disk, and return the SHA-256 of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def is_file_of(path: Path, sha256: str) -> bool:
    """Whether there is a regular file, and no link to one, with bytes of this hash."""
    try:
        return not path.is_symlink() and sha256_file(path) == sha256
    except OSError:
        return False


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, where the file system can; else copy it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        copy_hashed(source, target)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _room(path: Path) -> Iterator[None]:
    """Say what to do when there is no room to write a file."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            advice = "make room and run it again: what is finished is kept, and what was there is as it was"
            raise BuildError(f"{path}: cannot be written ({error.strerror}); {advice}") from error
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
