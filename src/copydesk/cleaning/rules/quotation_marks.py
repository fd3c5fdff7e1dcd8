"""Quotation marks: reversed where they face the wrong way, flagged where one of a pair is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Detector, Found, Rule
from copydesk.language.blocks import WORDS, Blocks

_MARKS = re.compile("[“”]")
_PAIRS = re.compile("[^“”]*(?:“[^“”]*”[^“”]*)*")
_STRAIGHT = re.compile('(?<!\\d)"')
_CLOSING_CONTEXT = " \n.,;:!?)]—–"
# How a text opens quotations: the way of most of them is its own.
_OPENS, _OPENS_REVERSED = re.compile(r"(?:^|[\s(\[—–])“\w", re.M), re.compile(r"(?:^|[\s(\[—–])”\w", re.M)
#: Languages that write ”…”.
_SAME_ON_BOTH_SIDES = frozenset({"sv", "fi", "no", "da", "et"})
_LONGEST = 400  # characters of a flag


def _turned(text: str, blocks: Blocks) -> Iterator[Found]:
    if "„" in text:
        return  # the German way, in which “ closes
    most = len(_OPENS.findall(text)) > 2 * len(_OPENS_REVERSED.findall(text))
    start = 0
    for line in text.split("\n"):
        balance = line.count("“") - line.count("”")
        language = blocks.at(start).language if balance else None
        turns = language == "en" or (most and language not in _SAME_ON_BOTH_SIDES)
        for match in _MARKS.finditer(line) if balance and turns else ():
            position, mark = match.start(), match.group()
            before, behind = line[position - 1 : position], line[position + 1 : position + 2]
            opens = (not before or before in " ([—–") and behind.isalnum()
            closes = bool(before) and not before.isspace() and (not behind or behind in _CLOSING_CONTEXT)
            if mark == "”" and opens and balance < 0:
                yield Found(start + position, start + position + 1, "“", 0.9)
                balance += 2
            elif mark == "“" and closes and balance > 0:
                yield Found(start + position, start + position + 1, "”", 0.9)
                balance -= 2
        start += len(line) + 1


def _is_balanced(line: str) -> bool:
    """Whether each quotation of a line is opened and closed in it, as in most lines."""
    opened, closed = line.count("“"), line.count("”")
    if opened or closed:
        if opened != closed or '"' in line:
            return False
        return line.find("“") < line.find("”") if opened == 1 else _PAIRS.fullmatch(line) is not None
    return '"' not in line or len(_STRAIGHT.findall(line)) % 2 == 0


def _unbalanced(text: str) -> Iterator[tuple[int, int]]:
    if "„" in text:
        return
    lines = text.split("\n")
    start = 0
    opened = -1  # where a quotation began that is still open
    for number, line in enumerate(lines):
        if opened < 0 and _is_balanced(line):
            start += len(line) + 1
            continue
        free = start  # from here on nothing is quoted
        for match in _MARKS.finditer(line):
            position = start + match.start()
            if match.group() == "”":
                if opened < 0:
                    yield max(free, position - _LONGEST), position + 1
                opened, free = -1, position + 1
            else:
                if opened >= start:
                    yield opened, min(position + 1, opened + _LONGEST)
                opened = position
        end = start + len(line)
        straight = [m.start() for m in _STRAIGHT.finditer(line)] if '"' in line else []
        if opened >= 0 or len(straight) % 2:
            following = next((one for one in lines[number + 1 : number + 3] if one), "")
            # A quotation of several paragraphs opens each of them and closes the last.
            closes_later = following.startswith("“") or -1 < following.find("”") < (following + "“").find("“")
            if opened >= 0 and not closes_later:
                yield opened, min(end, opened + _LONGEST)
                opened = -1
            if len(straight) % 2 and not following.startswith('"'):
                yield start + straight[-1], min(end, start + straight[-1] + _LONGEST)
        start = end + 1


RULES = (
    Rule(
        "quote-direction",
        "probable",
        "(?:\\A|[\n (—–])”|“(?:\\z|[\n .,;:!?)—–])",
        _turned,
        repairs=("“Never,“ he said.\nHe was ”almost tired”.", "“Never,” he said.\nHe was “almost tired”."),
        leaves="“Speed,” he said, “will save lives.”\n„So nicht“, sagte er.",
        kinds=WORDS,
        needs_blocks=True,
    ),
)

DETECTORS = (
    Detector(
        "unbalanced-quote",
        '[“”"]',
        _unbalanced,
        marks="We will not do that,” he said, “and that is all.”",
        leaves='“One paragraph.\n“Another,” he said. The 5" gun and "this" too.',
        screen_alone=True,
    ),
)
