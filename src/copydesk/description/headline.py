"""Detect the headline at the beginning of a text."""

from __future__ import annotations

import re

_SHORTEST, _LONGEST = 15, 160  # characters
_FEWEST, _MOST = 3, 25  # words
_PARAGRAPH = 160  # characters; the paragraph below a headline is longer than it
_ENDS = (".", "!", "?", "…", "”", '"', "»", "’", "。", "！", "？", "」")
_NO_HEADLINE_ENDS = (".", ":", ";", ",", "…", "-", "–", "—", "。", "，", "：")
# "By Ines Falk", "LONDON (Wire) -", "Updated 5 May", "12 May 2022", "Photo: ...", "Share", "1. ..."
_OTHER = re.compile(
    r"(?i:by|von|par|por|di) [A-Z]|[A-Z ,.]{3,40} ?\(|(?i:updated|published|posted|photo|image|source|share|video)\b"
    r"|[\d\W]*$|\d{1,2}[.)] |[-*•–—]"
)

#: White space and the sign of a link to the heading, as documentation has it.
_ANCHORS = " \t\r\v\f\xa0¶"


def headline(text: str) -> tuple[int, int] | None:
    """The span of the headline: the first line, if it is short, is not a sentence of running text, and is followed
    by a paragraph.

    >>> text = "City opens second bridge over the harbour" + chr(10) + "The mayor opened the bridge on Monday. " * 6
    >>> text[slice(*headline(text))]
    'City opens second bridge over the harbour'
    >>> headline("The mayor opened the bridge on Monday. He left.") is None
    True
    """
    first_end = text.find("\n")
    if first_end < 0:
        return None
    line = text[:first_end]
    head = line.rstrip(_ANCHORS).lstrip()
    start = len(line) - len(line.lstrip())
    if not _is_like_headline(head):
        return None
    following = text[first_end + 1 : first_end + 1 + 20 * _LONGEST].lstrip().partition("\n")[0].rstrip()
    long = len(following) >= max(_PARAGRAPH, 2 * len(head))
    # A paragraph that is cut off by the window above is long enough, however it ends.
    if not long or not (following.endswith(_ENDS) or len(following) > 10 * _LONGEST):
        return None
    return start, start + len(head)


def _is_like_headline(head: str) -> bool:
    words = sum(any(map(str.isalpha, word)) for word in head.split())
    if not _SHORTEST <= len(head) <= _LONGEST or not _FEWEST <= words <= _MOST:
        return False
    if head.endswith(_NO_HEADLINE_ENDS) or _OTHER.match(head) or head[0].islower():
        return False
    # Two sentences are a paragraph: "He left. She stayed".
    return not re.search(r"[a-z\d][.!?]['\"”’)]* +['\"“‘(]*[A-Z]", head)
