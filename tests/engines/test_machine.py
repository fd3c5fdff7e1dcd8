"""How many cores and how much memory there are: of the machine, and of the container that this runs in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from copydesk.engines import local
from copydesk.engines.machine import cores, free_memory

GIB = 1 << 30


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"proc/meminfo": f"MemTotal: 99 kB\nMemAvailable: {8 << 20} kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, 8 * GIB),
        # Version 2, in the root of a container, where file pages can be given up.
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory.current": f"{GIB + 300}\n",
                "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 300\n",
            },
            GIB,
        ),
        # Without a limit of its own, in a group that has one.
        (
            {
                "proc/self/cgroup": "0::/user/job\n",
                "sys/fs/cgroup/user/job/memory.max": "max\n",
                "sys/fs/cgroup/user/job/memory.current": "5\n",
                "sys/fs/cgroup/user/memory.max": f"{3 * GIB}\n",
                "sys/fs/cgroup/user/memory.current": f"{GIB}\n",
            },
            2 * GIB,
        ),
        # Version 1; the second group is of another kind.
        (
            {
                "proc/self/cgroup": "9:cpu:/a\n4:memory:/b\n",
                "sys/fs/cgroup/memory/b/memory.limit_in_bytes": f"{GIB}\n",
                "sys/fs/cgroup/memory/b/memory.usage_in_bytes": f"{2 * GIB}\n",
                "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1\n",
            },
            0,
        ),
    ],
)
def test_memory_is_what_the_tightest_limit_leaves(tmp_path: Path, files: dict[str, str], free: int) -> None:
    assert free_memory(machine(tmp_path, files)) == free


def test_a_system_that_does_not_say_sets_no_limit(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None
    assert cores(tmp_path) == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    "files",
    [
        {"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": "150000 100000\n"},
        {
            "proc/self/cgroup": "7:cpuacct,cpu:/job\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        },
    ],
)
def test_cores_are_limited_by_a_quota(tmp_path: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert cores(machine(tmp_path, files)) == (2 if "sys/fs/cgroup/job/cpu.max" in files else 1)
    unlimited = {name: "max 100000\n" if name.endswith(".max") else "-1\n" for name in files if "sys" in name}
    assert cores(machine(tmp_path, unlimited)) == 16


def test_there_are_no_more_workers_than_memory_is_there_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "cores", lambda: 16)
    for free, workers in ((None, 16), (0, 1), (2 * GIB, 3), (99 * GIB, 16)):
        monkeypatch.setattr(local, "free_memory", lambda free=free: free)
        assert local.suitable() == workers
