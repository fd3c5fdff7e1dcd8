"""The embedded engine: results in order, in one process or in several, also when some of these are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk.engines import local
from copydesk.engines.local import Local
from copydesk.errors import BuildError
from support import ROOT, square, square_at_last


@pytest.fixture(autouse=True)
def no_pool() -> Iterator[None]:
    local._pool.close()
    yield
    local._pool.close()


def at_once(workers: int) -> Local:
    """An engine that does not wait for work to be long before it starts processes."""
    return Local({"workers": workers}, patience=0)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_keep_the_order_of_the_tasks(workers: int) -> None:
    results = list(at_once(workers).run(square, range(40)))
    assert [value for value, _ in results] == [n * n for n in range(40)]
    assert ({process for _, process in results} == {os.getpid()}) == (workers == 1)


def test_a_map_tells_the_place_of_each_task() -> None:
    assert sorted((place, value) for place, (value, _) in at_once(2).map(square, range(2, 9))) == [
        (n, (n + 2) ** 2) for n in range(7)
    ]


def test_little_work_needs_no_other_process() -> None:
    assert list(at_once(4).run(square, [3])) == [(9, os.getpid())]
    assert list(at_once(4).run(square, [])) == []
    patient = Local({"workers": 4}, patience=float("inf"))
    assert {process for _, process in patient.run(square, range(9))} == {os.getpid()}
    assert local._pool.size == 0


def test_processes_are_kept_for_what_comes_next() -> None:
    first = {process for _, process in at_once(2).run(square, range(40))} - {os.getpid()}
    # Now that they are there, they are used whatever the work is.
    then = {process for _, process in Local({"workers": 0}, patience=float("inf")).run(square, range(40))}
    assert first
    assert then <= first | {process.pid for process in local._pool._executor._processes.values()}  # type: ignore[union-attr]
    assert len(local._pool._executor._processes) <= 2  # type: ignore[union-attr]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_task_comes_through(workers: int) -> None:
    with pytest.raises(ValueError, match="no root of -1"):
        list(at_once(workers).run(square, [1, 2, -1, 4]))
    assert [value for value, _ in at_once(workers).run(square, range(9))] == [n * n for n in range(9)]


@pytest.mark.parametrize("deaths", [1, 2])
def test_what_a_killed_worker_left_is_done_again(tmp_path: Path, deaths: int) -> None:
    list(at_once(2).run(square, range(40)))  # so that this process does none of the work itself
    tasks = [(n, tmp_path, deaths if n == 5 else 0) for n in range(12)]
    assert list(at_once(2).run(square_at_last, tasks)) == [n * n for n in range(12)]
    assert len(list(tmp_path.iterdir())) == deaths


def test_a_task_that_kills_each_worker_is_named(tmp_path: Path) -> None:
    list(at_once(2).run(square, range(40)))
    tasks = [(n, tmp_path, 99 if n == 5 else 0) for n in range(12)]
    with pytest.raises(BuildError, match=r"killed 3 times at shard 6 of those left to do.*lower shards"):
        list(at_once(2).run(square_at_last, tasks))
    assert len(list(tmp_path.iterdir())) == 3


def start(tmp_path: Path, function: str, tasks: str) -> subprocess.Popen[bytes]:
    """Another Python process that maps a function with two workers."""
    script = tmp_path / "script.py"
    code = f"""
        from pathlib import Path
        from copydesk.engines.local import Local
        from support import {function}

        if __name__ == "__main__":
            print(list(Local({{"workers": 2}}, patience=0).run({function}, {tasks})))
    """
    script.write_text(textwrap.dedent(code))
    (tmp_path / "done").mkdir()
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a group of its own, to which a terminal would send Ctrl-C
    )


def wait_until(holds: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def workers_in(folder: Path, starter: int) -> set[int]:
    return {int(path.name.partition("-")[2]) for path in folder.iterdir()} - {starter}


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    starter = start(tmp_path, "slow_square", "[(n, Path('done')) for n in range(1000)]")
    wait_until(lambda: workers_in(tmp_path / "done", starter.pid))
    (worker, *_) = workers_in(tmp_path / "done", starter.pid)
    starter.kill()
    starter.communicate()
    wait_until(lambda: not Path(f"/proc/{worker}").exists())


def test_ctrl_c_ends_the_run_and_keeps_what_is_finished(tmp_path: Path) -> None:
    starter = start(tmp_path, "slow_square", "[(n, Path('done')) for n in range(1000)]")
    wait_until(lambda: workers_in(tmp_path / "done", starter.pid))
    os.killpg(starter.pid, signal.SIGINT)
    _, told = starter.communicate(timeout=60)
    assert starter.returncode == -signal.SIGINT
    assert told.count(b"Traceback") == 1  # of the one that was interrupted, not of its workers
    assert told.rstrip().endswith(b"KeyboardInterrupt")
    assert 0 < len(list((tmp_path / "done").iterdir())) < 100
