"""MinHash signatures in the store; only the signatures to compare are copied to a local file."""

from __future__ import annotations

import os
import tempfile
from binascii import unhexlify
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import Rows, all_band_keys
from copydesk.description.duplicates.minhash import COMPONENTS, WORDLESS, Signatures
from copydesk.description.signals.tokens import Hashes
from copydesk.engines.interface import Engine, shared
from copydesk.project import Project
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part, Store

_KEY = 16  # bytes: half of a SHA-256 is enough to distinguish texts
_ROW = COMPONENTS * 4  # bytes of a signature


class ShardColumns(NamedTuple):
    """Columns of a shard for deduplication: a mask of kept documents; ids, keys, sizes and split points of those."""

    kept: NDArray[np.bool_]
    ids: pa.Array
    keys: pa.Array
    sizes: NDArray[np.int64]
    points: NDArray[np.float64]


class SignatureTask(NamedTuple):
    """A shard, the number of its first kept document, and positions of signatures to read among the kept ones."""

    store: Root
    part: Part
    start: int = 0
    places: Rows | None = None


def read_columns(task: SignatureTask, *, again: bool = False) -> ShardColumns:
    """Load the small columns of a shard. Call this first: it is the read that verifies the shard's hash."""
    rows = Store(task.store).read(task.part, ["doc_id", "text_key", "words", "point", "kept"], again=again)
    kept = rows["kept"].to_numpy()
    rows = rows.filter(rows["kept"])
    keys = _halved(rows["text_key"])
    words, points = rows["words"].to_numpy(), rows["point"].to_numpy()
    return ShardColumns(kept, rows["doc_id"].combine_chunks(), keys, words, points)


def band_keys(task: SignatureTask) -> tuple[Rows, Hashes]:
    """Numbers of the documents of a shard that have words, and their keys, one column per band."""
    signatures = kept_signatures(task)
    worded = np.flatnonzero((signatures != WORDLESS).any(axis=1))
    return worded + task.start, all_band_keys(signatures[worded])


def read_signatures(task: SignatureTask) -> Signatures:
    """Signatures at the positions that the task names."""
    return kept_signatures(task)[task.places]


def read_keys_and_signatures(task: SignatureTask) -> tuple[pa.Array, Signatures]:
    """Keys and signatures of the kept documents of a shard."""
    shard = Store(task.store).read(task.part, ["text_key", "minhash", "kept"], again=True)
    return _halved(shard["text_key"].filter(shard["kept"])), _signatures_in(shard)


def kept_signatures(task: SignatureTask) -> Signatures:
    """Signatures of the kept documents of a shard; empty if near-duplicates are switched off."""
    return _signatures_in(Store(task.store).read(task.part, ["minhash", "kept"], again=True))


def _halved(keys: pa.ChunkedArray) -> pa.Array:
    return pa.array([unhexlify(key)[:_KEY] for key in keys.to_pylist()], pa.binary(_KEY))


def _signatures_in(shard: pa.Table) -> Signatures:
    values: Signatures = shard["minhash"].combine_chunks().flatten().to_numpy().astype(np.uint32)
    matrix = values.reshape(-1, COMPONENTS)
    return matrix[shard["kept"].to_numpy()] if len(matrix) else matrix


class StoredSignatures:
    """Signatures in the store, for ``near_groups``; a context manager that removes its files when it exits.

    Parameters
    ----------
    project : Project
    engine : Engine
        Reads the shards.
    parts : sequence of Part
        The shards with signatures.
    counts : sequence of int
        Kept documents of each; they are numbered from 0 through all shards.
    """

    def __init__(self, project: Project, engine: Engine, parts: Sequence[Part], counts: Sequence[int]) -> None:
        starts = np.cumsum([0, *counts]).tolist()
        self._starts = np.array(starts)
        self._tasks = [
            SignatureTask(project.store.root, part, start) for part, start in zip(parts, starts[:-1], strict=True)
        ]
        self._engine = engine
        self._folder = project.build
        self._rows = np.zeros(0, dtype=np.int64)  # documents whose signatures are in the file
        self._file = tempfile.TemporaryFile(dir=project.build)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> StoredSignatures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def bands(self, included: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """See ``Sketches.bands``; afterwards ``take`` can return the signatures of the documents that it yields."""
        needed = np.zeros(len(included), dtype=bool)
        with tempfile.TemporaryFile(dir=self._folder) as aside:
            bands = 0
            for numbers, keys in self._engine.edges(band_keys, self._tasks):
                mask = included[numbers]
                candidates = shared(numbers[mask], keys[mask])
                needed[candidates[0]] = True
                bands += 1
                for column in candidates:
                    np.save(aside, column)
            self._gather(np.flatnonzero(needed))
            aside.seek(0)
            for _ in range(bands):
                yield np.load(aside), np.load(aside)

    def take(self, rows: Rows) -> Signatures:
        """See ``Sketches.take``."""
        unique, inverse = np.unique(rows, return_inverse=True)
        signatures = np.empty((len(unique), COMPONENTS), dtype=np.uint32)
        # Read, not mapped, because the pages of a mapped file count as memory of this process.
        for row, place in enumerate(np.searchsorted(self._rows, unique).tolist()):
            os.preadv(self._file.fileno(), [signatures[row]], place * _ROW)
        return signatures[inverse]

    def _gather(self, rows: Rows) -> None:
        """Copy the signatures of some documents from the store to the local file, one row per document."""
        self._rows = rows
        bounds = np.searchsorted(rows, self._starts).tolist()
        tasks = [
            (first, task._replace(places=rows[first:last] - task.start))
            for task, first, last in zip(self._tasks, bounds, bounds[1:], strict=False)
            if last > first
        ]
        for place, signatures in self._engine.map(read_signatures, [task for _, task in tasks]):
            os.pwrite(self._file.fileno(), signatures.tobytes(), tasks[place][0] * _ROW)
