"""Full stops and commas that were lost before a word with which a sentence or clause begins."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import PROSE

_BEGINS = (
    "He|She|They|We|It|The|This|These|Those|But|However|In|At|While|When|According|After|Before|There|Its|Their|His|"
    "Her|Also|Although|Despite|If|As|For|Meanwhile|Moreover|On|Our"
)
# These begin no name, so that a name may stand before them.
_NEVER_A_NAME = "According to|However, |Meanwhile, |Moreover, |Although |Despite "
_ADVERBS = "However|Meanwhile|Moreover|Therefore|Furthermore|Nevertheless|Nonetheless|Consequently"

# A word, a capital word that begins sentences, and the first letter of the next word.
# They begin with the space: a search for a character is quick, one that looks back at each place is not.
_LOST = re.compile(rf" (?<=[a-z][a-z] )(?:{_BEGINS}) (?=[a-z])")
_LOST_AFTER_NAME = re.compile(rf" (?<=[a-z] )(?={_NEVER_A_NAME})")
_LOST_COMMA = re.compile(
    rf"(?:^|(?<=\n)|(?<=[.!?] )|(?<=[.!?][”\"] ))(?:{_ADVERBS}) (?=(?:Even|It|This|These|They|He|She|We|In|As) [a-z])"
)
_WORD = re.compile("[A-Za-z’']+$")
_WORD_LENGTH = 31
_PARTS_OF_NAMES = frozenset("@#/\\_.-~$&")
#: Two words in small letters soon behind the place.
_IN_SMALL_LETTERS = re.compile(r" [a-z’']{2,}[^\n]{0,40}? [a-z’']{2,}")
_AHEAD = 80

#: Words that go on: behind them a capital begins a name or a title.
_GO_ON = frozenset(
    """
    a about an and are article as at be been between book but by called de dubbed during entitled film for from
    her his in into is la like magazine my named near newspaper nor novel noun of on or our over per said song than
    that the their them through titled to under until verb via vs was watched were which who with word your
    """.split()
)


def _lost_stops(text: str) -> Iterator[Found]:
    sure = {m.start() for m in _LOST_AFTER_NAME.finditer(text)}
    for place in sorted(sure | {m.start() for m in _LOST.finditer(text)}):
        word = _WORD.search(text[max(0, place - _WORD_LENGTH) : place])
        if not word or word.group().lower() in _GO_ON or not (place in sure or word.group().islower()):
            continue
        # No handle, path or address is the last word of a sentence; a title in capitals has none.
        before = text[max(0, place - _WORD_LENGTH) : place][: word.start()][-1:]
        if before not in _PARTS_OF_NAMES and _IN_SMALL_LETTERS.search(text, place + 1, place + 1 + _AHEAD):
            yield Found(place, place, ".", 0.8)


def _lost_commas(text: str) -> Iterator[Found]:
    if not any(f"{adverb} " in text for adverb in _ADVERBS.split("|")):
        return
    for match in _LOST_COMMA.finditer(text):
        end = match.end()
        yield Found(end - 1, end - 1, ",", 0.8)
        yield Found(end, end + 1, text[end].lower(), 0.8)


RULES = (
    Rule(
        "lost-full-stop",
        "probable",
        rf"[a-z][a-z] (?:{_BEGINS}) [a-z]|[a-z] (?:{_NEVER_A_NAME})",
        _lost_stops,
        repairs=(
            "the new offensive against Donbass According to analysts",
            "the new offensive against Donbass. According to analysts",
        ),
        leaves="She read The Guardian, saw In Bruges, was near The Hague and called the book The end of it",
        kinds=PROSE,
        languages=frozenset({"en"}),
    ),
    Rule(
        "lost-comma",
        "probable",
        f"(?:{_ADVERBS}) [A-Z]",
        _lost_commas,
        repairs=(
            "is not that good.” However Even poorly managed troops",
            "is not that good.” However, even poorly managed troops",
        ),
        leaves="However, Even Stevens won. However It Girl sold well. “However they may”",
        kinds=PROSE,
        languages=frozenset({"en"}),
    ),
)
