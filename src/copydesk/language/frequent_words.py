"""How well the words of a text fit each language: evidence where a text is too short for the model of languages.

``data/frequent_words.tsv`` has the most frequent words of some fifty languages, by rank. A word that is frequent in
one language and not among those of another is evidence for the first; words of all lists decide little.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FREQUENT_WORDS = Path(__file__).parent / "data" / "frequent_words.tsv"
#: Letters, and in scripts of India their vowels, which are no letters by Unicode.
WORD = re.compile(r"[^\W\d_\u0900-\u0dff]+|[\u0900-\u0963\u0971-\u0dff]+")
#: A word at this rank is no evidence; the first ranks differ little.
_LEAST_RANK, _SMOOTHING = 3_000, 8
_MOST_WORDS = 60


@cache
def _evidence() -> Mapping[str, list[tuple[str, float]]]:
    """Log-odds of each word for the languages in whose lists it is."""
    evidence: dict[str, list[tuple[str, float]]] = {}
    odds = [round(math.log(_LEAST_RANK / (rank + _SMOOTHING)), 2) for rank in range(_LEAST_RANK)]
    for line in FREQUENT_WORDS.read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            language, words = line.split("\t")
            for word, odds_of_rank in zip(words.split(), odds, strict=False):
                evidence.setdefault(word, []).append((language, odds_of_rank))
    return evidence


@cache
def languages_with_words() -> frozenset[str]:
    """Languages whose frequent words are known."""
    return frozenset(language for odds in _evidence().values() for language, _ in odds)


def fits(text: str) -> dict[str, float]:
    """Log-odds of each language in which one of the first 60 words of a text is frequent.

    >>> found = fits("Он жил на улице и работал там три года")
    >>> max(found, key=found.get)
    'ru'
    """
    evidence = _evidence()
    odds_by_language: dict[str, float] = {}
    for word in WORD.findall(text.lower())[:_MOST_WORDS]:
        for language, odds in evidence.get(word, ()):
            odds_by_language[language] = odds_by_language.get(language, 0.0) + odds
    return odds_by_language
