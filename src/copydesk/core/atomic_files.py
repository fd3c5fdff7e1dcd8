"""Atomic writes of files and folders, hashes of files, locks, and messages for errors of the operating system."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from copydesk.core.journal import note_unfinished, note_written
from copydesk.errors import BuildError

#: Errors for lack of room: the disk is full, the quota is used up, or the file would be larger than allowed.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BLOCK = 1 << 20
_ADVICE = {
    **dict.fromkeys(FULL, "make room and run it again: finished work is kept, and existing files are unchanged"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "change its mode or owner, or run this as the user who owns it"),
    errno.EROFS: "the file system is read-only; mount it for writing, or choose another folder",
    errno.EISDIR: "a folder is in the place of a file; move it away",
    errno.ENOENT: "restore it, or name another path",
    errno.ENAMETOOLONG: "shorten the name, or move the folder to a shorter path",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "raise the limit on open files (ulimit -n)"),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "another file is in the place of a folder; move it away"),
}
#: Errors of file systems that do not support locks.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


def explained(error: OSError, path: Path | None = None, done: str = "used") -> str:
    """Describe an error of the operating system in one line: the path, the reason, and what to do.

    Parameters
    ----------
    error : OSError
    path : Path, optional
        The path to name if the error has none.
    done : str
        What cannot be done to the path: used, read, written.
    """
    named = error.filename2 or error.filename  # of a rename, the new name
    where = named if isinstance(named, (str, bytes)) else path
    name = os.fsdecode(where) if where is not None else type(error).__name__
    reason = " ".join(str(error.strerror or error).split())
    advice = _ADVICE.get(error.errno or 0, "resolve this, then run it again")
    line = f"{name}: cannot be {done} ({reason}); {advice}"
    return line if line.isprintable() else ascii(line)[1:-1]


@contextmanager
def locked(path: Path, busy: str, wait: float = 0) -> Iterator[None]:
    """Hold a lock of the operating system on a file. The system releases it even if the process is killed.

    Parameters
    ----------
    path : Path
        The file to lock. It is created if missing, and it stays.
    busy : str
        The message of the error if another process holds the lock.
    wait : float
        Seconds to wait for the lock.

    Raises
    ------
    BuildError
        If another process holds the lock, or the file cannot be created.
    """
    with _explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)
    try:
        until = time.monotonic() + wait
        while not _taken(handle):
            if time.monotonic() >= until:
                raise BuildError(busy)
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    """Try to lock an open file; return whether it succeeded. On a file system without locks it always does."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


#: Path of an object in DVC's cache. Nobody can name one without knowing its content.
_OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces ``path`` when the block ends without an error.

    The data is synced to disk before the rename, so after a crash ``path`` holds either the old bytes or the new
    ones. An existing file keeps its mode; a new file gets the mode that the umask gives.

    Raises
    ------
    BuildError
        If the operating system refuses to write.
    """
    with _explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(path)
        temporary = _beside(path, ".tmp")
        # The system applies the umask: a process cannot read its own without changing it for all its threads.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        try:
            note_unfinished(temporary)
            with os.fdopen(handle, "wb") as file:
                if mode is not None:
                    os.fchmod(handle, mode)
                yield file
                file.flush()
                os.fsync(file.fileno())
            note_written(path, temporary)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def read_whole(path: str) -> bytes:
    """Read a whole file without buffering, in half the time that ``Path.read_bytes`` takes."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def remove_unfinished(*folders: Path) -> None:
    """Remove temporary files of killed processes; for folders in which only one process writes at a time."""
    for folder in folders:
        for temporary in folder.glob(".*.*.tmp"):
            if temporary.is_file():
                temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, with its line endings unchanged."""
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON (see :func:`json_text`)."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return indented JSON: sorted keys, two spaces a level, a final line feed."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_json_lines(path: Path, values: Iterable[Any]) -> None:
    """Write JSON Lines: one value per line."""
    with replacing(path) as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n")


def read_json_lines(path: Path) -> list[Any]:
    """Read a file of :func:`write_json_lines`. Only a line feed ends a line: strings may hold other breaks."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Create an empty temporary folder that replaces ``path`` when the block ends without an error.

    An existing folder keeps its mode; a new one gets the mode that the umask gives.

    Raises
    ------
    BuildError
        If the operating system refuses to write.
    """
    with _explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        mode = _mode(path)
        temporary = _beside(path, ".tmp")
        temporary.mkdir(0o777 if mode is None else 0o700)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            _taken(handle)  # a temporary folder without a lock belongs to a process that was killed
            note_unfinished(temporary)
            yield temporary
            if mode is not None:
                temporary.chmod(mode)
            for file in temporary.rglob("*"):
                note_written(path / file.relative_to(temporary), file)
            if path.exists():
                old = temporary.with_suffix(".old")
                path.replace(old)
                temporary.replace(path)
                _remove(old)
            else:
                temporary.replace(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        finally:
            os.close(handle)
        _sync_folder(path.parent)


def _beside(path: Path, suffix: str) -> Path:
    """Return an unused path in the same folder, short enough whatever characters the name has."""
    if not path.name:
        raise BuildError(f"{path}: cannot be written: it has no name; name a file or folder in it, such as out")
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}{suffix}")


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary folders of killed processes that were replacing ``path``."""
    for folder in path.parent.iterdir():
        if folder.name.startswith(f".{path.name[:40]}.") and folder.suffix in (".tmp", ".old") and folder.is_dir():
            handle = os.open(folder, os.O_RDONLY)
            try:
                if _taken(handle):
                    _remove(folder)
            finally:
                os.close(handle)


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):  # two processes may remove it at once
        shutil.rmtree(folder)


def _mode(path: Path) -> int | None:
    """Return the permission bits of a path, or None if it does not exist."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file, sync it to disk, and return the SHA-256 of the copied bytes."""
    with source.open("rb") as reader:
        return write_hashed(reader, target)


def write_hashed(reader: BinaryIO, target: Path) -> str:
    """Write the rest of a stream to a file, sync it to disk, and return the SHA-256 of the written bytes."""
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
    """Return whether ``path`` is a regular file, not a symbolic link, whose bytes have this SHA-256."""
    try:
        return not path.is_symlink() and sha256_file(path) == sha256
    except OSError:
        return False


def leads_out(path: Path, folder: Path) -> bool:
    """Return whether a path below a folder resolves to a place outside it. Links into DVC's cache do not count."""
    real = path.resolve()
    return not real.is_relative_to(folder.resolve()) and not _OBJECT.search(real.as_posix())


def link_or_copy(source: Path, target: Path) -> None:
    """Create a hard link to a file, or copy the file if the file system cannot link it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        copy_hashed(source, target)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Turn an OSError into a BuildError that says what to do; a FileNotFoundError is left to the caller."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        raise BuildError(explained(error, path, "written")) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
