"""Writing so that nobody ever sees half a file, hashing what was written, locks, errors of the system in words."""

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

#: What the system says when there is no room: on the disk, in the quota, in the largest file that is allowed.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BLOCK = 1 << 20
_ADVICE = {
    **dict.fromkeys(FULL, "make room and run it again: what is finished is kept, and what was there is as it was"),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM), "change its mode or its owner, or run this as the user to whom it belongs"
    ),
    errno.EROFS: "the file system can only be read; mount it for writing, or choose another folder",
    errno.EISDIR: "a folder stands where a file is expected; move it away",
    errno.ENOENT: "put it back, or name another",
    errno.ENAMETOOLONG: "shorten the name, or move the folder up",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "raise the limit of open files (ulimit -n)"),
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "something else stands where a folder is expected; move it away"),
}
#: File systems that know no locks say one of these.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


def explained(error: OSError, path: Path | None = None, done: str = "used") -> str:
    """An error of the operating system in a line: the path, the reason, what to do.

    Parameters
    ----------
    error : OSError
    path : Path, optional
        The path at fault where the error names none.
    done : str
        What cannot be done to it: used, read, written.
    """
    named = error.filename2 or error.filename  # where something is renamed, the new name is the one that is known
    where = named if isinstance(named, (str, bytes)) else path
    name = os.fsdecode(where) if where is not None else type(error).__name__
    reason = " ".join(str(error.strerror or error).split())
    advice = _ADVICE.get(error.errno or 0, "see to it, then run this again")
    line = f"{name}: cannot be {done} ({reason}); {advice}"
    return line if line.isprintable() else ascii(line)[1:-1]


@contextmanager
def locked(path: Path, busy: str, wait: float = 0) -> Iterator[None]:
    """Hold a lock: the system's, on a file that stays, so that a process that is killed leaves none behind.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    busy : str
        What to say if somebody else holds the lock.
    wait : float
        Seconds to wait for it.

    Raises
    ------
    BuildError
        If somebody else holds it, or the file cannot be made.
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
    """Whether the lock of an open file is ours now; on a file system without locks it is."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


_OBJECT = re.compile(r"/files/md5/[0-9a-f]{2}/[0-9a-f]{30}$")  # which nobody can name who does not know its bytes


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that takes the place of ``path`` when the block ends without an error.

    The data is on disk before the name changes, so after a crash ``path`` holds the old bytes or the new ones. It
    keeps the mode that it had; a new file gets that of any file that this user makes.

    Raises
    ------
    BuildError
        If the system refuses to write it.
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
    """Read a file whole, in half the time that ``Path`` and its buffers take."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123
        return file.read()


def clear_left(*folders: Path) -> None:
    """Remove the files that killed processes were writing; for folders in which one process writes at a time."""
    for folder in folders:
        for left in folder.glob(".*.*.tmp"):
            if left.is_file():
                left.unlink(missing_ok=True)


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

    Its mode is that of the folder it replaces, or of any folder that this user makes.

    Raises
    ------
    BuildError
        If the system refuses to write it.
    """
    with _explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        mode = _mode(path)
        temporary = _beside(path, ".tmp")
        temporary.mkdir(0o777 if mode is None else 0o700)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            _taken(handle)  # held while this process is at work: what is not held was left by one that was killed
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
    """A name in the same folder that nobody has; not too long, whatever letters the path is made of."""
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}{suffix}")


def _remove_abandoned(path: Path) -> None:
    """Remove the folders that killed processes were writing in the place of ``path``."""
    for left in path.parent.iterdir():
        if left.name.startswith(f".{path.name[:40]}.") and left.suffix in (".tmp", ".old") and left.is_dir():
            handle = os.open(left, os.O_RDONLY)
            try:
                if _taken(handle):
                    _remove(left)
            finally:
                os.close(handle)


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):  # two processes may remove it at once
        shutil.rmtree(folder)


def _mode(path: Path) -> int | None:
    """The permission bits of what is there; None where nothing is."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


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
def _explaining(path: Path) -> Iterator[None]:
    """Say in words what the system refuses; that something is not there is for the caller to judge."""
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
