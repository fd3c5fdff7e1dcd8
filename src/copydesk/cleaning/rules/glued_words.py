"""Words glued together, because the tags between them were removed with the spaces.

Which tokens are several words, :mod:`copydesk.cleaning.glued_odds` says; here are the places where they are cut.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from unicodedata import normalize

from copydesk.cleaning.english_tokens import LONGEST, TOKEN
from copydesk.cleaning.glued_odds import LETTERS, Odds, glued_odds, is_sure
from copydesk.cleaning.glued_traces import SCREEN, TRACE, has_trace
from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import WORDS, Block, Blocks
from copydesk.language.english_words import FUNCTION_WORDS, English, common_words
from copydesk.language.vocabularies import LANGUAGES

# A token next to one of these is part of an address, a tag or code.
_CODE = frozenset("@#/\\_={}<>|~^*$%&`[]+")
_SUFFIX = re.compile(r"['’][^\W\d_]")
# What stands before the middle of a token.
_INSIDE_TOKEN, _INSIDE_LETTERS = re.compile(r"[^\W\d_]['’]?\Z"), re.compile(r"[^\W\d_]\Z")
_FEW_HITS = 10


class _Trace:
    """Decides whether an English text passes the screen, for callers that skipped it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._anywhere: bool | None = None

    def is_in_text(self, place: int) -> bool:
        """Whether there is a trace, which mostly is next to an edit: so that place is searched first."""
        if self._anywhere is None:
            text = self._text
            # No word is cut here.
            start, end = text.rfind(" ", 0, max(0, place - LONGEST)) + 1, text.find(" ", place + LONGEST)
            near = text[start : end if end >= 0 else len(text)] if place - start < 2 * LONGEST else ""
            self._anywhere = bool(TRACE.search(near)) or has_trace(text)
        return self._anywhere


def _glued(text: str, odds: dict[str, Odds], blocks: Blocks, *, sure: bool) -> Iterator[Found]:
    english, trace = English(text), _Trace(text)
    for block in blocks.blocks:
        language = block.language or ""
        hits = odds.get(language, {})
        hits = {token: hit for token, hit in hits.items() if is_sure(*hit, language) == sure}
        if not hits or block.kind not in WORDS:
            continue
        for start, token in _places(text, hits, block):
            split, chance = hits[token]
            end = start + len(token)
            if _is_protected(text, start, end):
                continue
            if language == "en":
                if not english.holds(start) or not trace.is_in_text(start):
                    continue
            elif language != "tr" and _SUFFIX.match(text, end):
                continue
            end = start
            for part in split.parts[:-1]:
                end += len(part)
                yield Found(end, end, " ", round(chance, 3))


def _places(text: str, hits: Collection[str], block: Block) -> list[tuple[int, str]]:
    """Where tokens of a block stand that are among some, in order: a few are searched for, which is faster."""
    pattern, inside = (TOKEN, _INSIDE_TOKEN) if block.language == "en" else (LETTERS, _INSIDE_LETTERS)
    if len(hits) > _FEW_HITS:
        matches = pattern.finditer(text, block.start, block.end)
        return [(match.start(), match.group()) for match in matches if match.group() in hits]
    places = []
    for hit in hits:
        start = text.find(hit, block.start, block.end)
        while start >= 0:
            end = start + len(hit)
            match = pattern.match(text, start, block.end)
            if match and match.end() == end and not inside.search(text, max(block.start, start - 2), start):
                places.append((start, hit))
            start = text.find(hit, end, block.end)
    return sorted(places)


def _is_protected(text: str, start: int, end: int) -> bool:
    """Whether a token is part of an address, the name of a file, a tag, code, or a word with combining accents."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _is_letter_with_accent(text[end - 1 : end + 1]) or _is_letter_with_accent(before):
        return True
    if before[-1:] in _CODE or after[:1] in _CODE or after == "()":
        return bool(before or after)
    run = (
        (text[max(0, start - 100) : start].rsplit(maxsplit=1) or [""])[-1]
        if before and not before[-1].isspace()
        else ""
    )
    if "://" in run or "www." in run:
        return True
    behind_stop = before[-1:] == "." and before[:1].isalnum() and not (before[:1].islower() and text[start].isupper())
    return behind_stop or (after[:1] == "." and after[1:].islower())


def _is_letter_with_accent(two: str) -> bool:
    return two[1:] > "\u02ff" and len(normalize("NFC", two)) < len(two)


_DIGITS = re.compile(r"\d\d*")  # to search for a class is faster than for its repetition
_DATES = frozenset(
    "January February March April May June July August September October November December late early mid".split()
)


def _at_numbers(text: str) -> Iterator[Found]:
    """Numbers glued to a word: "late2020", "in 2013that"."""
    for match in _DIGITS.finditer(text):
        start, end = match.span()
        if end - start > 12:
            continue
        begin = start
        while begin > 0 and start - begin < 24 and text[begin - 1].isalpha():
            begin -= 1
        right = LETTERS.match(text, end, end + 24)
        before, after = text[begin:start], right.group() if right else ""
        if not (before or after) or _is_protected(text, begin, end + len(after)):
            continue
        if text[begin - 1 : begin].isdigit() or text[end + len(after) : end + len(after) + 1].isdigit():
            continue
        year = end - start == 4 and (match.group()[0] == "1" or match.group()[:2] == "20")
        if _fits_number(before, year) and len(after) < 4:
            yield Found(start, start, " ", 0.95 if year else 0.9)
        if not before and (_fits_number(after, year) or (year and len(after) > 3 and after in common_words())):
            yield Found(end, end, " ", 0.95 if year else 0.9)


def _fits_number(word: str, year: bool) -> bool:
    """Whether a word next to a number is a word of its own, and not a unit or the name of a model."""
    return word in _DATES or (
        word.lower() in FUNCTION_WORDS and (len(word) > 2 or (year and word.islower() and len(word) > 1))
    )


def _surely(text: str, odds: dict[str, Odds], blocks: Blocks) -> list[Found]:
    numbers = [number for number in _at_numbers(text) if blocks.at(number.start).language == "en"]
    if numbers and not _Trace(text).is_in_text(numbers[0].start):
        numbers = []
    return [*_glued(text, odds, blocks, sure=True), *numbers]


def _maybe(text: str, odds: dict[str, Odds], blocks: Blocks) -> list[Found]:
    return list(_glued(text, odds, blocks, sure=False))


# What is less sure comes first, while the document still shows the evidence.
RULES = (
    Rule(
        "glued-word-maybe",
        "suggest",
        SCREEN,
        _maybe,
        repairs=(
            "The woods were full ofsilence, and the two of us went home.",
            "The woods were full of silence, and the two of us went home.",
        ),
        leaves="McDonald, MacDonald, LeDonald and DeDonald wrote JavaScript for YouTube, eBay and iPhone",
        analyse=glued_odds,
        screen_alone=True,
        kinds=WORDS,
        languages=LANGUAGES,
        needs_blocks=True,
        states_chance=True,
    ),
    Rule(
        "glued-word",
        "probable",
        SCREEN,
        _surely,
        repairs=(
            "Ready for the future with RussiaMilitaryThreat. Facing the attackMilitaryThreat, it bringsMilitaryHe. "
            "They say hehadresigned as CEOthe day before late2020.",
            "Ready for the future with Russia Military Threat. Facing the attack Military Threat, it brings Military "
            "He. They say he had resigned as CEO the day before late 2020.",
        ),
        leaves="McDonald, MacDonald, LeDonald and DeDonald wrote JavaScript for YouTube, eBay and iPhone",
        analyse=glued_odds,
        screen_alone=True,
        kinds=WORDS,
        languages=LANGUAGES,
        needs_blocks=True,
        states_chance=True,
    ),
)
