"""Progress of long work: a live bar on a terminal, one line in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
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
