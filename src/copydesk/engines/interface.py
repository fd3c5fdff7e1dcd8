"""What an engine can do."""

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
    """Runs functions over tasks, somewhere.

    A task may be run more than once, even twice at the same time: functions put what they make under a name that
    follows from the task, complete or not at all (``Store.put``). What was finished before an error, a kill or
    Ctrl-C is found there by the next run.
    """

    @abstractmethod
    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[int, Result]]:
        """Run a function over tasks and yield, in any order, the place of each task and its result.

        Parameters
        ----------
        function : callable
            Importable by name.
        tasks : iterable
            Small: what is large lies in the store.

        Raises
        ------
        BuildError
            If a task cannot be run; what the function itself raises comes through as it is.
        """

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """The results of ``map``, in the order of the tasks."""
        early: dict[int, Result] = {}
        expected = 0
        for place, result in self.map(function, tasks):
            early[place] = result
            while expected in early:
                yield early.pop(expected)
                expected += 1

    @abstractmethod
    def edges(
        self, function: Callable[[Task], tuple[Numbers, Keys]], tasks: Iterable[Task]
    ) -> Iterator[tuple[Numbers, Keys]]:
        """Find out which numbers share a key, for one column of keys after the other.

        Parameters
        ----------
        function : callable
            Gives some numbers, shape (n,), and their keys, shape (n, columns), with the same columns for each task.
        tasks : iterable
            Each number comes from one of them.

        Returns
        -------
        iterator of (numbers, keys)
            One pair a column, each of shape (m,), as ``shared`` sorts them; columns in which nothing is shared may
            be left out.
        """


def shared(numbers: Numbers, keys: Keys) -> tuple[Numbers, Keys]:
    """Those numbers whose key another has too, sorted by key, then number: shape (n,) in, shape (m,) out."""
    order = np.argsort(keys)
    keys = keys[order]
    equal = keys[1:] == keys[:-1]
    doubled = np.zeros(len(keys), dtype=bool)
    doubled[1:] |= equal
    doubled[:-1] |= equal
    numbers, keys = numbers[order[doubled]], keys[doubled]
    order = np.lexsort((numbers, keys))
    return numbers[order], keys[order]
