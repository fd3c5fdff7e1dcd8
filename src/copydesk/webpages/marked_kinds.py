"""What the markup of a page says of its parts: code, tables and lists."""

from __future__ import annotations

from typing import Literal, NamedTuple

from copydesk.webpages.html_tokens import tokens

#: Kinds of blocks (``copydesk.language.blocks``) that elements stand for.
Stated = Literal["code", "table", "list"]
_KINDS: dict[str, Stated] = {
    **dict.fromkeys(("pre", "code", "kbd", "samp", "tt"), "code"),
    "table": "table",
    **dict.fromkeys(("li", "dt", "dd"), "list"),
}
#: Elements of which a table of data has many. A table without headings or with paragraphs in it lays out a page.
_HEADING, _LAYOUT = "th", frozenset({"p", "div", "article", "section", "table"})


class MarkedKind(NamedTuple):
    """A span of the HTML and the kind of its text."""

    start: int
    end: int
    kind: Stated


def marked_kinds(html: str) -> list[MarkedKind]:
    """The spans of a page whose elements say what they hold, in order; of nested elements the outermost counts.

    >>> marked_kinds("<p>Run <code>make</code>.</p>")
    [MarkedKind(start=7, end=24, kind='code')]
    """
    spans: list[MarkedKind] = []
    outer, depth, start = "", 0, 0
    has_heading = lays_out = False
    for token in tokens(html):
        if not outer:
            if token.kind == "open" and token.name in _KINDS:
                outer, depth, start = token.name, 1, token.start
                has_heading = lays_out = False
        elif token.name == outer and token.kind in ("open", "close"):
            depth += 1 if token.kind == "open" and outer not in ("li", "dt", "dd") else -1
            lays_out |= token.kind == "open"
            if depth <= 0:
                if outer != "table" or (has_heading and not lays_out):
                    spans.append(
                        MarkedKind(start, token.end if token.kind == "close" else token.start, _KINDS[outer])
                    )
                outer, depth, start = (outer, 1, token.start) if token.kind == "open" else ("", 0, 0)
        elif token.kind == "open":
            has_heading |= token.name == _HEADING
            lays_out |= token.name in _LAYOUT
    return spans
