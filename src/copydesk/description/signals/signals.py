"""Signals for filtering documents, computed over whole columns; names and definitions as in the literature.

Gopher is Rae et al. 2021 (table A1), C4 is Raffel et al. 2020, FineWeb is Penedo et al. 2024. If a paper leaves
something open, the value is the one that the filters of datatrove 0.10 compare with their thresholds, with words
split at white space. In scripts without spaces each letter is a word (:mod:`copydesk.description.signals.tokens`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa

from copydesk.description.signals import text_batch as batches
from copydesk.description.signals.line_signals import line_signals
from copydesk.description.signals.repetition import repetition
from copydesk.description.signals.rolling_hashes import mixed
from copydesk.description.signals.text_batch import Batch, Counts, Flags, Ratios, ratio
from copydesk.description.signals.tokens import Hashes, code_points

_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
_STOP_LETTERS = np.array([int.from_bytes(word.encode(), "little") for word in _STOP_WORDS], dtype=np.uint64)
_STOP_SIZES = np.array([len(word) for word in _STOP_WORDS])
_STOP_TABLE = np.zeros(1 << 12, dtype=np.int64)  # for each key of letters, the only stop word with that key
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(8)], dtype=np.uint64)
_SLICE = 64  # texts at a time
_SLICE_BYTES = 1 << 19  # and bytes at a time, so that they stay in the processor's cache
_LETTER = np.zeros(256, dtype=bool)
_LETTER[[*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)]] = True


def signals(texts: pa.Array) -> dict[str, pa.Array]:
    """Compute the signals of a column of texts.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,), without nulls

    Returns
    -------
    dict of pa.Array, each of shape (n,)
        ``characters`` and ``words`` (counts), ``mean_word_length`` (code points), ``symbol_word_ratio`` (hash signs
        and ellipses for each word), ``alpha_word_ratio`` and ``stop_words`` (Gopher), those of
        :func:`~copydesk.description.signals.line_signals.line_signals` (Gopher, C4, FineWeb) and those of
        :func:`~copydesk.description.signals.repetition.repetition` (Gopher, FineWeb). Ratios are 0 if the
        divisor is 0.
    """
    texts = texts.cast(pa.large_string())
    parts = [_measure(part) for part in _slices(texts)] or [_measure(texts)]
    return {name: pa.array(np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _slices(texts: pa.Array) -> Iterator[pa.Array]:
    """Slices of the column: about 64 texts, or fewer long ones, so that memory depends on the longest text."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset :] if len(texts) else np.zeros(1)
    at = 0
    while at < len(texts):
        fitting = int(np.searchsorted(offsets[at : at + _SLICE + 1], offsets[at] + _SLICE_BYTES, "right")) - 1
        size = min(max(fitting, 1), _SLICE, len(texts) - at)
        yield texts.slice(at, size)
        at += size


def _measure(texts: pa.Array) -> dict[str, Counts | Flags | Ratios]:
    batch = batches.make(texts)
    return {
        "characters": batch.characters,
        "words": batch.words,
        "mean_word_length": ratio(np.diff(batch.lengths[batch.tokens.bounds]), batch.words),
        "symbol_word_ratio": ratio(_symbols(batch), batch.words),
        "alpha_word_ratio": ratio(_alphabetic(batch), batch.words),
        "stop_words": _stop_words(batch),
        **line_signals(batch),
        **repetition(batch),
    }


def _symbols(batch: Batch) -> Counts:
    """Hash signs, ellipses and groups of three full stops."""
    data, rows = batch.tokens.data, batch.tokens.rows
    signs = batch.occurrences(np.flatnonzero(data == ord("#")))
    first, second, third = "…".encode()
    leads = np.flatnonzero(data == first)
    signs += batch.occurrences(leads[(batch.data[leads + 1] == second) & (batch.data[leads + 2] == third)])
    stops = np.flatnonzero(data == ord("."))
    row_of = np.searchsorted(rows, stops, "right") - 1
    begins = np.flatnonzero((np.diff(stops, prepend=-2) != 1) | (np.diff(row_of, prepend=-1) != 0))
    return signs + batch.tally(row_of[begins], np.diff(np.append(begins, len(stops))) // 3)


def _alphabetic(batch: Batch) -> Counts:
    """Words with an alphabetic character; most begin with one, only the others are searched."""
    tokens = batch.tokens
    alphabetic = _LETTER[batch.data[tokens.starts]]
    others = np.flatnonzero(~alphabetic)
    if len(others):
        sizes = tokens.ends[others] - tokens.starts[others]
        begins = np.cumsum(sizes) - sizes
        places = np.arange(sizes.sum()) + np.repeat(tokens.starts[others] - begins, sizes)
        letters = _LETTER[batch.data[places]]
        leads = np.flatnonzero(batch.data[places] >= 0xC0)
        letters[leads] = alphabet()[code_points(batch.data, places[leads])]
        alphabetic[others] = np.logical_or.reduceat(letters, begins)
    return batch.tally(batch.row_of[alphabetic])


@cache
def alphabet() -> Flags:
    """Whether each code point is alphabetic, as by str.isalpha."""
    flags: Flags = np.strings.isalpha(np.arange(0x110000, dtype=np.uint32).view("U1"))
    return flags


def _stop_words(batch: Batch) -> Counts:
    """The number of stop words in each text, in lower case."""
    sizes = np.diff(batch.rolling.offsets)
    places = np.flatnonzero(sizes <= _STOP_SIZES.max())
    letters = batch.rolling.eights[batch.rolling.offsets[places]] & _MASKS[sizes[places]]
    index = _STOP_TABLE[_stop_keys(letters)]
    right = (letters == _STOP_LETTERS[index]) & (sizes[places] == _STOP_SIZES[index])
    present = np.zeros((len(batch.texts), len(_STOP_WORDS)), dtype=bool)
    present[batch.row_of[places[right]], index[right]] = True
    counts: Counts = present.sum(axis=1)
    return counts


def _stop_keys(letters: Hashes) -> Hashes:
    """A number below 4096 that is different for each stop word."""
    return mixed(letters) >> np.uint64(52)


_STOP_TABLE[_stop_keys(_STOP_LETTERS)] = np.arange(len(_STOP_WORDS))
