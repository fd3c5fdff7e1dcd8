"""Check the footer of an untrusted Parquet file before pyarrow reads it.

pyarrow aborts the process for the columns of some damaged footers. The format is Thrift's compact protocol, with the
fields of ``parquet.thrift``.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection
from typing import Any, BinaryIO

from copydesk.readers.base import damaged
from copydesk.readers.decompression import refuse_bomb

_MAGIC = b"PAR1"
# Field numbers in parquet.thrift.
_ROWS, _GROUPS = 3, 4  # FileMetaData
_CHUNKS, _GROUP_ROWS = 1, 3  # RowGroup
_META = 3  # ColumnChunk
_PATH, _VALUES, _UNPACKED, _PACKED, _DATA, _DICTIONARY = 3, 5, 6, 7, 9, 11  # ColumnMetaData


def refuse_lies(file: BinaryIO, names: Collection[str]) -> None:
    """Refuse a footer whose numbers contradict each other, or that announces a decompression bomb.

    Parameters
    ----------
    file : binary file
        A seekable file.
    names : collection of str
        The columns to read.

    Raises
    ------
    UnreadableError
        With reason ``bad-container`` or ``bomb``.
    """
    try:
        footer = _footer(file)
        groups = [(group[_GROUP_ROWS], [chunk[_META] for chunk in group[_CHUNKS]]) for group in footer[_GROUPS]]
        _check(footer[_ROWS], groups, {name.encode() for name in names})
    except (LookupError, TypeError, ValueError, RecursionError, struct.error) as error:
        raise damaged(1, f"not Parquet (its footer cannot be read: {error!r})") from None


def _check(rows: int, groups: list[tuple[int, list[Any]]], names: set[bytes]) -> None:
    if sum(group_rows for group_rows, _ in groups) != rows:
        raise damaged(1, f"the footer says {rows:,} rows, and other numbers of its groups")
    reached = 0
    for start, end in sorted(_place(chunk) for _, chunks in groups for chunk in chunks if chunk[_VALUES]):
        if start < reached or end < start:
            raise damaged(1, f"the footer says that columns overlap at byte {start:,}")
        reached = end
    for group_rows, chunks in groups:
        for chunk in chunks:
            name, *nested = chunk[_PATH]
            if name not in names:
                continue
            packed, values = max(0, chunk[_PACKED]), chunk[_VALUES]
            refuse_bomb(packed, chunk[_UNPACKED])
            refuse_bomb(packed, values - group_rows)  # lists have more values than rows, and each needs some bytes
            if values < group_rows or (values > group_rows and not nested):
                column = name.decode("utf-8", "backslashreplace")
                raise damaged(1, f"the footer says {group_rows:,} rows and {values:,} values of {column}")


def _place(chunk: dict[int, Any]) -> tuple[int, int]:
    """Return the start and end of a column's pages in the file."""
    start = min(chunk[_DATA], chunk.get(_DICTIONARY) or chunk[_DATA])  # some writers set 0 without a dictionary
    return start, start + chunk[_PACKED]


def footer_length(file: BinaryIO) -> int:
    """Return the length of the footer in bytes.

    Raises
    ------
    ValueError
        If it is invalid.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 8))
    length, magic = struct.unpack("<I4s", file.read(8))
    if magic != _MAGIC or length + 8 > size:
        raise ValueError("no footer of that length")
    return int(length)


def _footer(file: BinaryIO) -> dict[int, Any]:
    length = footer_length(file)
    file.seek(-8 - length, io.SEEK_END)
    footer: dict[int, Any] = _Compact(file.read(length)).value(12)
    return footer


class _Compact:
    """Decoder of Thrift's compact protocol. A struct becomes a dict from field numbers to values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, kind: int) -> Any:  # noqa: PLR0911
        match kind:
            case 1 | 2:  # for an element of a list; a field has the value in its header
                return self._byte() == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                number = self._varint()
                return number >> 1 ^ -(number & 1)
            case 7:
                return struct.unpack("<d", self._bytes(8))[0]
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._varint()
                return [self.value(head & 15) for _ in range(count)]
            case 11:
                count = self._varint()
                kinds = self._byte() if count else 0
                return [(self.value(kinds >> 4), self.value(kinds & 15)) for _ in range(count)]
            case 12:
                return self._struct()
        raise ValueError(f"no type {kind}")

    def _struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self.value(4)
            fields[number] = kind == 1 if kind in (1, 2) else self.value(kind)
        return fields

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("it ends too early")
        return self._data[self._at - count : self._at]

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
        raise ValueError("a number without an end")
