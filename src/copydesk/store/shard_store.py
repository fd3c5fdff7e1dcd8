"""The store of finished shards: what a stage made of a shard, kept under what it was made from.

Below ``build/store`` (or an address in an object store) ``objects/`` holds Parquet files named after the SHA-256 of
their bytes; ``results/`` holds receipts, each named after the hash of (stage, fingerprint, inputs). Receipts name
objects, so equal bytes are kept once, and a stage whose code changed but whose outcome did not leaves the stages
behind it alone. Nothing here is ever changed in place, and all of it may be deleted: the next build makes it again.
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
    """One table's rows in one shard: how many, and the SHA-256 of the Parquet file that holds them."""

    rows: int
    sha256: str


Parts = dict[str, Part]
Result = TypeVar("Result")


class Store:
    """Finished shards below a folder, or below the address of an object store."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self._files = storage(root)

    def path(self, part: Part) -> Path:
        """Where a part's Parquet file lies in a folder.

        Raises
        ------
        StoreError
            If the store is no folder.
        """
        if isinstance(self.root, str):
            raise StoreError(f"{self._files.where(_object(part))}: no file of this machine")
        return self.root / _object(part)

    def result(self, key: str) -> Parts | None:
        """What was stored under a key, or None if nothing was or if a part of it has gone."""
        return self.results([key])[0]

    def results(self, keys: Sequence[str]) -> list[Parts | None]:
        """The same of many keys, without a request to a distant store for each."""
        receipts = list(map(_receipt, keys))
        there = self._files.present(receipts)
        found = dict(zip(there, self._files.each(self._parts, there), strict=True))
        objects = self._files.present({_object(part) for parts in found.values() for part in (parts or {}).values()})
        all_parts = map(found.get, receipts)
        return [
            parts if parts is not None and all(_object(part) in objects for part in parts.values()) else None
            for parts in all_parts
        ]

    def put(self, key: str, tables: Mapping[str, pa.Table], published: Collection[str] = ()) -> Parts:
        """Write tables, then the receipt that makes them a result. Safe to run twice, anywhere, at once.

        Those of ``published`` are written as the files of a dataset are.
        """
        made = (_encoded(table, name in published) for name, table in tables.items())
        parts = dict(zip(tables, self._files.each(self._keep, made), strict=True))
        self.record(key, parts)
        return parts

    def record(self, key: str, parts: Parts) -> None:
        """Make parts that were added a result."""
        self._files.write(_receipt(key), json_text(parts).encode())

    def add(self, table: pa.Table) -> Part:
        """Write one table as an object, unless it is there already."""
        return self._keep(_encoded(table))

    def add_all(self, tables: Iterable[pa.Table]) -> Iterator[Part]:
        """The same of many tables."""
        return self._files.each(self.add, tables)

    def read(self, part: Part, columns: list[str] | None = None, *, again: bool = False) -> pa.Table:
        """Read a part back; ``again``, if this run read it before: its bytes are not hashed a second time.

        Raises
        ------
        StoreError
            If the file has gone or its bytes are not those it is named after.
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
        """The same of many parts, in their order."""
        return self._files.each(lambda part: self.read(part, columns, again=again), parts)

    def rows(self, parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
        """The rows of many small parts, in their order."""
        return (row for table in self.read_all(parts) for row in table.to_pylist())

    def each_object(self, function: Callable[[StoredObject], Result]) -> Iterator[tuple[StoredObject, Result]]:
        """Every object, whatever it belongs to, and what a function says of it."""
        objects = [StoredObject(self._files, name) for name in self._files.names("objects")]
        return zip(objects, self._files.each(function, objects), strict=True)

    def copy(self, part: Part, target: Path) -> None:
        """Copy a part to a file and put it on disk; errors are those of ``read``."""
        try:
            copied = self._files.copy(_object(part), target)
        except FileNotFoundError:
            raise self._gone(part) from None
        if copied != part.sha256:
            raise self._damaged(part)

    def _keep(self, made: tuple[Part, pa.Buffer]) -> Part:
        part, data = made
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
        return StoreError(f"{self._files.where(_object(part))}: gone; delete the folder build/ {_HEAL}")

    def _damaged(self, part: Part) -> StoreError:
        where = self._files.where(_object(part))
        return StoreError(f"{where}: bytes are not those of its name; delete it and the folder build/ {_HEAL}")


_HEAL = "and build again: finished work is made anew, nothing else is lost"


def _object(part: Part) -> str:
    return f"objects/{part.sha256[:2]}/{part.sha256}"


def _receipt(key: str) -> str:
    return f"results/{key[:2]}/{key}.json"


def _encoded(table: pa.Table, published: bool = False) -> tuple[Part, pa.Buffer]:
    sink = pa.BufferOutputStream()
    write_parquet(table, sink, published=published)
    data = sink.getvalue()
    return Part(table.num_rows, hashlib.sha256(data).hexdigest()), data
