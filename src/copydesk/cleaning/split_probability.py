"""How likely a token that can be cut was several words: a linear model of the cut, its words and the document.

The weights are those of a logistic regression, in hundredths. ``benchmarks/quality/train_glued_words.py`` learns them
from pages of translated manuals, whose inline tags are real, in some twenty languages. English has rules of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from copydesk.cleaning.word_splitting import Split
from copydesk.language.vocabularies import Vocabulary, english
from copydesk.language.word_frequencies import COMPOUNDING

#: By feature, see :func:`features_of_split`.
WEIGHTS = {
    "bias": -101,
    "words against word": 52,
    "glued tokens": 98,
    "glued to the same words": 82,
    "repeated": -171,
    "words by themselves": 75,
    "rarest word": 23,
    "most frequent word": 77,
    "words with this beginning": -220,
    "words with this ending": -223,
    "compounding language": -125,
    "unknown word": 136,
    "function word": 152,
    "short last word": -27,
    "capitals inside": 289,
    "more than two words": 203,
    "English words": -281,
}
_MOST_ODDS, _MOST_REPEATED = 8.0, 5
_RAREST = 8.0
_SHORT = 2
_MORE_ENGLISH = 3


class Evidence(NamedTuple):
    """What a document says of a token that may be several words.

    Attributes
    ----------
    odds : float
        Decimal logarithm of the odds by the words and the document, without the model.
    rate : float
        Decimal logarithm of the share of the document's other tokens that are glued.
    support : float
        The more, the more tokens of the document are glued to the same words.
    repeated : int
        How often the token occurs again.
    seen : int
        How many of the words occur by themselves.
    """

    odds: float
    rate: float
    support: float
    repeated: int
    seen: int


def features_of_split(split: Split, evidence: Evidence, words: Vocabulary) -> Iterator[tuple[str, float]]:
    """The features of a cut that are not 0, by name.

    Parameters
    ----------
    split : Split
    evidence : Evidence
    words : Vocabulary
        The words of its language.
    """
    parts = split.parts
    lower = [words.lower(part) for part in parts]
    logs = [max(-_RAREST, words.log_frequency(word)) for word in lower]
    yield "bias", 1.0
    yield "words against word", max(-_MOST_ODDS, min(_MOST_ODDS, split.glued - split.whole))
    yield "glued tokens", evidence.rate
    yield "glued to the same words", evidence.support
    yield "repeated", float(min(evidence.repeated, _MOST_REPEATED))
    yield "words by themselves", evidence.seen / len(parts)
    yield "rarest word", min(logs) + _RAREST
    yield "most frequent word", max(logs) + _RAREST
    is_capital = [one[-1].islower() and two[0].isupper() for one, two in pairwise(parts)]
    plain = [number for number, is_clear in enumerate(is_capital) if not is_clear]
    if plain:
        yield "words with this beginning", max(math.log10(1 + words.family_of_first(lower[n])) for n in plain)
        yield "words with this ending", max(math.log10(1 + words.family_of_last(lower[n + 1])) for n in plain)
        if all(lower[n] in words.function_words or lower[n + 1] in words.function_words for n in plain):
            yield "function word", 1.0
    else:
        yield "capitals inside", 1.0
    if len(parts) > 2:
        yield "more than two words", 1.0
    if words.language in COMPOUNDING:
        yield "compounding language", 1.0
    if min(logs) == -_RAREST:
        yield "unknown word", 1.0
    if len(parts[-1]) <= _SHORT:
        yield "short last word", 1.0
    if all(map(_is_rather_english, lower, [words] * len(lower))):
        yield "English words", 1.0


def _is_rather_english(word: str, words: Vocabulary) -> bool:
    return english().frequencies.get(word, 0.0) > _MORE_ENGLISH * words.frequencies.get(word, 0.0)


def probability(split: Split, evidence: Evidence, words: Vocabulary) -> float:
    """How likely a token was the words of a split."""
    total = sum(WEIGHTS[name] * value for name, value in features_of_split(split, evidence, words)) / 100
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
