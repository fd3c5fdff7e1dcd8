"""Classes of words: what the word before a mark is, and what the word behind it is and opens with."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import category

from copydesk.sentences.lexicon import Lexicon, lexicon

OPENERS = "\"'“‘«‹„([{*<`¿¡"
BULLETS = "•▪●◦‣⁃"
DASHES = "-–—"
_KEPT = 1 << 15  # words kept in memory, for each language

_SMILEY = re.compile(r"\^_+\^|[:;=8][-^o']?[)(DPp/\\|\]\[]+$|<3$")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_TAIL = re.compile(r"(?:.['’‑-]|\d)([^\W\d_][^'’‑-]{0,11})$")
_VERSE = re.compile(r"\d{1,3}:\d")
_PARTS = re.compile("['’‑-]")
_UNCASED = re.compile(r"(?:[\u0590-\u0dff\u10d0-\u10ff]{1,3}\.)+[\u0590-\u0dff\u10d0-\u10ff]{1,3}")
_UNCASED_LETTER = re.compile("[\u0b80-\u0d7f]")
_CITATION = re.compile(r"\[\d{1,3}\]")
_DECIMAL = re.compile(r"[$€£+-]?[\d.,:]*\d[%)]?$")
_ROMAN = re.compile("[IVX]{1,5}$")
_ROMAN_NUMBER = re.compile("[IVXL]{2,}")
_RANGE = re.compile(r"(?:(?:\d{1,2}\.)?[-–](?=\d{1,2}$)|\d{4}[-–](?=\d{4}$))(\d+)")
_VOWELS = frozenset("aeiouyAEIOUY")
_RULE = re.compile(r"[-=*_~#]{3}")
_SIGNS = {"§": "paragraph", "№": "Numbered", **dict.fromkeys(".!?…", "mark")}
_SPECIAL = {
    **dict.fromkeys("I I'm I've I'd I'll I’m I’ve I’d I’ll".split(), "I"),  # in English always with a capital
    **dict.fromkeys("Com COM Net NET Org ORG".split(), "address"),  # "Newsfeed.Com"
    **dict.fromkeys("com org edu gov".split(), "domain"),  # "news. example. com"
}


class Classes(NamedTuple):
    """Functions that class the words of one language; each word is looked at once."""

    before: Callable[[str], str]
    shape: Callable[[str], str]
    after: Callable[[str], tuple[str, str, str]]


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
    kind = words.kind(word)
    if kind is None and (tail := _TAIL.search(word)):  # "dell'art. 12", "Sino-U.S. relations"
        kind = words.kind(tail[1])
        if kind == "measure" and word[tail.start()].isdecimal():  # "2018m. Kaune"
            kind = "open"
    return shape(word, words) if kind is None or kind == "unit" else kind


def shape(word: str, words: Lexicon) -> str:
    """Class of a word by the characters it is made of."""
    if word.isdecimal():
        return "ordinal" if words.ordinals and len(word) < 3 else f"number{min(max(len(word), 2), 4)}"
    if not word.isalpha():
        if numbers := _RANGE.fullmatch(word):  # "vom 1.-3. Mai", "в 2010-2012 гг. он", not "gewann 2-1."
            return shape(numbers[1], words)
        bare = word if word.isascii() else _unmarked(word)
        if _UNCASED.fullmatch(bare) or (len(bare) == 1 and _UNCASED_LETTER.match(bare)):
            return "reference"  # "सी.सी.टी.वी.", "കെ. പി.": these scripts have no other sign of an abbreviation
        return _strange(bare) or _plain(bare)
    if len(word) == 1:
        return "I" if word == "I" else "initial" if word.isupper() else "letter"
    return "ordinal" if words.ordinals and _ROMAN.match(word) else _plain(word)


def _unmarked(word: str) -> str:
    """A word without combining marks, which are parts of its letters: vowels of Indic scripts, stress, points."""
    return "".join(character for character in word if category(character)[0] != "M") or word


def _strange(word: str) -> str:
    """Class of what is no plain word; nothing for a plain one."""
    tests = (
        ("address", "@" in word or "/" in word or word.startswith("www.")),
        ("acronym", _ACRONYM.fullmatch(word)),
        ("smiley", _SMILEY.search(word)),
        ("decimal", _DECIMAL.match(word)),
        ("dotted", "." in word and not word[0].isdigit()),
        ("mixed", any(map(str.isdigit, word))),
        ("sign", len(word) == 1 and not word.isalpha()),
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


def after(word: str, words: Lexicon) -> tuple[str, str, str]:
    """What opens before the word behind a mark, the class of that word, and how it is written elsewhere.

    >>> [after(word, lexicon("en"))[:2] for word in ("“He", "(see", "Paris", "said", "[12]", "2.")]
    [('quote', 'Starter'), ('bracket', 'low'), ('', 'Word'), ('', 'says'), ('bracket', 'citation'), ('', 'item')]
    >>> [after(word, lexicon("en"))[2] for word in ("Paris", "Houses", "Quixby")]
    ['name', 'common', '']
    """
    if word.isalpha():  # most are: the shortest way
        return "", *_worded(word, "", words)
    if _RULE.match(word):
        return "", "rule", ""
    bare = word.lstrip(OPENERS)
    opening = word[: len(word) - len(bare)]
    core = bare.rstrip(".,;:!?)\"'”’»…")
    kind, written = "opener", ""
    if opening and _CITATION.match(word):
        kind = "citation"
    elif bare and ("@" in bare or "://" in bare or bare.startswith("www.")):
        kind = "address"
    elif bare and bare[0].isalpha():
        kind, written = _worded(core, bare[len(core) :], words)
    elif bare:
        kind = _signed(core, bare)
    return _opener(opening), kind, written


def _opener(opening: str) -> str:
    if not opening:
        return ""
    return "quote" if opening[0] in "\"'“‘«‹„`" else "bracket" if opening[0] in "([" else "other"


def _worded(core: str, end: str, words: Lexicon) -> tuple[str, str]:
    """Class of a word behind a mark that begins with a letter, and how it is written; ``end`` is its punctuation."""
    if core in _SPECIAL:
        return _SPECIAL[core], ""
    if core[0].islower():
        return "says" if core in words.saying else "low", ""
    lower = core.lower()
    written = words.cases.get(lower) or words.cases.get(_PARTS.split(lower, maxsplit=1)[0], "")
    stopped = end.startswith(".")
    if stopped and words.abbreviations.get(lower) == "numbered":
        return "Numbered", ""
    if lower in words.starters or written == "starter":
        return ("Initial", "") if stopped and len(core) == 1 else ("Starter", "common")
    tests = (
        ("Initial", len(core) == 1),
        ("Title", stopped and words.abbreviations.get(core) == "title"),
        ("Uncased", not core[0].isupper()),
        ("Roman", _ROMAN_NUMBER.fullmatch(core)),
        ("CAPS", core.isupper()),
        ("Date", lower in words.dates),
        ("Says", lower in words.saying),
    )
    return next((name for name, holds in tests if holds), "Word"), written


def _signed(core: str, bare: str) -> str:
    """Class of what stands behind a mark and begins with a digit or sign."""
    if bare[0].isdecimal():
        item = core.isdecimal() and len(core) < 3 and bare[len(core) :][:1] in (".", ")")
        return "verse" if _VERSE.match(bare) else "item" if item else "digits"
    if bare[0] in DASHES:
        return "dash-word" if bare.strip(DASHES) else "dash"
    if bare[0] in _SIGNS:
        return _SIGNS[bare[0]]
    return "smiley" if _SMILEY.match(bare) else "inner" if bare[0] in ",;:)]}%&/" else "sign"
