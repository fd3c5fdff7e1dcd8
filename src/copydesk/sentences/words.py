"""Classes of words: what the word before a mark is, and what the word behind it is and opens with."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

from copydesk.sentences.lexicon import Lexicon, lexicon

OPENERS = "\"'“‘«‹„([{*<`¿¡"
BULLETS = "•▪●◦‣⁃"
DASHES = "-–—"
_KEPT = 1 << 15  # words kept in memory, for each language

_SMILEY = re.compile(r"\^_+\^|[:;=8][-^o']?[)(DPp/\\|\]\[]+$|<3$")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_CITATION = re.compile(r"\[\d{1,3}\]")
_DECIMAL = re.compile(r"[$€£+-]?[\d.,:]*\d[%)]?$")
_ROMAN = re.compile("[IVX]{1,5}$")
_VOWELS = frozenset("aeiouyAEIOUY")
_RULE = re.compile(r"[-=*_~#]{3}")
_SPECIAL = {
    **dict.fromkeys("I I'm I've I'd I'll I’m I’ve I’d I’ll".split(), "I"),  # in English always with a capital
    **dict.fromkeys("Com COM Net NET Org ORG".split(), "address"),  # "Newsfeed.Com"
}


class Classes(NamedTuple):
    """Functions that class the words of one language; each word is looked at once."""

    before: Callable[[str], str]
    shape: Callable[[str], str]
    after: Callable[[str], tuple[str, str]]


@cache
def classes(language: str) -> Classes:
    """How the words of a language are classed."""
    words = lexicon(language)
    return Classes(
        lru_cache(_KEPT)(lambda word: before(word, words)),
        lru_cache(_KEPT)(lambda word: shape(word, words)),
        lru_cache(_KEPT)(lambda word: after(word, words)),
    )


def before(word: str, words: Lexicon) -> str:
    """Class of the word before a mark: the kind of abbreviation it is, or else its shape.

    >>> [before(word, lexicon("en")) for word in ("Dr", "etc", "U.S", "J", "1998", "house")]
    ['title', 'open', 'nation', 'initial', 'number4', 'word']
    """
    if not word.isalpha():
        word = word.lstrip(OPENERS + BULLETS).rstrip(".") or word
    kind = words.abbreviations.get(word)
    if kind is None and not (len(word) == 1 and word.isupper()):  # "p." is a page, "P." an initial
        kind = words.abbreviations.get(word.lower())
    return kind or shape(word, words)


def shape(word: str, words: Lexicon) -> str:
    """Class of a word by the characters it is made of."""
    if word.isdecimal():
        return "ordinal" if words.ordinals and len(word) < 3 else f"number{min(max(len(word), 2), 4)}"
    if not word.isalpha():
        return _strange(word) or _plain(word)
    if len(word) == 1:
        return "I" if word == "I" else "initial" if word.isupper() else "letter"
    return "ordinal" if words.ordinals and _ROMAN.match(word) else _plain(word)


def _strange(word: str) -> str:
    """Class of what is no plain word; nothing for a plain one."""
    tests = (
        ("address", "@" in word or "/" in word or word.startswith("www.")),
        ("acronym", _ACRONYM.fullmatch(word)),
        ("smiley", _SMILEY.search(word)),
        ("decimal", _DECIMAL.match(word)),
        ("dotted", "." in word),
        ("mixed", any(map(str.isdigit, word))),
        ("sign", len(word) == 1),
    )
    return next((name for name, holds in tests if holds), "")


def _plain(word: str) -> str:
    long = len(word) > 3
    if word.isupper():
        return "CAPS" if long else "CAP"
    if word[0].isupper():
        return "Word" if long else "Wor"
    if word.isalpha() or word.replace("'", "").replace("’", "").replace("-", "").isalpha():  # "l'heure", "war-torn"
        return "consonants" if word.isascii() and _VOWELS.isdisjoint(word) else "word" if long else "wor"
    return "closed" if word[-1] in "\"'”’»)]}" else "other"


def after(word: str, words: Lexicon) -> tuple[str, str]:
    """What opens before the word behind a mark, and the class of that word.

    >>> [after(word, lexicon("en")) for word in ("“He", "(see", "Paris", "said", "[12]", "2.")]
    [('quote', 'Starter'), ('bracket', 'low'), ('', 'Word'), ('', 'says'), ('bracket', 'citation'), ('', 'item')]
    """
    if word.isalpha():  # most are: the shortest way
        return "", _worded(word, "", words)
    if _RULE.match(word):
        return "", "rule"
    bare = word.lstrip(OPENERS)
    opening = word[: len(word) - len(bare)]
    core = bare.rstrip(".,;:!?)\"'”’»…")
    if not bare:
        kind = "opener"
    elif opening and _CITATION.match(word):
        kind = "citation"
    elif "@" in bare or "://" in bare or bare.startswith("www."):
        kind = "address"
    else:
        kind = _worded(core, bare[len(core) :], words) if bare[0].isalpha() else _signed(core, bare)
    return _opener(opening), kind


def _opener(opening: str) -> str:
    if not opening:
        return ""
    return "quote" if opening[0] in "\"'“‘«‹„`" else "bracket" if opening[0] in "([" else "other"


def _worded(core: str, end: str, words: Lexicon) -> str:
    """Class of a word behind a mark that begins with a letter; ``end`` is its punctuation."""
    if core[0].islower():
        return "says" if core in words.saying else "low"
    if core in _SPECIAL:
        return _SPECIAL[core]
    lower = core.lower()
    if len(core) == 1 and (end.startswith(".") or lower not in words.starters):
        return "Initial"
    if lower in words.starters:
        return "Starter"
    if end.startswith(".") and words.abbreviations.get(core) == "title":
        return "Title"
    return "CAPS" if core.isupper() else "Says" if lower in words.saying else "Word"


def _signed(core: str, bare: str) -> str:
    """Class of what stands behind a mark and begins with a digit or sign."""
    if bare[0].isdecimal():
        return "item" if core.isdecimal() and len(core) < 3 and bare[len(core) :][:1] in (".", ")") else "digits"
    if bare[0] in DASHES:
        return "dash-word" if bare.strip(DASHES) else "dash"
    if bare[0] in ".!?…":
        return "mark"
    if _SMILEY.match(bare):
        return "smiley"
    return "inner" if bare[0] in ",;:)]}%&/" else "sign"
