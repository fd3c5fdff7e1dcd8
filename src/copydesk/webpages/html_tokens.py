"""A tokenizer of HTML that gives the offsets of text, tags and everything else.

Standard parsers give no offsets in the source, and the tokenizer of Python's standard library takes quadratic time on
unclosed comments and tags. This one implements the tokenizer states of the HTML standard for text, tags, comments and
raw-text elements, in one pass; no search is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

#: Elements that have no content.
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
#: Elements whose content is not markup, and is not shown as running text.
_RAW = frozenset(
    ["iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"]
)  # fmt: skip
#: Elements of other standards, and elements in them whose content is HTML again.
_FOREIGN = frozenset(["svg", "math"])
_HTML_AGAIN = frozenset(["foreignobject", "desc", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"])
#: Elements of a ruby annotation: readings and their parentheses; bases.
_READINGS, _BASES = frozenset(["rt", "rtc", "rp"]), frozenset(["rb", "ruby"])
_SPECIAL = _RAW | _FOREIGN | _READINGS | _BASES
#: Elements that end an unclosed SVG or ruby.
_BLOCKS = frozenset(
    ["article", "blockquote", "body", "div", "h1", "h2", "h3", "h4", "li", "ol", "p", "section", "table", "td", "ul"]
)
_DEEPEST = 64  # nesting of elements of other standards
_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />\x00]*")
_STOP = re.compile("[>\"']")
_SPACE = "\t\n\f\r "
#: The rest of nearly every tag: quoted values are closed before the next tag.
#: The attributes are matched once, in a lookahead: Python 3.11 up to 3.11.4 goes wrong with a possessive ``(...)*+``.
_REST = re.compile(r"""(?=((?:[^>"'=]*=[\t\n\f\r ]*(?:"[^"<]*"|'[^'<]*'|(?=[^\t\n\f\r "'])))*))\1[^>"'=]*>""")
_ATTRIBUTE = re.compile(
    r"""[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*"|'[^']*'|[^\t\n\f\r >]+))?"""
)


class Token(NamedTuple):
    """A token of HTML: ``html[start:end]``. ``name`` is that of a tag, in lower case.

    A ``reading`` is text of a ruby annotation that gives the pronunciation of its base.
    """

    kind: Literal["text", "reading", "open", "close", "other"]
    start: int
    end: int
    name: str = ""


def tokens(html: str) -> Iterator[Token]:
    """Yield tokens that cover the HTML from beginning to end; any text is valid input.

    >>> [(t.kind, t.name) for t in tokens("<p>1 < 2<!-- no --></P>")]
    [('open', 'p'), ('text', ''), ('other', ''), ('close', 'p')]
    """
    scan, state = _Scan(html), _State()
    special = False
    text = at = 0
    while (at := html.find("<", at)) >= 0:
        token = scan.token(at)
        if token is None:
            at += 1  # a plain "<"
            continue
        if text < at:
            yield Token("reading" if state.reading else "text", text, at)
        yield token
        at = text = token.end
        if special or token.name in _SPECIAL:
            opens = token.kind == "open"
            if opens and (state.foreign or token.name in _FOREIGN) and scan.closes_itself(token):
                continue
            special = state.enter(token)
            if opens and token.name in _RAW:
                at = text = scan.end_of_raw(token)
                if token.end < at:
                    yield Token("other", token.end, at)
    if text < len(html):
        yield Token("reading" if state.reading else "text", text, len(html))


class _State:
    """The open elements that change how tokens are read: SVG, MathML, ruby."""

    def __init__(self) -> None:
        self._around: list[str] = []
        self._ruby = self.reading = False

    @property
    def foreign(self) -> bool:
        """Whether a tag may be self-closing."""
        return bool(self._around) and self._around[-1] in _FOREIGN

    def enter(self, token: Token) -> bool:
        """Update the state for a tag; return whether the following tokens need special treatment."""
        name, opens = token.name, token.kind == "open"
        if opens and name in _BLOCKS:
            self._ruby = self.reading = False
            while self.foreign:
                self._around.pop()
        elif name in _READINGS or name in _BASES:
            self.reading = self._ruby and opens and name in _READINGS
            self._ruby = opens if name == "ruby" else self._ruby
        elif opens and len(self._around) < _DEEPEST and (name in _FOREIGN or (self.foreign and name in _HTML_AGAIN)):
            self._around.append(name)
        elif not opens and name in self._around:
            while self._around.pop() != name:
                pass
        return self._ruby or bool(self._around)


def attributes(html: str, token: Token) -> int:
    """Return the number of attributes of a tag.

    >>> page = "<a href='x y' b=1 c>"
    >>> attributes(page, next(tokens(page)))
    3
    """
    start = token.start + 1 + len(token.name)
    return sum(1 for _ in _ATTRIBUTE.finditer(html, start, token.end))


class _Scan:
    def __init__(self, html: str) -> None:
        self._html = html
        self._none_behind: dict[str, bool] = {}  # quotes that do not occur again are not searched again

    def token(self, at: int) -> Token | None:
        """Return the tag, comment or declaration at a ``<``; None if the ``<`` is text."""
        html = self._html
        following = html[at + 1 : at + 2]
        if following == "!" and html.startswith("<!--", at):
            # "<!-->" and "<!--->" are complete comments.
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

    def closes_itself(self, token: Token) -> bool:
        """Return whether a tag ends with a slash that is not part of an attribute value."""
        if not self._html.endswith("/>", token.start, token.end):
            return False
        last = max(self._html.rfind(mark, token.start, token.end) for mark in f"{_SPACE}\"'")
        return last < 0 or self._html.find("=", last, token.end) < 0

    def end_of_raw(self, token: Token) -> int:
        """Return the end of the content of a raw-text element."""
        end = re.compile(f"</{re.escape(token.name)}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._html, token.end)
        return end.start() if end and token.name != "plaintext" else len(self._html)

    def _behind(self, mark: str, at: int) -> int:
        start = self._html.find(mark, at)
        return start + len(mark) if start >= 0 else len(self._html)

    def _end_of_tag(self, at: int) -> int:
        """Return the position after the ``>`` that ends the tag, skipping quoted attribute values."""
        if rest := _REST.match(self._html, at):
            return rest.end()
        while stop := _STOP.search(self._html, at):
            at = stop.end()
            if stop.group() == ">":
                return at
            before = stop.start() - 1
            while self._html[before] in _SPACE:
                before -= 1
            if self._html[before] == "=":
                closing = -1 if self._none_behind.get(stop.group()) else self._html.find(stop.group(), at)
                if closing < 0:  # an unclosed quote is ignored
                    self._none_behind[stop.group()] = True
                else:
                    at = closing + 1
        return len(self._html)
