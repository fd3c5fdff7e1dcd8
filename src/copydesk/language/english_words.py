"""Frequencies of English words, and which lines are English: the evidence for torn and glued words.

Frequencies are those of ``wordfreq`` (Speer 2022): a share of all words in running text. They are loaded when a text
first needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import islice

from copydesk.language.word_lists import read_word_list

#: A common word: three times in a million words.
COMMON = 3e-6
_FREQUENT = 3000
#: Characters of a text that are read.
_READ = 800
#: Words that hold sentences together. They tell English from other languages, and do not form compounds.
FUNCTION_WORDS = frozenset(
    """a about after again against all also although am among an and any are aren't around as at be because been
    before being between both but by can can't could couldn't did didn't do does doesn't don't during each
    either even ever every for from had has hasn't have he her here him his how however i if in into is isn't it
    it's its just like may me might more most must my near neither never no nor not now of on once only or other
    our out over own same she should since so some still such than that that's the their them then there these
    they this those though through throughout to too toward towards under until up upon us very via was wasn't
    we were what when where whether which while who whom whose why will with within without won't would yet you
    your""".split()
)


@cache
def frequencies() -> Mapping[str, float]:
    """Frequency of some 300,000 English words (loaded when first needed)."""
    return read_word_list("en", "large")


def is_loaded() -> bool:
    """Whether the frequencies are in memory already: loading them takes a tenth of a second."""
    return frequencies.cache_info().currsize > 0


@cache
def common_words() -> dict[str, None]:
    """Words too common to be two words glued together: in small letters, capitalised, and in capitals.

    They are the keys of a dictionary: the garbage collector visits all strings of a set, and none of those.
    """
    words = [word for word, share in frequencies().items() if share >= COMMON]
    return dict.fromkeys([*words, *map(str.capitalize, words), *map(str.upper, words)])


@cache
def frequent_words() -> dict[str, None]:
    """The most frequent of the common words, in small letters: more than half of the different words of a text.

    They are so few that they stay at hand. Of the other words most must be read from main memory to be looked up.
    """
    return dict.fromkeys(islice(frequencies(), _FREQUENT))


def frequency(word: str) -> float:
    """Share of running English text that a word makes up, whatever its case; 0 if it is not known."""
    return frequencies().get(word.lower().replace("’", "'"), 0.0)


def looks_english(text: str) -> bool:
    """Whether most words of a short text are common English words; for texts in which no model sees a language."""
    words = [word.strip(".,;:!?\"'“”‘’()") for word in text[:_READ].split()]
    words = [word for word in words if word.isalpha() and word.isascii()]
    functions = sum(word.lower() in FUNCTION_WORDS for word in words)
    if not words or (not functions and len(words) > 2):
        return False
    return 10 * sum(word in common_words() for word in words) >= 7 * len(words)


class English:
    """Decides by function words whether a line is English, because the only dictionary is English."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = self._end = -1
        self._holds = False

    def holds(self, position: int) -> bool:
        """Whether the line of a position is English; to be called with rising positions."""
        if position >= self._end:
            self._start = self._text.rfind("\n", max(0, self._end), position) + 1 or max(0, self._end)
            end = self._text.find("\n", position)
            self._end = len(self._text) if end < 0 else end
            words = self._text[self._start : self._end].lower().replace("’", "'").split()
            self._holds = len(words) < 6 or sum(map(FUNCTION_WORDS.__contains__, words)) >= 0.12 * len(words)
        return self._holds
