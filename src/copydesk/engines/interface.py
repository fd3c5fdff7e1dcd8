"""The interface of an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Keys = NDArray[np.uint64]
Task = TypeVar("Task")
Result = TypeVar("Result")


class Engine(ABC):
    """Runs functions over tasks.

    A task may run more than once, even twice at the same time: a function writes its result atomically, under a name
    that follows from the task (``Store.put``). The next run finds what was finished
    before an error, a kill or Ctrl-C.
    """

    @abstractmethod
    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """Run a function over tasks and yield, in any order, the index of each task and its result.

        Parameters
        ----------
        function : callable
            Importable by name.
        tasks : iterable
            Small objects; large data is in the store.

        Raises
        ------
        BuildError
            If a task cannot be run. Exceptions of the function itself are raised unchanged.
        """

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Yield the results of ``map`` in the order of the tasks."""
        waiting: dict[int, Result] = {}
        next_place = 0
        for place, result in self.map(function, tasks):
            waiting[place] = result
            while next_place in waiting:
                yield waiting.pop(next_place)
                next_place += 1

    @abstractmethod
    def edges(
        self, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Iterable[Task]
    ) -> Iterator[tuple[Numbers, Keys]]:
        """Find the numbers that share a key, for each column of keys.

        Parameters
        ----------
        function : callable
            Returns numbers, shape (n,), and their keys, shape (n, columns); every task has the same columns.
        tasks : iterable
            Every number is returned for exactly one of them.

        Returns
        -------
        iterator of (numbers, keys)
            One pair per column, each of shape (m,), sorted as by ``shared``. Columns without a shared key may be
            left out.
        """


def shared(numbers: Numbers, keys: Keys) -> tuple[Numbers, Keys]:
    """Return the numbers whose key occurs more than once, sorted by key, then number: shape (n,) in, (m,) out."""
    order = np.argsort(keys)
    keys = keys[order]
    equal = keys[1:] == keys[:-1]
    doubled = np.zeros(len(keys), dtype=bool)
    doubled[1:] |= equal
    doubled[:-1] |= equal
    numbers, keys = numbers[order[doubled]], keys[doubled]
    order = np.lexsort((numbers, keys))
    return numbers[order], keys[order]
