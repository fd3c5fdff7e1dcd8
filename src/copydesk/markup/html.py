"""Markup that is put together of values which were escaped, each in one place: here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_VOID = frozenset({"br", "input", "link", "meta", "wbr"})
#: What a browser would not show, would obey, or would not even read: controls, marks of direction, tags. Joiners
#: stay, since scripts and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


class Html(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """A value as text of a page; characters that cannot be seen are spelled out.

    >>> escaped("a < b\\u202e")
    'a &lt; b<span class="unseen">U+202E</span>'
    """
    if isinstance(value, Html):
        return value
    text = html.escape(str(value))
    return Html(_UNSEEN.sub(lambda found: f'<span class="unseen">U+{ord(found[0]):04X}</span>', text))


def tag(element: str, /, *content: object, **attributes: object) -> Html:
    """An element. Content that is not `Html` is escaped, an attribute that is None or False is left out.

    >>> tag("a", "<here>", href="x.html", class_="far", data_tip='"')
    '<a href="x.html" class="far" data-tip="&quot;">&lt;here&gt;</a>'
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{given}>")
    return Html(f"<{element}{given}>{joined(content)}</{element}>")


def joined(parts: Iterable[object], by: str = "") -> Html:
    """Parts behind each other; those that are not `Html` are escaped, None is left out."""
    return Html(by.join(escaped(part) for part in parts if part is not None))


def attribute_text(text: str) -> str:
    """Text for an attribute: characters that cannot be seen are spelled out."""
    return _UNSEEN.sub(lambda found: f"U+{ord(found[0]):04X}", text)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(attribute_text(str(value)))}"'


def html_table(label: str, header: Iterable[object], rows: Iterable[Iterable[object]], **attributes: object) -> Html:
    """A table in a frame that scrolls where the screen is narrow, made of rows or of what `row` returned."""
    head = tag("tr", *(tag("th", cell, scope="col") for cell in header))
    body = (each if isinstance(each, Html) else row(each) for each in rows)
    whole = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return tag("div", whole, class_="scroll", tabindex="0", role="group", aria_label=label)


def row(cells: Iterable[object], **attributes: object) -> Html:
    """A row of a table; its first cell heads it."""
    first, *others = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in others), **attributes)


def facts(pairs: Iterable[tuple[object, object]]) -> Html:
    """Names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")
