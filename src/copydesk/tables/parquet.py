"""Parquet files with fixed settings: the same rows give the same bytes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

#: Rows of a row group. A shard holds at most ``shards.max_bytes`` of text, so a group stays far below the
#: 300 MB that the Hub's viewer accepts.
ROW_GROUP = 10_000
#: What pyarrow raises of a file that is damaged, or made to look like Parquet.
DAMAGED = (pa.ArrowException, OSError, RuntimeError, ValueError, ArithmeticError)
#: zstd for size; content-defined chunking and a page index, so that the Hub stores and its viewer reads no more than
#: what changed.
_PUBLISHED = {
    "compression": "zstd",
    "compression_level": 3,
    "row_group_size": ROW_GROUP,
    "use_content_defined_chunking": True,
    "write_page_index": True,
}
#: What one stage hands to the next is read soon and whole: lz4 takes a third of the time.
_PASSED_ON = {"compression": "lz4"}


def as_loaded(schema: pa.Schema) -> pa.Schema:
    """A schema as ``datasets`` has it, which does not know that a column is never null.

    Files that say so are converted there, batch by batch, which takes a quarter of the time of reading them. That
    nothing is null that must not be, the stages and the validation see to.
    """
    return pa.schema([pa.field(field.name, _nullable(field.type)) for field in schema])


def _nullable(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(pa.field("element", _nullable(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _nullable(field.type)) for field in kind])
    return kind


def write_parquet(table: pa.Table, path: Path | pa.NativeFile, *, published: bool = True) -> None:
    """Write a table with fixed settings; its bytes depend on the rows and the version of pyarrow alone.

    No Arrow or ``huggingface`` metadata, which older readers fail on. What is not ``published`` is written faster.
    """
    settings = _PUBLISHED if published else _PASSED_ON
    plain = table.cast(as_loaded(table.schema)) if published else table.replace_schema_metadata(None)
    pq.write_table(plain, path, version="2.6", data_page_version="1.0", store_schema=False, **settings)


def read_parquet(path: Path | pa.NativeFile, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file as it is: no dictionary, no pandas metadata, no partitioning guessed from paths."""
    return pq.ParquetFile(path).read(columns=columns, use_threads=False)
