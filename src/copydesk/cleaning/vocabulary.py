"""How often English words are used: the evidence by which words that were cut or run together are told.

Frequencies are those of ``wordfreq`` (Speer 2022): a share of all words in running text. They are loaded when a text
first needs them.
"""

from __future__ import annotations

from functools import cache

#: A common word: twice in a million words.
COMMON = 2e-6


@cache
def _frequencies() -> dict[str, float]:
    from wordfreq import get_frequency_dict

    return get_frequency_dict("en", "large")


def frequency(word: str) -> float:
    """Share of running English text that a word makes up, whatever its case; 0 if it is not known."""
    return _frequencies().get(word.lower().replace("’", "'"), 0.0)


@cache
def common_words() -> frozenset[str]:
    """Words that make up at least ``COMMON`` of running English text, in small letters."""
    return frozenset(word for word, share in _frequencies().items() if share >= COMMON)
