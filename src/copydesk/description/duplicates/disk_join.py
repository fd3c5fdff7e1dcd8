"""The groups of ``near_groups`` by tasks of an engine that each join a part of the corpus, which may be of any size.

Documents are numbered by range, a run of shards that one task reads: the range in the upper half of the number, the
place among the kept documents of the range in the lower one. Equal keys, shared band keys and edges are brought
together in partitions on disk; the process that starts the tasks holds none of them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import (
    BANDS,
    THRESHOLD,
    Links,
    Rows,
    all_band_keys,
    equal_components,
    similar_pairs,
)
from copydesk.description.duplicates.minhash import COMPONENTS, WORDLESS, Signatures
from copydesk.description.duplicates.partitions import (
    Numbers,
    Outbox,
    first_of_each,
    keep_first,
    owners,
    partition_records,
    partitions,
)
from copydesk.description.duplicates.star_rounds import Components, add_edges, components
from copydesk.description.duplicates.stored_signatures import (
    SignatureTask,
    kept_signatures,
    read_columns,
    read_keys_and_signatures,
)
from copydesk.description.signals.tokens import Hashes
from copydesk.engines.interface import Engine, Result, shared
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part

_RANGE = np.int64(32)  # bits of the place in a range
_OFFSET = 8  # bytes of a place in a file of signatures
_DIGEST = 8  # bytes at the end of a key, before its signature
_OPEN = 64  # files


class JoinTask(NamedTuple):
    """What a task joins: a range of the corpus, with its shards, or a partition of what others wrote.

    Attributes
    ----------
    store : Path or str
    folder : Path
        For all files of the join.
    number : int
        Of the range or partition.
    into : int
        Number of partitions to write.
    ranges : int
        Number of ranges of the corpus.
    largest : int
        Records that are in memory together.
    shards : tuple of Part
        Those of the range.
    given : any
        What else the step needs.
    """

    store: Root
    folder: Path
    number: int
    into: int
    ranges: int
    largest: int
    shards: tuple[Part, ...] = ()
    given: Any = None


def ranges_of(parts: Sequence[Part], documents: int) -> list[tuple[Part, ...]]:
    """Cut a corpus into runs of shards with up to so many documents, and at least one shard."""
    runs: list[list[Part]] = []
    rows = 0
    for part in parts:
        if not runs or rows + part.rows > documents:
            runs.append([])
            rows = 0
        runs[-1].append(part)
        rows += part.rows
    return [tuple(run) for run in runs]


def first_number(number: int) -> int:
    """The number of the first document of a range."""
    return number << int(_RANGE)


def range_of(numbers: Numbers) -> Numbers:
    """The range of each document: shape (n,) in and out."""
    return numbers >> _RANGE


class DiskJoin:
    """Groups of the documents of shards, joined below a folder that all tasks of an engine see.

    Parameters
    ----------
    engine : Engine
    store : Path or str
    folder : Path
        An empty one.
    shards : list of tuple of Part
        The shards of each range, as of ``ranges_of``.
    largest : int
        Records that a task has in memory together.
    """

    def __init__(
        self, engine: Engine, store: Root, folder: Path, shards: list[tuple[Part, ...]], largest: int
    ) -> None:
        self._engine = engine
        self._shards = shards
        self._task = JoinTask(store, folder, 0, 1, len(shards), largest)
        self.kept: list[int] = []  # documents of each range
        self.grouped = 0  # documents
        self.rounds = 0

    def over_ranges(self, step: Callable[[JoinTask], Result], count: int = 1, given: Any = None) -> Iterator[Result]:
        """Run a step for each range."""
        tasks = (
            self._task._replace(number=number, into=count, shards=shards, given=given)
            for number, shards in enumerate(self._shards)
        )
        return self._engine.run(step, tasks)

    def over_partitions(self, step: Callable[[JoinTask], Result], read: int, count: int = 1) -> Iterator[Result]:
        """Run a step for each of so many partitions."""
        return self._engine.run(step, (self._task._replace(number=number, into=count) for number in range(read)))

    def partitions(self, records: int) -> int:
        """The number of partitions for so many records."""
        return partitions(records, self._task.largest)

    def group(self) -> None:
        """Write the group of each document that is in one, see ``grouped``."""
        task = self._task
        documents = sum(part.rows for shards in self._shards for part in shards)
        count = self.partitions(documents)
        self.kept = list(self.over_ranges(write_keys, count))
        repeats = sum(self.over_partitions(write_repeats, count))
        self.remove("keys")
        count = self.partitions((sum(self.kept) - repeats) * BANDS)
        sum(self.over_ranges(write_band_keys, count))
        sum(self.over_partitions(write_shared, count))
        self.remove("bands")
        sum(self.over_ranges(write_signatures))
        self.remove("needed")
        edges = sum(self.over_partitions(write_edges, count, count))
        self.remove("shared")
        linked = components(self._engine, task.folder, task.folder / "edges", count, edges, task.largest)
        self.rounds = linked.rounds
        for _ in self._engine.run(write_roots, [(linked, task._replace(number=n)) for n in range(linked.partitions)]):
            pass
        self.remove(linked.folder.name)
        self.grouped = sum(self.over_ranges(write_groups))
        self.remove("roots", "repeats", "repeated")

    def remove(self, *names: str) -> None:
        """Remove files that no later step reads."""
        for name in names:
            rmtree(self._task.folder / name, ignore_errors=True)


def grouped(task: JoinTask) -> tuple[Numbers, Numbers, Numbers]:
    """The documents of a range that are in a group: numbers, sorted, those of their groups, and of their signatures.

    A document with a repeated key has the signature of another with that key.
    """
    records = partition_records(task.folder / "groups", task.number, 3)
    numbers, groups, models = records[np.argsort(records[:, 0])].T
    return numbers, groups, models


# The steps, in the order in which they run.


def write_keys(task: JoinTask) -> int:
    """By key, the documents of a range; returns how many are kept."""
    number = first_number(task.number)
    with Outbox(task.folder / "keys", task.number, task.into, task.largest) as outbox:
        for part in task.shards:
            keys = np.frombuffer(_key_bytes(read_columns(SignatureTask(task.store, part)).keys), dtype=np.int64)
            pairs = keys.reshape(-1, 2)
            outbox.add(
                np.column_stack([pairs, np.arange(number, number + len(pairs))]), owners(pairs[:, 0], task.into)
            )
            number += len(pairs)
    return number - first_number(task.number)


def write_repeats(task: JoinTask) -> int:
    """Documents whose key another has, and the first one with that key: for the range of each."""
    high, low, numbers = partition_records(task.folder / "keys", task.number, 3).T
    order = np.lexsort((numbers, low, high))
    first = first_of_each(high[order]) | first_of_each(low[order])
    numbers = numbers[order]
    models = numbers[first][np.cumsum(first) - 1] if len(numbers) else numbers
    repeats, models = numbers[~first], models[~first]
    _send(task, "repeats", repeats, models)
    _send(task, "repeated", models, repeats)
    return len(repeats)


def write_band_keys(task: JoinTask) -> int:
    """By band key, the documents of a range with words whose key is new."""
    new = np.ones(sum(part.rows for part in task.shards), dtype=bool)
    new[partition_records(task.folder / "repeats", task.number, 2)[:, 0] - first_number(task.number)] = False
    number = first_number(task.number)
    with Outbox(task.folder / "bands", task.number, task.into, task.largest) as outbox:
        for part in task.shards:
            signatures = kept_signatures(SignatureTask(task.store, part))
            numbers = np.arange(number, number + len(signatures))
            compared = (signatures != WORDLESS).any(axis=1) & new[: len(signatures)]
            number, new = number + len(signatures), new[len(signatures) :]
            keys = all_band_keys(signatures[compared]).T.ravel().view(np.int64)
            records = np.stack([keys, np.tile(numbers[compared], BANDS)], axis=1)
            outbox.add(records, owners(keys, task.into))
    return outbox.written


def write_shared(task: JoinTask) -> int:
    """Documents that share a band key with another, by band key and for the range of each."""
    keys, numbers = partition_records(task.folder / "bands", task.number, 2).T
    numbers, shared_keys = shared(numbers, keys.view(np.uint64))
    with Outbox(task.folder / "shared" / str(task.number), 0, 1) as outbox:
        outbox.add(np.stack([shared_keys.view(np.int64), numbers], axis=1), np.zeros_like(numbers))
    _send(task, "needed", np.unique(numbers))
    return len(numbers)


def write_signatures(task: JoinTask) -> int:
    """A file with the signatures of a range that are compared: their places, then keys and signatures."""
    needed = np.unique(partition_records(task.folder / "needed", task.number, 1)[:, 0]) - first_number(task.number)
    if not len(needed):
        return 0
    folder = task.folder / "signatures"
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".")
    start = 0
    places = np.zeros(sum(part.rows for part in task.shards), dtype=np.int64)
    places[needed] = places.nbytes + np.arange(len(needed)) * (_DIGEST + COMPONENTS * 4)
    with os.fdopen(handle, "wb") as file:
        file.write(places.tobytes())
        for part in task.shards:
            keys, signatures = read_keys_and_signatures(SignatureTask(task.store, part))
            first, last = np.searchsorted(needed, [start, start + len(keys)]).tolist()
            rows = needed[first:last] - start
            tails = _key_bytes(keys).reshape(-1, 16)[rows, -_DIGEST:]
            if len(rows):
                file.write(np.hstack([tails, signatures[rows].view(np.uint8)]).tobytes())
            start += len(keys)
    keep_first(Path(name), folder / str(task.number))
    return len(needed)


def write_edges(task: JoinTask) -> int:
    """Pairs of similar documents in the buckets of a partition."""
    records = partition_records(task.folder / "shared" / str(task.number), 0, 2)
    keys, numbers = records[:, 0].view(np.uint64), records[:, 1]
    nodes, members = np.unique(numbers, return_inverse=True)
    links = Links(len(nodes))
    with (
        SignatureFiles(task.folder) as signatures,
        Outbox(task.folder / "edges", task.number, task.into, task.largest) as outbox,
    ):

        def similar(left: Rows, right: Rows) -> NDArray[np.bool_]:
            return equal_components(signatures.take, nodes[left], nodes[right]) >= THRESHOLD * COMPONENTS

        def digests(documents: Rows) -> Hashes:
            return signatures.digests(nodes[documents])

        for left, right in similar_pairs(members, keys, links, similar, digests):
            add_edges(outbox, nodes[left], nodes[right], task.into)
    return outbox.written // 2


def write_roots(given: tuple[Components, JoinTask]) -> None:
    """For the range of each document that is similar to another, the first document of its group."""
    found, task = given
    records = partition_records(found.folder, task.number, 2)
    nodes, roots = records[records[:, 0] > records[:, 1]].T
    firsts = np.unique(roots)
    _send(task, "roots", np.concatenate([nodes, firsts]), np.concatenate([roots, firsts]))


def write_groups(task: JoinTask) -> int:
    """For the range of each document in a group: the document, the number of its group, and that of its signature."""
    near = np.unique(partition_records(task.folder / "roots", task.number, 2), axis=0)
    models, repeats = partition_records(task.folder / "repeated", task.number, 2).T
    firsts = np.setdiff1d(models, near[:, 0])
    nodes = np.concatenate([near[:, 0], firsts])
    groups = np.concatenate([near[:, 1], firsts])
    order = np.argsort(nodes)
    nodes, groups = nodes[order], groups[order]
    of_repeats = groups[np.searchsorted(nodes, models)]
    _send(
        task,
        "groups",
        np.concatenate([nodes, repeats]),
        np.concatenate([groups, of_repeats]),
        np.concatenate([nodes, models]),
    )
    return len(nodes) + len(repeats)


class SignatureFiles:
    """Signatures that ``write_signatures`` wrote, by the numbers of documents; a context manager.

    They are read one by one, not mapped, because the pages of a mapped file count as memory of the process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "signatures"
        self._files: dict[int, int | None] = {}

    def __enter__(self) -> SignatureFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def take(self, numbers: Numbers) -> Signatures:
        """Signatures, shape (m, 128), of documents; that of a text without words where no band key is shared."""
        return self._read(numbers, COMPONENTS * 4, _DIGEST).view(np.uint32)

    def digests(self, numbers: Numbers) -> Hashes:
        """The last eight bytes of the key of each document, as a number: shape (m,) in and out."""
        return self._read(numbers, _DIGEST, 0).view(">u8").ravel().astype(np.uint64)

    def _read(self, numbers: Numbers, size: int, offset: int) -> NDArray[np.uint8]:
        unique, of_each = np.unique(numbers, return_inverse=True)
        rows = np.full((len(unique), size), 0xFF, dtype=np.uint8)
        place = np.zeros(1, dtype=np.int64)
        below = (1 << int(_RANGE)) - 1
        for row, number in enumerate(unique.tolist()):
            file = self._file(number >> int(_RANGE))
            if file is not None:
                os.preadv(file, [place.data], (number & below) * _OFFSET)
                if place[0]:
                    os.preadv(file, [rows[row]], int(place[0]) + offset)
        return rows[of_each]

    def _file(self, number: int) -> int | None:
        if number not in self._files:
            if len(self._files) >= _OPEN:
                self._close()
            path = self._folder / str(number)
            self._files[number] = os.open(path, os.O_RDONLY) if path.exists() else None
        return self._files[number]

    def _close(self) -> None:
        for file in self._files.values():
            if file is not None:
                os.close(file)
        self._files.clear()


def _send(task: JoinTask, name: str, *columns: Numbers) -> None:
    """Write records to the range of the document in their first column."""
    with Outbox(task.folder / name, task.number, task.ranges, task.largest) as outbox:
        outbox.add(np.stack(columns, axis=1), range_of(columns[0]))


def _key_bytes(keys: pa.Array) -> NDArray[np.uint8]:
    """The bytes of keys of 16 bytes, one after the other."""
    data = np.frombuffer(keys.buffers()[1], dtype=np.uint8)
    return data[keys.offset * 16 : (keys.offset + len(keys)) * 16]
