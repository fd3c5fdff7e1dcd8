"""Groups of documents with equal keys or similar signatures, and which document of each group is kept.

Candidates come from LSH bands, as in J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", chapter 3.4:
documents that agree in all components of a band are in one bucket, and are compared there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
LEADERS = 16  # members of a bucket that are compared with all others in it
_CHUNK = 1 << 12  # signatures of 512 bytes that are compared at a time
_MIX = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)
_BAND_BITS = np.uint64(BANDS.bit_length())  # of a band key, which name the band
_BAND_MASK = (np.uint64(1) << _BAND_BITS) - np.uint64(1)


class Sketches(Protocol):
    """Signatures of n documents, in memory or elsewhere."""

    def bands(self, included: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """Yield, for each LSH band, the candidate documents and their band keys.

        Parameters
        ----------
        included : numpy.ndarray of bool, shape (n,)
            Documents to include. Texts without words are always excluded.
        """

    def take(self, rows: Rows) -> Signatures:
        """Signatures of documents that ``bands`` yielded: shape (m,) in, shape (m, 128) out."""


class InMemory:
    """Signatures in one array of shape (n, 128), which may be mapped from a file."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures

    def bands(self, included: NDArray[np.bool_]) -> Iterator[tuple[Rows, Hashes]]:
        """See ``Sketches.bands``."""
        rows = np.flatnonzero(included)
        rows = rows[_have_words(self._signatures, rows)]
        for band in range(BANDS):
            yield rows, _band_keys(self._signatures, band)[rows]

    def take(self, rows: Rows) -> Signatures:
        """See ``Sketches.take``."""
        return self._signatures[rows]


class Groups(NamedTuple):
    """The group of each of n documents: columns of string, shape (n,)."""

    duplicate_of: pa.Array  # the kept document of the group; null for that document and those without duplicates
    duplicate_group: pa.Array  # the kept document of the group; null for documents without duplicates
    duplicate_kind: pa.Array  # "exact" if the keys of the two are equal, else "near"; null where duplicate_of is


def group_rows(groups: Groups, ids: pa.Array) -> Rows:
    """The row of the kept document of each document's group, its own row if it is in none: shape (n,)."""
    leaders = pc.index_in(groups.duplicate_group, value_set=ids)
    own = pa.array(np.arange(len(ids), dtype=np.int32))
    rows: Rows = pc.if_else(groups.duplicate_group.is_valid(), leaders, own).to_numpy(zero_copy_only=False)
    return rows.astype(np.int64)


def near_groups(
    ids: pa.Array,
    keys: pa.Array,
    signatures: Signatures | Sketches,
    sizes: NDArray[np.int64],
    threshold: float = THRESHOLD,
    *,
    among: NDArray[np.bool_] | None = None,
    within: Rows | None = None,
) -> Groups:
    """Group documents with equal keys or similar signatures, and documents that a chain of such pairs links.

    The largest document of a group is kept; of equally large ones, the one with the smallest id. The result does not
    depend on the order of the documents or on their division among workers.

    Parameters
    ----------
    ids, keys : pa.Array of string, or of binary for the keys, shape (n,)
        Ids differ; keys are equal if texts are.
    signatures : Sketches, or numpy.ndarray of uint32, shape (n, 128)
    sizes : numpy.ndarray of int64, shape (n,)
        Words of each document.
    threshold : float
        Least share of equal components of two similar signatures.
    among : numpy.ndarray of bool, shape (n,), optional
        Documents that may be in a group; all if left out. The others link nothing.
    within : numpy.ndarray of int64, shape (n,), optional
        Documents with different numbers are not compared.
    """
    order, codes = by_id(ids, keys)
    if among is not None:
        outside = np.flatnonzero(~among[order])
        codes[outside] = len(codes) + 1 + outside  # equal to no other: the largest of the others is at most n
    links = Links(len(order))
    for _ in _joined(order, codes, keys, signatures, links, threshold, among=among, within=within):
        pass
    _join_equal(codes, links)
    keeper = _keepers(links.roots(np.arange(len(order))), sizes[order])
    repeats = keeper != np.arange(len(order))
    grouped = repeats.copy()
    grouped[keeper[repeats]] = True
    kinds = (codes != codes[keeper]).astype(np.int8)
    positions = inverse(order)  # from the given order to that of the ids
    rows = order[keeper[positions]]
    return Groups(
        ids.take(pa.array(rows, mask=~repeats[positions])),
        ids.take(pa.array(rows, mask=~grouped[positions])),
        pa.array(["exact", "near"]).take(pa.array(kinds[positions], mask=~repeats[positions])),
    )


def near_pairs(
    ids: pa.Array, keys: pa.Array, signatures: Signatures | Sketches, threshold: float = THRESHOLD
) -> tuple[pa.Array, pa.Array]:
    """Pairs of documents that ``near_groups`` joins because their signatures are similar; parameters as there.

    These are not all similar pairs. Two documents that are already linked through others are not compared; of
    documents with equal keys, only the one with the smallest id is.

    Returns
    -------
    (pa.Array, pa.Array) of string, each of shape (m,)
        The ids of each pair.
    """
    order, codes = by_id(ids, keys)
    pairs = [(order[:0], order[:0]), *_joined(order, codes, keys, signatures, Links(len(order)), threshold)]
    left, right = (order[np.concatenate(column)] for column in zip(*pairs, strict=True))
    return ids.take(pa.array(left)), ids.take(pa.array(right))


class Links:
    """Disjoint sets of the numbers 0 to n - 1 (union-find): each points to a smaller member, a root to itself."""

    def __init__(self, count: int) -> None:
        self._above = np.arange(count)

    def roots(self, members: Rows) -> Rows:
        """The smallest number in the set of each member."""
        roots = self._above[members]
        while len(changed := np.flatnonzero(self._above[roots] != roots)):
            roots[changed] = self._above[roots[changed]]
        self._above[members] = roots  # shortens the next search
        return roots

    def join(self, left: Rows, right: Rows) -> None:
        """Link pairs of members."""
        while True:
            left, right = self.roots(left), self.roots(right)
            apart = left != right
            if not apart.any():
                return
            left, right = left[apart], right[apart]
            higher = np.maximum(left, right)
            np.minimum.at(self._above, higher, np.minimum(left, right))
            # Path halving for roots that were linked to other roots, so that no chain grows long.
            while (self._above[above := self._above[higher]] != above).any():
                self._above[higher] = self._above[above]


def by_id(ids: pa.Array, keys: pa.Array) -> tuple[Rows, Rows]:
    """The order of the ids, and a number for each key in that order.

    From here on documents are numbered in the order of their ids, so that the order of the input does not matter.
    """
    order = pc.sort_indices(ids).to_numpy(zero_copy_only=False).astype(np.int64)
    # Not dictionary_encode, which copies the keys.
    codes = pc.rank(keys, tiebreaker="dense").to_numpy(zero_copy_only=False).astype(np.int64)
    return order, codes[order]


def _joined(  # noqa: PLR0917  (what is known of documents, as for near_groups)
    order: Rows,
    codes: Rows,
    keys: pa.Array,
    signatures: Signatures | Sketches,
    links: Links,
    threshold: float,
    *,
    among: NDArray[np.bool_] | None = None,
    within: Rows | None = None,
) -> Iterator[Pairs]:
    """Link similar documents, band after band, and yield the pairs that were joined."""
    sketches = InMemory(signatures) if isinstance(signatures, np.ndarray) else signatures
    included = np.zeros(len(order), dtype=bool)
    included[order[np.unique(codes, return_index=True)[1]]] = True  # one document represents all with the same key
    if among is not None:
        included &= among
    positions = inverse(order)

    def similar(left: Rows, right: Rows) -> NDArray[np.bool_]:
        return equal_components(sketches.take, order[left], order[right]) >= threshold * COMPONENTS

    def digests(members: Rows) -> Hashes:
        return key_digests(keys.take(pa.array(order[members])))

    for rows, band_keys in sketches.bands(included):
        members = positions[rows]
        keys_within = band_keys if within is None else apart(band_keys, within[rows])
        yield from similar_pairs(members, keys_within, links, similar, digests)


def apart(band_keys: Hashes, numbers: Rows) -> Hashes:
    """Band keys that are equal only for documents with the same number: shape (m,) in and out."""
    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * _MIX
    return band_keys ^ mixed >> _BAND_BITS << _BAND_BITS


def inverse(order: Rows) -> Rows:
    """The inverse permutation: the position of each number in the order, shape (n,)."""
    positions = np.empty_like(order)
    positions[order] = np.arange(len(order))
    return positions


def _join_equal(codes: Rows, links: Links) -> None:
    """Link documents with equal keys."""
    _, first, of_key = np.unique(codes, return_index=True, return_inverse=True)
    links.join(first[of_key], np.arange(len(codes)))


def _have_words(signatures: Signatures, rows: Rows) -> NDArray[np.bool_]:
    """Whether the texts of some rows have words; a text without words is similar to none."""
    have_words: NDArray[np.bool_] = signatures[rows, 0] != WORDLESS
    doubtful = np.flatnonzero(~have_words)
    have_words[doubtful] = (signatures[rows[doubtful]] != WORDLESS).any(axis=1)
    return have_words


def all_band_keys(signatures: Signatures) -> Hashes:
    """One hash for each document and band: shape (n, 128) in, shape (n, bands) out."""
    return np.stack([_band_keys(signatures, band) for band in range(BANDS)], axis=1)


def _band_keys(signatures: Signatures, band: int) -> Hashes:
    """One hash of a band's components and its number for each document: shape (n, 128) in, shape (n,) out."""
    columns = signatures[:, band * BAND_COMPONENTS : (band + 1) * BAND_COMPONENTS]
    hashes = np.zeros(len(signatures), dtype=np.uint64)
    for components in np.ascontiguousarray(columns.T):
        hashes ^= components
        hashes *= _MIX
        hashes ^= hashes >> _32
    return hashes >> _BAND_BITS << _BAND_BITS | np.uint64(band)


def key_digests(keys: pa.Array) -> Hashes:
    """The last eight bytes of each key, as a number: shape (n,) in and out."""
    tail_length = 8
    tails = pc.binary_slice(keys.cast(pa.binary()), -tail_length, None)
    if len(tails) and pc.min(pc.binary_length(tails)).as_py() == tail_length:
        data = tails.buffers()[2][: len(tails) * tail_length]
    else:
        data = b"".join(tail.rjust(tail_length, b"\0") for tail in tails.to_pylist())
    return np.frombuffer(data, dtype=">u8").astype(np.uint64)


def similar_pairs(
    documents: Rows,
    band_keys: Hashes,
    links: Links,
    similar: Callable[[Rows, Rows], NDArray[np.bool_]],
    digests: Callable[[Rows], Hashes],
) -> Iterator[Pairs]:
    """Compare documents that share a band key; link those that are similar, and yield these pairs.

    In a bucket of up to ``LEADERS`` + 1 documents each is compared with each. In a larger one that would cost the
    square of its size, so up to ``LEADERS`` of its members are compared with all others; a member that is similar to
    one of these does not lead itself. A bucket of similar documents takes one round, a bucket of k groups takes k.
    Pairs not compared after ``LEADERS`` rounds are left to the other bands, whose buckets differ. So does the order
    in which members lead, which follows from their keys and the band: a document that is not similar to the leaders
    of one band meets others in the next.

    So the groups follow from each bucket alone, in whatever order and wherever buckets are compared. ``links`` only
    saves comparisons that cannot matter: a pair that is linked, unless one of the two might lead; a bucket in which
    all are linked.

    Parameters
    ----------
    documents, band_keys : numpy.ndarray, shape (n,)
        Numbers of documents with different keys, and a band key of each.
    links : Links
        Of all documents, by their numbers.
    similar : callable
        Whether the signatures of pairs are similar: (m,) and (m,) in, shape (m,) out.
    digests : callable
        A number from the key of each document, see ``key_digests``; asked for members of large buckets.
    """
    picked, buckets = shared_buckets(documents, band_keys)
    large = np.bincount(buckets) > LEADERS + 1
    places = np.flatnonzero(large[buckets])
    if len(places):
        # Buckets in which all are linked need no order.
        roots, of_bucket = links.roots(documents[picked[places]]), buckets[places]
        unfinished = np.zeros(len(large), dtype=bool)
        unfinished[of_bucket[1:][(of_bucket[1:] == of_bucket[:-1]) & (roots[1:] != roots[:-1])]] = True
        places = places[unfinished[of_bucket]]
        of_large = picked[places]
        turns = (digests(documents[of_large]) * _MIX ^ band_keys[of_large] & _BAND_MASK) * _MIX
        turns ^= turns >> _32
        picked[places] = of_large[np.lexsort((turns * _MIX, buckets[places]))]
    members = documents[picked]
    led = np.zeros(len(members), dtype=bool)
    waiting = ~led
    for _ in range(LEADERS):
        leaders = first_waiting(members, buckets, waiting, len(large))
        linked = links.roots(members) == links.roots(leaders)
        unfinished = np.zeros(len(large), dtype=bool)
        unfinished[buckets[~linked]] = True
        going_on = (leaders >= 0) & unfinished[buckets]
        members, buckets, led, waiting, leaders, linked = (
            x[going_on] for x in (members, buckets, led, waiting, leaders, linked)
        )
        led |= members == leaders
        compared = np.flatnonzero(~led & ~(linked & ~(waiting & large[buckets])))
        pairs = leaders[compared], members[compared]
        alike = similar(*pairs)
        links.join(pairs[0][alike], pairs[1][alike])
        yield pairs[0][alike], pairs[1][alike]
        waiting &= ~led
        waiting[compared[alike & large[buckets[compared]]]] = False


def first_waiting(members: Rows, buckets: Rows, waiting: NDArray[np.bool_], count: int) -> Rows:
    """The first waiting member of each member's bucket, -1 if none waits: shape (m,) in and out."""
    places = np.flatnonzero(waiting)
    numbers, first = np.unique(buckets[places], return_index=True)
    of_bucket = np.full(count, -1)
    of_bucket[numbers] = members[places[first]]
    return of_bucket[buckets]


def shared_buckets(documents: Rows, band_keys: Hashes) -> Pairs:
    """Places of documents that share a band key with another, and the number of their bucket; sorted by both.

    In a bucket they are in the order of the documents.

    Shape (n,) in, shape (m,) out.
    """
    order = np.argsort(band_keys)
    equal = np.diff(band_keys[order]) == 0
    shared = np.zeros(len(order), dtype=bool)
    shared[1:] |= equal
    shared[:-1] |= equal
    picked = order[shared]
    picked = picked[np.lexsort((documents[picked], band_keys[picked]))]
    return picked, np.cumsum(np.diff(band_keys[picked], prepend=band_keys[picked[:1]]) != 0)


def equal_components(take: Callable[[Rows], Signatures], left: Rows, right: Rows) -> Rows:
    """Number of equal components in the signatures of each pair, which ``take`` returns: shape (m,)."""
    counts = np.empty(len(left), dtype=np.int64)
    for at in range(0, len(left), _CHUNK):
        part = slice(at, at + _CHUNK)
        counts[part] = np.count_nonzero(take(left[part]) == take(right[part]), axis=1)
    return counts


def _keepers(roots: Rows, sizes: NDArray[np.int64]) -> Rows:
    """The largest member of each member's set; of equally large ones, the smallest number: shape (n,)."""
    order = np.lexsort((-sizes, roots))  # stable, so ties are in the order of the numbers
    first = np.unique(roots[order], return_index=True)[1]
    keeper = np.empty_like(roots)
    keeper[roots[order[first]]] = order[first]
    return keeper[roots]
