"""Parquet files with fixed settings: equal rows give equal bytes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Rows in a row group. A shard holds at most ``shards.max_bytes`` of text, so a group stays far below the 300 MB
#: that the Hub's viewer accepts.
ROW_GROUP = 10_000
#: What pyarrow raises for a damaged or hostile file.
DAMAGED = (pa.ArrowException, OSError, RuntimeError, ValueError, ArithmeticError)
#: zstd for size; content-defined chunking and a page index, so that the Hub stores only changed pages and its viewer
#: reads only what it shows.
_PUBLISHED = {
    "compression": "zstd",
    "compression_level": 3,
    "row_group_size": ROW_GROUP,
    "use_content_defined_chunking": True,
    "write_page_index": True,
}
#: A later stage reads a whole file soon after it is written: lz4 takes a third of the time.
_INTERMEDIATE = {"compression": "lz4"}


def as_loaded(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose columns are all nullable, as in ``datasets``.

    ``datasets`` would convert files with non-nullable columns batch by batch, a quarter of the time of reading them.
    The stages and the validation check that no value is null where none may be.
    """
    return pa.schema([pa.field(field.name, _nullable(field.type)) for field in schema])


def _nullable(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", _nullable(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _nullable(field.type)) for field in kind])
    return kind


def write_parquet(table: pa.Table, path: Path | pa.NativeFile, *, published: bool = True) -> None:
    """Write a table with fixed settings: the bytes depend only on the rows and the version of pyarrow.

    The file has no Arrow or ``huggingface`` metadata, on which older readers fail. An intermediate table, which is
    not ``published``, is written with faster settings.
    """
    settings = _PUBLISHED if published else _INTERMEDIATE
    plain = table.cast(as_loaded(table.schema)) if published else table.replace_schema_metadata(None)
    pq.write_table(plain, path, version="2.6", data_page_version="1.0", store_schema=False, **settings)


def read_parquet(path: Path | pa.NativeFile, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file, without dictionaries, pandas metadata or partitions guessed from paths."""
    return pq.ParquetFile(path).read(columns=columns, use_threads=False)
