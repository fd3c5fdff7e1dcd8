"""Defects that cannot be repaired without inventing text: they are flagged with their span."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from copydesk.cleaning.rule import Detector

_STARS = re.compile(r"\*+")
_BLOCKS = re.compile("[█■▇▬]{2,}")
_REPLACEMENT = re.compile("\ufffd+")
_BEGINS = "The|They|Their|These|This|It|He|She|We|His|Her"
# Behind a capital word in the middle of a sentence, a word that begins another.
_RUN_ON = re.compile(rf"(?<=[a-z] )[A-Z][a-z]{{2,30}} (?:{_BEGINS})(?= [a-z])")
_SCRAP = re.compile(r"(?<=said\. )[A-Z][A-Za-z]{1,30} [a-z]{2,30}\.(?=\s|$)")


def _spans(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span() for match in pattern.finditer(text))


def _redactions(text: str) -> Iterator[tuple[int, int]]:
    for stars in _STARS.finditer(text):
        start, end = stars.span()
        # Stars that touch a word are emphasis, a footnote or a censored word; longer rows are rules.
        before, after = text[start - 1 : start], text[end : end + 1]
        if 2 <= end - start <= 6 and before == " " and after in (" ", ",", ".", ""):
            yield start, end
    for blocks in _BLOCKS.finditer(text):
        yield blocks.span()


DETECTORS = (
    Detector(
        "redaction",
        r" \*\*|[█■▇▬]{2}",
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
    Detector(
        "run-on",
        rf"[A-Z][a-z]+ (?:{_BEGINS}) [a-z]",
        _spans(_RUN_ON),
        marks="was in Military They are the second best in the world",
        leaves="He said it. They are in The Hague. The Who played",
    ),
    Detector(
        "translation-fragment",
        r"said\. [A-Z][A-Za-z]+ [a-z]+\.",
        _spans(_SCRAP),
        marks="a just and sustainable peace,” he said. NATO leader.",
        leaves="he said. NATO leaders left. It rained.",
    ),
)
