"""The default engine: this process for a little work, a pool of processes for more."""

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
from copydesk.tables.without_pandas import is_pandas_out, keep_pandas_out

#: Memory that a process of the pool needs for a large shard, in bytes.
WORKER_MEMORY = 600 << 20
#: Seconds of work after which a pool is started, which takes about as long to start.
_PATIENCE = 1.0
#: Number of killed workers after which a task that was running each time is run alone, to see if it is the cause.
_SUSPECT = 2


class Local(Engine):
    """Processes of this machine.

    Parameters
    ----------
    settings : mapping
        ``workers``: number of processes; 0 for one per core, as far as memory allows.
    scratch : Path, optional
        Folder for temporary files.
    shared : sequence of Path or str
        What the functions read and write. Not used: all processes of this machine see the same files.
    patience : float
        Seconds of work in this process before others are started.
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
        todo = deque(enumerate(tasks))
        start = time.monotonic()
        while todo and (self.workers == 1 or len(todo) == 1 or time.monotonic() - start < self._patience):
            place, task = todo.popleft()
            yield place, function(task)
        if todo:
            yield from self._run_in_pool(function, todo)

    def edges(
        self, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Iterable[Task]
    ) -> Iterator[tuple[Numbers, Keys]]:
        """See ``Engine.edges``. One column of keys is in memory at a time; the others are in temporary files."""
        numbers = [np.zeros(0, dtype=np.int64)]
        columns: list[IO[bytes]] = []
        with ExitStack() as files:
            for _, (task_numbers, keys) in self.map(function, tasks):
                numbers.append(task_numbers)
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

    def _run_in_pool(
        self, function: Callable[[Task], Result], todo: deque[tuple[int, Task]]
    ) -> Iterator[tuple[int, Result]]:
        """Run tasks in the pool, and interrupted those that were running when one of its processes was killed."""
        deaths: Counter[int] = Counter()
        running: dict[Future[Result], tuple[int, Task]] = {}
        try:
            while todo or running:
                alone = bool(todo) and deaths[todo[0][0]] >= _SUSPECT
                while todo and len(running) < (1 if alone else 2 * self.workers):
                    place, task = todo.popleft()
                    running[_pool.submit(self.workers, function, task)] = place, task
                # While the first processes start, this one does some of the work.
                starting = bool(todo) and not _pool.warm and not deaths
                done, _ = wait(running, 0 if starting else None, FIRST_COMPLETED)
                if not done:
                    place, task = todo.popleft()
                    yield place, function(task)
                    continue
                if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                    done, _ = wait(running)
                    _pool.close()
                    interrupted = [
                        running[future] for future in done if isinstance(future.exception(), BrokenProcessPool)
                    ]
                    deaths.update(place for place, _ in interrupted)
                    count_failures(len(interrupted))
                    if alone:
                        raise BuildError(_given_up(interrupted[0][0]))
                    todo.extendleft(sorted(interrupted, key=lambda item: (deaths[item[0]], -item[0])))
                for future in done:
                    place, _ = running.pop(future)
                    if not isinstance(future.exception(), BrokenProcessPool):
                        _pool.warm = True
                        yield place, future.result()
        finally:
            for future in running:
                future.cancel()


class _Pool:
    """The processes that all stages of a run share: started when first needed, ended with this process."""

    def __init__(self) -> None:
        self.size = 0
        self.warm = False  # whether a process has returned a result
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, size: int, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Run a task in a pool of this size."""
        if self.size != size:
            self.close()
        if self._executor is None:
            # Spawned, not forked: a fork would copy locks that Arrow's threads hold.
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(size, spawn, initializer=_begin, initargs=(is_pandas_out(),))
            self.size = size
        # Started processes inherit the mask: Ctrl-C ends this process, and its end ends them.
        previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._executor.submit(function, task)
        except BrokenProcessPool as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)

    def close(self) -> None:
        """End the processes after their current tasks."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        self.size, self.warm, self._executor = 0, False, None


_pool = _Pool()


def suitable() -> int:
    """Return the number of processes for which this machine has cores and memory."""
    free = free_memory()
    return max(1, cores() if free is None else min(cores(), free // WORKER_MEMORY))


def _begin(without_pandas: bool) -> None:
    """Set up a process of the pool: it ignores Ctrl-C and ends when the process that started it ends."""
    if without_pandas:
        keep_pandas_out(())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    starter = multiprocessing.parent_process()
    if starter is not None:
        wait_for_end([starter.sentinel])
        os._exit(1)  # safe within a shard: a file is renamed into place only when complete


def _given_up(place: int) -> str:
    return (
        f"a worker process was killed {_SUSPECT + 1} times at shard {place + 1} of those left to do, the last time "
        "while it ran alone; most likely the machine lacks memory for it: lower shards.maximum or "
        "shards.max_bytes, or use a machine with more; in your own script, call copydesk under "
        'if __name__ == "__main__":, because each process imports the script again'
    )
