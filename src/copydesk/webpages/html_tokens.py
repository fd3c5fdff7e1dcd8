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
#: Elements of which another standard says what is in them, and those in which HTML begins again.
_FOREIGN = frozenset(["svg", "math"])
_HTML_AGAIN = frozenset(["foreignobject", "desc", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"])
#: Parts of a ruby: readings, what stands around them where nothing shows them above the line, and their base.
_READINGS, _BASES = frozenset(["rt", "rtc", "rp"]), frozenset(["rb", "ruby"])
_SPECIAL = _RAW | _FOREIGN | _READINGS | _BASES
#: Elements that end an SVG or a ruby which nobody has closed.
_BLOCKS = frozenset(
    ["article", "blockquote", "body", "div", "h1", "h2", "h3", "h4", "li", "ol", "p", "section", "table", "td", "ul"]
)
_DEEPEST = 64  # elements of another standard within each other
_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />\x00]*")
_STOP = re.compile("[>\"']")
_SPACE = "\t\n\f\r "
#: The rest of nearly every tag: values in quotes close before another tag can begin.
_REST = re.compile(r"""(?:[^>"'=]*=[\t\n\f\r ]*(?:"[^"<]*"|'[^'<]*'|(?=[^\t\n\f\r "'])))*+[^>"'=]*>""")
_ATTRIBUTE = re.compile(
    r"""[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*"|'[^']*'|[^\t\n\f\r >]+))?"""
)


class Token(NamedTuple):
    """A piece of HTML: ``html[start:end]``. ``name`` is that of a tag, in lower case.

    A ``reading`` is the text beside the words of a ruby that says how to speak them.
    """

    kind: Literal["text", "reading", "open", "close", "other"]
    start: int
    end: int
    name: str = ""


def tokens(html: str) -> Iterator[Token]:
    """Cut HTML into pieces that cover it from beginning to end; any text is HTML.

    >>> [(t.kind, t.name) for t in tokens("<p>1 < 2<!-- no --></P>")]
    [('open', 'p'), ('text', ''), ('other', ''), ('close', 'p')]
    """
    scan, inside = _Scan(html), _Inside()
    special = False
    text = at = 0
    while (at := html.find("<", at)) >= 0:
        token = scan.token(at)
        if token is None:
            at += 1  # a plain "<"
            continue
        if text < at:
            yield Token("reading" if inside.reading else "text", text, at)
        yield token
        at = text = token.end
        if special or token.name in _SPECIAL:
            opens = token.kind == "open"
            if opens and (inside.foreign or token.name in _FOREIGN) and scan.closes_itself(token):
                continue
            special = inside.enter(token)
            if opens and token.name in _RAW:
                at = text = scan.end_of_raw(token)
                if token.end < at:
                    yield Token("other", token.end, at)
    if text < len(html):
        yield Token("reading" if inside.reading else "text", text, len(html))


class _Inside:
    """What lies around a place and changes what is read there: SVG or MathML, a ruby."""

    def __init__(self) -> None:
        self._around: list[str] = []
        self._ruby = self.reading = False

    @property
    def foreign(self) -> bool:
        """Whether a tag may close itself."""
        return bool(self._around) and self._around[-1] in _FOREIGN

    def enter(self, token: Token) -> bool:
        """Pass a tag; whether what follows is read in another way than elsewhere."""
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

    def closes_itself(self, token: Token) -> bool:
        """Whether a tag ends with a slash that is no part of a value."""
        if not self._html.endswith("/>", token.start, token.end):
            return False
        last = max(self._html.rfind(mark, token.start, token.end) for mark in f"{_SPACE}\"'")
        return last < 0 or self._html.find("=", last, token.end) < 0

    def end_of_raw(self, token: Token) -> int:
        """Where the content of an element without markup ends."""
        end = re.compile(f"</{re.escape(token.name)}(?=[\t\n\f\r />])", re.IGNORECASE).search(self._html, token.end)
        return end.start() if end and token.name != "plaintext" else len(self._html)

    def _behind(self, mark: str, at: int) -> int:
        found = self._html.find(mark, at)
        return found + len(mark) if found >= 0 else len(self._html)

    def _end_of_tag(self, at: int) -> int:
        """Behind the ``>`` that stands in no value of an attribute."""
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
                if closing < 0:  # a quote that is never closed: as if it were none
                    self._none_behind[stop.group()] = True
                else:
                    at = closing + 1
        return len(self._html)
