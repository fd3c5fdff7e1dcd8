"""Content-defined cutting of a corpus into shards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from copydesk.errors import ConfigError


class ShardLimits(NamedTuple):
    """Limits of the size of a shard: ``shards`` in ``schemas/params.schema.json``."""

    target: int
    minimum: int
    maximum: int
    max_bytes: int


def shard_ranges(ids: Sequence[str], sizes: Sequence[int], limits: ShardLimits) -> list[tuple[int, int]]:
    """Cut a sequence of documents into shards by content-defined chunking at the level of documents.

    A document is a candidate if the hash of its id, as a fraction, is at most 1 / target. A shard ends after a
    candidate unless another candidate is among the ``minimum - 1`` documents before it. This depends only on these
    documents and not on earlier cuts, so a change has no effect further on: inserting, removing or
    editing one document replaces at most two shards by at most two, and appending touches the last one only.
    A run without cuts that exceeds ``maximum`` documents or ``max_bytes`` is cut by counting from its
    beginning, and there a change reaches to the end of the run (with target 1,000 and maximum 4,000, one
    run in 55 is longer than the maximum and one in 3,000 longer than twice that).

    Parameters
    ----------
    ids : sequence of str
        Document ids in corpus order.
    sizes : sequence of int
        Size in bytes of each document.
    limits : ShardLimits
        Target, minimum and maximum number of documents, maximum number of bytes.

    Returns
    -------
    list of (start, stop)
        Half-open ranges of documents, consecutive and not empty.

    Raises
    ------
    ConfigError
        If minimum <= target <= maximum does not hold.
    """
    if not limits.minimum <= limits.target <= limits.maximum:
        raise ConfigError(
            f"params.yaml: shards: expected minimum <= target <= maximum, found {limits.minimum}, "
            f"{limits.target}, {limits.maximum}"
        )
    hashes = np.frombuffer(b"".join(hashlib.sha256(i.encode()).digest()[:8] for i in ids), dtype=">u8")
    candidates = np.flatnonzero(hashes <= np.uint64((2**64 - 1) // limits.target))
    gaps = np.diff(candidates, prepend=-1)  # the beginning counts as a cut
    ends = set((candidates[gaps >= limits.minimum] + 1).tolist())
    shards = []
    start = weight = 0
    for position, size in enumerate(sizes):
        full = position - start >= limits.maximum or weight + size > limits.max_bytes
        if position > start and (full or position in ends):
            shards.append((start, position))
            start, weight = position, 0
        weight += size
    if len(ids) > start:
        shards.append((start, len(ids)))
    return shards
