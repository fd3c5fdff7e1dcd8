"""How much of each text is repeated: lines, paragraphs and word n-grams, as in Gopher (Rae et al. 2021, table A1).

N-grams are compared by 64-bit hashes, with one sort for each n over all texts of a batch. Few n-grams are repeated in
most texts, so each step considers only the n-grams that the previous one has left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from copydesk.description.signals.rolling_hashes import PREFIX, mixed
from copydesk.description.signals.text_batch import Batch, Counts, Flags, Ratios, ratio
from copydesk.description.signals.tokens import Hashes, Offsets

_TOP = (2, 3, 4)
_DUPLICATE = (5, 6, 7, 8, 9, 10)
_PARAGRAPH_BREAK = re.compile(r"\n{2,}")
_LINE_BREAK = re.compile(r"\n+")
_RANK = np.int64(40)  # bits for the position of a word, below those for a count
_MIX2 = np.uint64(0xD6E8FEB86659FD93)


class _Repeated(NamedTuple):
    """Keys that occur more than once, in groups of equal ones."""

    places: Offsets  # their positions, group by group, in order within each group
    starts: Offsets  # the beginning of each group in ``places``
    counts: Counts  # the size of each group


def repetition(batch: Batch) -> dict[str, Ratios]:
    """Compute the signals about repetition.

    Returns
    -------
    dict of arrays, each of shape (n,)
        ``dup_paragraph_frac``, ``dup_line_frac`` (share of paragraphs and lines that occurred before),
        ``dup_paragraph_char_frac``, ``dup_line_char_frac`` (their characters), ``top_N_gram_frac`` (characters of
        all occurrences of the most frequent n-gram; above 1 if they overlap) and ``dup_N_gram_frac``
        (characters of n-grams that occurred before, none counted twice) of Gopher; ``char_dup_ratio`` (characters of
        lines that occurred before) of FineWeb.
    """
    salt = np.arange(len(batch.texts)).astype(np.uint64) * _MIX2  # n-grams are only compared within a text
    return {
        **_duplicate_lines(batch, _texts_with_equal_lines(batch, salt)),
        **_top_grams(batch, salt),
        **_duplicate_grams(batch, salt),
    }


def _repeated(keys: Hashes) -> _Repeated:
    """Find keys that occur more than once.

    Sorting numbers is several times faster than sorting positions by them. So numbers with the upper bits of a key
    and its position in the lower bits are sorted; keys with equal upper bits, which are few, are compared in full.
    """
    bits = np.uint64(len(keys).bit_length())
    low = (np.uint64(1) << bits) - np.uint64(1)
    packed = keys & ~low | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    upper = packed >> bits
    equal = upper[1:] == upper[:-1]
    kept = np.zeros(len(keys), dtype=bool)
    kept[1:] = equal
    kept[:-1] |= equal
    places = (packed.compress(kept) & low).astype(np.int64)
    full = keys[places]
    if (full[1:] < full[:-1]).any():  # two different keys have the same upper bits
        places = places[np.argsort(full, kind="stable")]
        full = keys[places]
    starts = np.flatnonzero(np.append(True, full[1:] != full[:-1])) if len(full) else np.zeros(0, dtype=np.int64)
    counts = np.diff(np.append(starts, len(full)))
    if (counts == 1).any():
        places = places[np.repeat(counts > 1, counts)]
        counts = counts[counts > 1]
        starts = np.cumsum(counts) - counts
    return _Repeated(places, starts, counts)


def _flags(repeated: _Repeated, size: int) -> Flags:
    flags = np.zeros(size, dtype=bool)
    flags[repeated.places] = True
    return flags


def _texts_with_equal_lines(batch: Batch, salt: Hashes) -> Offsets:
    """Texts in which two lines or paragraphs may be equal, because two lines are equal apart from white space."""
    lines = batch.lines
    written = np.flatnonzero(lines.starts < lines.ends)
    rows = lines.rows[written]
    keys = batch.rolling.between(lines.first[written], lines.behind[written]) ^ mixed(salt)[rows]
    flags = _flags(_repeated(mixed(keys)), len(keys))
    has_equal_lines = batch.tally(rows[flags]) > 0
    # A break at the beginning and one at the end enclose two equal, empty lines.
    begin, end = batch.data[batch.tokens.rows[:-1]], batch.data[batch.tokens.rows[1:] - 1]
    return np.flatnonzero(has_equal_lines | ((begin == ord("\n")) & (end == ord("\n")) & (batch.characters > 0)))


def _duplicate_lines(batch: Batch, rows: Iterable[int]) -> dict[str, Ratios]:
    names = ("dup_paragraph_frac", "dup_paragraph_char_frac", "dup_line_frac", "dup_line_char_frac", "char_dup_ratio")
    columns = np.zeros((len(names), len(batch.texts)))
    for row in rows:
        text = batch.texts[int(row)].as_py()
        paragraphs = _PARAGRAPH_BREAK.split(text.strip())
        lines = _LINE_BREAK.split(text)
        many, long = _stood_before(paragraphs)
        columns[0, row], columns[1, row] = many / len(paragraphs), long / len(text)
        many, long = _stood_before(lines)
        columns[2, row], columns[3, row] = many / len(lines), long / len(text)
        _, long = _stood_before(line for line in lines if line.strip())
        columns[4, row] = long / max(len(text) - text.count("\n"), 1)
    return dict(zip(names, columns, strict=True))


def _stood_before(parts: Iterable[str]) -> tuple[int, int]:
    """The number of parts that equal an earlier part, and their characters."""
    seen: set[str] = set()
    many = long = 0
    for part in parts:
        if part in seen:
            many += 1
            long += len(part)
        else:
            seen.add(part)
    return many, long


def _top_grams(batch: Batch, salt: Hashes) -> dict[str, Ratios]:
    """The most frequent n-gram of each text; of equally frequent ones, the first."""
    bounds = batch.tokens.bounds
    behind = bounds[1:][batch.row_of]
    places = np.arange(len(batch.hashes))
    keys = batch.hashes ^ mixed(salt)[batch.row_of]
    columns = {}
    for n in _TOP:
        fits = places + n <= behind[places]
        places, keys = places.compress(fits), keys.compress(fits)
        keys = mixed(keys * _MIX2 + batch.hashes[places + (n - 1)])
        repeated = _repeated(keys)
        firsts = places[repeated.places[repeated.starts]]
        # The rank of an n-gram: its count, then how early it first occurs.
        best = (1 << _RANK) - bounds[:-1]
        np.maximum.at(best, batch.row_of[firsts], (repeated.counts << _RANK) - firsts)
        counts = -(-best >> _RANK)
        first = (counts << _RANK) - best
        long = batch.lengths[np.minimum(first + n, len(batch.hashes))] - batch.lengths[first] + n - 1
        columns[f"top_{n}_gram_frac"] = ratio(np.where(batch.words >= n, long * counts, 0), batch.characters)
        kept = _flags(repeated, len(keys))
        places, keys = places.compress(kept), keys.compress(kept)
    return columns


def _duplicate_grams(batch: Batch, salt: Hashes) -> dict[str, Ratios]:
    """Characters of n-grams that occurred before.

    N-grams are equal if their words joined without spaces are equal.
    """
    behind = batch.tokens.bounds[1:][batch.row_of]
    salted = mixed(salt)[batch.row_of]
    places = _candidates(batch, behind, salted)
    columns = {}
    for n in _DUPLICATE:
        places = places[places + n <= behind[places]]
        keys = mixed(batch.rolling.between(places, places + n) ^ salted[places])
        repeats = _walk(places, _repeated(keys), n)
        long = batch.tally(batch.row_of[repeats], batch.lengths[repeats + n] - batch.lengths[repeats])
        columns[f"dup_{n}_gram_frac"] = ratio(long, batch.characters)
    return columns


def _candidates(batch: Batch, behind: Offsets, salted: Hashes) -> Offsets:
    """Words at which a repeated n-gram may begin: its first bytes occur twice, or it is short."""
    least = _DUPLICATE[0]
    places = np.flatnonzero(np.arange(len(behind)) + least <= behind)
    offsets = batch.rolling.offsets[places]
    keys = mixed(batch.rolling.eights[offsets] ^ salted[places]) * _MIX2 ^ batch.rolling.eights[offsets + 8]
    again = _flags(_repeated(mixed(keys)), len(keys))
    return places[again | (batch.rolling.offsets[places + least] - offsets < PREFIX)]


def _walk(places: Offsets, repeated: _Repeated, n: int) -> Offsets:
    """Positions of n-grams that occurred before, scanned from left to right; after a hit the scan skips it.

    An n-gram that overlaps a hit is skipped, so it does not make a later one a repetition.
    """
    order = np.argsort(repeated.places)
    where = places[repeated.places[order]]
    # Views as Python integers, which take no memory.
    groups = np.repeat(np.arange(len(repeated.counts)), repeated.counts)[order].data
    onward = np.searchsorted(where, where + n).data  # the next that does not overlap
    seen = bytearray(len(repeated.counts))
    repeats = []
    at = 0
    while at < len(where):
        if seen[groups[at]]:
            repeats.append(at)
            at = onward[at]
        else:
            seen[groups[at]] = 1
            at += 1
    return where[np.array(repeats, dtype=np.int64)]
