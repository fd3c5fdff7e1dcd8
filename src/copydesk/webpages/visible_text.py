"""The visible text of a page, with the offsets of each character in the HTML."""

from __future__ import annotations

import html as standard
import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import UnreadableError
from copydesk.webpages.html_tokens import VOID, Token, attributes, tokens

#: Largest number of attributes of an element: lxml takes quadratic time in it.
MOST_ATTRIBUTES = 1_000
#: The break at the beginning and end of an element: a cell, a line, a paragraph.
CELL, LINE, PARAGRAPH = 1, 2, 3
_LEVELS = {
    **dict.fromkeys(["button", "td", "th"], CELL),
    **dict.fromkeys(["br", "caption", "dd", "dt", "legend", "li", "optgroup", "option", "summary", "tr"], LINE),
    **dict.fromkeys(
        (
            *("address", "article", "aside", "blockquote", "body", "center", "details", "dir", "div", "dl"),
            *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head"),
            *("header", "hgroup", "hr", "html", "main", "menu", "nav", "ol", "p", "pre", "search", "section"),
            *("select", "table", "tbody", "template", "textarea", "tfoot", "thead", "title", "ul", "video"),
        ),
        PARAGRAPH,
    ),
}
_REFERENCE = re.compile("&(?:#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|[A-Za-z][A-Za-z0-9]{0,31};?)")
_LONGEST_NUMBER = 12
#: For each element, the unclosed elements that its start tag closes, and the barriers beyond which it closes none.
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(
        (name for name, level in _LEVELS.items() if level == PARAGRAPH),
        (frozenset({"p"}), frozenset({"button", "caption", "html", "object", "table", "td", "template", "th"})),
    ),
    "li": (frozenset({"li"}), frozenset({"menu", "ol", "ul"})),
    "option": (frozenset({"option"}), frozenset({"select"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    **dict.fromkeys(("td", "th"), (frozenset({"td", "th"}), frozenset({"table", "tr"}))),
    **dict.fromkeys(("dd", "dt"), (frozenset({"dd", "dt"}), frozenset({"dl"}))),
}
_NEAR = 32  # open elements to search for the one to close

Offsets = NDArray[np.int64]


class Visible(NamedTuple):
    """The visible text of a page, n characters.

    Attributes
    ----------
    text : str
        The concatenated text of all elements, with character references resolved.
    start, end : array of shape (n,)
        Offsets of each character in the HTML. Of a reference for two characters the second has no width.
    level : array of shape (n + 1,)
        The break before each character and after the last: 0, ``CELL``, ``LINE`` or ``PARAGRAPH``.
    solid : array of bool, shape (n,)
        Whether a character is visible: neither white space nor invisible.
    literal : array of bool, shape (n,)
        Whether white space is kept as it is (in ``pre``).
    """

    text: str
    start: Offsets
    end: Offsets
    level: NDArray[np.int8]
    solid: NDArray[np.bool_]
    literal: NDArray[np.bool_]


def visible(html: str) -> Visible:
    """Return the visible text of a page.

    >>> page = visible("<p>A &amp; <b>B</b></p>")
    >>> page.text, page.start.tolist()
    ('A & B', [3, 4, 5, 10, 14])
    """
    texts: list[str] = []
    pieces: list[tuple[int, int, int]] = []  # start in the HTML, characters, width in the HTML if it is a reference
    levels: list[tuple[int, int]] = []
    literals: list[tuple[int, int]] = []
    length = literal_from = preformatted = 0
    for token in tokens(html):
        if token.kind == "text":
            for start, text, width in _resolved(html, token):
                texts.append(text)
                pieces.append((start, len(text), width))
                length += len(text)
        elif token.kind in {"open", "close"}:
            if level := _LEVELS.get(token.name, 0):
                again = token.name == "br" and levels and levels[-1] == (length, LINE)
                levels.append((length, PARAGRAPH if again else level))
            if token.name == "pre":
                if token.kind == "open":
                    literal_from = literal_from if preformatted else length
                    preformatted += 1
                elif preformatted:
                    preformatted -= 1
                    literals += [] if preformatted else [(literal_from, length)]
    if preformatted:
        literals.append((literal_from, length))
    return _measured("".join(texts), pieces, levels, literals)


def _measured(
    text: str, pieces: list[tuple[int, int, int]], levels: list[tuple[int, int]], literals: list[tuple[int, int]]
) -> Visible:
    first, count, width = np.array(pieces, dtype=np.int64).reshape(-1, 3).T
    offset = np.arange(len(text)) - np.repeat(np.cumsum(count) - count, count)
    start, wide = np.repeat(first, count), np.repeat(width, count)
    plain = wide == 0
    starts = np.where(plain, start + offset, start + np.where(offset > 0, wide, 0))
    ends = np.where(plain, starts + 1, start + wide)
    level = np.zeros(len(text) + 1, dtype=np.int8)
    for place, element_level in levels:
        level[place] = max(level[place], element_level)
    literal = np.zeros(len(text), dtype=np.bool_)
    for begin, end in literals:
        literal[begin:end] = True
    return Visible(text, starts, ends, level, solid(text), literal)


def _resolved(html: str, token: Token) -> Iterator[tuple[int, str, int]]:
    """Yield text between references, and resolved references, each with its start and width (0 for plain text)."""
    at = token.start
    for match in _REFERENCE.finditer(html, token.start, token.end):
        resolved = _reference(match.group())
        if resolved is None:
            continue
        text, width = resolved
        if at < match.start():
            yield at, html[at : match.start()], 0
        yield match.start(), text, width
        at = match.start() + width
    if at < token.end:
        yield at, html[at : token.end], 0


def _reference(text: str) -> tuple[str, int] | None:
    """Return the text of a reference and the length of its source; None if it is not a valid reference."""
    if text[1] == "#":
        number = text if len(text) <= _LONGEST_NUMBER else "&#xFFFD;"
        character = standard.unescape(number)
        return (character, len(text)) if character and character != number else None
    name = text[1:]
    for length in range(len(name), 1, -1):  # "&notit;" is "¬it;"
        if name[:length] in html5:
            return html5[name[:length]], length + 1
    return None


def solid(text: str) -> NDArray[np.bool_]:
    """Return which characters are visible and not white space: shape (len(text),)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    different, places = np.unique(codes, return_inverse=True)
    seen = np.array([chr(code).isprintable() and not chr(code).isspace() for code in different], dtype=np.bool_)
    return seen[places] if len(codes) else np.zeros(0, dtype=np.bool_)


def shallow(html: str, deepest: int) -> tuple[str, int]:
    """Return HTML without ruby readings and without tags nested deeper than a limit, and its number of elements.

    Raises
    ------
    UnreadableError
        With reason ``too-large``, if an element has too many attributes.
    """
    kept: list[str] = []
    open_names: list[str] = []
    counts: dict[str, int] = {}
    number = 0
    for token in tokens(html):
        depth = len(open_names)
        number += token.kind == "open"
        if token.end - token.start > 2 * MOST_ATTRIBUTES and token.kind == "open":
            _refuse_many(attributes(html, token))
        if token.kind == "open" and token.name not in VOID:
            for _ in range(_ended(open_names, token.name)):
                counts[open_names.pop()] -= 1
            open_names.append(token.name)
            counts[token.name] = counts.get(token.name, 0) + 1
            depth = len(open_names)
        elif token.kind == "close" and counts.get(token.name):
            while True:
                closed = open_names.pop()
                counts[closed] -= 1
                if closed == token.name:
                    break
        if token.kind in {"text", "other"} or (token.kind != "reading" and depth <= deepest):
            kept.append(html[token.start : token.end])
    return "".join(kept), number


def _refuse_many(count: int) -> None:
    if count > MOST_ATTRIBUTES:
        detail = f"a tag of {count:,} attributes, at most {MOST_ATTRIBUTES:,} are read"
        raise UnreadableError("too-large", f"{detail}; deliver the text of the article as .txt")


def _ended(open_names: list[str], name: str) -> int:
    """Return how many open elements the start tag of another element closes."""
    ending, barriers = _ENDS.get(name, (frozenset(), frozenset()))
    for count, inner in enumerate(reversed(open_names[-_NEAR:]), start=1):
        if inner in ending:
            return count
        if inner in barriers:
            break
    return 0
