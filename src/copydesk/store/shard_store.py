"""The store of finished shards: results of stages, each under the hash of its inputs.

In ``build/store`` (or a bucket of an object store) ``objects/`` holds Parquet files named after the SHA-256 of their
bytes; ``results/`` holds receipts, each named after the hash of (stage, fingerprint, inputs). Receipts name objects,
so equal bytes are stored once. If a stage's code changes and its output does not, later stages stay cached. No file
is ever changed in place. All of it may be deleted; the next build makes it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa

from copydesk.core.atomic_files import json_text
from copydesk.errors import StoreError
from copydesk.store.backend import StoredObject
from copydesk.store.open_backend import Root, storage
from copydesk.tables.parquet import read_parquet, write_parquet


class Part(NamedTuple):
    """One table of one shard: its number of rows, and the SHA-256 of its Parquet file."""

    rows: int
    sha256: str


Parts = dict[str, Part]
Result = TypeVar("Result")


class Store:
    """Finished shards in a folder, or in a bucket of an object store."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self._files = storage(root)

    def path(self, part: Part) -> Path:
        """Return the path of a part's Parquet file.

        Raises
        ------
        StoreError
            If the store is not a folder.
        """
        if isinstance(self.root, str):
            raise StoreError(f"{self._files.where(_object(part))}: not a file on this machine")
        return self.root / _object(part)

    def result(self, key: str) -> Parts | None:
        """Return the result stored under a key; None if there is none, or if one of its objects is missing."""
        return self.results([key])[0]

    def results(self, keys: Sequence[str]) -> list[Parts | None]:
        """Return the results of many keys (see :meth:`result`), with few requests to a bucket."""
        receipts = list(map(_receipt, keys))
        existing = self._files.present(receipts)
        by_receipt = dict(zip(existing, self._files.each(self._parts, existing), strict=True))
        objects = self._files.present(
            {_object(part) for parts in by_receipt.values() for part in (parts or {}).values()}
        )
        all_parts = map(by_receipt.get, receipts)
        return [
            parts if parts is not None and all(_object(part) in objects for part in parts.values()) else None
            for parts in all_parts
        ]

    def put(self, key: str, tables: Mapping[str, pa.Table], published: Collection[str] = ()) -> Parts:
        """Write tables, then the receipt that makes them a result. Several processes may write one result at once.

        The tables named in ``published`` are written with the settings of a dataset's files.
        """
        encoded = (_encoded(table, name in published) for name, table in tables.items())
        parts = dict(zip(tables, self._files.each(self._keep, encoded), strict=True))
        self.record(key, parts)
        return parts

    def record(self, key: str, parts: Parts) -> None:
        """Write the receipt that makes added parts a result."""
        self._files.write(_receipt(key), json_text(parts).encode())

    def add(self, table: pa.Table) -> Part:
        """Write one table as an object, unless it exists already."""
        return self._keep(_encoded(table))

    def add_all(self, tables: Iterable[pa.Table]) -> Iterator[Part]:
        """Write many tables (see :meth:`add`); yield their parts in order."""
        return self._files.each(self.add, tables)

    def read(self, part: Part, columns: list[str] | None = None, *, again: bool = False) -> pa.Table:
        """Read a part. With ``again``, its hash is not checked, because this run has checked it before.

        Raises
        ------
        StoreError
            If the object is missing, or its bytes do not match its name.
        """
        name = _object(part)
        try:
            data = self._files.read(name)
        except FileNotFoundError:
            raise self._gone(part) from None
        if not again and hashlib.sha256(data).hexdigest() != part.sha256:
            raise self._damaged(part)
        return read_parquet(pa.BufferReader(data), columns)

    def read_all(
        self, parts: Iterable[Part], columns: list[str] | None = None, *, again: bool = False
    ) -> Iterator[pa.Table]:
        """Read many parts (see :meth:`read`) and yield their tables in order."""
        return self._files.each(lambda part: self.read(part, columns, again=again), parts)

    def rows(self, parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
        """Return the rows of many small parts, in order."""
        return (row for table in self.read_all(parts) for row in table.to_pylist())

    def each_object(self, function: Callable[[StoredObject], Result]) -> Iterator[tuple[StoredObject, Result]]:
        """Yield every object of the store, with the result of a function for it."""
        objects = [StoredObject(self._files, name) for name in self._files.names("objects")]
        return zip(objects, self._files.each(function, objects), strict=True)

    def copy(self, part: Part, target: Path) -> None:
        """Copy a part to a file and sync it to disk; errors as for :meth:`read`."""
        try:
            copied = self._files.copy(_object(part), target)
        except FileNotFoundError:
            raise self._gone(part) from None
        if copied != part.sha256:
            raise self._damaged(part)

    def _keep(self, encoded: tuple[Part, pa.Buffer]) -> Part:
        part, data = encoded
        if self._files.size(_object(part)) != data.size:
            self._files.write(_object(part), memoryview(data))
        return part

    def _parts(self, receipt: str) -> Parts | None:
        try:
            parts = json.loads(self._files.read(receipt))
            return {name: Part(*part) for name, part in parts.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None

    def _gone(self, part: Part) -> StoreError:
        return StoreError(f"{self._files.where(_object(part))}: missing; delete the folder build/ {_REMEDY}")

    def _damaged(self, part: Part) -> StoreError:
        where = self._files.where(_object(part))
        return StoreError(f"{where}: its bytes do not match its name; delete it and the folder build/ {_REMEDY}")


_REMEDY = "and build again: finished work is computed again, nothing else is lost"


def _object(part: Part) -> str:
    return f"objects/{part.sha256[:2]}/{part.sha256}"


def _receipt(key: str) -> str:
    return f"results/{key[:2]}/{key}.json"


def _encoded(table: pa.Table, published: bool = False) -> tuple[Part, pa.Buffer]:
    sink = pa.BufferOutputStream()
    write_parquet(table, sink, published=published)
    data = sink.getvalue()
    return Part(table.num_rows, hashlib.sha256(data).hexdigest()), data
