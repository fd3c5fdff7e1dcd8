"""Files as they are, compressed or not, and a limit for those that were made to fill a disk."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from copydesk.errors import UnreadableError

#: Text shrinks to a fifth, a log perhaps to a fiftieth; a file of zeros to a thousandth.
_MOST_TIMES = 200
_SLACK = 16 << 20
_INPUT = 1 << 14
_GZIP = 16 + zlib.MAX_WBITS


def refuse_bomb(packed: int, made: int) -> None:
    """Refuse what so many bytes unpack to, if they are more than any text would give.

    Raises
    ------
    UnreadableError
        With reason ``bomb``.
    """
    if made > _SLACK + _MOST_TIMES * packed:
        raise UnreadableError(
            "bomb",
            f"{packed:,} bytes unpack to {made:,} or more, at most {_MOST_TIMES} times as many are expected of text; "
            "unpack it if you know what it is",
        )


@contextmanager
def unpacked(path: Path, compression: str | None) -> Iterator[BinaryIO]:
    """Open a file, to be read from its beginning to its end without its compression.

    Raises
    ------
    UnreadableError
        While it is read: if it is damaged, or unpacks to more than any text would.
    """
    with path.open("rb") as plain:
        if compression is None:
            yield plain
            return
        with io.BufferedReader(_Unpacked(plain, compression), 1 << 20) as file:
            # A BufferedReader reads as a file does; it is no BinaryIO to the type checker.
            yield cast(BinaryIO, file)


class _Unpacked(io.RawIOBase):
    def __init__(self, plain: BinaryIO, compression: str) -> None:
        super().__init__()
        self._plain = plain
        self._stream = (
            _Gunzip(plain)
            if compression == "gzip"
            else pa.CompressedInputStream(pa.PythonFile(plain, "r"), compression)
        )
        self._made = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (OSError, pa.ArrowException, zlib.error) as error:
            raise UnreadableError("bad-container", f"damaged ({error}); deliver the file again") from None
        self._made += len(data)
        refuse_bomb(self._plain.tell(), self._made)
        buffer[: len(data)] = data
        return len(data)


class _Gunzip:
    """Members of a gzip file behind each other: archives of the web have one for each record.

    What comes before a damage is given out, then the error is raised; Arrow would lose a megabyte of it.
    """

    def __init__(self, plain: BinaryIO) -> None:
        self._plain = plain
        self._inflate = zlib.decompressobj(_GZIP)
        self._error: Exception | None = None

    def read(self, size: int) -> bytes:
        while self._error is None:
            if self._inflate.eof:
                following = self._inflate.unused_data.lstrip(b"\0")  # a file may be filled up
                while not following and (more := self._plain.read(_INPUT)):
                    following = more.lstrip(b"\0")
                if not following:
                    return b""
                self._inflate = zlib.decompressobj(_GZIP)
            else:
                following = self._inflate.unconsumed_tail or self._plain.read(_INPUT)
            if made := self._made(following, size):
                return made
        raise self._error

    def _made(self, data: bytes, size: int) -> bytes:
        if not data:
            self._error = OSError("Truncated compressed stream")
            return b""
        before = self._inflate.copy()
        try:
            return self._inflate.decompress(data, size)
        except zlib.error as error:
            self._error = error
        made = b""
        for at in range(len(data)):
            try:
                made += before.decompress(data[at : at + 1])
            except zlib.error:
                break
        return made
