"""Lines that repeat another line of the same text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from copydesk.cleaning.rule import Found
from copydesk.cleaning.rules.line_scan import _lines

_DUPLICATE_LENGTH, _NEAR_LENGTH, _NEAR = 120, 60, 1
_HEADLINE_WORDS = 4
_LONGEST_HEADING = 60
_SHORTEST_HEADLINE = 20
_OFTEN = 3
_QUESTIONS = frozenset("?？؟;՞፧")


def _duplicates(text: str) -> Iterator[Found]:
    long = [line.strip() for line in text.split("\n") if len(line) >= _SHORTEST_HEADLINE]
    if len(set(long)) == len(long):
        return  # most texts: no long line stands in them twice
    times = Counter(long)
    seen: dict[str, tuple[int, str]] = {}  # number of the line, and the line above it
    above, words = "", ""
    for line in _lines(text):
        above, words = words, text[line.start : line.end].strip()
        if line.end - line.start < _SHORTEST_HEADLINE:
            continue
        known = seen.get(words)
        seen[words] = line.number, above
        if known and _is_duplicate(words, known[0], line.number) and not _is_pattern(words, times, above, known):
            yield Found(line.before, line.end, "", 0.9)


def _is_pattern(words: str, times: Counter[str], above: str, known: tuple[int, str]) -> bool:
    """Whether a line is repeated on purpose: not at once, nor as part of a run of lines that all are.

    A question is put to several people, an answer given to several questions; what is the same on each day of a week
    stands there more than twice; and a paragraph is repeated under another heading ("ASSESSMENT", "PLAN").
    """
    if above in {words, known[1]}:
        return False
    asked = words[-1] in _QUESTIONS or (above[-1:] in _QUESTIONS and known[1][-1:] in _QUESTIONS)
    return asked or times[words] >= _OFTEN or (_is_heading(above) and _is_heading(known[1]))


def _is_heading(line: str) -> bool:
    return 0 < len(line) <= _LONGEST_HEADING and line[-1] not in ".!?…,;"


def _is_duplicate(words: str, first: int, number: int) -> bool:
    """Headlines and captions are often repeated at once; sentences may repeat in an article, paragraphs do not."""
    if len(words) >= _DUPLICATE_LENGTH:
        return True
    near = number - first <= _NEAR or words[-1] in ")]"
    return (near and len(words) >= _NEAR_LENGTH) or (number == 1 and words.count(" ") >= _HEADLINE_WORDS)
