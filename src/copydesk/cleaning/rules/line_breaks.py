"""Line breaks that were put into the middle of a sentence or of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import PROSE
from copydesk.language.english_words import frequency

_HYPHEN = re.compile("(?<=[A-Za-z])-\n(?=[a-z])")
_LEFT = re.compile("[A-Za-z’']+$")
_RIGHT = re.compile("[a-z’']+")
_WORD = 40
_NARROWEST, _USUAL, _WIDEST = 40, 60, 110
#: What must be known of a joined word: once in ten million words.
_KNOWN = 1e-7


def _hyphenated(text: str) -> Iterator[Found]:
    for match in _HYPHEN.finditer(text):
        start, end = match.span()
        left, right = _LEFT.search(text[max(0, start - _WORD) : start]), _RIGHT.match(text[end : end + _WORD])
        if not left or not right:
            continue
        one, two = left.group(), right.group()
        joined, hyphenated = frequency(one + two), frequency(f"{one}-{two}")
        if joined >= _KNOWN and joined > hyphenated:
            # "fifty-\nninth" is two words, "co-\nordinate" may be; "coordi-\nnate" is one.
            both = min(frequency(one), frequency(two))
            if both < joined * 1000 or len(one) < 3:
                yield Found(start, end, "")
                continue
        if frequency(one) >= _KNOWN and frequency(two) >= _KNOWN:
            yield Found(end - 1, end, "")
        elif joined >= _KNOWN:
            yield Found(start, end, "")


def _wrapped(text: str) -> Iterator[Found]:
    """Breaks after lines that were filled up to a width: where the next word did not fit any more."""
    lines = text.split("\n")
    start = 0
    run: list[int] = []  # offsets of the breaks of a run of lines that may have been filled
    first = 0
    for number, line in enumerate(lines):
        start += len(line) + 1
        follows = number + 1 < len(lines) and lines[number + 1] and line and not line[-1].isspace()
        if follows and _NARROWEST <= len(line) <= _WIDEST:
            if not run:
                first = number
            run.append(start - 1)
            continue
        if run:
            yield from _filled(lines[first : number + 1], run)
        run = []


def _filled(lines: list[str], breaks: list[int]) -> Iterator[Found]:
    """Breaks of a run of lines, if every line was filled up to one width."""
    width = max(map(len, lines[:-1]))
    tight = [len(one) + 1 + len(two.split(" ", 1)[0]) > width for one, two in pairwise(lines)]
    # Text that breaks where a sentence ends was not wrapped; wrapped text mostly breaks inside one.
    inside = sum(line[-1] not in '.!?”"' and not line.endswith(":") for line in lines[:-1])
    if sum(tight) >= 0.9 * len(tight) and inside * 2 >= len(tight):
        small = sum(following[:1].islower() for following in lines[1:])
        # Of one break alone the width tells nothing, unless it is a usual one.
        if small * 2 >= len(tight) and (len(tight) > 1 or width >= _USUAL):
            yield from (Found(b, b + 1, " ") for b, fits in zip(breaks, tight, strict=True) if fits)


RULES = (
    Rule(
        "line-hyphen",
        "safe",
        "[A-Za-z]-\n[a-z]",
        _hyphenated,
        repairs=("to coordi-\nnate the fifty-\nninth session", "to coordinate the fifty-ninth session"),
        leaves="- one\n- two\nplease call -\nthen wait",
        kinds=PROSE | {"list"},
    ),
    Rule(
        "hard-wrap",
        "probable",
        # Wrapped text breaks inside sentences; "inside" below counts what else could be.
        r"[^\n.!?”\":]\n[^\n]",
        _wrapped,
        repairs=(
            "The simulation is essential to understanding why\nour universe appears as it does today, and how\n"
            "galaxies may have emerged from clouds of gas.",
            "The simulation is essential to understanding why our universe appears as it does today, and how "
            "galaxies may have emerged from clouds of gas.",
        ),
        leaves="The city was facing heavy artillery fire, the mayor said.\nThe defenders are preparing for attacks.",
        kinds=PROSE,
    ),
)
