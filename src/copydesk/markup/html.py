"""HTML from escaped values: all escaping of markup happens here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_VOID = frozenset({"br", "input", "link", "meta", "wbr"})
#: Characters that a browser would hide, obey or reject: controls, bidi controls, tags. Joiners stay, because scripts
#: and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


class Html(str):
    """Markup whose values are already escaped."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """Return a value as text of a page; invisible characters are spelled out.

    >>> escaped("a < b\\u202e")
    'a &lt; b<span class="unseen">U+202E</span>'
    """
    if isinstance(value, Html):
        return value
    text = html.escape(str(value), quote=False)  # it is content of an element, never a value of an attribute
    return Html(_UNSEEN.sub(lambda match: f'<span class="unseen">U+{ord(match[0]):04X}</span>', text))


def tag(element: str, /, *content: object, **attributes: object) -> Html:
    """Return an element. Content that is not `Html` is escaped; an attribute that is None or False is left out.

    >>> tag("a", "<here>", href="x.html", class_="far", data_tip='"')
    '<a href="x.html" class="far" data-tip="&quot;">&lt;here&gt;</a>'
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{given}>")
    return Html(f"<{element}{given}>{joined(content)}</{element}>")


def joined(parts: Iterable[object], by: str = "") -> Html:
    """Join parts. Those that are not `Html` are escaped; None is left out."""
    return Html(by.join(escaped(part) for part in parts if part is not None))


def attribute_text(text: str) -> str:
    """Return text for an attribute, with invisible characters spelled out; quotes are not escaped yet."""
    return _UNSEEN.sub(lambda match: f"U+{ord(match[0]):04X}", text)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(attribute_text(str(value)))}"'


def html_table(label: str, header: Iterable[object], rows: Iterable[Iterable[object]], **attributes: object) -> Html:
    """Return a table in a frame that scrolls on narrow screens. A row is a list of cells, or a result of `row`."""
    head = tag("tr", *(tag("th", cell, scope="col") for cell in header))
    body = (cells if isinstance(cells, Html) else row(cells) for cells in rows)
    whole = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return tag("div", whole, class_="scroll", tabindex="0", role="group", aria_label=label)


def row(cells: Iterable[object], **attributes: object) -> Html:
    """Return a row of a table; its first cell is a header."""
    first, *following = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in following), **attributes)


def facts(pairs: Iterable[tuple[object, object]]) -> Html:
    """Return a list of names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")
