"""Frequencies of common words of some forty languages: the short lists of ``wordfreq`` (Speer 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from copydesk.language.english_words import frequency
from copydesk.language.word_lists import read_word_list

#: Languages that write compounds as one word, so that two words often make a new one that no list holds.
COMPOUNDING = frozenset("da de et fi fo hu is lb nb nl nn no sv".split())
#: Lists that are in memory at once, about 5 MB each: all, since loading one takes as long as cleaning many texts.
LOADED = 48
#: Languages that share a list with another one.
_LISTS = {"no": "nb", "nn": "nb", "hr": "sh", "sr": "sh", "bs": "sh", "cnr": "sh", "tl": "fil"}


@lru_cache(LOADED)
def frequencies_in(language: str | None) -> Mapping[str, float]:
    """Frequency of each common word of a language, in small letters; empty for a language without a list.

    A list is loaded when it is first needed, in some 15 ms.

    >>> frequencies_in("fr")["gouvernement"] > 1e-5
    True
    >>> "straße" in frequencies_in("de"), "λόγος" in frequencies_in("el")
    (True, True)
    """
    name = _LISTS.get(language or "", language)
    return _spelled(read_word_list(name, "small"), name) if name else {}


def _spelled(words: Mapping[str, float], language: str | None) -> Mapping[str, float]:
    """Words as a text has them in small letters: the lists are case-folded, to "strasse" and "λόγοσ"."""
    if language == "el":
        return {f"{word[:-1]}ς" if word.endswith("σ") else word: frequency for word, frequency in words.items()}
    if language == "de":  # which of them are written with ß the list no longer says
        return {**{word.replace("ss", "ß"): words[word] for word in words if "ss" in word}, **words}
    return words


def frequency_in(word: str, language: str | None) -> float:
    """Share of running text of a language that a word makes up; 0 if it is not in the list of the language.

    That of English is the long one, with less common words too.
    """
    if language == "en":
        return frequency(word)
    return frequencies_in(language).get(word.lower().replace("’", "'"), 0.0)
