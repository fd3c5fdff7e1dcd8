"""Where text, tags and everything else lie in HTML.

Written for this purpose: parsers that follow the standard give no places in the source, and the tokenizer of the
standard library takes quadratic time on comments and tags that do not close. This one follows the standard's states
of text, tags, comments and elements without markup in them, in one pass; no search is made twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

#: Elements that have no content.
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
#: Elements whose content is no markup. It is not shown, or not as running text.
_RAW = frozenset(
    ["iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"]
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />\x00]*")
_STOP = re.compile("[>\"']")
_SPACE = "\t\n\f\r "
_ATTRIBUTE = re.compile(
    r"""[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*"|'[^']*'|[^\t\n\f\r >]+))?"""
)


class Token(NamedTuple):
    """A piece of HTML: ``html[start:end]``. ``name`` is that of a tag, in lower case."""

    kind: Literal["text", "open", "close", "other"]
    start: int
    end: int
    name: str = ""


def tokens(html: str) -> Iterator[Token]:
    """Cut HTML into pieces that cover it from beginning to end; any text is HTML.

    >>> [(t.kind, t.name) for t in tokens("<p>1 < 2<!-- no --></P>")]
    [('open', 'p'), ('text', ''), ('other', ''), ('close', 'p')]
    """
    scan = _Scan(html)
    text = at = 0
    while (at := html.find("<", at)) >= 0:
        token = scan.token(at)
        if token is None:
            at += 1  # a plain "<"
            continue
        if text < at:
            yield Token("text", text, at)
        yield token
        at = text = token.end
        if token.kind == "open" and token.name in _RAW:
            at = text = scan.end_of_raw(token)
            if token.end < at:
                yield Token("other", token.end, at)
    if text < len(html):
        yield Token("text", text, len(html))


def attributes(html: str, token: Token) -> int:
    """How many attributes a tag has.

    >>> page = "<a href='x y' b=1 c>"
    >>> attributes(page, next(tokens(page)))
    3
    """
    start = token.start + 1 + len(token.name)
    return sum(1 for _ in _ATTRIBUTE.finditer(html, start, token.end))


class _Scan:
    def __init__(self, html: str) -> None:
        self._html = html
        self._none_behind: dict[str, bool] = {}  # what was looked for in vain is not looked for again

    def token(self, at: int) -> Token | None:
        """The tag, comment or the like that begins at a ``<``; None where it is text."""
        html = self._html
        following = html[at + 1 : at + 2]
        if following == "!" and html.startswith("<!--", at):
            # "<!-->" and "<!--->" are whole.
            return Token("other", at, self._behind("-->", at + 2))
        if following in {"!", "?"}:
            return Token("other", at, self._behind(">", at))
        if following == "/":
            if name := _NAME.match(html, at + 2):
                return Token("close", at, self._end_of_tag(name.end()), name.group().lower())
            return Token("other", at, self._behind(">", at)) if at + 2 < len(html) else None
        if name := _NAME.match(html, at + 1):
            return Token("open", at, self._end_of_tag(name.end()), name.group().lower())
        return None

    def end_of_raw(self, token: Token) -> int:
        """Where the content of an element without markup ends."""
        end = re.compile(f"</{re.escape(token.name)}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._html, token.end)
        return end.start() if end and token.name != "plaintext" else len(self._html)

    def _behind(self, mark: str, at: int) -> int:
        found = self._html.find(mark, at)
        return found + len(mark) if found >= 0 else len(self._html)

    def _end_of_tag(self, at: int) -> int:
        """Behind the ``>`` that stands in no value of an attribute."""
        while stop := _STOP.search(self._html, at):
            at = stop.end()
            if stop.group() == ">":
                return at
            before = stop.start() - 1
            while self._html[before] in _SPACE:
                before -= 1
            if self._html[before] == "=":
                closing = -1 if self._none_behind.get(stop.group()) else self._html.find(stop.group(), at)
                if closing < 0:  # a quote that is never closed: as if it were none
                    self._none_behind[stop.group()] = True
                else:
                    at = closing + 1
        return len(self._html)
