"""Groups of documents with equal keys or similar signatures, and which document of each group is kept.

Candidates come from bands, as in J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", chapter 3.4:
documents that agree in all components of some band stand in one bucket, and are compared there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.duplicates.minhash import COMPONENTS, WORDLESS, Signatures
from copydesk.description.signals.tokens import Hashes

Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]

# 18 bands of 7 components find a pair of Jaccard index 0.85 with probability 0.999, one of 0.5 with 0.13.
BANDS = 18
BAND_COMPONENTS = 7
#: Share of equal components from which two documents are near duplicates: 99 of 128. A pair of Jaccard index 0.85
#: falls below it with probability 0.008, one of 0.6 reaches it with probability 0.00003.
THRESHOLD = 0.77
LEADERS = 16  # members of a bucket that are compared with all the others of it
_CHUNK = 1 << 12  # signatures, of 512 bytes, that are looked at together
_MIX = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)


class Sketches(Protocol):
    """Signatures of n documents, wherever they lie."""

    def bands(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """Yield, for each LSH band, the candidate documents and their band keys.

        Parameters
        ----------
        wanted : numpy.ndarray of bool, shape (n,)
            Documents to include. Texts without words are always excluded.
        """

    def take(self, rows: Rows) -> Signatures:
        """Signatures of documents that ``bands`` yielded: shape (m,) in, shape (m, 128) out."""


class InMemory:
    """Signatures in one array of shape (n, 128), which may be mapped from a file."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures

    def bands(self, wanted: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """See ``Sketches.bands``."""
        rows = np.flatnonzero(wanted)
        rows = rows[_have_words(self._signatures, rows)]
        for band in range(BANDS):
            yield rows, _band_keys(self._signatures, band)[rows]

    def take(self, rows: Rows) -> Signatures:
        """See ``Sketches.take``."""
        return self._signatures[rows]


class Groups(NamedTuple):
    """The group of each of n documents: columns of string, shape (n,)."""

    duplicate_of: pa.Array  # the kept document, where another one is kept
    duplicate_group: pa.Array  # the kept document, where there is a duplicate
    duplicate_kind: pa.Array  # where another one is kept: "exact", its key is equal to the kept one's, or "near"


def near_groups(
    ids: pa.Array,
    keys: pa.Array,
    signatures: Signatures | Sketches,
    sizes: NDArray[np.int64],
    threshold: float = THRESHOLD,
    *,
    among: NDArray[np.bool_] | None = None,
) -> Groups:
    """Group documents with equal keys or similar signatures, and all that a chain of such pairs links.

    The largest document of a group is kept; of several, the one with the smallest id. Neither the order of the
    documents nor how they were divided among workers matters.

    Parameters
    ----------
    ids, keys : pa.Array of string, or of binary for the keys, shape (n,)
        Ids differ; keys are equal where texts are.
    signatures : Sketches, or numpy.ndarray of uint32, shape (n, 128)
    sizes : numpy.ndarray of int64, shape (n,)
        Words of each document.
    threshold : float
        Share of equal components from which two signatures are similar.
    among : numpy.ndarray of bool, shape (n,), optional
        Documents that may be in a group; all if left out. The others link nothing.
    """
    order, codes = by_id(ids, keys)
    if among is not None:
        outside = np.flatnonzero(~among[order])
        codes[outside] = len(codes) + outside  # equal to no other
    links = Links(len(order))
    for _ in _joined(order, codes, signatures, links, threshold, among=among):
        pass
    _join_equal(codes, links)
    keeper = _keepers(links.roots(np.arange(len(order))), sizes[order])
    repeats = keeper != np.arange(len(order))
    grouped = repeats.copy()
    grouped[keeper[repeats]] = True
    kinds = (codes != codes[keeper]).astype(np.int8)
    back = inverse(order)  # from the given order to that of the ids
    rows = order[keeper[back]]
    return Groups(
        ids.take(pa.array(rows, mask=~repeats[back])),
        ids.take(pa.array(rows, mask=~grouped[back])),
        pa.array(["exact", "near"]).take(pa.array(kinds[back], mask=~repeats[back])),
    )


def near_pairs(
    ids: pa.Array, keys: pa.Array, signatures: Signatures | Sketches, threshold: float = THRESHOLD
) -> tuple[pa.Array, pa.Array]:
    """Pairs of documents that ``near_groups`` joins because their signatures are similar; parameters as there.

    These are not all similar pairs: two documents that others link already are not compared, and of documents
    with equal keys only the one with the smallest id is.

    Returns
    -------
    (pa.Array, pa.Array) of string, each of shape (m,)
        The ids of each pair.
    """
    order, codes = by_id(ids, keys)
    found = [(order[:0], order[:0]), *_joined(order, codes, signatures, Links(len(order)), threshold)]
    ones, others = (order[np.concatenate(column)] for column in zip(*found, strict=True))
    return ids.take(pa.array(ones)), ids.take(pa.array(others))


class Links:
    """Numbers 0 to n - 1 in linked sets: trees, in which each points to a smaller one or, at the root, to itself."""

    def __init__(self, count: int) -> None:
        self._above = np.arange(count)

    def roots(self, members: Rows) -> Rows:
        """The smallest of the set of each member."""
        found = self._above[members]
        while len(changed := np.flatnonzero(self._above[found] != found)):
            found[changed] = self._above[found[changed]]
        self._above[members] = found  # the next search is short
        return found

    def join(self, ones: Rows, others: Rows) -> None:
        """Link pairs of members."""
        while True:
            ones, others = self.roots(ones), self.roots(others)
            apart = ones != others
            if not apart.any():
                return
            ones, others = ones[apart], others[apart]
            higher = np.maximum(ones, others)
            np.minimum.at(self._above, higher, np.minimum(ones, others))
            # Roots that were hung one below the other: halved at each step, so that no chain grows long.
            while (self._above[above := self._above[higher]] != above).any():
                self._above[higher] = self._above[above]


def by_id(ids: pa.Array, keys: pa.Array) -> tuple[Rows, Rows]:
    """The order of the ids, and a number for each key in that order.

    All that follows numbers documents by the order of their ids, so that the order they come in does not matter.
    """
    order = pc.sort_indices(ids).to_numpy(zero_copy_only=False).astype(np.int64)
    # Not dictionary_encode, which copies the keys.
    codes = pc.rank(keys, tiebreaker="dense").to_numpy(zero_copy_only=False).astype(np.int64)
    return order, codes[order]


def _joined(
    order: Rows,
    codes: Rows,
    signatures: Signatures | Sketches,
    links: Links,
    threshold: float,
    *,
    among: NDArray[np.bool_] | None = None,
) -> Iterator[Pairs]:
    """Link similar documents, band after band, and yield the pairs that were joined."""
    sketches = InMemory(signatures) if isinstance(signatures, np.ndarray) else signatures
    wanted = np.zeros(len(order), dtype=bool)
    wanted[order[np.unique(codes, return_index=True)[1]]] = True  # one of each key stands for the others
    if among is not None:
        wanted &= among
    back = inverse(order)
    for rows, band_keys in sketches.bands(wanted):
        for ones, others in _candidates(back[rows], band_keys, links):
            similar = equal_components(sketches, order[ones], order[others]) >= threshold * COMPONENTS
            links.join(ones[similar], others[similar])
            yield ones[similar], others[similar]


def inverse(order: Rows) -> Rows:
    """Where each number stands in an order: shape (n,)."""
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return back


def _join_equal(codes: Rows, links: Links) -> None:
    """Link what has equal keys."""
    _, first, of_key = np.unique(codes, return_index=True, return_inverse=True)
    links.join(first[of_key], np.arange(len(codes)))


def _have_words(signatures: Signatures, rows: Rows) -> NDArray[np.bool_]:
    """Whether the texts of some rows have words: a text without them is similar to none."""
    found: NDArray[np.bool_] = signatures[rows, 0] != WORDLESS
    doubtful = np.flatnonzero(~found)
    found[doubtful] = (signatures[rows[doubtful]] != WORDLESS).any(axis=1)
    return found


def all_band_keys(signatures: Signatures) -> Hashes:
    """One hash for each document and band: shape (n, 128) in, shape (n, bands) out."""
    return np.stack([_band_keys(signatures, band) for band in range(BANDS)], axis=1)


def _band_keys(signatures: Signatures, band: int) -> Hashes:
    """One hash of a band's components for each document: shape (n, 128) in, shape (n,) out."""
    columns = signatures[:, band * BAND_COMPONENTS : (band + 1) * BAND_COMPONENTS]
    hashes = np.zeros(len(signatures), dtype=np.uint64)
    for components in np.ascontiguousarray(columns.T):
        hashes ^= components
        hashes *= _MIX
        hashes ^= hashes >> _32
    return hashes


def _candidates(documents: Rows, band_keys: Hashes, links: Links) -> Iterator[Pairs]:
    """Pairs of one bucket that are not linked yet; the caller links the similar ones before it goes on.

    In each round one member of a bucket leads: it is compared with all that have not led. Where a bucket has few
    members, all lead in turn and each is compared with each. Elsewhere that would cost the square of the size, so
    only those lead that no leader was linked to: a bucket of similar documents takes one round, one of k groups
    takes k. What is apart after ``LEADERS`` rounds is left to the other bands, whose buckets differ.
    """
    members, buckets = shared_buckets(documents, band_keys)
    large = np.bincount(buckets) > LEADERS + 1
    led = np.zeros(len(members), dtype=bool)
    waiting = ~led
    for _ in range(LEADERS):
        leaders = first_waiting(members, buckets, waiting, len(large))
        going_on = leaders >= 0
        members, buckets, led, waiting, leaders = (x[going_on] for x in (members, buckets, led, waiting, leaders))
        compared = ~led & (links.roots(members) != links.roots(leaders))
        yield leaders[compared], members[compared]
        linked = links.roots(members) == links.roots(leaders)
        led |= members == leaders
        done = np.ones(len(large), dtype=bool)
        done[buckets[~linked]] = False
        waiting &= ~(led | done[buckets] | linked & large[buckets])


def first_waiting(members: Rows, buckets: Rows, waiting: NDArray[np.bool_], count: int) -> Rows:
    """The first waiting member of each member's bucket, -1 where none waits: shape (m,) in and out."""
    places = np.flatnonzero(waiting)
    numbers, first = np.unique(buckets[places], return_index=True)
    of_bucket = np.full(count, -1)
    of_bucket[numbers] = members[places[first]]
    return of_bucket[buckets]


def shared_buckets(documents: Rows, band_keys: Hashes) -> Pairs:
    """Documents that share a band key with another, and the number of their bucket: sorted by bucket, then document.

    Shape (n,) in, shape (m,) out.
    """
    order = np.argsort(band_keys)
    equal = np.diff(band_keys[order]) == 0
    shared = np.zeros(len(order), dtype=bool)
    shared[1:] |= equal
    shared[:-1] |= equal
    picked = order[shared]
    picked = picked[np.lexsort((documents[picked], band_keys[picked]))]
    return documents[picked], np.cumsum(np.diff(band_keys[picked], prepend=band_keys[picked[:1]]) != 0)


def equal_components(sketches: Sketches, ones: Rows, others: Rows) -> Rows:
    """How many components of the signatures of pairs of rows are equal: shape (m,)."""
    counts = np.empty(len(ones), dtype=np.int64)
    for at in range(0, len(ones), _CHUNK):
        part = slice(at, at + _CHUNK)
        counts[part] = np.count_nonzero(sketches.take(ones[part]) == sketches.take(others[part]), axis=1)
    return counts


def _keepers(roots: Rows, sizes: NDArray[np.int64]) -> Rows:
    """The largest member of the set of each, the smallest number of several: shape (n,)."""
    order = np.lexsort((-sizes, roots))  # stable: by number at last
    first = np.unique(roots[order], return_index=True)[1]
    keeper = np.empty_like(roots)
    keeper[roots[order[first]]] = order[first]
    return keeper[roots]
