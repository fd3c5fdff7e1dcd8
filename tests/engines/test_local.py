"""The embedded engine: results in order, in one process or in several."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from copydesk.engines.local import run
from support import ROOT, square


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


def test_workers_end_with_the_process_that_gave_them_work(tmp_path: Path) -> None:
    script = tmp_path / "work.py"  # a file, since workers import what is run by name
    script.write_text("""
import sys, time
sys.path.insert(0, sys.argv[1])
from copydesk.engines import local
from support import slowly
if __name__ == "__main__":
    for worker in local.run(slowly, [0, 0, 600, 600], 2):
        print(worker, flush=True)
""")
    command = [sys.executable, str(script), str(ROOT / "tests")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workers = {int(process.stdout.readline()) for _ in range(2)}
        assert all(map(alive, workers))
        process.kill()
    deadline = time.monotonic() + 60
    while any(map(alive, workers)):
        assert time.monotonic() < deadline, workers
        time.sleep(0.05)


def alive(process: int) -> bool:
    """Whether a process is there and has not ended, waited for by nobody."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
