"""Drop caps: the large first letter of a paragraph, scraped with a space behind it or as a letter too many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import WORDS
from copydesk.language.english_words import frequency

_SPLIT = re.compile("[“\"]?([A-Z]) ([a-z’']{1,30})(?![A-Za-z])")
_STRAY = re.compile("(?:^|(?<=\n)|(?<=[–—] ))[A-Z]([A-Z][a-z’']{1,30})(?![A-Za-z])")
_TOKEN = re.compile("[A-Za-z’']+")
#: Letters that are words.
_WORDS = ("A", "I", "O")
_KNOWN = 1e-7
_HEARD_OF = 3e-8
#: Words with which sentences begin and that end no acronym.
_BEGINNINGS = frozenset(
    """
    After All Although An And As At Because Before But By Despite During Even For From He Her His How However
    If In Its It Just Last Many More Most My New No Not Now Of On One Only Our Over She Since So Some Such Ten
    That The Their Then There These They This Those Three Through To Two Under Until We What When Where Which
    While Who Why With You
    """.split()
)


def _split_capital(text: str) -> Iterator[Found]:
    start = 0
    while start >= 0:
        match = _SPLIT.match(text, start)
        if match:
            letter, rest = match.groups()
            joined = frequency(letter + rest)
            # "A long day" may stand; "A long" is no "Along" while "long" is a word of its own.
            least = 10 * frequency(rest) if letter in _WORDS else frequency(rest) / 100
            if joined >= _KNOWN and joined > least:
                yield Found(match.end(1), match.end(1) + 1, "")
        start = text.find("\n", start) + 1 or -1


def _stray_capital(text: str) -> Iterator[Found]:
    matches = list(_STRAY.finditer(text))
    words = Counter(_TOKEN.findall(text) if matches else ())
    for match in matches:
        rest = match.group(1)
        whole = match.group()
        # A name or an acronym stands elsewhere in the text in just this form, or is known: "EBay", "IPhone". But
        # "min" and "din" are known too, and no one writes "MIn" or "DIn".
        if len(rest) < 2 or words[whole] > 1 or (frequency(whole) >= _KNOWN and rest not in _BEGINNINGS):
            continue
        if frequency(rest) >= _HEARD_OF or words[rest]:
            yield Found(match.start(), match.start() + 1, "", 0.95)


RULES = (
    Rule(
        "split-capital",
        "probable",
        ("\n[“\"]?[A-Z] [a-z’']", "\\A[“\"]?[A-Z] [a-z’']"),
        _split_capital,
        repairs=(
            "T he weather should ease.\nC ompared to last year",
            "The weather should ease.\nCompared to last year",
        ),
        leaves="A long day.\nI am here.\nO what a night.\nX marks the spot",
        screen_alone=True,
        kinds=WORDS,
        languages=frozenset({"en"}),
    ),
    Rule(
        "stray-capital",
        "probable",
        "(?:\\A|\n|[–—] )[A-Z][A-Z][a-z]",
        _stray_capital,
        repairs=(
            "west of the Dnieper – IThe second phase\nLProsecutors told",
            "west of the Dnieper – The second phase\nProsecutors told",
        ),
        leaves="TVs and PCs sold.\nIDs were checked.\nEBooks too.\nIPhone sales rose.",
        kinds=WORDS,
        languages=frozenset({"en"}),
    ),
)
