"""Where sentences end inside a line, by rule: a mark, its closing quotes, white space, a likely beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# Always matches whole runs, so it cannot backtrack; what stands around a run is looked at afterwards.
_MARKS = re.compile("[.!?…。！？]+[\"'”’»)\\]]*")
_IDEOGRAPHIC = "。！？"
_OPENERS = "\"'“‘«([¿¡"
_LONGEST_WORD = 40


@cache
def abbreviations(language: str | None) -> frozenset[str]:
    """Abbreviations of a language, lower case, without their last full stop; none for an unknown language."""
    path = Path(__file__).parent / "data" / f"abbreviations.{language}.txt"
    if language is None or not path.is_file():
        return frozenset()
    lines = path.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def sentence_ends(line: str, language: str | None) -> Iterator[int]:
    """Offsets in a line behind which a new sentence begins."""
    known = abbreviations(language)
    for marks in _MARKS.finditer(line):
        end = marks.end()
        mark = marks.group()
        if mark[0] in _IDEOGRAPHIC:
            yield end
            continue
        if end == len(line) or not line[end].isspace():
            continue
        following = _next_word(line, end)
        if not following or not _may_begin(following):
            continue
        if mark.startswith(".") and mark[1:2] != "." and _is_abbreviation(line, marks.start(), known):
            continue
        yield end


def _next_word(line: str, position: int) -> str:
    """What follows the white space at a position, without what opens a quotation."""
    return line[position : position + _LONGEST_WORD].lstrip().lstrip(_OPENERS)[:1]


def _may_begin(character: str) -> bool:
    return character.isupper() or character.isdigit() or not character.isascii()


def _is_abbreviation(line: str, stop: int, known: frozenset[str]) -> bool:
    word = line[max(0, stop - _LONGEST_WORD) : stop].rpartition(" ")[2].lstrip(_OPENERS)
    # An initial: "J. Smith".
    return (len(word) == 1 and word.isupper()) or word.lower() in known
