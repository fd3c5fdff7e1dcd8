"""Benchmark contamination: runs of words that documents share with benchmarks.

As in Brown et al. (2020, appendix C): runs of 13 words, in lower case and without punctuation. See
:mod:`copydesk.description.signals.tokens` for what counts as a word in a script without spaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.signals.tokens import Hashes, Tokens, hash_tokens, tokenize

_BATCH = 64
_STEP = np.uint64(0x9E3779B97F4A7C15)


class Overlap(NamedTuple):
    """The words of a text that lie in runs of a benchmark: their share of all words, and their spans."""

    share: float
    spans: list[tuple[int, int]]  # code points


def runs(texts: Iterable[str], words: int) -> Hashes:
    """Hashes of all runs of this many words in some texts, sorted and unique."""
    hashes_by_batch = [np.zeros(0, dtype=np.uint64)]
    column = pa.array(list(texts), pa.string())
    for at in range(0, len(column), _BATCH):
        tokens = tokenize(_compared(column.slice(at, _BATCH)))
        hashes, starts = _runs(tokens, words)
        hashes_by_batch.append(hashes[starts])
    return np.unique(np.concatenate(hashes_by_batch))


def without_runs(texts: Iterable[str], words: int) -> list[int]:
    """Positions of the texts with fewer words than a run, which cannot match any document."""
    column = pa.array(list(texts), pa.string())
    return np.flatnonzero(np.diff(tokenize(_compared(column)).bounds) < words).tolist()


def overlaps(texts: pa.Array, benchmark_runs: Hashes, words: int) -> list[Overlap]:
    """The overlap of each of n texts with benchmarks, from the hashes of the benchmarks' runs."""
    if not len(benchmark_runs):
        return [Overlap(0.0, [])] * len(texts)
    by_text = []
    for at in range(0, len(texts), _BATCH):
        by_text += _overlaps(texts.slice(at, _BATCH), benchmark_runs, words)
    return by_text


def _overlaps(texts: pa.Array, benchmark_runs: Hashes, words: int) -> list[Overlap]:
    tokens = tokenize(_compared(texts))
    hashes, starts = _runs(tokens, words)
    place = np.minimum(np.searchsorted(benchmark_runs, hashes), len(benchmark_runs) - 1)
    hits = np.flatnonzero((benchmark_runs[place] == hashes) & starts)
    if not len(hits):
        return [Overlap(0.0, [])] * len(texts)
    change = np.zeros(len(hashes) + 1, dtype=np.int64)
    np.add.at(change, hits, 1)
    np.add.at(change, hits + words, -1)
    covered = np.cumsum(change)[:-1] > 0
    by_text = []
    for number in range(len(texts)):
        first, last = tokens.bounds[number], tokens.bounds[number + 1]
        inside = covered[first:last]
        spans = _spans(tokens, number, np.flatnonzero(inside) + first) if inside.any() else []
        by_text.append(Overlap(float(inside.mean()) if len(inside) else 0.0, spans))
    return by_text


def _compared(texts: pa.Array) -> pa.Array:
    """Normalise texts for comparison, character by character: lower case, a space for all but letters and digits."""
    return pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\pL\pM\pN]", " ")


def _runs(tokens: Tokens, words: int) -> tuple[Hashes, NDArray[np.bool_]]:
    """The hash of the run that begins at each word, and whether the text has enough words for that run."""
    hashes = hash_tokens(tokens)
    combined = np.zeros_like(hashes)
    for offset in range(words):
        later = np.zeros_like(hashes)
        later[: max(0, len(hashes) - offset)] = hashes[offset:]
        combined = combined * _STEP + later
        combined ^= combined >> np.uint64(29)
    ends = np.repeat(tokens.bounds[1:], np.diff(tokens.bounds))
    return combined, np.arange(len(hashes)) + words <= ends


def _spans(tokens: Tokens, number: int, covered: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Runs of covered words as spans of code points."""
    row = int(tokens.rows[number])
    # Every byte begins a character, except UTF-8 continuation bytes.
    begins = np.cumsum((tokens.data[row : int(tokens.rows[number + 1])] & 0xC0) != 0x80)
    breaks = np.flatnonzero(np.diff(covered) > 1)
    firsts = covered[np.concatenate([[0], breaks + 1])]
    lasts = covered[np.concatenate([breaks, [len(covered) - 1]])]
    starts = begins[tokens.starts[firsts] - row] - 1
    ends = begins[tokens.ends[lasts] - row - 1]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def with_benchmark_flags(flags: pa.ChunkedArray, overlap: list[Overlap], above: float) -> Any:
    """The flags of cleaning, and of runs shared with a benchmark if these are more than a share of the words."""
    if not any(of_document.share > above for of_document in overlap):
        return flags
    merged = []
    for of_cleaning, of_document in zip(flags.to_pylist(), overlap, strict=True):
        spans = of_document.spans if of_document.share > above else []
        rows = [*of_cleaning, *({"kind": "benchmark", "start": start, "end": end} for start, end in spans)]
        merged.append(sorted(rows, key=lambda row: (row["start"], row["end"], row["kind"])))
    return merged
