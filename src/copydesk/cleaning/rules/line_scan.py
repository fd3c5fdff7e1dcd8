"""The lines of a text, as the rules about lines see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_SHORTEST = 2


class _Line(NamedTuple):
    """A line with text: its span, the end of the line with text before it, its number among them."""

    start: int
    end: int
    before: int
    number: int


def _lines(text: str) -> Iterator[_Line]:
    start = before = number = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end > start and not text[start:end].isspace():
            yield _Line(start, end, before, number)
            before = end
            number += 1
        start = end + 1
