"""Personal data that edits mask: where it stood, and whether another text quotes it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

#: How the names of rules begin whose edits take personal data out of a text.
MASKS = "mask-"
#: A text that shares so many characters in a row with a masked one is not shown.
_TELLING = 5


class Secrets:
    """What was masked, in pieces of five characters; a shorter value is one piece."""

    def __init__(self, values: Iterable[str]) -> None:
        self._pieces = {piece for value in {*values} - {""} for piece in _pieces_of(value)}
        self._lengths = {len(piece) for piece in self._pieces}

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def quoted_in(self, text: str) -> bool:
        """Whether a text has a piece of what was masked."""
        windows = (text[i : i + length] for length in self._lengths for i in range(len(text) - length + 1))
        return not self._pieces.isdisjoint(windows)


class MaskedPlaces:
    """Spans in order that do not overlap, so that one of them is found without a look at all."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def touch(self, span: tuple[int, int]) -> bool:
        """Whether a span shares a character with one of them; an empty one, whether it lies in or beside one."""
        start, end = span
        if start == end:  # what was deleted beside a mask was part of it, for all that is known
            at = bisect_left(self._ends, start)
            return at < len(self._ends) and self._starts[at] <= start
        at = bisect_right(self._ends, start)
        return at < len(self._ends) and self._starts[at] < end


def _pieces_of(value: str) -> set[str]:
    if len(value) <= _TELLING:
        return {value}
    return {value[i : i + _TELLING] for i in range(len(value) - _TELLING + 1)}
