"""Whole lines that are not the article."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule

SOURCE_LINE = "source-line"
_SOURCE = re.compile(r"(?:Source|Sources|Via|Quelle|Fuente|Fonte) ?: ?(?P<outlet>[^\n]{2,60})")
_LAST_LINES = 4


def outlet(line: str) -> str | None:
    """The outlet that a source line names, None for another line."""
    match = _SOURCE.fullmatch(line.strip())
    name = match["outlet"].strip() if match else ""
    # A sentence that happens to begin so ends like one.
    return name if name and name[-1] not in ".?!:;," else None


def _source_lines(text: str) -> Iterator[Found]:
    end = len(text)
    # The article comes first, so the first line is never one of them.
    for _ in range(_LAST_LINES):
        start = text.rfind("\n", 0, end)
        if start < 0:
            return
        if outlet(text[start:end]) is not None:
            yield Found(start, end, "", 0.95)
        end = start


RULES = (
    Rule(
        SOURCE_LINE,
        "probable",
        r"\n(Source|Via|Quelle|Fuente|Fonte)s? ?:",
        _source_lines,
        repairs=("in a more dangerous world.”\nSource: Today IT", "in a more dangerous world.”"),
        leaves="He named one.\nSource: the minister himself, who denied it.",
    ),
)
