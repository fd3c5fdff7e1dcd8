"""Parquet: a row is a record."""

from __future__ import annotations

import datetime
import io
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.errors import UnreadableError
from copydesk.readers.base import Record, RecordOptions, damaged
from copydesk.readers.decompression import refuse_bomb
from copydesk.readers.parquet_footer import footer_length, refuse_lies
from copydesk.tables.parquet import DAMAGED

_ROWS, _BYTES = 64, 32 << 20  # at most in memory; a row holds one text


def read_parquet_rows(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    """Read the rows, of the columns that are wanted alone."""
    with tempfile.TemporaryFile() as unpacked:
        if not file.seekable():
            shutil.copyfileobj(file, unpacked, 1 << 20)
            file = unpacked
        yield from _rows(file, wanted)


def _rows(file: BinaryIO, wanted: RecordOptions) -> Iterator[Record]:
    number = 0
    try:
        refuse_lies(file, wanted.fields)
        parquet = _opened(file)
        schema = parquet.schema_arrow
        names = [name for name in wanted.fields if schema.names.count(name) == 1]
        if wanted.text not in names or not _is_text(schema.field(wanted.text).type):
            advice = f"expected a column {wanted.text!r} of strings, or its name in params.yaml: ingest.fields"
            raise UnreadableError("bad-container", f"the columns {str(schema.names)[:300]}; {advice}")
        size, made = file.seek(0, io.SEEK_END), 0
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), columns=names, use_threads=False):
            for values in zip(*batch.columns, strict=True):  # a value at a time: many rows may share a large one
                number += 1
                record = _record(number, batch.schema.names, values, (wanted.id, wanted.text))
                made += len((record.fields or {}).get(wanted.text) or "")
                refuse_bomb(size, made)
                yield record
        if number != parquet.metadata.num_rows:
            raise damaged(number + 1, f"{number:,} rows, and the footer says {parquet.metadata.num_rows:,}")
    except DAMAGED as error:
        raise damaged(number + 1, f"not Parquet ({' '.join(str(error).split())[:200]})") from None


def _opened(file: BinaryIO) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except pa.ArrowNotImplementedError:
        # A type that the writer's Arrow has and this one has not, as Polars' numbers of 128 bits: without what the
        # footer says of it, that column is bytes, and the others are what they are.
        return pq.ParquetFile(cast(BinaryIO, _WithoutArrow(file)))


class _WithoutArrow(io.RawIOBase):
    """A Parquet file whose footer does not say what its columns were in Arrow: that has another name in it."""

    _KEY, _OTHER = b"ARROW:schema", b"other:schema"

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        size = file.seek(0, io.SEEK_END)
        start = max(0, size - 8 - footer_length(file))
        file.seek(start)
        place = file.read(size - start).find(self._KEY)
        self._key = start + place if place >= 0 else size
        file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        at = self._file.tell()
        data = bytearray(self._file.read(len(buffer)))
        for n, byte in enumerate(self._OTHER, self._key - at):
            if 0 <= n < len(data):
                data[n] = byte
        buffer[: len(data)] = data
        return len(data)


def _record(number: int, names: list[str], values: tuple[pa.Scalar, ...], needed: tuple[str, str]) -> Record:
    fields, unread = {}, {}
    for name, value in zip(names, values, strict=True):
        try:
            fields[name] = _plain(value.as_py())
        except UnicodeDecodeError as error:
            if name in needed:
                return Record(number, None, ("undecodable", f"not UTF-8 at byte {error.start}; convert the file"))
            unread[name] = f"not UTF-8 at byte {error.start}"
        except (ValueError, OverflowError, LookupError) as error:  # a year behind 9999, a time zone that nobody knows
            if name in needed:
                detail = f"{name} has a value that cannot be read ({error}); correct the record"
                return Record(number, None, ("bad-record", detail))
            unread[name] = f"a value that cannot be read ({error})"
    return Record(number, fields, unread=unread)


def _rows_at_once(footer: pq.FileMetaData) -> int:
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    each = max((group.total_byte_size // group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(_ROWS, _BYTES // max(1, each)))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(value: Any) -> Any:
    """Dates and times as ISO 8601 has them, and UUIDs as text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
