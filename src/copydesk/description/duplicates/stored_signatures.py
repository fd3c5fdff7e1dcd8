"""The signatures of a corpus as the stage deduplicate reads them: what is compared, and nothing else, is gathered."""

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

_KEY = 16  # bytes: half of a SHA-256 tells texts apart
_ROW = COMPONENTS * 4  # bytes of a signature


class Told(NamedTuple):
    """What the documents of a shard are told by: of all whether they are kept, of those that are the rest."""

    kept: NDArray[np.bool_]
    ids: pa.Array
    keys: pa.Array
    sizes: NDArray[np.int64]
    points: NDArray[np.float64]


class Task(NamedTuple):
    """A shard, the number of its first kept document, and the places among its kept ones that are asked for."""

    store: Root
    part: Part
    start: int = 0
    places: Rows | None = None


def told(task: Task) -> Told:
    """Read what is small. Of each part this is read first."""
    rows = Store(task.store).read(task.part, ["doc_id", "text_key", "words", "point", "kept"])
    kept = rows["kept"].to_numpy()
    rows = rows.filter(rows["kept"])
    keys = pa.array([unhexlify(key)[:_KEY] for key in rows["text_key"].to_pylist()], pa.binary(_KEY))
    words, points = rows["words"].to_numpy(), rows["point"].to_numpy()
    return Told(kept, rows["doc_id"].combine_chunks(), keys, words, points)


def band_keys(task: Task) -> tuple[Rows, Hashes]:
    """Numbers of the documents of a shard that have words, and their keys, one column a band."""
    signatures = _kept(task)
    worded = np.flatnonzero((signatures != WORDLESS).any(axis=1))
    return worded + task.start, all_band_keys(signatures[worded])


def chosen(task: Task) -> Signatures:
    """Signatures of the documents of a shard that are asked for."""
    return _kept(task)[task.places]


def _kept(task: Task) -> Signatures:
    """Signatures of the kept documents of a shard; none where near duplicates are not looked for."""
    shard = Store(task.store).read(task.part, ["minhash", "kept"], again=True)
    values: Signatures = shard["minhash"].combine_chunks().flatten().to_numpy().astype(np.uint32)
    matrix = values.reshape(-1, COMPONENTS)
    return matrix[shard["kept"].to_numpy()] if len(matrix) else matrix


class Stored:
    """Signatures that lie in the store, as ``near_groups`` takes them; a block, after which nothing is left.

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
        self._tasks = [Task(project.store.root, part, start) for part, start in zip(parts, starts[:-1], strict=True)]
        self._engine = engine
        self._folder = project.build
        self._rows = np.zeros(0, dtype=np.int64)  # of the signatures in the file
        self._file = tempfile.TemporaryFile(dir=project.build)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Stored:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def bands(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """See ``Sketches.bands``; from then on the signatures of the documents that it tells can be taken."""
        needed = np.zeros(len(wanted), dtype=bool)
        with tempfile.TemporaryFile(dir=self._folder) as aside:
            bands = 0
            for numbers, keys in self._engine.edges(band_keys, self._tasks):
                asked = wanted[numbers]
                found = shared(numbers[asked], keys[asked])
                needed[found[0]] = True
                bands += 1
                for column in found:
                    np.save(aside, column)
            self._gather(np.flatnonzero(needed))
            aside.seek(0)
            for _ in range(bands):
                yield np.load(aside), np.load(aside)

    def take(self, rows: Rows) -> Signatures:
        """See ``Sketches.take``."""
        unique, back = np.unique(rows, return_inverse=True)
        found = np.empty((len(unique), COMPONENTS), dtype=np.uint32)
        # Read and not mapped: the pages of a mapped file count as memory of this process.
        for row, place in enumerate(np.searchsorted(self._rows, unique).tolist()):
            os.preadv(self._file.fileno(), [found[row]], place * _ROW)
        return found[back]

    def _gather(self, rows: Rows) -> None:
        """Bring signatures of some documents from the store into a file, row after row."""
        self._rows = rows
        bounds = np.searchsorted(rows, self._starts).tolist()
        asked = [
            (first, task._replace(places=rows[first:last] - task.start))
            for task, first, last in zip(self._tasks, bounds, bounds[1:], strict=False)
            if last > first
        ]
        for place, signatures in self._engine.map(chosen, [task for _, task in asked]):
            os.pwrite(self._file.fileno(), signatures.tobytes(), asked[place][0] * _ROW)
