"""The embedded engine: this process for a little work, a pool of processes for more."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def run(function: Callable[[Task], Result], tasks: Iterable[Task], workers: int = 0) -> Iterator[Result]:
    """Run a function over tasks and yield the results in the order of the tasks.

    Parameters
    ----------
    function : callable
        Importable by name; a task may be run more than once and must not mind.
    tasks : iterable
        What to run it on.
    workers : int
        Processes; 0 takes one per core. One worker, or one task, runs in this process.
    """
    tasks = list(tasks)
    workers = min(workers or os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        yield from map(function, tasks)
        return
    # Spawned, not forked: a fork copies the locks of Arrow's threads in whatever state they are.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_end_with_parent) as pool:
        try:
            yield from pool.map(function, tasks)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """In a worker: end when the process that gives it work is killed; else it would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
