"""Counts and ratios by which documents can be filtered, over whole columns; names as in the literature."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# White space as Python's str.split has it.
_WHITE = r"\s\v\x1c-\x1f\x{85}\p{Z}"
_WORD = f"[^{_WHITE}]+"
_SPACE = f"[{_WHITE}]"
_SYMBOL = r"#|\.\.\.|…"


def signals(texts: pa.Array) -> dict[str, pa.Array]:
    """Compute the signals of a column of texts.

    Returns
    -------
    dict of pa.Array, each of shape (n,)
        ``characters`` and ``words`` (counts), ``mean_word_length`` (code points) and ``symbol_word_ratio``
        (hash signs and ellipses for each word), the last two as in Gopher (Rae et al. 2021, table A1);
        0 for a text without words.
    """
    characters = _numbers(pc.utf8_length(texts))
    words = _numbers(pc.count_substring_regex(texts, _WORD))
    visible = characters - _numbers(pc.count_substring_regex(texts, _SPACE))
    symbols = _numbers(pc.count_substring_regex(texts, _SYMBOL))
    divisor = np.maximum(words, 1)
    return {
        "characters": pa.array(characters),
        "words": pa.array(words),
        "mean_word_length": pa.array(np.where(words > 0, visible / divisor, 0.0)),
        "symbol_word_ratio": pa.array(np.where(words > 0, symbols / divisor, 0.0)),
    }


def _numbers(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]] = column.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers
