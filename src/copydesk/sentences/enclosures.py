"""Places in Chinese and Japanese text where a mark ends no sentence: in titles, brackets, and speech within one."""

from __future__ import annotations

import re

from copydesk.sentences.canonical_marks import TERMINALS

# Each pair stops at the next sign of its kind, so that every character is read once for each kind at most.
# It begins with a set of characters, for which the regex engine searches fast.
_PAIR = re.compile(
    r"[《〈（「『“](?:(?<=《)[^《》\n]*》|(?<=〈)[^〈〉\n]*〉|(?<=（)[^（）\n]*）|"
    rf"(?<=「)[^「」\n]*[{TERMINALS}…—]」|(?<=『)[^『』\n]*[{TERMINALS}…—]』|(?<=“)[^“”\n]*[{TERMINALS}…—]”)"
)
_BEHIND_SENTENCES = frozenset(TERMINALS + "\n.!?…")
_PAUSE = "[，、；：,;:)）]"
#: 「もう遅い。」と言って: what follows speech that the sentence goes on with.
_JAPANESE = re.compile(rf"{_PAUSE}|と(?![てこきにも])|って|という|との|などと?|を|が(?!ん)")
#: “真的吗？”她问: few characters, and a verb of saying.
_CHINESE = re.compile(
    rf"{_PAUSE}|[的地]|[^，。！？、；：“”「」\n]{{0,6}}(?:[说說问問道喊叫答]|回答|表示|告[诉訴]|[写寫]道|[想笑]道)(?![理路])"
)


def closed_spans(text: str) -> list[tuple[int, int]]:
    """First and last position of each place behind which no sentence ends, the last place first.

    >>> closed_spans("他写了《起来！朋友》一书。")
    [(4, 9)]
    """
    if text.isascii() or not ("。" in text or "！" in text or "？" in text or "｡" in text):
        return []
    spans = [span for match in _PAIR.finditer(text) if (span := _closed(text, *match.span()))]
    spans.reverse()
    return spans


def _closed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The positions in a pair of signs behind which no sentence ends."""
    sign = text[start]
    if sign in "《〈":
        return start + 1, end - 1
    if sign == "（":
        before = text[max(0, start - 2) : start].rstrip(" \u3000”’」』）")
        embedded = bool(before) and before[-1] not in _BEHIND_SENTENCES
        return start + 1, end if embedded else end - 1
    goes_on = (_JAPANESE if sign in "「『" else _CHINESE).match(text, end)
    if not goes_on:
        return None
    return (start + 1, end) if sign in "「『" else (end, end)
