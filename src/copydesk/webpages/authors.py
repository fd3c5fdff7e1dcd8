"""All authors of an article, where the page's metadata names one of those that its byline lists."""

from __future__ import annotations

import re
from html import unescape

#: Elements within a line of text; any other tag begins or ends a line.
_INLINE = "a|abbr|address|b|bdi|cite|em|font|i|mark|small|span|strong|time|u"
_LINE_END = re.compile(rf"<(?!/?(?:{_INLINE})[\s/>])[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BEFORE = re.compile(r"(?:by|von|par|por|di|da|door|av|af|written by|texts?|autors?|authors?)[: ]\s*", re.IGNORECASE)
_AND = re.compile(r"\s*,\s*(?:and\s|und\s|et\s)?|\s+(?:and|und|et|y|e|en|och|og|ja|i|&)\s+")
_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,3}")
_FURTHEST, _LOOKED_AT, _MOST = 300, 8, 12


def all_authors(html: str, author: str) -> str:
    """The authors that a byline of the page lists beside one of them, separated by semicolons; else the author alone.

    >>> all_authors('<p>By <a rel="author">Anna Berg</a>, Jan Hill and Tom Falk</p>', "Anna Berg")
    'Anna Berg; Jan Hill; Tom Falk'
    >>> all_authors("<p>Anna Berg</p><p>Jan Hill</p>", "Anna Berg")
    'Anna Berg'
    """
    if not _NAME.fullmatch(author):
        return author
    position = html.find(author)
    for _ in range(_LOOKED_AT):
        if position < 0:
            break
        end = position + len(author)
        before = _LINE_END.split(html[max(0, position - _FURTHEST) : position])[-1]
        behind = _LINE_END.split(html[end : end + _FURTHEST])[0]
        line = " ".join(unescape(_TAG.sub("", f"{before}{author}{behind}")).split())
        announced = _BEFORE.match(line)
        names = _AND.split(line[announced.end() :] if announced else line)
        if author in names and 1 < len(names) <= _MOST and all(map(_is_name, names)):
            return "; ".join(dict.fromkeys(names))
        position = html.find(author, end)
    return author


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and text[0].isupper() and text.rpartition(" ")[2][0].isupper()
