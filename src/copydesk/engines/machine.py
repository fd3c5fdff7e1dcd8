"""CPU cores and memory available to this process, respecting cgroup limits."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path("/")


def cores(root: Path = _ROOT) -> int:
    """Return the number of cores that this process may use, by its affinity and its cgroup's quota; at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    for folder in _groups(root, "cpu"):
        quota, period = (
            _words(folder / "cpu.max") or _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        )[:2] or ("max", "")
        if quota.isdigit() and period.isdigit():  # otherwise "max", or -1
            count = min(count, round(int(quota) / int(period)))
    return max(count, 1)


def free_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that can be allocated before the system kills or swaps; None if it does not say."""
    meminfo = _fields(root / "proc" / "meminfo")
    free = [meminfo["MemAvailable:"] * 1024] if "MemAvailable:" in meminfo else []
    for folder in _groups(root, "memory"):
        limit = _words(folder / "memory.max") or _words(folder / "memory.limit_in_bytes")
        used = _words(folder / "memory.current") or _words(folder / "memory.usage_in_bytes")
        if limit and used and limit[0].isdigit():
            # Cached pages of files count as used, and are dropped when memory is short.
            idle = _fields(folder / "memory.stat").get("inactive_file", 0)
            free.append(int(limit[0]) - int(used[0]) + idle)
    return max(min(free), 0) if free else None


def _groups(root: Path, kind: str) -> list[Path]:
    """Return the folders of the cgroups, of version 2 or 1, that limit this process: its own and their parents."""
    folders = set()
    for line in _lines(root / "proc" / "self" / "cgroup"):
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds and kind not in kinds.split(","):
            continue
        mount = root / "sys" / "fs" / "cgroup" / (kind if kinds else "")
        group = mount / path.strip("/")
        folders |= {mount, *(parent for parent in (group, *group.parents) if mount in parent.parents)}
    return sorted(folders)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except OSError:
        return []


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _fields(path: Path) -> dict[str, int]:
    rows = (line.split() for line in _lines(path))
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
