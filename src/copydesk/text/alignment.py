"""The alignment between a text and its source: spans of one as spans of the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]


class Alignment:
    """Maps spans between two texts that differ by sorted, non-overlapping replacements.

    A span maps to the smallest span that covers the same characters. An end of a span that falls inside a
    replacement moves outward to that replacement's end, since nothing finer is known; a deletion or insertion
    that merely touches a span is left outside it.

    Parameters
    ----------
    raw_start, raw_end, start, end : array_like of int
        One entry per replacement: its span in the source and in the result.

    Examples
    --------
    >>> spaces = Alignment([3], [5], [3], [4])  # "one  two" became "one two"
    >>> spaces.to_raw(np.array([0, 4]), np.array([3, 7]))
    (array([0, 5]), array([3, 8]))
    """

    def __init__(
        self,
        raw_start: Sequence[int] | Offsets,
        raw_end: Sequence[int] | Offsets,
        start: Sequence[int] | Offsets,
        end: Sequence[int] | Offsets,
    ) -> None:
        self._raw = (_offsets(raw_start), _offsets(raw_end))
        self._clean = (_offsets(start), _offsets(end))

    def to_raw(self, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
        """Spans of the result as spans of the source: arrays of shape (n,) in, the same shape out."""
        return _map_spans(starts, ends, self._clean, self._raw)

    def to_clean(self, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
        """Spans of the source as spans of the result: arrays of shape (n,) in, the same shape out."""
        return _map_spans(starts, ends, self._raw, self._clean)


def _offsets(values: Sequence[int] | Offsets) -> Offsets:
    return np.asarray(values, dtype=np.int64)


def _map_spans(
    starts: Offsets, ends: Offsets, source: tuple[Offsets, Offsets], target: tuple[Offsets, Offsets]
) -> tuple[Offsets, Offsets]:
    if not len(source[0]):
        return starts, ends
    # drift[i]: what to add to a position that follows i replacements.
    drift = np.concatenate(([0], target[1] - source[1]))
    last = len(source[0]) - 1
    # A start lies behind every replacement that ends at or before it ...
    passed = np.searchsorted(source[1], starts, side="right")
    inside = (passed <= last) & (source[0][np.minimum(passed, last)] < starts)
    new_starts = np.where(inside, target[0][np.minimum(passed, last)], starts + drift[passed])
    # ... and an end lies behind those that begin before it.
    begun = np.searchsorted(source[0], ends, side="left")
    inside = (begun > 0) & (source[1][np.maximum(begun - 1, 0)] > ends)
    new_ends = np.where(inside, target[1][np.maximum(begun - 1, 0)], ends + drift[begun])
    # An empty span between a deletion's two sides would turn inside out: it stays empty, before the deletion.
    return np.minimum(new_starts, new_ends), new_ends
