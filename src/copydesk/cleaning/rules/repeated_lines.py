"""Lines that repeat another line of the same text."""

from __future__ import annotations

from collections.abc import Iterator

from copydesk.cleaning.rule import Found
from copydesk.cleaning.rules.line_scan import _lines

_DUPLICATE_LENGTH, _NEAR_LENGTH, _NEAR = 120, 60, 1
_HEADLINE_WORDS = 4
_SHORTEST_HEADLINE = 20


def _duplicates(text: str) -> Iterator[Found]:
    long = [line.strip() for line in text.split("\n") if len(line) >= _SHORTEST_HEADLINE]
    if len(set(long)) == len(long):
        return  # most texts: no long line stands in them twice
    seen: dict[str, int] = {}
    for line in _lines(text):
        if line.end - line.start < _SHORTEST_HEADLINE:
            continue
        words = text[line.start : line.end].strip()
        known = seen.get(words)
        seen[words] = line.number
        if known is not None and _is_duplicate(words, known, line.number):
            yield Found(line.before, line.end, "", 0.9)


def _is_duplicate(words: str, first: int, number: int) -> bool:
    """Headlines and captions are often repeated at once; sentences may repeat in an article, paragraphs do not."""
    if len(words) >= _DUPLICATE_LENGTH:
        return True
    near = number - first <= _NEAR or words[-1] in ")]"
    return (near and len(words) >= _NEAR_LENGTH) or (number == 1 and words.count(" ") >= _HEADLINE_WORDS)
