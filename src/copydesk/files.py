"""Writing so that nobody ever sees half a file, and hashing what was written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
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
_OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")  # which nobody can name who does not know its bytes


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
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)
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
            yield temporary
            temporary.chmod(0o755)
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


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a path below a folder leads, by a link, elsewhere; DVC's links to objects in its cache do not count."""
    real = path.resolve()
    return not real.is_relative_to(folder.resolve()) and not _OBJECT.search(real.as_posix())


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
