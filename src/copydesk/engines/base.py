"""What an engine can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

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
