"""Parquet: a row is a record."""

from __future__ import annotations

import datetime
import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.errors import UnreadableError
from copydesk.readers.footer import refuse_lies
from copydesk.readers.record import Record, Wanted, damaged
from copydesk.readers.unpacking import refuse_bomb
from copydesk.shards import DAMAGED

_ROWS, _BYTES = 64, 32 << 20  # at most in memory; a row holds one text


def read_parquet_rows(file: BinaryIO, wanted: Wanted) -> Iterator[Record]:
    """Read the rows, of the columns that are wanted alone."""
    with tempfile.TemporaryFile() as unpacked:
        if not file.seekable():
            shutil.copyfileobj(file, unpacked, 1 << 20)
            file = unpacked
        yield from _rows(file, wanted)


def _rows(file: BinaryIO, wanted: Wanted) -> Iterator[Record]:
    number = 0
    try:
        refuse_lies(file, wanted.fields)
        parquet = pq.ParquetFile(file)
        schema = parquet.schema_arrow
        names = [name for name in wanted.fields if schema.names.count(name) == 1]
        if wanted.text not in names or not _is_text(schema.field(wanted.text).type):
            advice = f"expected a column {wanted.text!r} of strings, or its name in params.yaml: ingest.fields"
            raise UnreadableError("bad-container", f"the columns {str(schema.names)[:300]}; {advice}")
        size, made = file.seek(0, io.SEEK_END), 0
        for batch in parquet.iter_batches(_rows_at_once(parquet.metadata), columns=names, use_threads=False):
            for values in zip(*batch.columns, strict=True):  # a value at a time: many rows may share a large one
                number += 1
                record = _record(number, batch.schema.names, values)
                made += len((record.fields or {}).get(wanted.text) or "")
                refuse_bomb(size, made)
                yield record
        if number != parquet.metadata.num_rows:
            raise damaged(number + 1, f"{number:,} rows, and the footer says {parquet.metadata.num_rows:,}")
    except DAMAGED as error:
        raise damaged(number + 1, f"not Parquet ({' '.join(str(error).split())[:200]})") from None


def _record(number: int, names: list[str], values: tuple[pa.Scalar, ...]) -> Record:
    try:
        return Record(number, {name: _plain(value.as_py()) for name, value in zip(names, values, strict=True)})
    except UnicodeDecodeError as error:
        return Record(number, None, ("undecodable", f"not UTF-8 at byte {error.start}; convert the file"))
    except (ValueError, OverflowError, LookupError) as error:  # a year behind 9999, a time zone that nobody knows
        return Record(number, None, ("bad-record", f"a value that cannot be read ({error}); correct the record"))


def _rows_at_once(footer: pq.FileMetaData) -> int:
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    each = max((group.total_byte_size // group.num_rows for group in groups if group.num_rows), default=0)
    return max(1, min(_ROWS, _BYTES // max(1, each)))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(value: Any) -> Any:
    """Dates and times as RFC 3339 has them."""
    return value.isoformat() if isinstance(value, datetime.date) else value
