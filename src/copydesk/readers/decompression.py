"""Decompression of files, with a limit against decompression bombs."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from copydesk.core.plural import plural
from copydesk.errors import UnreadableError

#: Largest ratio of unpacked to packed bytes. Text has about 5, a log perhaps 50, a file of zeros 1,000.
_MOST_TIMES = 200
_SLACK = 16 << 20
_INPUT, _OUTPUT = 1 << 14, 1 << 16
#: Formats of zlib: with a gzip header, with a zlib header (HTTP's "deflate"), without a header.
GZIP, ZLIB, RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
#: Exceptions that a stream raises at a damaged place.
BROKEN = (OSError, pa.ArrowException, zlib.error)
#: The beginning of a gzip member: flags, time, level and system, which have only a few valid values.
_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00\x02\x04][\x00-\x0d\xff]", re.DOTALL)


def refuse_bomb(packed: int, made: int) -> None:
    """Refuse data that unpacks to more than text plausibly would.

    Raises
    ------
    UnreadableError
        With reason ``bomb``.
    """
    if made > _SLACK + _MOST_TIMES * packed:
        raise bomb(packed, made)


def bomb(packed: int, made: int) -> UnreadableError:
    """Return the error for a decompression bomb, from the number of packed and unpacked bytes."""
    return UnreadableError(
        "bomb",
        f"{packed:,} bytes unpack to {made:,} or more, at most {_MOST_TIMES} times as many are expected of text; "
        "unpack it if you know what it is",
    )


def is_bomb(packed: int, made: int) -> bool:
    """Return whether the ratio of unpacked to packed bytes is implausible for text, also for small data."""
    return made > _MOST_TIMES * packed


@contextmanager
def unpacked(path: Path, compression: str | None) -> Iterator[BinaryIO]:
    """Open a file for sequential reading of its unpacked bytes.

    Raises
    ------
    UnreadableError
        While reading, if the file is damaged or a decompression bomb.
    """
    with path.open("rb") as plain:
        if compression is None:
            yield plain
            return
        with io.BufferedReader(_Unpacked(plain, compression), 1 << 20) as file:
            # For the type checker a BufferedReader is not a BinaryIO.
            yield cast(BinaryIO, file)


class TruncatedStream(OSError):
    """Compressed data is cut off."""


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
    """Unpacks consecutive gzip members, because web archives have one per record.

    All data before a damaged place is returned before the error is raised; Arrow would lose up to a megabyte of it.

    Attributes
    ----------
    between : bool
        Whether the position is after a whole member and before the first byte of the next.
    damage : int
        The position of the damage, after an error was raised.
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
        """The number of packed bytes that were unpacked."""
        return self._plain.tell() - len(self._inflate.unconsumed_tail)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        while self._error is None:
            if self._inflate.eof:
                following = self._inflate.unused_data.lstrip(b"\0")  # a file may be padded with zeros
                while not following and (more := self._plain.read(_INPUT)):
                    following = more.lstrip(b"\0")
                self.between = True
                if not following:
                    return b""
                self._inflate = zlib.decompressobj(self._window)
            else:
                following = self._inflate.unconsumed_tail or self._plain.read(_INPUT)
            if data := self._unpack(following, size):
                self.between = False
                return data
        raise self._error

    def _unpack(self, data: bytes, size: int) -> bytes:
        self.damage = self._plain.tell()
        if not data:
            self._error = TruncatedStream("Truncated compressed stream")
            return b""
        before = self._inflate.copy()
        try:
            return self._inflate.decompress(data, size)
        except zlib.error as error:
            self._error = error
        undamaged = bytearray()
        for at in range(len(data)):
            try:
                undamaged += before.decompress(data[at : at + 1])
            except zlib.error:
                self.damage -= len(data) - at
                break
        return bytes(undamaged)


class Decoded:
    """Unpacks zstd or brotli with Arrow. All data before a damaged place is returned before the error is raised.

    Arrow loses the data that it unpacked in the failing call. So the stream is then read a second time up to that
    call, and from there byte by byte.
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
        """The number of packed bytes that were read."""
        return self._plain.tell() - self._start

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        try:
            data: bytes = self._stream.read(min(size, self._size))
        except BROKEN as error:
            if self._size == 1:
                raise TruncatedStream(str(error)) if "Truncated" in str(error) else error from None
            self._reopen()
            return self.read(size)
        self._given += len(data)
        return data

    def _opened(self) -> pa.CompressedInputStream:
        return pa.CompressedInputStream(pa.PythonFile(self._plain, "r"), self._compression)

    def _reopen(self) -> None:
        self._failed = self._stream  # keeps a reference: without one, the stream would close the file
        self._plain.seek(self._start)
        self._stream = self._opened()
        remaining = self._given
        while remaining:
            remaining -= len(self._stream.read(min(remaining, _OUTPUT)))
        self._size = 1


def _members_behind(plain: BinaryIO, damage: int) -> str:
    """Return a message with the number of gzip members after a damage, which are not read; each may be a record."""
    plain.seek(damage)
    count, tail = 0, b""
    while data := plain.read(_OUTPUT):
        count += len(_MEMBER.findall(tail + data))
        tail = (tail + data)[-9:]
    return f"{plural(count, 'gzip member')} after byte {damage:,} not read; " if count else ""
