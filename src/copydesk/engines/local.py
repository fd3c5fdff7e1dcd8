"""The embedded engine: this process for a little work, a pool of processes for more."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from copydesk.core.progress import count_failures
from copydesk.engines.interface import Engine, Keys, Numbers, Result, Task, shared
from copydesk.engines.machine import cores, free_memory
from copydesk.errors import BuildError
from copydesk.store.open_backend import Root

#: What a process of the pool takes with a large shard in hand, in bytes.
WORKER_MEMORY = 600 << 20
#: Seconds of work after which it is worth a pool, which takes about as long to begin.
_PATIENCE = 1.0
#: Deaths of workers that a task is near before it is run alone, to see whether it is the cause.
_SUSPECT = 2


class Local(Engine):
    """Processes of this machine.

    Parameters
    ----------
    settings : mapping
        ``workers``: processes, 0 for one a core, and no more than memory is there for.
    scratch : Path, optional
        Where files lie for a while.
    shared : sequence of Path or str
        What functions read and write; this machine's processes see what this one does.
    patience : float
        Seconds of work that are done in this process before others are started.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        scratch: Path | None = None,
        shared: tuple[Root, ...] = (),
        patience: float = _PATIENCE,
    ) -> None:
        self._scratch = scratch
        self.workers = settings["workers"] or _pool.size or suitable()
        self._patience = 0.0 if _pool.size == self.workers else patience

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """See ``Engine.map``."""
        left = deque(enumerate(tasks))
        begun = time.monotonic()
        while left and (self.workers == 1 or len(left) == 1 or time.monotonic() - begun < self._patience):
            place, task = left.popleft()
            yield place, function(task)
        if left:
            yield from self._shared_out(function, left)

    def edges(
        self, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Iterable[Task]
    ) -> Iterator[tuple[Numbers, Keys]]:
        """See ``Engine.edges``. In memory is one column of keys at a time; the others wait in files."""
        numbers = [np.zeros(0, dtype=np.int64)]
        columns: list[IO[bytes]] = []
        with ExitStack() as files:
            for _, (some, keys) in self.map(function, tasks):
                numbers.append(some)
                while len(columns) < keys.shape[1]:
                    columns.append(files.enter_context(TemporaryFile(dir=self._scratch)))
                for file, column in zip(columns, keys.T, strict=True):
                    file.write(column.tobytes())
            whole = np.concatenate(numbers)
            numbers.clear()
            for file in columns:
                file.seek(0)
                yield shared(whole, np.fromfile(file, dtype=np.uint64))
                file.close()

    def _shared_out(
        self, function: Callable[[Task], Result], left: deque[tuple[int, Task]]
    ) -> Iterator[tuple[int, Result]]:
        """Run tasks in the pool; those that were under way when one of its processes was killed, again."""
        deaths: Counter[int] = Counter()
        running: dict[Future[Result], tuple[int, Task]] = {}
        try:
            while left or running:
                alone = bool(left) and deaths[left[0][0]] >= _SUSPECT
                while left and len(running) < (1 if alone else 2 * self.workers):
                    place, task = left.popleft()
                    running[_pool.submit(self.workers, function, task)] = place, task
                # While the first processes start, this one goes on.
                starting = bool(left) and not _pool.warm and not deaths
                done, _ = wait(running, 0 if starting else None, FIRST_COMPLETED)
                if not done:
                    place, task = left.popleft()
                    yield place, function(task)
                    continue
                if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                    done, _ = wait(running)
                    _pool.close()
                    again = [running[future] for future in done if isinstance(future.exception(), BrokenProcessPool)]
                    deaths.update(place for place, _ in again)
                    count_failures(len(again))
                    if alone:
                        raise BuildError(_given_up(again[0][0]))
                    left.extendleft(sorted(again, key=lambda item: (deaths[item[0]], -item[0])))
                for future in done:
                    place, _ = running.pop(future)
                    if not isinstance(future.exception(), BrokenProcessPool):
                        _pool.warm = True
                        yield place, future.result()
        finally:
            for future in running:
                future.cancel()


class _Pool:
    """The processes that the stages of a run share: started when they are first needed, ended with this process."""

    def __init__(self) -> None:
        self.size = 0
        self.warm = False  # whether a result has come
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, size: int, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Have a task run by one of some processes."""
        if self.size != size:
            self.close()
        if self._executor is None:
            # Spawned, not forked: a fork copies the locks of Arrow's threads in whatever state they are.
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(size, spawn, initializer=_begin)
            self.size = size
        # Processes that this starts inherit the mask: Ctrl-C ends this one, which ends them.
        known = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._executor.submit(function, task)
        except BrokenProcessPool as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, known)

    def close(self) -> None:
        """End the processes when they have done what they have in hand."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        self.size, self.warm, self._executor = 0, False, None


_pool = _Pool()


def suitable() -> int:
    """How many processes this machine has cores and memory for."""
    free = free_memory()
    return max(1, cores() if free is None else min(cores(), free // WORKER_MEMORY))


def _begin() -> None:
    """Begin a process of the pool: Ctrl-C is for the one that started it, whose end is this one's too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    starter = multiprocessing.parent_process()
    if starter is not None:
        wait_for_end([starter.sentinel])
        os._exit(1)  # even in the middle of a shard: it is written under another name until it is complete


def _given_up(place: int) -> str:
    return (
        f"a worker process was killed {_SUSPECT + 1} times at shard {place + 1} of those left to do, the last time "
        "with nothing beside it; most likely the machine lacks memory for it: lower shards.maximum or "
        "shards.max_bytes, or use a machine with more; in a script of your own, call copydesk under "
        'if __name__ == "__main__":, since each process imports the script again'
    )
