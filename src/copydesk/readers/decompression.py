"""Files as they are, compressed or not, and a limit for those that were made to fill a disk."""

from __future__ import annotations

import io
import re
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
_INPUT, _OUTPUT = 1 << 14, 1 << 16
#: Formats of zlib: what a gzip file has around the data, what "deflate" has, and the data alone.
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
#: What a stream raises behind the last byte that stands before a damage.
BROKEN = (OSError, pa.ArrowException, zlib.error)
#: How a member of a gzip file begins: flags, time, level and system can have few values.
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]", re.DOTALL)


def refuse_bomb(packed: int, made: int) -> None:
    """Refuse what so many bytes unpack to, if they are more than any text would give.

    Raises
    ------
    UnreadableError
        With reason ``bomb``.
    """
    if made > _SLACK + _MOST_TIMES * packed:
        raise bomb(packed, made)


def bomb(packed: int, made: int) -> UnreadableError:
    """The error of what so many bytes unpack to."""
    return UnreadableError(
        "bomb",
        f"{packed:,} bytes unpack to {made:,} or more, at most {_MOST_TIMES} times as many are expected of text; "
        "unpack it if you know what it is",
    )


def is_bomb(packed: int, made: int) -> bool:
    """Whether so many bytes are more than any text would give, large or small."""
    return made > _MOST_TIMES * packed


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


class TruncatedStream(OSError):
    """Compressed data end before their end."""


class _Unpacked(io.RawIOBase):
    def __init__(self, plain: BinaryIO, compression: str) -> None:
        super().__init__()
        self._plain = plain
        self._stream = Inflated(plain) if compression == "gzip" else Decoded(plain, compression)
        self._made = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except BROKEN as error:
            lost = _members_behind(self._plain, self._stream.damage) if isinstance(self._stream, Inflated) else ""
            raise UnreadableError("bad-container", f"damaged ({error}); {lost}deliver the file again") from None
        self._made += len(data)
        refuse_bomb(self._plain.tell(), self._made)
        buffer[: len(data)] = data
        return len(data)


class Inflated:
    """Members of a gzip file behind each other: archives of the web have one for each record.

    What comes before a damage is given out, then the error is raised; Arrow would lose a megabyte of it.

    Attributes
    ----------
    between : bool
        Whether it stands behind a whole member and before the first byte of another.
    damage : int
        Where the damage is, once an error was raised.
    """

    def __init__(self, plain: BinaryIO, window: int = GZIP) -> None:
        self._plain = plain
        self._window = window
        self._inflate = zlib.decompressobj(window)
        self._error: Exception | None = None
        self.between = False
        self.damage = 0

    @property
    def consumed(self) -> int:
        """Bytes that were read and unpacked."""
        return self._plain.tell() - len(self._inflate.unconsumed_tail)

    def read(self, size: int) -> bytes:
        """At most so many bytes, none at the end."""
        while self._error is None:
            if self._inflate.eof:
                following = self._inflate.unused_data.lstrip(b"\0")  # a file may be filled up
                while not following and (more := self._plain.read(_INPUT)):
                    following = more.lstrip(b"\0")
                self.between = True
                if not following:
                    return b""
                self._inflate = zlib.decompressobj(self._window)
            else:
                following = self._inflate.unconsumed_tail or self._plain.read(_INPUT)
            if made := self._made(following, size):
                self.between = False
                return made
        raise self._error

    def _made(self, data: bytes, size: int) -> bytes:
        self.damage = self._plain.tell()
        if not data:
            self._error = TruncatedStream("Truncated compressed stream")
            return b""
        before = self._inflate.copy()
        try:
            return self._inflate.decompress(data, size)
        except zlib.error as error:
            self._error = error
        made = bytearray()
        for at in range(len(data)):
            try:
                made += before.decompress(data[at : at + 1])
            except zlib.error:
                self.damage -= len(data) - at
                break
        return bytes(made)


class Decoded:
    """What Arrow unpacks: zstd, brotli. What comes before a damage is given out, then the error is raised.

    Arrow loses what it unpacked in the call that fails. So the stream is then read a second time up to there, and on
    by single bytes.
    """

    def __init__(self, plain: BinaryIO, compression: str) -> None:
        self._plain = plain
        self._compression = compression
        self._start = plain.tell()
        self._stream = self._opened()
        self._size = _OUTPUT
        self._given = 0

    @property
    def consumed(self) -> int:
        """Bytes that were read."""
        return self._plain.tell() - self._start

    def read(self, size: int) -> bytes:
        """At most so many bytes, none at the end."""
        try:
            data: bytes = self._stream.read(min(size, self._size))
        except BROKEN as error:
            if self._size == 1:
                raise TruncatedStream(str(error)) if "Truncated" in str(error) else error from None
            self._again()
            return self.read(size)
        self._given += len(data)
        return data

    def _opened(self) -> pa.CompressedInputStream:
        return pa.CompressedInputStream(pa.PythonFile(self._plain, "r"), self._compression)

    def _again(self) -> None:
        self._failed = self._stream  # it would close the file if nobody held it
        self._plain.seek(self._start)
        self._stream = self._opened()
        left = self._given
        while left:
            left -= len(self._stream.read(min(left, _OUTPUT)))
        self._size = 1


def _members_behind(plain: BinaryIO, damage: int) -> str:
    """Say how many members of a gzip file follow behind a damage: each may be a record, and none of them is read."""
    plain.seek(damage)
    count, tail = 0, b""
    while data := plain.read(_OUTPUT):
        count += len(_MEMBER.findall(tail + data))
        tail = (tail + data)[-9:]
    return f"{count:,} gzip members behind byte {damage:,} are not read; " if count else ""
