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
#: Marks of all scripts that end sentences, and what separates items or fields.
_MARKS = ".!?…:;|•։؟۔।॥།။፧።៕។᠃。！？｡．"
_FEWEST_WORDS = 20
_LONGEST, _LONGEST_DENSE = 240, 80  # characters of a line without marks, of one without spaces
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


def _without_marks(text: str) -> Iterator[tuple[int, int]]:
    """Lines that are long enough for several sentences and have no mark, or all of a text in lower case without one.

    Transcribed speech, Thai, chat: what the splitter gives for sentences there are but lines.
    """
    if not any(mark in text for mark in _MARKS) and _is_chat(text):
        yield len(text) - len(text.lstrip()), len(text.rstrip())
        return
    start = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if len(stripped) > _LONGEST_DENSE and not any(mark in stripped for mark in _MARKS):
            spaces = stripped.count(" ")
            if len(stripped) > (_LONGEST if 12 * spaces > len(stripped) else _LONGEST_DENSE):
                begin = start + len(line) - len(line.lstrip())
                yield begin, begin + len(stripped)
        start += len(line) + 1


def _is_chat(text: str) -> bool:
    lines = text.split("\n")
    lines = [line.strip() for line in lines if not line.isspace() and line]
    words = sum(line.count(" ") + 1 for line in lines)
    small = sum(line[0].isalpha() and not line[0].isupper() for line in lines)
    return words >= max(_FEWEST_WORDS, 3 * len(lines)) and 3 * small >= 2 * len(lines)


#: All of a line that is long enough, without the marks of ASCII, which are looked for fast.
_WITHOUT_MARKS = rf"[^\n.!?:;|]{{{_LONGEST_DENSE}}}[^\n.!?:;|]+(?:\n|\z)"
DETECTORS = (
    Detector(
        "no-sentence-marks",
        (rf"\n{_WITHOUT_MARKS}", rf"\A{_WITHOUT_MARKS}", r"\A[^.!?:;|]+\z"),
        _without_marks,
        marks="so we went down to the river and the boat was gone and nobody knew where it was " * 4,
        leaves="so we went down to the river, and the boat was gone, and nobody knew where it was. " * 4,
        screen_alone=True,
    ),
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
