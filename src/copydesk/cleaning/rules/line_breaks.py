"""Line breaks that were put into the middle of a sentence or of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import PROSE, Blocks
from copydesk.language.english_words import FUNCTION_WORDS
from copydesk.language.word_frequencies import COMPOUNDING, frequency_in

#: Signs that end a line inside a word. The last two, a soft hyphen and what scanners make of it, end nothing else.
_SIGNS = "-\u2010\u00ad¬"
_ALWAYS_JOINED = "\u00ad¬"
_LETTER = "[^\\W\\d_]"
# The patterns begin with the sign and look back, because searching for a character is fast.
_HYPHEN = re.compile(f"[{_SIGNS}](?<={_LETTER}[{_SIGNS}]) ?\n[ \t]*(?={_LETTER})")
_HYPHEN_AND_SPACE = re.compile(f"[{_SIGNS}](?<={_LETTER}[{_SIGNS}]) (?={_LETTER})")
_HYPHENATED = re.compile(f"{_LETTER}+(?:[-\u2010’']{_LETTER}+)*")
_LEFT = re.compile(f"(?:{_LETTER}|[’'])+$")
_RIGHT = re.compile(f"(?:{_LETTER}|[’'])+")
_WORD = 40
_NARROWEST, _USUAL, _WIDEST = 40, 60, 110
#: What a paragraph ends in.
_ENDED = re.compile(r"[.!?…:;。？！۔।]['\"’”»)\]]*\s*\Z")
_FEW_LINES = 3  # so many may look filled by chance
#: Signs of scripts without spaces and their marks: a line of them says nothing of a width, and takes no space.
_SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
)
#: What must be known of a joined word, and of a part that is a word by itself: a share of all words.
_KNOWN, _USED = 1e-7, 1e-6
#: Two words that are so many times more common than the two together are a compound with a hyphen.
_MORE_COMMON, _MORE_COMMON_WITH_FUNCTION_WORD = 50, 1000
#: Languages with so long words, compounds or not, that a hyphen at the end of a line is that of the line.
_LONG_WORDS = COMPOUNDING | {"tr"}
#: Words behind a hyphen that stands for the rest of a word: "Vor- und Nachteile", "full- and half-size".
_CONJUNCTIONS = {
    "af": "en of",
    "ca": "i o",
    "cs": "a i nebo či",
    "da": "og eller",
    "de": "und oder bis sowie beziehungsweise bzw als",
    "en": "and or to nor versus",
    "es": "y e o u",
    "et": "ja või ning",
    "fi": "ja tai sekä eli",
    "fr": "et ou",
    "hr": "i ili",
    "hu": "és vagy illetve",
    "is": "og eða",
    "it": "e o ed",
    "lb": "an oder",
    "nl": "en of",
    "no": "og eller",
    "pl": "i lub oraz albo czy",
    "pt": "e ou",
    "ro": "și sau şi",
    "ru": "и или",
    "sk": "a alebo či",
    "sl": "in ali",
    "sv": "och eller samt",
    "tr": "ve veya",
    "uk": "і або та й",
}
_SUSPENDED = {language: frozenset(words.split()) for language, words in _CONJUNCTIONS.items()}


class _Hyphen(NamedTuple):
    """A hyphen and the white space behind it, with the parts of a word on both sides."""

    start: int
    end: int
    sign: str
    left: str
    right: str
    language: str | None

    @property
    def is_suspended(self) -> bool:
        """Whether it stands for the rest of a word: "Vor- und Nachteile"."""
        return self.right in _SUSPENDED.get(self.language or "", ())


def _hyphens(text: str, pattern: re.Pattern[str], blocks: Blocks) -> Iterator[_Hyphen]:
    for match in pattern.finditer(text):
        start, end = match.span()
        left, right = _LEFT.search(text[max(0, start - _WORD) : start]), _RIGHT.match(text[end : end + _WORD])
        if left and right:
            yield _Hyphen(start, end, match.group()[0], left.group(), right.group(), blocks.at(start).language)


def _hyphenated(text: str, blocks: Blocks) -> Iterator[Found]:
    words: frozenset[str] | None = None
    for hyphen in _hyphens(text, _HYPHEN, blocks):
        start, end, sign, left, right, language = hyphen
        behind = text[end + len(right) : end + len(right) + 1]
        if sign in _ALWAYS_JOINED:
            yield Found(start, end, "")
        elif hyphen.is_suspended and behind.isspace():
            if left[-1].islower() and frequency_in(left + right, language) < _KNOWN:
                yield Found(start + 1, end, " ")
        elif right[0].isupper():
            if left[-1].islower() and left[0].isupper():  # "Rhein-\nMain", "Baden-\nWürttemberg"
                yield Found(start + 1, end, "", 0.9)
        else:
            words = words if words is not None else _words_of(text)
            yield Found(start if _is_one_word(words, left, right, language) else start + 1, end, "")


def _left_inside(text: str, blocks: Blocks) -> Iterator[Found]:
    """Hyphens of line ends that stayed when lines were joined: "con- tinued"."""
    for hyphen in _hyphens(text, _HYPHEN_AND_SPACE, blocks):
        start, end, sign, left, right, language = hyphen
        if hyphen.is_suspended or not right[0].islower():
            continue
        if sign in _ALWAYS_JOINED or frequency_in(left + right, language) >= _KNOWN:
            yield Found(start, end, "", 0.9)


def _words_of(text: str) -> frozenset[str]:
    """The words of a text as it writes them where no line ends, with their hyphens."""
    return frozenset(_HYPHENATED.findall(text))


def _is_one_word(words: frozenset[str], one: str, two: str, language: str | None) -> bool:
    """Whether a word was hyphenated where the line ended, and not a compound broken at its own hyphen."""
    # The document is the best evidence: how it writes the word where no line ends.
    if f"{one}-{two}" in words or f"{one}\u2010{two}" in words:
        return False
    if one + two in words:
        return True
    if len(one) == 1 or language in _LONG_WORDS:
        return len(one) > 1 or not one.isupper()
    joined = frequency_in(one + two, language)
    left, right = frequency_in(one, language), frequency_in(two, language)
    if joined >= _KNOWN:
        # "fifty-\nninth" and "real-\ntime" are two words, "coordi-\nnate" and "there-\nin" are one.
        function_word = not FUNCTION_WORDS.isdisjoint((one.lower(), two))
        ratio = _MORE_COMMON_WITH_FUNCTION_WORD if function_word else _MORE_COMMON
        return min(left, right) < joined * ratio or len(one) < 3
    return min(left, right) < _USED


def _wrapped(text: str) -> Iterator[Found]:
    """Breaks after lines that were filled up to a width: where the next word did not fit any more."""
    lines = text.split("\n")
    start = 0
    run: list[int] = []  # offsets of the breaks of a run of lines that may have been filled
    first = 0
    for number, line in enumerate(lines):
        start += len(line) + 1
        follows = number + 1 < len(lines) and lines[number + 1] and line and not line[-1].isspace()
        if follows and _NARROWEST <= len(line) <= _WIDEST and not _SPACELESS.match(line[-1]):
            if not run:
                first = number
            run.append(start - 1)
            continue
        if run:
            before, after = lines[first - 1 : first], lines[number + 1 : number + 2]
            if not _is_among_items("".join(before), lines[first : number + 1], "".join(after)):
                yield from _filled(lines[first : number + 1], run)
        run = []


def _is_among_items(before: str, lines: list[str], after: str) -> bool:
    """Whether two or three lines that look filled are items of a list or rows of a table, by the lines around them.

    More lines are not filled by chance. A paragraph ends in a mark, an item mostly does not; so two lines alone are
    text only if a mark ends them, and without one no other line next to them may end before it was filled.
    """
    is_ended = _ENDED.search(lines[-1]) is not None
    if len(lines) > _FEW_LINES or (is_ended and (len(lines) == _FEW_LINES or lines[0][:1].isupper())):
        return False
    width = max(map(len, lines))
    return (
        (not is_ended and len(lines) < _FEW_LINES)
        or _is_item(before, lines[0], width)
        or (not is_ended and _is_item(lines[-1], after, width))
    )


def _is_item(line: str, following: str, width: int) -> bool:
    """Whether a line ends without a mark where the next word would have fitted, or is wider than those below."""
    if not line or line.isspace() or not following or following.isspace() or _ENDED.search(line):
        return False
    return not _is_tight(line, following, width) or len(line) > width


def _is_tight(line: str, following: str, width: int) -> bool:
    """Whether the first word of the following line does not fit into a line any more."""
    return len(line) + 1 + len(following.split(" ", 1)[0]) > width


def _filled(lines: list[str], breaks: list[int]) -> Iterator[Found]:
    """Breaks of a run of lines, if every line was filled up to one width."""
    width = max(map(len, lines))
    tight = [_is_tight(one, two, width) for one, two in pairwise(lines)]
    # Text that breaks where a sentence ends was not wrapped; wrapped text mostly breaks inside one.
    # A break inside a word alone is no evidence: it is another rule's.
    inside = sum(line[-1] not in '.!?”"' + _SIGNS and not line.endswith(":") for line in lines[:-1])
    torn = sum(line[-1] in _SIGNS for line in lines[:-1])
    if sum(tight) >= 0.9 * len(tight) and (inside + torn) * 2 >= len(tight) and (inside or torn > 1):
        small = sum(not following[:1].isupper() for following in lines[1:])
        # Of one break alone the width tells nothing, unless it is a usual one and a small letter follows.
        alone = width >= _USUAL and lines[1][:1].isalpha()
        if small * 2 >= len(tight) and (len(tight) > 1 or alone):
            # A break inside a word is left for the next rule.
            joined = (
                b for b, fits, line in zip(breaks, tight, lines, strict=False) if fits and line[-1] not in _SIGNS
            )
            yield from (Found(b, b + 1, " ") for b in joined)


_HARD_WRAP = Rule(
    "hard-wrap",
    "probable",
    # Wrapped text breaks inside sentences; "inside" above counts what else could be.
    r"[^\n.!?”\":]\n[^\n]",
    _wrapped,
    repairs=(
        "The simulation is essential to understanding why\nour universe appears as it does today, and how\n"
        "galaxies may have emerged from clouds of gas.",
        "The simulation is essential to understanding why our universe appears as it does today, and how "
        "galaxies may have emerged from clouds of gas.",
    ),
    leaves="The city was facing heavy artillery fire, the mayor said.\nThe defenders are preparing for attacks.",
    screen_alone=True,
    kinds=PROSE,
)
_LINE_HYPHEN = Rule(
    "line-hyphen",
    "safe",
    "[-\u2010\u00ad¬] ?\n",
    _hyphenated,
    repairs=("to coordi-\nnate the fifty-\nninth session", "to coordinate the fifty-ninth session"),
    leaves="- one\n- two\nplease call -\nthen wait",
    kinds=PROSE | {"list"},
    needs_blocks=True,
)
_INNER_HYPHEN = Rule(
    "inner-hyphen",
    "suggest",
    # Between what may be letters: all but signs and digits of ASCII.
    r"[^\x00-@\[-`{-\x7f][-\x{2010}\x{ad}\x{ac}] [^\x00-@\[-`{-\x7f]",
    _left_inside,
    screen_alone=True,
    repairs=("The session con- tinued after the inter- val", "The session continued after the interval"),
    leaves="the first- and second-year pupils, and a line - with a dash - in it",
    kinds=PROSE | {"list"},
    needs_blocks=True,
)
#: Wrapped lines are joined first, while each line still has its width.
RULES = (_HARD_WRAP, _LINE_HYPHEN, _INNER_HYPHEN)
