"""The records of a web archive. Of one with damaged places, a record that is cut off is given as far as it goes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from copydesk.core.plural import plural
from copydesk.errors import UnreadableError
from copydesk.readers.base import damaged
from copydesk.readers.decompression import UnpackedFile

_MARKER = b"WARC/"
_VERSION = re.compile(rb"WARC/[0-9]\.[0-9]{1,2}[ \t]*\r?\n")
#: The beginning of a record within bytes that should be something else.
_RECORD = re.compile(rb"WARC/[0-9]\.[0-9]{1,2}[ \t]?\r?\n(?:WARC-|Content-)[A-Za-z-]{1,40}:", re.IGNORECASE)
_LONGEST_BEGINNING = 100  # bytes of what _RECORD finds
#: Fields that a record has once.
_ONCE = frozenset({"warc-type", "warc-record-id", "warc-date", "warc-target-uri", "content-length"})
_LENGTH = re.compile("[0-9]{1,18}")
_LINE_ENDS = re.compile(rb"[\r\n]*")
_MOST_PLACES = 100  # damaged ones, because each may be read twice
_PIECE = 1 << 16
_LONGEST_HEAD = 1 << 18


class ArchiveRecord(NamedTuple):
    """A record of an archive; its header by names in lower case, of repeated fields the first.

    ``block`` is None if its ``length`` is more than may be read. ``is_cut`` says that the block ends early.
    """

    number: int
    fields: dict[str, str]
    length: int
    block: bytes | None
    is_cut: bool


def archive_records(file: BinaryIO, at_most: int) -> Iterator[ArchiveRecord]:
    """Yield the records of an archive that is open for reading its unpacked bytes, counted from 1.

    A record that ends early is cut where the next one begins. Where gzip is damaged, reading goes on with the next
    member that begins with a record. Other bytes between records are skipped.

    Parameters
    ----------
    file : binary file
    at_most : int
        Size of the largest block to read, in bytes.

    Raises
    ------
    UnreadableError
        After the records, if anything was damaged or skipped.
    """
    stream = _Stream(file)
    number = places = 0
    first: UnreadableError | None = None
    goes_on = True
    while goes_on and places < _MOST_PLACES:
        start = stream.position
        record, problem = stream.record(number + 1, at_most)
        goes_on = record is not None
        if record is not None and record.is_cut:
            stream.skip_to_record()  # which shows whether gzip is damaged here: then the end of the block is no data
        if stream.error is not None and (record is None or record.is_cut):
            problem = stream.error.detail.removesuffix("; deliver the file again")
            if stream.error.reason != "bad-container":
                raise stream.error
            undamaged = stream.resumed(start, at_most + _LONGEST_HEAD)
            goes_on = undamaged is not None
            if undamaged is not None:
                record, _ = _Stream(io.BytesIO(undamaged)).record(number + 1, at_most)
        if problem:
            first = first or damaged(number + 1, problem)
            places += 1
        if record is not None:
            number += 1
            yield record
    if first is not None:
        behind = "what follows is not read" if places == _MOST_PLACES else "what is between them is read"
        more = f"; {plural(places, 'damaged place')}; {behind}" if places > 1 else ""
        raise UnreadableError(first.reason, f"{first.detail}{more}")


class _Stream:
    """Unpacked bytes of an archive; of damaged ones, all before the damage."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        if isinstance(file, UnpackedFile):
            file.resume_at(_MARKER)
        # With read1, data before a damaged place are returned before the error.
        self._read1 = getattr(file, "read1", file.read)
        self._data = bytearray()
        self._at = self._received = 0
        self.error: UnreadableError | None = None

    @property
    def position(self) -> int:
        """Offset of the next byte."""
        return self._received - len(self._data) + self._at

    def resumed(self, start: int, at_most: int) -> bytes | None:
        """Go on behind the damage; return the data before it from an offset on, or None if that is not possible."""
        if not isinstance(self._file, UnpackedFile):
            return None
        undamaged = self._file.resumed(start, at_most)
        if undamaged is not None:
            self._at, self.error = len(self._data), None
        return undamaged

    def record(self, number: int, at_most: int) -> tuple[ArchiveRecord | None, str]:
        """Return the next record, None at the end; and what is wrong with it, or with what was skipped before it."""
        problem = ""
        while True:
            self._skip_line_ends()
            if not self._peek(1):
                return None, problem
            fields = self._fields()
            length = _LENGTH.fullmatch(fields.get("content-length", "")) if fields else None
            if fields and length and fields.get("warc-type"):
                break
            problem = problem or ("not WARC" if fields is None else "a record without its type or its length")
            self.skip_to_record()
        record, cut = self._with_block(ArchiveRecord(number, fields, int(length[0]), None, False), at_most)
        return record, problem or cut

    def _fields(self) -> dict[str, str] | None:
        """Read the header of a record: empty if it is cut off; None, and nothing is read, if there is none here."""
        if not _VERSION.match(self._peek(_LONGEST_BEGINNING)):
            return None
        self._line(_LONGEST_BEGINNING)
        head = bytearray()
        parts: dict[str, list[str]] = {}  # of a field that goes on in further lines
        last: list[str] = []
        another = -1  # where another record may begin, because this header is cut off
        while (line := self._line(_LONGEST_HEAD - len(head))).strip(b"\r\n"):
            if another < 0 and (version := _VERSION.search(line)):
                another = len(head) + version.start()
            head += line
            text = line.decode("utf-8", "replace")
            name, colon, value = text.partition(":")
            name = name.strip().lower()
            if text[0] in " \t" and parts:
                last.append(text.strip())
                continue
            if another >= 0 and (not colon or (name in _ONCE and name in parts)):
                self._put_back(bytes(head[another:]))
                return {}
            if colon:
                last = [value.strip()]
                parts.setdefault(name, last)
        return {name: " ".join(values) for name, values in parts.items()} if line else {}

    def _with_block(self, record: ArchiveRecord, at_most: int) -> tuple[ArchiveRecord, str]:
        if record.length > at_most:
            left = record.length
            while left and (piece := self._read(min(left, _PIECE))):
                left -= len(piece)
            return record, f"a record of {record.length:,} bytes, which ends early" if left else ""
        block = self._read(record.length)
        ahead = self._peek(_LONGEST_BEGINNING)
        behind = ahead.lstrip(b"\r\n")
        is_whole = len(block) == record.length
        if is_whole and (behind.startswith(_MARKER) or (not behind and self.error is None)):
            return record._replace(block=block), ""
        is_whole = is_whole and ahead.startswith(b"\r\n\r\n")
        if (following := _RECORD.search(block + ahead)) and following.start() < len(block):
            is_whole = False
            self._put_back(block[following.start() :])
            block = block[: following.start()].removesuffix(b"\r\n\r\n")
        if is_whole:
            return record._replace(block=block), ""
        if len(block) == record.length:
            what = f"a record of more than the {record.length:,} bytes that its header says"
        else:
            what = f"a record of {record.length:,} bytes, of which {len(block):,} are present"
        return record._replace(block=block, is_cut=True), what

    def _skip_line_ends(self) -> None:
        while True:
            self._at = _LINE_ENDS.match(self._data, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._data) or not self._fill():
                return

    def _put_back(self, data: bytes) -> None:
        self._data = bytearray(data) + self._data[self._at :]
        self._at = 0

    def skip_to_record(self) -> None:
        """Skip bytes that are no record, up to the next one, the end or a damage."""
        while not (record := _RECORD.search(self._data, self._at)):
            self._at = max(self._at, len(self._data) - _LONGEST_BEGINNING)
            if not self._fill():
                self._at = len(self._data)
                return
        self._at = record.start()

    def _line(self, at_most: int) -> bytes:
        """Return a line with its end; nothing, and nothing is read, if it does not end or is too long."""
        known = 0
        while (end := self._data.find(b"\n", self._at + known, self._at + at_most)) < 0:
            known = len(self._data) - self._at
            if known >= at_most or not self._fill():
                return b""
        return self._read(end + 1 - self._at)

    def _peek(self, size: int) -> bytes:
        while len(self._data) - self._at < size and self._fill():
            pass
        return bytes(self._data[self._at : self._at + size])

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size and (self._at < len(self._data) or self._fill()):
            piece = self._data[self._at : self._at + size - len(data)]
            self._at += len(piece)
            data += piece
        return bytes(data)

    def _fill(self) -> bool:
        """Take more bytes from the file; return whether there were any."""
        if self._at > _PIECE:
            del self._data[: self._at]
            self._at = 0
        try:
            more = b"" if self.error else self._read1(_PIECE)
        except UnreadableError as error:
            self.error = error
            return False
        self._data += more
        self._received += len(more)
        return bool(more)
