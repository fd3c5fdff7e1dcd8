"""The embedded engine: results in order, in one process or in several."""

from __future__ import annotations

import os

import pytest

from copydesk.engines.local import run
from support import square


@pytest.mark.parametrize("workers", [1, 2])
def test_results_keep_the_order_of_the_tasks(workers: int) -> None:
    results = list(run(square, range(9), workers))
    assert [value for value, _ in results] == [n * n for n in range(9)]
    assert (os.getpid() in {process for _, process in results}) == (workers == 1)


def test_one_task_needs_no_other_process() -> None:
    assert list(run(square, [3], workers=4)) == [(9, os.getpid())]
    assert list(run(square, [], workers=4)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_task_comes_through(workers: int) -> None:
    with pytest.raises(ValueError, match="no root of -1"):
        list(run(square, [1, 2, -1, 4], workers))
