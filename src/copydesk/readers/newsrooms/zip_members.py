"""Read members of a ZIP file, with limits against decompression bombs and large directories."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import BinaryIO

from copydesk.errors import UnreadableError
from copydesk.readers.decompression import refuse_bomb

#: The record at the end of a ZIP file, and the longest comment behind it.
_END = b"PK\x05\x06"
_END_SIZE = 22
_LONGEST_COMMENT = (1 << 16) - 1
_LARGEST_DIRECTORY = 4 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
#: Exceptions that zipfile raises for damaged files.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    struct.error,
    ValueError,
)


class ZipMembers:
    """The members of a ZIP file, which are read one by one.

    Parameters
    ----------
    file : binary file
        It must be seekable.

    Raises
    ------
    UnreadableError
        If it is not a ZIP file, or one with a very large directory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._size = file.seek(0, io.SEEK_END)
        self._made = 0
        try:
            _refuse_large_directory(file, self._size)
            self._zip = zipfile.ZipFile(file)
        except _BROKEN as error:
            detail = f"not a ZIP file, or one that is cut off ({error}); deliver the file again"
            raise UnreadableError("bad-container", detail) from None

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str, at_most: int) -> bytes:
        """Return the data of a member, or their beginning: at most so many bytes and one more.

        Raises
        ------
        UnreadableError
            With reason ``bomb``, if the file unpacks to far more than it is; else with ``bad-record``.
        """
        if name not in self:
            raise _unread(name, "it is not in the file")
        info = self._zip.getinfo(name)
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            what = "encrypted" if info.flag_bits & _ENCRYPTED else f"compressed by method {info.compress_type}"
            raise _unread(name, f"{what}, expected deflate or none")
        try:
            with self._zip.open(info) as member:
                data = member.read(at_most + 1)
        except _BROKEN as error:
            raise _unread(name, f"damaged: {error}") from None
        self._made += len(data)
        refuse_bomb(self._size, self._made)
        return data


def _unread(name: str, what: str) -> UnreadableError:
    return UnreadableError("bad-record", f"{name[:200]}: {what}; deliver the file again")


def _refuse_large_directory(file: BinaryIO, size: int) -> None:
    """Refuse a file whose list of members would take much memory, before zipfile reads it."""
    file.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    tail = file.read()
    last = tail[-_END_SIZE:]
    # The same places in the same order as in zipfile.
    at = len(tail) - _END_SIZE if last[:4] == _END and last[-2:] == b"\0\0" else tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        raise zipfile.BadZipFile("no end of a directory")
    (directory,) = struct.unpack_from("<L", tail, at + 12)
    is_large = b"PK\x06\x07" in tail[max(0, at - 20) : at]  # numbers of 64 bits
    if directory > _LARGEST_DIRECTORY or is_large:
        raise zipfile.BadZipFile(f"a directory of more than {_LARGEST_DIRECTORY:,} bytes")
