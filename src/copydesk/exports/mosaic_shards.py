"""MDS, the format of MosaicML Streaming, version 2: shards with random access to their rows, and an index of them.

A shard is the number of rows, where each begins and the last ends (all 32-bit numbers), the configuration as JSON,
then the rows. A row is the sizes of its values of variable size, then the values, in the order of the columns' names.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow as pa

Row = dict[str, Any]


class ListedShard(NamedTuple):
    """A shard as an index names it."""

    name: str
    bytes: int
    rows: int
    sha256: str


class MosaicShards:
    """Shards in the format MDS. Values that may be null, booleans and lists are encoded as JSON."""

    ending = "mds"

    def __init__(self, schema: pa.Schema, required: frozenset[str], shard_bytes: int) -> None:
        fields = sorted(schema, key=lambda field: field.name)
        kinds = [_encoding(field.type) if field.name in required else "json" for field in fields]
        self._columns = [(field.name, *_ENCODINGS[kind]) for field, kind in zip(fields, kinds, strict=True)]
        self._config = {
            "column_encodings": kinds,
            "column_names": [field.name for field in fields],
            "column_sizes": [_ENCODINGS[kind][1] for kind in kinds],
            "compression": None,
            "format": "mds",
            "hashes": ["sha256"],  # which its reader compares after a download, if it is asked to
            "size_limit": shard_bytes,
            "version": 2,
        }
        self._head = json.dumps(self._config, sort_keys=True).encode()
        self.overhead = 8 + len(self._head)

    def encode(self, row: Row, number: int) -> bytes:
        """Encode a row."""
        sizes, values = [], []
        for name, encode, size in self._columns:
            value = encode(row[name])
            values.append(value)
            if size is None:
                sizes.append(len(value))
        return struct.pack(f"<{len(sizes)}I", *sizes) + b"".join(values)

    def size(self, encoded: bytes) -> int:
        """Its bytes, and those of its place in the head of the shard."""
        return len(encoded) + 4

    def pack(self, encoded: Sequence[bytes]) -> Iterator[bytes]:
        """A shard."""
        first = self.overhead + 4 * len(encoded)
        offsets = accumulate(map(len, encoded), initial=first)
        yield struct.pack(f"<{len(encoded) + 2}I", len(encoded), *offsets)
        yield self._head
        yield from encoded

    def index(self, shards: Sequence[ListedShard]) -> bytes:
        """The file index.json of a split."""
        listed = [
            {
                **self._config,
                "raw_data": {"basename": shard.name, "bytes": shard.bytes, "hashes": {"sha256": shard.sha256}},
                "samples": shard.rows,
                "zip_data": None,
            }
            for shard in shards
        ]
        return json.dumps({"shards": listed, "version": 2}, sort_keys=True).encode()


def _encoding(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "str"
    if pa.types.is_integer(kind):
        return "int"
    return "float64" if pa.types.is_floating(kind) else "json"


_ENCODINGS: dict[str, tuple[Callable[[Any], bytes], int | None]] = {
    "str": (str.encode, None),
    "int": (struct.Struct("<q").pack, 8),
    "float64": (struct.Struct("<d").pack, 8),
    "json": (lambda value: json.dumps(value).encode(), None),
}
