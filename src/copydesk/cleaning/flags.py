"""Defects whose repair would be an invention: they are marked, with their span."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from copydesk.cleaning.rule import Detector

_STARS = re.compile(r"\*+")
_REPLACEMENT = re.compile("\ufffd+")


def _spans(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span() for match in pattern.finditer(text))


def _redactions(text: str) -> Iterator[tuple[int, int]]:
    for stars in _STARS.finditer(text):
        start, end = stars.span()
        # Stars that touch a word are emphasis, a footnote or a censored word; longer rows are rules.
        before, after = text[start - 1 : start], text[end : end + 1]
        if 2 <= end - start <= 6 and before == " " and after in (" ", ",", ".", ""):
            yield start, end


DETECTORS = (
    Detector(
        "redaction",
        r" \*\*",
        _redactions,
        marks="the course of the war is unable to ** in the face of",
        leaves="**bold** and a footnote* and\n***\n",
    ),
    Detector(
        "replacement-character",
        "\ufffd",
        _spans(_REPLACEMENT),
        marks="the caf\ufffd was closed",
        leaves="the café was closed",
    ),
)
