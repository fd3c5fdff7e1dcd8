"""Parquet files, whose rows are records."""

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
from copydesk.readers.field_names import nested_value, root_of
from copydesk.readers.parquet_footer import footer_length, refuse_lies
from copydesk.tables.parquet import DAMAGED

_MOST_NAMED = 200  # columns that are named if they are passed over
_ROWS, _BYTES = 64, 32 << 20  # limits of a batch in memory; a row has one text


def read_parquet_rows(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the rows, reading only the columns that ``options`` name."""
    with tempfile.TemporaryFile() as unpacked:
        if not file.seekable():
            shutil.copyfileobj(file, unpacked, 1 << 20)
            file = unpacked
        yield from _rows(file, options)


def _rows(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    number = 0
    try:
        refuse_lies(file, {*options.fields, *map(root_of, options.fields)})
        parquet = _opened(file)
        schema = parquet.schema_arrow
        names = [name for name in options.fields if _kind_of(schema, name) is not None]
        if options.text not in names or not _is_text(_kind_of(schema, options.text)):
            advice = f"expected a column {options.text!r} of strings, or its name in params.yaml: ingest.fields"
            raise UnreadableError("bad-container", f"the columns {str(schema.names)[:300]}; {advice}")
        size, made = file.seek(0, io.SEEK_END), 0
        roots = {root_of(name) for name in names if name not in schema.names}
        needed = {name if name in schema.names else root_of(name) for name in (options.id, options.text)}
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), columns=names, use_threads=False):
            for values in zip(
                *batch.columns, strict=True
            ):  # value by value: rows of a dictionary may share a large value
                number += 1
                record = _record(number, batch.schema.names, values, needed)
                if number == 1:
                    record = record._replace(passed_over=sorted({*schema.names[:_MOST_NAMED]} - {*names, *roots}))
                made += len(nested_value(record.fields or {}, options.text) or "")
                refuse_bomb(size, made)
                yield record
        if number != parquet.metadata.num_rows:
            raise damaged(number + 1, f"{number:,} rows, but the footer says {parquet.metadata.num_rows:,}")
    except DAMAGED as error:
        raise damaged(number + 1, f"not Parquet ({' '.join(str(error).split())[:200]})") from None


def _opened(file: BinaryIO) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file)
    except pa.ArrowNotImplementedError:
        # A type that this version of Arrow lacks, such as 128-bit integers of Polars. Without the Arrow schema in the
        # footer, that column is read as bytes and the others as they are.
        return pq.ParquetFile(cast(BinaryIO, _WithoutArrow(file)))


class _WithoutArrow(io.RawIOBase):
    """A Parquet file whose footer seems to have no Arrow schema, because its key is replaced by another."""

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


def _record(number: int, names: list[str], values: tuple[pa.Scalar, ...], needed: set[str]) -> Record:
    fields, unread = {}, {}
    for name, value in zip(names, values, strict=True):
        try:
            fields[name] = _plain(value.as_py())
        except UnicodeDecodeError as error:
            if name in needed:
                return Record(number, None, ("undecodable", f"not UTF-8 at byte {error.start}; convert the file"))
            unread[name] = f"not UTF-8 at byte {error.start}"
        except (ValueError, OverflowError, LookupError) as error:  # a year after 9999, an unknown time zone
            if name in needed:
                detail = f"{name} has a value that cannot be read ({error}); correct the record"
                return Record(number, None, ("bad-record", detail))
            unread[name] = f"a value that cannot be read ({error})"
    return Record(number, fields, unread=unread)


def _rows_at_once(footer: pq.FileMetaData) -> int:
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    row_bytes = max((group.total_byte_size // group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(_ROWS, _BYTES // max(1, row_bytes)))


def _kind_of(schema: pa.Schema, name: str) -> pa.DataType | None:
    """Return the type of a column or of a nested field; None if there is none, or several of that name."""
    if schema.names.count(name) == 1:
        return schema.field(name).type
    root, *keys = name.split(".")
    if not keys or schema.names.count(root) != 1:
        return None
    kind = schema.field(root).type
    for key in keys:
        if not pa.types.is_struct(kind) or kind.get_field_index(key) < 0:
            return None
        kind = kind.field(key).type
    return kind


def _is_text(kind: pa.DataType | None) -> bool:
    if kind is None:
        return False
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(value: Any) -> Any:
    """Return dates and times in ISO 8601, also within a struct, UUIDs as strings, other values unchanged."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value
