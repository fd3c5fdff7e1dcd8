"""E-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.personal.spans import _LETTER, Span

# The signs of RFC 5322, less those that join an address to what stands before it: ?to=anna@example.org, `code`.
_LOCAL = re.compile(rf"[0-9{_LETTER}.!#$%&'+^_~-]+")
_AT = re.compile(rf"(?<=[0-9{_LETTER}!#$%&'+^_~-])@(?=[0-9{_LETTER}])")
_DOMAIN = re.compile(rf"[0-9{_LETTER}.-]+")
_LONGEST_LOCAL, _LONGEST_DOMAIN, _LONGEST_LABEL = 64, 253, 63
#: What follows the last dot in logo@2x.png.
_FILE_TYPES = frozenset("png jpg jpeg gif webp svg avif css js mp4".split())


def _emails(text: str) -> Iterator[Span]:
    for at in _AT.finditer(text):
        start, end = _local_start(text, at.start()), _domain_end(text, at.end())
        if start >= 0 and end >= 0 and not _is_login(text, start, end):
            yield start, end


def _local_start(text: str, at: int) -> int:
    """Where the part before the sign begins; -1 if none may stand there."""
    run = _LOCAL.match(text[max(0, at - _LONGEST_LOCAL - 1) : at][::-1])
    length = run.end() if run else 0
    # @anna@example.social is a handle, and so is what follows anna@example.org in anna@example.org@example.org.
    if length > _LONGEST_LOCAL or text[at - length - 1 : at - length] == "@":
        return -1
    local = text[at - length : at]
    local = local[local.rfind("..") + 1 :] if ".." in local else local
    while local and not local[0].isalnum():  # quoted or in italics: 'anna@example.org', _anna@example.org_
        local = local[1:]
    return at - len(local) if local else -1


def _domain_end(text: str, start: int) -> int:
    """Where the domain that begins at a place ends; -1 if it is none."""
    run = _DOMAIN.match(text, start, start + _LONGEST_DOMAIN + 2)
    labels = run.group().split(".") if run else []
    if run is None or run.end() - start > _LONGEST_DOMAIN + 1:
        return -1
    while labels and not labels[-1].strip("-"):
        labels.pop()  # the full stop, the ellipsis or the dash behind it
    # The space behind a full stop is missing: anna@example.org.She, tomorrow@8pm.Then
    if (
        len(labels) > 1
        and labels[-1].istitle()
        and labels[-2].islower()
        and (len(labels) > 2 or labels[0][0].isdigit())
    ):
        labels.pop()
    if len(labels) < 2:
        return -1
    top = labels.pop().partition("-")[0]  # anna@example.org-based
    sound = all(0 < len(one) <= _LONGEST_LABEL and one.strip("-") == one for one in labels)
    if not sound or len(top) < 2 or len(top) > _LONGEST_LABEL or not top.isalpha() or top.lower() in _FILE_TYPES:
        return -1
    end = start + len(".".join((*labels, top)))
    return -1 if text[end : end + 1].isdecimal() else end


def _is_login(text: str, start: int, end: int) -> bool:
    """Whether a program logs in there: https://anna:secret@example.org, git@example.org:anna/notes.git."""
    before = text[max(0, start - _LONGEST_LOCAL) : start]
    scheme = before.rfind("://")
    inside = scheme >= 0 and not re.search(r"[\s/?#]", before[scheme + 3 :])
    path = (
        text[end : end + 1] == ":"
        and text[end + 1 : end + 2].isalpha()
        and "/" in text[end + 1 : end + 40].split(maxsplit=1)[0]
    )
    return inside or path


def _email_value(text: str) -> str:
    return text.lower()


_EMAIL_SCREEN = rf"[0-9{_LETTER}!#$%&'+^_~-]@[0-9{_LETTER}][0-9{_LETTER}-]*\.[{_LETTER}0-9]"
