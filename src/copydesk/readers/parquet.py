"""Parquet: a row is a record."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.errors import UnreadableError
from copydesk.readers.record import Record, Wanted, damaged

_ROWS = 64  # rows in memory; each holds one text


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
        parquet = pq.ParquetFile(file)
        schema = parquet.schema_arrow
        names = [name for name in wanted.fields if schema.names.count(name) == 1]
        if wanted.text not in names or not _is_text(schema.field(wanted.text).type):
            advice = f"expected a column {wanted.text!r} of strings, or its name in params.yaml: ingest.fields"
            raise UnreadableError("bad-container", f"the columns {str(schema.names)[:300]}; {advice}")
        for batch in parquet.iter_batches(_ROWS, columns=names, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield Record(number, {name: _plain(value) for name, value in row.items()})
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise damaged(number + 1, f"not Parquet ({' '.join(str(error).split())[:200]})") from None


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(value: Any) -> Any:
    """Dates and times as RFC 3339 has them."""
    return value.isoformat() if isinstance(value, datetime.date) else value
