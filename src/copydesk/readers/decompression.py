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
#: How far before the place where a damage shows the next member may begin.
_TAKEN_FOR_THE_REST = 1 << 16
_MEMBER_HEAD = 1 << 10  # bytes of a member within which its data begin
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
        with UnpackedFile(_Unpacked(plain, compression), 1 << 20) as file:
            # For the type checker a BufferedReader is not a BinaryIO.
            yield cast(BinaryIO, file)


class UnpackedFile(io.BufferedReader):
    """A stream of unpacked bytes. Of damaged gzip, a reader may go on at a later member."""

    raw: _Unpacked

    def resume_at(self, marker: bytes) -> None:
        """Say how the data of a gzip member begin at which reading may go on, see :meth:`resumed`."""
        self.raw.marker = marker

    def resumed(self, start: int, at_most: int) -> bytes | None:
        """Go on behind a damage, at the next gzip member whose data begin with the marker.

        Returns the data of the damaged member from an offset in the unpacked data on, up to the damage, or None if no
        such member follows. Data that were read before may end in bytes that are none: of a member that is cut off,
        the following one is taken for its rest.
        """
        return self.raw.resumed(start, at_most)


class TruncatedStream(OSError):
    """Compressed data is cut off."""


class _Unpacked(io.RawIOBase):
    def __init__(self, plain: BinaryIO, compression: str) -> None:
        super().__init__()
        self._plain = plain
        self._stream = Inflated(plain) if compression == "gzip" else Decoded(plain, compression)
        self._made = 0
        self.marker = b""

    def resumed(self, start: int, at_most: int) -> bytes | None:
        """See :meth:`UnpackedFile.resumed`."""
        if not isinstance(self._stream, Inflated):
            return None
        damaged, damage = self._stream.member, self._stream.damage
        following = _member_from(self._plain, max(damaged + 1, damage - _TAKEN_FOR_THE_REST), self.marker)
        if following is None:
            return None
        skipped = start - (self._made - self._stream.made)
        self._plain.seek(damaged)
        undamaged = _beginning(self._plain, following - damaged, skipped, at_most) if skipped >= 0 else b""
        self._plain.seek(following)
        self._stream = Inflated(self._plain)
        return undamaged

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except BROKEN as error:
            lost = ""
            if isinstance(self._stream, Inflated) and not self.marker:
                lost = _members_behind(self._plain, self._stream.damage)
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
    member, made : int
        The position of the member, and the number of bytes that it has given.
    """

    def __init__(self, plain: BinaryIO, window: int = GZIP) -> None:
        self._plain = plain
        self._window = window
        self._inflate = zlib.decompressobj(window)
        self._error: Exception | None = None
        self.between = False
        self.damage = self.made = 0
        self.member = plain.tell()

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
                self.member, self.made = self._plain.tell() - len(following), 0
            else:
                following = self._inflate.unconsumed_tail or self._plain.read(_INPUT)
            if data := self._unpack(following, size):
                self.between = False
                self.made += len(data)
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


def _member_from(plain: BinaryIO, position: int, marker: bytes) -> int | None:
    """Return the position of the first gzip member whose data begin with a marker, from a position on."""
    plain.seek(position)
    data, is_last = b"", False
    while not is_last:
        more = plain.read(_OUTPUT)
        data += more
        is_last = len(more) < _OUTPUT
        until = len(data) if is_last else len(data) - _MEMBER_HEAD  # the others are looked at with the next part
        for match in _MEMBER.finditer(data, 0, until):
            head = data[match.start() : match.start() + _MEMBER_HEAD]
            try:
                if zlib.decompressobj(GZIP).decompress(head, len(marker)) == marker:
                    return position + match.start()
            except zlib.error:
                continue
        at = max(until - 9, 0)  # a member may begin with the last bytes
        position += at
        data = data[at:]
    return None


def _beginning(plain: BinaryIO, packed: int, skipped: int, at_most: int) -> bytes:
    """Return data of the gzip member at which a file stands, and which is cut off after some packed bytes."""
    member = Inflated(cast(BinaryIO, _Part(plain, packed)))
    data = bytearray()
    try:
        while len(data) < at_most and (piece := member.read(_OUTPUT)):
            data += piece[skipped:]
            skipped = max(skipped - len(piece), 0)
    except BROKEN:
        pass
    return bytes(data[:at_most])


class _Part(io.RawIOBase):
    """The next bytes of a file."""

    def __init__(self, plain: BinaryIO, size: int) -> None:
        super().__init__()
        self._plain, self._left = plain, size

    def tell(self) -> int:
        return self._plain.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._plain.read(min(size, self._left))
        self._left -= len(data)
        return data


def _members_behind(plain: BinaryIO, damage: int) -> str:
    """Return a message with the number of gzip members after a damage, which are not read; each may be a record."""
    plain.seek(damage)
    count, tail = 0, b""
    while data := plain.read(_OUTPUT):
        count += len(_MEMBER.findall(tail + data))
        tail = (tail + data)[-9:]
    return f"{plural(count, 'gzip member')} after byte {damage:,} not read; " if count else ""
