"""Components by rounds on disk are those of union-find, in few rounds."""

from __future__ import annotations

import math
import random
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from copydesk.description.duplicates.clusters import Links
from copydesk.description.duplicates.partitions import Outbox, partition_records, partitions
from copydesk.description.duplicates.star_rounds import add_edges, components
from copydesk.engines.local import Local

LOCAL = Local({"workers": 1})
FEWER = settings(max_examples=max(10, settings().max_examples // 2), deadline=None)


def by_rounds(left: list[int], right: list[int], largest: int) -> tuple[dict[int, int], int]:
    """The smallest node of the component of each node that has an edge, and the number of rounds."""
    count = partitions(2 * len(left), largest)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Outbox(folder / "edges", 0, count, largest) as outbox:
            add_edges(outbox, np.array(left, dtype=np.int64), np.array(right, dtype=np.int64), count)
        found = components(LOCAL, folder, folder / "edges", count, len(left), largest)
        records = np.concatenate([partition_records(found.folder, number, 2) for number in range(found.partitions)])
        assert {path.name for path in folder.iterdir()} <= {found.folder.name}
    roots = {}
    for node, root in records.tolist():
        if node > root:
            assert roots.setdefault(node, root) == root
    return {root: root for root in roots.values()} | roots, found.rounds


def by_links(left: list[int], right: list[int]) -> dict[int, int]:
    nodes = sorted({*left, *right})
    place = {node: number for number, node in enumerate(nodes)}
    links = Links(len(nodes))
    links.join(
        np.array([place[n] for n in left], dtype=np.int64), np.array([place[n] for n in right], dtype=np.int64)
    )
    roots = links.roots(np.arange(len(nodes))).tolist()
    return {node: nodes[root] for node, root in zip(nodes, roots, strict=True)}


@given(
    st.integers(2, 60).flatmap(
        lambda n: st.lists(
            st.tuples(st.integers(0, n), st.integers(0, n)).filter(lambda e: e[0] != e[1]), max_size=2 * n
        )
    ),
    st.sampled_from([1, 3, 20, 1000]),
    st.sampled_from([1, 2**40]),
)
@FEWER
def test_components_are_those_of_union_find(edges: list[tuple[int, int]], largest: int, scale: int) -> None:
    left, right = [a * scale for a, _ in edges], [b * scale for _, b in edges]
    found, rounds = by_rounds(left, right, largest)
    assert found == by_links(left, right)
    assert rounds <= 2 + math.log2(len(found) + 2)


@pytest.mark.parametrize("shape", ["path", "shuffled path", "tree", "star", "two combs"])
def test_rounds_grow_with_the_logarithm_of_the_nodes(shape: str) -> None:
    count = 4000
    numbers = list(range(count))
    if shape != "path":
        random.Random(1).shuffle(numbers)
    above = {
        "path": lambda n: n - 1,
        "shuffled path": lambda n: n - 1,
        "tree": lambda n: (n - 1) // 2,
        "star": lambda n: 0,
        "two combs": lambda n: max(n - 4, n % 2) if n % 4 < 2 else n - 2,
    }[shape]
    edges = [(numbers[n], numbers[above(n)]) for n in range(1, count) if above(n) != n]
    left, right = map(list, zip(*edges, strict=True))
    found, rounds = by_rounds(left, right, 500)
    assert found == by_links(left, right)
    assert rounds <= 2 + math.log2(count)
