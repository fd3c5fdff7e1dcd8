"""A batch of texts with everything that signals are computed from: words, word hashes, code points, lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.description.signals.rolling_hashes import Rolling, roll
from copydesk.description.signals.tokens import Bytes, Hashes, Offsets, Tokens, tokenize

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ratios = NDArray[np.float64]

_LINE_FEED, _RETURN = 0x0A, 0x0D
# Line breaks of str.splitlines below 0x20, except U+000A. U+0085, U+2028 and U+2029 are handled separately.
_OTHER_BREAKS = (0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E)


class Lines(NamedTuple):
    """The k lines of all texts, in order; offsets are in bytes of the batch, without the line breaks."""

    starts: Offsets  # shape (k,)
    ends: Offsets  # shape (k,)
    rows: Offsets  # shape (k,): the text of each line
    first: Offsets  # shape (k,): its first word
    behind: Offsets  # shape (k,): the word after its last one; equal to ``first`` for a line without words
    counts: Counts  # shape (n,): lines of each text

    def spoken(self) -> Lines:
        """The lines with words; ``counts`` stays."""
        return self.those(self.first < self.behind)

    def those(self, kept: Flags) -> Lines:
        """Some of the lines; ``counts`` stays."""
        starts, ends, rows, first, behind, counts = self
        return Lines(starts[kept], ends[kept], rows[kept], first[kept], behind[kept], counts)


class Batch(NamedTuple):
    """n texts and their m words."""

    texts: pa.Array
    tokens: Tokens
    hashes: Hashes  # shape (m,)
    row_of: Offsets  # shape (m,): the text of each word
    data: Bytes  # the UTF-8 of all texts and 8 zeros, so that reads beyond the end or before the start are safe
    continued: Offsets  # the UTF-8 continuation bytes
    rolling: Rolling
    lengths: Offsets  # shape (m + 1,): code points of all words before each word
    lines: Lines  # of text.split("\n")
    split_lines: Lines  # of text.splitlines()

    @property
    def characters(self) -> Counts:
        """Code points of each text."""
        return np.diff(self.tokens.rows) - self.occurrences(self.continued)

    @property
    def words(self) -> Counts:
        """Words of each text."""
        return np.diff(self.tokens.bounds)

    def tally(self, rows: Offsets, weights: Counts | None = None) -> Counts:
        """How often each text occurs in ``rows``, or the sum of its weights."""
        return np.bincount(rows, weights, minlength=len(self.texts)).astype(np.int64)

    def occurrences(self, places: Offsets) -> Counts:
        """The number of these bytes in each text."""
        return np.diff(np.searchsorted(places, self.tokens.rows))


def make(texts: pa.Array) -> Batch:
    """Make a batch of a few texts, as many as fit in the processor's cache."""
    tokens = tokenize(texts)
    # Copied, because Arrow lower-cases a slice of a column that was cast to an invalid column.
    buffers = [None, pa.py_buffer(tokens.rows), pa.py_buffer(tokens.data)]
    texts = pa.Array.from_buffers(pa.large_string(), len(texts), buffers)
    data = np.concatenate([tokens.data, np.zeros(8, dtype=np.uint8)])
    rolling = roll(tokens)
    continued = np.flatnonzero(tokens.data.view(np.int8) < -0x40)
    row_of = np.repeat(np.arange(len(texts)), np.diff(tokens.bounds))
    feeds = np.flatnonzero(tokens.data == _LINE_FEED)
    lines = _lines(tokens, feeds, feeds + 1)
    begin, end = _all_breaks(tokens, data)
    split_lines = _without_last(lines if len(begin) == len(feeds) else _lines(tokens, begin, end), tokens)
    return Batch(
        texts,
        tokens,
        rolling.words(),
        row_of,
        data,
        continued,
        rolling,
        _lengths(tokens, rolling, continued),
        lines,
        split_lines,
    )


def ratio(numerator: Counts, denominator: Counts) -> Ratios:
    """The quotient of two columns; 0 where the divisor is 0."""
    quotient: Ratios = numerator / np.maximum(denominator, 1)
    return np.where(denominator > 0, quotient, 0.0)


def _lengths(tokens: Tokens, rolling: Rolling, continued: Offsets) -> Offsets:
    """Code points of all words before each word: their bytes except continuation bytes."""
    if not len(tokens.starts):
        return rolling.offsets
    word = np.maximum(np.searchsorted(tokens.starts, continued, "right") - 1, 0)
    word = word[(tokens.starts[word] < continued) & (continued < tokens.ends[word])]
    lengths = rolling.offsets.copy()
    lengths[1:] -= np.cumsum(np.bincount(word, minlength=len(tokens.starts)))
    return lengths


def _lines(tokens: Tokens, breaks: Offsets, behind_breaks: Offsets) -> Lines:
    """Lines, from the first byte of each break and the byte after it; n breaks make n + 1 lines."""
    rows = tokens.rows
    starts = np.sort(np.concatenate([rows[:-1], behind_breaks]))
    ends = np.sort(np.concatenate([breaks, rows[1:]]))
    counts = np.diff(np.searchsorted(breaks, rows)) + 1
    first, behind = np.searchsorted(tokens.starts, starts), np.searchsorted(tokens.starts, ends)
    return Lines(starts, ends, np.repeat(np.arange(len(counts)), counts), first, behind, counts)


def _without_last(lines: Lines, tokens: Tokens) -> Lines:
    """As str.splitlines: an empty rest after the last break is not a line."""
    last = np.cumsum(lines.counts) - 1
    none = last[lines.starts[last] == tokens.rows[1:]]
    kept = np.ones(len(lines.starts), dtype=bool)
    kept[none] = False
    counts = lines.counts.copy()
    counts[lines.rows[none]] -= 1
    return lines.those(kept)._replace(counts=counts)


def _all_breaks(tokens: Tokens, data: Bytes) -> tuple[Offsets, Offsets]:
    """The line breaks of str.splitlines: the first byte of each break, and the byte after it."""
    low = np.flatnonzero(tokens.data < 0x20)
    low = low[(data[low] == _LINE_FEED) | np.isin(data[low], _OTHER_BREAKS)]
    breaks, behind_breaks = low, low + 1
    for lead, tails in ((0xC2, ((0x85,),)), (0xE2, ((0x80, 0xA8), (0x80, 0xA9)))):
        places = np.flatnonzero(tokens.data == lead)
        for tail in tails:
            line_ends = places[np.logical_and.reduce([data[places + 1 + at] == byte for at, byte in enumerate(tail)])]
            breaks = np.concatenate([breaks, line_ends])
            behind_breaks = np.concatenate([behind_breaks, line_ends + 1 + len(tail)])
    if len(breaks) > len(low):
        breaks, behind_breaks = np.sort(breaks), np.sort(behind_breaks)
    # A carriage return and a line feed after it in the same text are one break.
    returns = np.flatnonzero((data[breaks] == _RETURN) & (data[breaks + 1] == _LINE_FEED))
    returns = returns[~np.isin(breaks[returns] + 1, tokens.rows)]
    return np.delete(breaks, returns + 1), np.delete(behind_breaks, returns)
