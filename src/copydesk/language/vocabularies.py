"""Words of a language with their frequencies, and how often words are built with a given beginning or ending.

Frequencies are those of ``wordfreq`` (Speer 2022): a share of all words in running text. A vocabulary is loaded when
a text first needs it. That of English holds 300,000 words, the others some 30,000, which is all down to one in a
million.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache

from copydesk.language import english_words
from copydesk.language.word_frequencies import LOADED, frequencies_in

#: Languages that wordfreq serves and that set spaces between words; not Indic ones, whose signs of vowels are no
#: letters for ``re``.
LANGUAGES = frozenset(
    """ar bg bs ca cs da de el en es fa fi fil fr he hr hu id is it lt lv mk ms nb nl no pl pt ro ru sk sl sv tr uk ur
    vi""".split()
)
#: Of these languages, those that are not written in Latin letters.
OTHER_SCRIPTS = frozenset("ar bg el fa he mk ru uk ur".split())
_FUNCTION_WORDS = 80  # so many of the most frequent words are function words
_FREQUENT, _FEW = 1e-5, 2e-4
_SHORTEST_STEM = 3


class Vocabulary:
    """Words of a language.

    Parameters
    ----------
    language : str
        One of ``LANGUAGES``.
    frequencies : mapping of str to float
        Share of each word in running text.
    function_words : frozenset of str, optional
        Words that hold sentences together; the most frequent ones if not given.
    """

    def __init__(
        self, language: str, frequencies: Mapping[str, float], function_words: frozenset[str] | None = None
    ) -> None:
        self.language = language
        self.frequencies = frequencies
        if function_words is None:
            function_words = frozenset(word for word in _most_frequent(frequencies) if word.isalpha())
        self.function_words = function_words
        self.is_latin = language not in OTHER_SCRIPTS
        #: Whether a token in the script of the language may be cut: not where endings are written together or apart.
        self.cuts_words = language not in {"ar", "fa", "he", "ur"}
        #: Fewest letters of a word beside letters of another script; Arabic and Hebrew write some before the word.
        self.shortest = 3 if language in {"ar", "fa", "he", "ur"} else 2
        self.family_of_first = lru_cache(20_000)(self._family_of_first)
        self.family_of_last = lru_cache(20_000)(self._family_of_last)

    def lower(self, word: str) -> str:
        """A word in small letters, as many as it has: "İ" is "i", and in Turkish "I" is "ı"."""
        return (word.replace("I", "ı") if self.language == "tr" else word).replace("İ", "i").lower()

    def log_frequency(self, word: str) -> float:
        """Decimal logarithm of the frequency of a word in small letters; -inf for one that is not known."""
        frequency = self.frequencies.get(word)
        return -math.inf if frequency is None else math.log10(frequency)

    def holds(self, token: str) -> bool:
        """Whether a token is a word of the language, whatever its case."""
        return self.lower(token) in self.frequencies

    def stands_first(self, word: str) -> bool:
        """Whether a word is frequent, and hardly a word begins with it: what follows it without a space is glued."""
        return self.is_frequent(word) and self.family_of_first(word) < _FEW * len(self.frequencies)

    def stands_last(self, word: str) -> bool:
        """The same of the end of a token."""
        return self.is_frequent(word) and self.family_of_last(word) < _FEW * len(self.frequencies)

    def is_frequent(self, word: str) -> bool:
        """Whether a word in small letters is one of the frequent ones."""
        return self.frequencies.get(word, 0.0) >= _FREQUENT

    def _family_of_first(self, part: str) -> int:
        """How many words are this part and another word: of "under" 200 in German."""
        start = bisect_left(self._sorted, part)
        end = bisect_left(self._sorted, part + "\U0010ffff")
        size = len(part)
        least = size + _SHORTEST_STEM
        others = [word[size:] for word in self._sorted[start:end] if len(word) >= least]
        return sum(map(self.frequencies.__contains__, others))

    def _family_of_last(self, part: str) -> int:
        """How many words are another word and this part."""
        turned = part[::-1]
        start = bisect_left(self._turned, turned)
        end = bisect_left(self._turned, turned + "\U0010ffff")
        size = len(part)
        least = size + _SHORTEST_STEM
        others = [word[: size - 1 : -1] for word in self._turned[start:end] if len(word) >= least]
        return sum(map(self.frequencies.__contains__, others))

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.frequencies)

    @cached_property
    def _turned(self) -> list[str]:
        return sorted(word[::-1] for word in self.frequencies)


def _most_frequent(frequencies: Mapping[str, float]) -> list[str]:
    """The most frequent words, and of those that are as frequent the first by their letters."""
    least = sorted(frequencies.values(), reverse=True)[:_FUNCTION_WORDS][-1:]
    candidates = [word for word, frequency in frequencies.items() if least and frequency >= least[0]]
    return sorted(candidates, key=lambda word: (-frequencies[word], word))[:_FUNCTION_WORDS]


@cache
def english() -> Vocabulary:
    """The vocabulary of English, which is never unloaded."""
    return Vocabulary("en", english_words.frequencies(), english_words.FUNCTION_WORDS)


@lru_cache(LOADED)
def _loaded(language: str) -> Vocabulary:
    return Vocabulary(language, frequencies_in(language))


def vocabulary(language: str) -> Vocabulary:
    """The vocabulary of a language in ``LANGUAGES``.

    >>> vocabulary("de").log_frequency("und") > vocabulary("de").log_frequency("hafen")
    True
    """
    return english() if language == "en" else _loaded(language)
