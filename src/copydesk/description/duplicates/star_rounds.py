"""Connected components of a graph on disk, by rounds that each task of an engine does for a part of the nodes.

R. Kiveris, S. Lattanzi, V. Mirrokni, V. Rastogi, S. Vassilvitskii, "Connected Components in MapReduce and Beyond",
2014: large-star links the larger neighbours of each node to the smallest node beside it, small-star the smaller ones
and the node itself. Neither changes which nodes are connected, nor adds an edge. When nothing changes any more, each
node is linked to the smallest one of its component.
"""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import numpy as np

from copydesk.description.duplicates.partitions import (
    LARGEST,
    Numbers,
    Outbox,
    Records,
    batches,
    first_of_each,
    owners,
    partitions,
)
from copydesk.engines.interface import Engine


class StarTask(NamedTuple):
    """A partition of the edges to read, where to write new ones, and in how many partitions."""

    source: Path
    number: int
    target: Path
    into: int
    largest: int


class Components(NamedTuple):
    """Where the edges from each node to the smallest one of its component are, and how many rounds that took."""

    folder: Path
    partitions: int
    rounds: int


def add_edges(outbox: Outbox, left: Numbers, right: Numbers, count: int) -> None:
    """Add edges of a graph for ``components``: shape (m,) each."""
    for one, other in ((left, right), (right, left)):
        outbox.add(np.stack([one, other], axis=1), owners(one, count))


def components(  # noqa: PLR0917  (edges, and where they are)
    engine: Engine, folder: Path, source: Path, count: int, edges: int, largest: int = LARGEST
) -> Components:
    """Link each node to the smallest one of its component.

    Parameters
    ----------
    engine : Engine
    folder : Path
        For files, which all tasks see.
    source : Path
        Edges that ``add_edges`` wrote in ``count`` partitions; removed.
    edges : int
        Their number, not more.
    largest : int
        Edges of a partition, for the files that are written here.
    """
    rounds = 0
    while True:
        changes = 0
        for name, step in (("large", large_star), ("small", small_star)):
            target, into = folder / f"{name}-{rounds}", partitions(2 * edges, largest)
            tasks = [StarTask(source, number, target, into, largest) for number in range(count)]
            results = list(engine.run(step, tasks))
            changes += sum(changed for _, changed in results)
            edges = sum(written for written, _ in results)
            rmtree(source, ignore_errors=True)
            source, count = target, into
        rounds += 1
        if not changes:
            return Components(source, count, rounds)


def large_star(task: StarTask) -> tuple[int, int]:
    """Link the larger neighbours of each node to its smallest; returns the edges written and those that changed."""
    nodes, least = _least(task)
    written = changed = 0
    with Outbox(task.target, task.number, task.into, task.largest) as outbox:
        for node, neighbour in _pairs(task):
            larger = neighbour > node
            least_beside = np.minimum(least[np.searchsorted(nodes, node)], node)[larger]
            changed += int(np.count_nonzero(least_beside != node[larger]))
            pairs = _unique(neighbour[larger], least_beside)
            outbox.add(pairs, owners(pairs[:, 0], task.into))
            written += len(pairs)
    return written, changed


def small_star(task: StarTask) -> tuple[int, int]:
    """Link each node and its smaller neighbours to the smallest; returns the edges written and those that changed."""
    nodes, least = _least(task)
    changed = 0
    with Outbox(task.target, task.number, task.into, task.largest) as outbox:
        add_edges(outbox, nodes, least, task.into)
        for node, neighbour in _pairs(task):
            least_beside = least[np.searchsorted(nodes, node)]
            others = neighbour != least_beside
            changed += int(np.count_nonzero(others))
            pairs = _unique(neighbour[others], least_beside[others])
            add_edges(outbox, pairs[:, 0], pairs[:, 1], task.into)
    return outbox.written // 2, changed


def _pairs(task: StarTask) -> list[tuple[Numbers, Numbers]] | map[tuple[Numbers, Numbers]]:
    return map(_columns, batches(task.source, task.number, 2, task.largest))


def _columns(records: Records) -> tuple[Numbers, Numbers]:
    distinct = _unique(records[:, 0], records[:, 1])
    return distinct[:, 0], distinct[:, 1]


def _unique(left: Numbers, right: Numbers) -> Records:
    """Distinct pairs, sorted: shape (m,) in, shape (k, 2) out."""
    order = np.lexsort((right, left))
    pairs = np.stack([left[order], right[order]], axis=1)
    return pairs[first_of_each(pairs[:, 0]) | first_of_each(pairs[:, 1])]


def _least(task: StarTask) -> tuple[Numbers, Numbers]:
    """The nodes of a partition, sorted, and the smallest neighbour of each.

    The neighbours of a node are read in parts, so one that has very many needs no more memory.
    """
    nodes, least = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    for node, neighbour in _pairs(task):
        nodes, least = np.concatenate([nodes, node]), np.concatenate([least, neighbour])
        order = np.lexsort((least, nodes))
        nodes, least = nodes[order], least[order]
        first = first_of_each(nodes)
        nodes, least = nodes[first], least[first]
    return nodes, least
