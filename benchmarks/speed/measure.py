"""Measure a command as a whole: CPU of all its processes, time by the clock, memory of all together. Linux only.

CPU comes from the system's own accounts when a process ends (``wait4``). Processes that outlive their parent come to
us, since we make ourselves their reaper. Those whose parent lets the system throw their accounts away (Ray's workers)
are known by looking at them while they run, which counts a little less than all; the larger sum is taken.
Memory is the sum of the proportional set sizes (PSS), in which a page that several share counts once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

INTERVAL = 0.2  # seconds between two looks
PATIENCE = 15.0  # seconds that processes get to end after the first one did
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """What a command cost: CPU seconds, seconds by the clock, the most bytes at once; and how it ended."""

    cpu: float
    wall: float
    peak: int
    status: int
    stdout: str
    stderr: str


def measure(command: Sequence[str], env: Mapping[str, str], timeout: float = 3600) -> Measured:
    """Run a command to its end, and the end of every process that it began.

    Raises
    ------
    RuntimeError
        If this process has other children: their cost could not be told apart.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if list(_descendants()):
        raise RuntimeError("other processes run below this one; measure one command at a time")
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(env))
        watch = _Watch()
        watch.start()
        reaped, status, wall = _reap(process.pid, begun, timeout)
        process.returncode = status  # waited for here, so that Popen need not
        watch.stop()
        out.seek(0)
        err.seek(0)
        return Measured(max(reaped, watch.cpu), wall, watch.peak, status, out.read(), err.read())


def _reap(main: int, begun: float, timeout: float) -> tuple[float, int, float]:
    """CPU seconds of all that ended, the exit status of the first, and when that was."""
    cpu, status, wall = 0.0, 0, 0.0
    ended = False
    while True:
        now = time.perf_counter() - begun
        try:
            pid, code, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu, status, wall
        if pid:
            cpu += used.ru_utime + used.ru_stime
            if pid == main:
                ended, status, wall = True, os.waitstatus_to_exitcode(code), now
        elif now > timeout or (ended and now > wall + PATIENCE):
            for left in list(_descendants()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
            time.sleep(INTERVAL)
        else:
            time.sleep(0.005)


class _Watch(threading.Thread):
    """Looks at all processes below this one."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._cpu: dict[tuple[int, str], float] = {}
        self._ended = threading.Event()

    @property
    def cpu(self) -> float:
        """CPU seconds of all processes that were seen, up to when each was last seen."""
        return sum(self._cpu.values())

    def run(self) -> None:
        while not self._ended.wait(INTERVAL):
            total = 0
            for pid in list(_descendants()):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    fields = _stat(pid)
                    self._cpu[pid, fields[19]] = (int(fields[11]) + int(fields[12])) / _TICKS
                    total += _pss(pid)
            self.peak = max(self.peak, total)

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _descendants() -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = _stat(pid)
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(pid)
    todo = children.get(os.getpid(), [])
    while todo:
        pid = todo.pop()
        yield pid
        todo += children.get(pid, [])


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
