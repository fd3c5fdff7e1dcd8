"""Distribution of the signals over a corpus, and how many documents pass published filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_STEPS = 100  # a signal is counted in hundredths
#: Signals that the card shows; shares, or close to it.
SIGNALS = (
    *("language_score", "language_share", "alpha_word_ratio", "symbol_word_ratio", "dup_line_frac"),
    *("top_2_gram_frac", "dup_5_gram_frac", "terminal_punct_lines", "line_punct_ratio", "short_line_ratio"),
)
_BELOW, _LEAST = pc.less, pc.greater_equal
_MOST, _ABOVE = pc.less_equal, pc.greater
#: Filters as published: the conditions that a document must meet.
FILTERS: Mapping[str, tuple[tuple[str, Callable[..., Any], float], ...]] = {
    "Gopher, quality (Rae et al. 2021, table A1)": (
        *(("words", _LEAST, 50), ("words", _MOST, 100_000), ("mean_word_length", _LEAST, 3)),
        *(("mean_word_length", _MOST, 10), ("symbol_word_ratio", _BELOW, 0.1), ("bullet_line_ratio", _BELOW, 0.9)),
        *(("ellipsis_line_ratio", _BELOW, 0.3), ("alpha_word_ratio", _LEAST, 0.8), ("stop_words", _LEAST, 2)),
    ),
    "Gopher, repetition (Rae et al. 2021, table A1)": (
        *(("dup_line_frac", _MOST, 0.3), ("dup_paragraph_frac", _MOST, 0.3), ("dup_line_char_frac", _MOST, 0.2)),
        *(("dup_paragraph_char_frac", _MOST, 0.2), ("top_2_gram_frac", _MOST, 0.2), ("top_3_gram_frac", _MOST, 0.18)),
        *(("top_4_gram_frac", _MOST, 0.16), ("dup_5_gram_frac", _MOST, 0.15), ("dup_6_gram_frac", _MOST, 0.14)),
        *(("dup_7_gram_frac", _MOST, 0.13), ("dup_8_gram_frac", _MOST, 0.12), ("dup_9_gram_frac", _MOST, 0.11)),
        ("dup_10_gram_frac", _MOST, 0.1),
    ),
    "FineWeb, lines (Penedo et al. 2024)": (
        *(("line_punct_ratio", _ABOVE, 0.12), ("char_dup_ratio", _BELOW, 0.1), ("short_line_ratio", _BELOW, 0.67)),
    ),
}


def spread(rows: pa.Table) -> dict[str, dict[int, int]]:
    """The distribution of each signal: documents by its value in hundredths, rounded up."""
    counts = {}
    for name in SIGNALS:
        values = rows[name].drop_null().to_numpy()
        steps, numbers = np.unique(np.ceil(values * _STEPS - 1e-9).astype(np.int64), return_counts=True)
        counts[name] = dict(zip(steps.tolist(), numbers.tolist(), strict=True))
    return counts


def passing(rows: pa.Table) -> dict[str, int]:
    """The number of documents that pass each filter."""
    counts = {}
    for name, conditions in FILTERS.items():
        passes = pa.array([True] * rows.num_rows, pa.bool_())
        for column, compare, limit in conditions:
            passes = pc.and_(passes, compare(rows[column].combine_chunks(), limit))
        counts[name] = int(pc.sum(passes).as_py() or 0)
    return counts


def at_most(counts: Mapping[int, int], share: float) -> int:
    """The quantile of counted values: the smallest bin such that this share of them is in it or below it."""
    total, below = sum(counts.values()), 0
    for step in sorted(counts):
        below += counts[step]
        if below >= share * total:
            return step
    return 0
