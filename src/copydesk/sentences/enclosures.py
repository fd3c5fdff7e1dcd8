"""Places in Chinese and Japanese text where a mark ends no sentence: in titles, brackets, and speech within one."""

from __future__ import annotations

import re
from collections.abc import Callable

from copydesk.sentences.canonical_marks import TERMINALS

_ENDS = "。！？｡"
# Each pair stops at the next sign of its kind, so that every character is read once for each kind at most.
_PAIR = re.compile("《[^《》\n]*》|〈[^〈〉\n]*〉|（[^（）\n]*）|「[^「」\n]*」|『[^『』\n]*』|“[^“”\n]*”")
_PAUSE = "[，、；：,;:)）]"
#: 「もう遅い。」と言って: what follows speech that the sentence goes on with.
_JAPANESE = re.compile(rf"{_PAUSE}|と(?![てこきにも])|って|という|との|などと?|を|が(?!ん)")
#: “真的吗？”她问: few characters, and a verb of saying.
_CHINESE = re.compile(
    rf"{_PAUSE}|[的地]|[^，。！？、；：“”「」\n]{{0,6}}(?:[说說问問道喊叫答]|回答|表示|告[诉訴]|[写寫]道|[想笑]道)(?![理路])"
)


def open_ends(text: str) -> Callable[[int], bool] | None:
    """A function that tells whether a sentence may end behind a position; None where it may everywhere.

    It has to be called with positions in order.

    >>> may_end = open_ends("他写了《起来！朋友》一书。")
    >>> [may_end(position) for position in (7, 13)]
    [False, True]
    """
    if text.isascii() or not any(sign in text for sign in _ENDS):
        return None
    # First and last position behind which no sentence ends.
    closed = [span for match in _PAIR.finditer(text) if (span := _closed(text, *match.span()))]
    if not closed:
        return None
    closed.reverse()

    def may_end(position: int) -> bool:
        while closed and closed[-1][1] < position:
            closed.pop()
        return not closed or position < closed[-1][0]

    return may_end


def _closed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The positions in a pair of signs behind which no sentence ends."""
    sign = text[start]
    if sign in "《〈":
        return start + 1, end - 1
    before = text[max(0, start - 2) : start].rstrip(" \u3000”’」』）")
    embedded = bool(before) and before[-1] not in TERMINALS + "\n.!?…"
    if sign == "（":
        return start + 1, end if embedded else end - 1
    if text[end - 2] not in TERMINALS + "…—":
        return None
    goes_on = (_JAPANESE if sign in "「『" else _CHINESE).match(text, end)
    if not goes_on:
        return None
    return (start + 1, end) if sign in "「『" else (end, end)
