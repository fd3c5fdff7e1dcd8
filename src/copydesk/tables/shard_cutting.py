"""Content-defined cutting of a corpus into shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import ConfigError


class ShardLimits(NamedTuple):
    """Limits of the size of a shard: ``shards`` in ``schemas/params.schema.json``."""

    target: int
    minimum: int
    maximum: int
    max_bytes: int


_BATCH = 1 << 16  # sizes to hold as Python numbers at a time


def id_hashes(ids: Iterable[str]) -> NDArray[np.uint64]:
    """The first 8 bytes of the SHA-256 of each id, as a number: what decides where shards are cut."""
    sha256 = hashlib.sha256
    joined = b"".join([sha256(doc_id.encode()).digest()[:8] for doc_id in ids])
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64)


def shard_ranges(ids: Sequence[str], sizes: Sequence[int], limits: ShardLimits) -> list[tuple[int, int]]:
    """Cut a sequence of documents, given by their ids in corpus order: see :func:`shard_ranges_of_hashes`."""
    return shard_ranges_of_hashes(id_hashes(ids), np.array(sizes, dtype=np.int64), limits)


def shard_ranges_of_hashes(
    hashes: NDArray[np.uint64], sizes: NDArray[np.int64], limits: ShardLimits
) -> list[tuple[int, int]]:
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
    hashes : numpy.ndarray of uint64, shape (n,)
        Those of the document ids in corpus order, see :func:`id_hashes`.
    sizes : numpy.ndarray of int64, shape (n,)
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
    candidates = np.flatnonzero(hashes <= np.uint64((2**64 - 1) // limits.target))
    gaps = np.diff(candidates, prepend=-1)  # the beginning counts as a cut
    ends = set((candidates[gaps >= limits.minimum] + 1).tolist())
    shards = []
    start = weight = 0
    batches = (sizes[at : at + _BATCH].tolist() for at in range(0, len(sizes), _BATCH))
    for position, size in enumerate(chain.from_iterable(batches)):
        full = position - start >= limits.maximum or weight + size > limits.max_bytes
        if position > start and (full or position in ends):
            shards.append((start, position))
            start, weight = position, 0
        weight += size
    if len(sizes) > start:
        shards.append((start, len(sizes)))
    return shards
