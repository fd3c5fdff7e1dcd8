"""Progress of long work: a live bar on a terminal, one line in a log; and where its time goes."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], count: int, label: str, total: int) -> Iterator[Item]:
    """Yield the items, showing how many of ``count`` are done; ``total`` counts those found finished too."""
    if count and sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as bar

        yield from bar(items, f"{label:<12}", total=count, console=Console(stderr=True), transient=True)
    else:
        yield from items
    say(f"{label}: {total} shards, {count} computed, {total - count} from the store")


def say(message: str) -> None:
    """Tell the user something worth a line."""
    print(message, file=sys.stderr, flush=True)


#: CPU seconds of this process by what they were spent on, while :func:`profiled` is asked to count them.
_spent: defaultdict[str, float] | None = None


@contextmanager
def profiled() -> Iterator[dict[str, float]]:
    """Count the CPU seconds that :func:`timed` blocks of this process take, by name; those of others are not seen."""
    global _spent  # noqa: PLW0603  (one process, one profile)
    _spent = defaultdict(float)
    try:
        yield _spent
    finally:
        _spent = None


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Count the CPU seconds of a block under a name, if someone wants to know."""
    if _spent is None:
        yield
        return
    begun = time.process_time()
    try:
        yield
    finally:
        _spent[name] += time.process_time() - begun


def print_profile(spent: Mapping[str, float], documents: int) -> None:
    """Print CPU seconds by stage, and for the rules of cleaning that took most; what was in the store took none."""
    stages = {name: seconds for name, seconds in spent.items() if " " not in name}
    rules = sorted(((seconds, name) for name, seconds in spent.items() if " " in name), reverse=True)
    total = sum(stages.values()) or 1.0
    lines = [*stages.items(), ("all", total), *((name, seconds) for seconds, name in rules[:10])]
    print(f"{'':32}{'CPU s':>9}{'share':>8}{'ms a document':>15}")
    for name, seconds in lines:
        print(f"{name:32}{seconds:9.2f}{seconds / total:8.1%}{1e3 * seconds / max(1, documents):15.3f}")
