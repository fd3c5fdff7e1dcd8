"""Records on disk in partitions, so that what has equal keys is read by one task, a bounded part at a time.

A task writes files with a slice for each partition, and a later one reads its slice of all of them: the shuffle of
MapReduce. Plain files, because what tasks need of it is memory that does not grow: joins of data frames keep a hash
table of one side, and the records here are rows of integers, which numpy sorts as they are.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Records = NDArray[np.int64]  # a row a record
Numbers = NDArray[np.int64]

#: Records that a task has in memory at a time: of 16 bytes, and some times that while they are sorted.
LARGEST = 1 << 21
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_33 = np.uint64(33)


def partitions(records: int, largest: int = LARGEST) -> int:
    """The number of partitions for so many records."""
    return max(1, -(-records // largest))


def owners(keys: Numbers, count: int) -> Numbers:
    """The partition of each key: shape (n,) in and out."""
    mixed = keys.view(np.uint64) * _MIX
    mixed ^= mixed >> _33
    mixed *= _MIX
    return ((mixed >> _33) % np.uint64(count)).astype(np.int64)


class Outbox:
    """Writes the records of one task by partition; a context manager that writes the last of them when it exits.

    Parameters
    ----------
    folder : Path
        With all files of this kind of records; made if it is missing.
    task : int
        A number of the task, so that its files have the same names if it runs again.
    count : int
        Number of partitions.
    largest : int
        Records to keep before a file is written.
    """

    def __init__(self, folder: Path, task: int, count: int, largest: int = LARGEST) -> None:
        self._folder, self._task, self._count, self._largest = folder, task, count, largest
        self._kept: list[tuple[Any, Numbers]] = []
        self._waiting = self._files = 0
        self.written = 0  # records
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()

    def add(self, records: Records | pa.Table, to: Numbers) -> None:
        """Add records, each for the partition ``to``; those of one folder are all of one width, or all tables."""
        if len(to):
            self._kept.append((records, to))
            self._waiting += len(to)
            self.written += len(to)
        if self._waiting >= self._largest:
            self._flush()

    def _flush(self) -> None:
        if not self._kept:
            return
        to = np.concatenate([places for _, places in self._kept])
        order = np.argsort(to, kind="stable")
        bounds = np.searchsorted(to[order], np.arange(self._count + 1)).tolist()
        columns = [records for records, _ in self._kept]
        self._kept, self._waiting = [], 0
        if isinstance(columns[0], pa.Table):
            table = pa.concat_tables(columns).take(order)
            slices = [_encoded(table.slice(a, b - a)) if a < b else b"" for a, b in pairwise(bounds)]
            sizes = [len(one) for one in slices]
        else:
            rows = np.concatenate(columns)
            columns.clear()
            rows = rows[order]
            slices, sizes = [rows.tobytes()], (np.diff(bounds) * rows[0].nbytes).tolist()
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".")
        with os.fdopen(handle, "wb") as file:
            starts = np.cumsum([8 * (self._count + 1), *sizes])
            file.write(starts.astype(np.int64).tobytes())
            file.writelines(slices)
        keep_first(Path(name), self._folder / f"{self._task:08}.{self._files:04}")
        self._files += 1


def keep_first(written: Path, target: Path) -> None:
    """Give a file its name, unless a task that ran before has: one that runs again may find its inputs removed."""
    with suppress(FileExistsError):
        os.link(written, target)
    written.unlink()


def batches(folder: Path, number: int, width: int, largest: int = LARGEST) -> Iterator[Records]:
    """The records of a partition, in parts of at least ``largest`` except for the last: each of shape (n, width)."""
    kept, waiting = [], 0
    for data in _slices(folder, number):
        kept.append(np.frombuffer(data, dtype=np.int64).reshape(-1, width))
        waiting += len(kept[-1])
        if waiting >= largest:
            yield np.concatenate(kept)
            kept, waiting = [], 0
    if kept:
        yield np.concatenate(kept)


def partition_records(folder: Path, number: int, width: int) -> Records:
    """All records of a partition: shape (n, width)."""
    return np.concatenate([np.zeros((0, width), dtype=np.int64), *batches(folder, number, width)])


def tables_of(folder: Path, number: int) -> Iterator[pa.Table]:
    """The tables of a partition, one for each file."""
    for data in _slices(folder, number):
        yield pa.ipc.open_stream(data).read_all()


def table_of(folder: Path, number: int, schema: pa.Schema) -> pa.Table:
    """All rows of a partition."""
    return pa.concat_tables([schema.empty_table(), *tables_of(folder, number)])


def first_of_each(values: Numbers) -> NDArray[np.bool_]:
    """Whether each sorted value is the first of its kind: shape (n,) in and out."""
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return first


def _slices(folder: Path, number: int) -> Iterator[bytes]:
    for path in _files(folder):
        with path.open("rb", buffering=0) as file:
            file.seek(8 * number)
            start, end = np.frombuffer(file.read(16), dtype=np.int64).tolist()
            if start < end:
                file.seek(start)
                yield file.read(end - start)


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _encoded(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()
