"""Lines that repeat another line of the same text."""

from __future__ import annotations

from collections.abc import Iterator

from copydesk.cleaning.rule import Found
from copydesk.cleaning.rules.line_scan import _lines

_DUPLICATE_LENGTH, _NEAR_LENGTH, _NEAR = 120, 60, 1
_HEADLINE_WORDS = 4
_LONGEST_HEADING = 60
_SHORTEST_HEADLINE = 20


def _duplicates(text: str) -> Iterator[Found]:
    long = [line.strip() for line in text.split("\n") if len(line) >= _SHORTEST_HEADLINE]
    if len(set(long)) == len(long):
        return  # most texts: no long line stands in them twice
    seen: dict[str, tuple[int, str]] = {}  # number of the line, and the heading above it
    heading, above = "", ""
    for line in _lines(text):
        heading, above = above, text[line.start : line.end].strip()
        if line.end - line.start < _SHORTEST_HEADLINE:
            continue
        words = text[line.start : line.end].strip()
        known = seen.get(words)
        seen[words] = line.number, heading
        # Under another heading a paragraph is repeated on purpose: "ASSESSMENT", "PLAN".
        if known and _is_heading(heading) and _is_heading(known[1]) and heading != known[1]:
            continue
        if known and _is_duplicate(words, known[0], line.number):
            yield Found(line.before, line.end, "", 0.9)


def _is_heading(line: str) -> bool:
    return 0 < len(line) <= _LONGEST_HEADING and line[-1] not in ".!?…,;"


def _is_duplicate(words: str, first: int, number: int) -> bool:
    """Headlines and captions are often repeated at once; sentences may repeat in an article, paragraphs do not."""
    if len(words) >= _DUPLICATE_LENGTH:
        return True
    near = number - first <= _NEAR or words[-1] in ")]"
    return (near and len(words) >= _NEAR_LENGTH) or (number == 1 and words.count(" ") >= _HEADLINE_WORDS)
