"""Where a shard is cut, and how it is written: the same rows give the same bytes, whoever writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.errors import ConfigError

#: Rows of a row group. A shard holds at most ``shards.max_bytes`` of text, so a group stays far below the
#: 300 MB that the Hub's viewer accepts.
ROW_GROUP = 10_000

#: What pyarrow raises of a file that is damaged, or made to look like Parquet.
DAMAGED = (pa.ArrowException, OSError, RuntimeError, ValueError, ArithmeticError)


class Cut(NamedTuple):
    """Where shards end; see ``schemas/params.schema.json``, section ``shards``."""

    target: int
    minimum: int
    maximum: int
    max_bytes: int


def cut(ids: Sequence[str], sizes: Sequence[int], limits: Cut) -> list[tuple[int, int]]:
    """Cut a sequence of documents into shards by content-defined chunking at the level of documents.

    A document is a candidate when the hash of its id falls under 1 / target. A shard ends after a candidate
    unless another candidate lies among the ``minimum - 1`` documents before it. Whether it does depends on
    these documents alone and not on earlier cuts, so that a change cannot travel: inserting, removing or
    editing one document replaces at most two shards by at most two, and appending touches the last one only.
    A run without cuts that is longer than ``maximum`` or heavier than ``max_bytes`` is cut by counting from
    its beginning, and there a change reaches to the end of the run (with target 1,000 and maximum 4,000, one
    run in 55 is longer than the maximum and one in 3,000 longer than twice that).

    Parameters
    ----------
    ids : sequence of str
        Document ids in corpus order.
    sizes : sequence of int
        Size in bytes of each document.
    limits : Cut
        Target, minimum and maximum number of documents, maximum number of bytes.

    Returns
    -------
    list of (start, stop)
        Half-open ranges of documents that follow each other; no range is empty.
    """
    if not limits.minimum <= limits.target <= limits.maximum:
        raise ConfigError(
            f"params.yaml: shards: expected minimum <= target <= maximum, found {limits.minimum}, "
            f"{limits.target}, {limits.maximum}"
        )
    hashes = np.frombuffer(b"".join(hashlib.sha256(i.encode()).digest()[:8] for i in ids), dtype=">u8")
    candidates = np.flatnonzero(hashes <= np.uint64((2**64 - 1) // limits.target))
    gaps = np.diff(candidates, prepend=-1)  # the beginning counts as a cut
    ends = set((candidates[gaps >= limits.minimum] + 1).tolist())
    shards = []
    start = weight = 0
    for position, size in enumerate(sizes):
        full = position - start >= limits.maximum or weight + size > limits.max_bytes
        if position > start and (full or position in ends):
            shards.append((start, position))
            start, weight = position, 0
        weight += size
    if len(ids) > start:
        shards.append((start, len(ids)))
    return shards


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
