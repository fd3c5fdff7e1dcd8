"""What the markup of a page says of the rights to mine its text: TDMRep, robots directives, RSL, license links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from copydesk.webpages.page_metadata import PageMarkup, printable

#: Names of meta elements and of header fields, with the kind of the statement.
STATEMENTS = {"tdm-reservation": "tdm-reservation", "tdm-policy": "tdm-policy", "x-robots-tag": "robots"}
#: Directives that restrict what may be done with a page; all others are not kept.
RESTRICTING = frozenset({"noai", "noimageai", "noindex", "noarchive", "nosnippet", "nocache", "none"})
_RSL = "application/rsl+xml"
_LONGEST, _MOST = 500, 20


class Statement(NamedTuple):
    """A statement about rights: its kind, its value, and where it stands (such as ``meta robots``)."""

    kind: str
    value: str
    place: str


def statement(name: str, value: str, place: str) -> Statement | None:
    """Return the statement of a meta element or a header field; None if it restricts nothing.

    >>> statement("x-robots-tag", "NoAI, follow", "header x-robots-tag")
    Statement(kind='robots', value='noai', place='header x-robots-tag')
    >>> statement("robots", "index, follow", "meta robots") is None
    True
    """
    kind = STATEMENTS.get(name, "robots" if name == "robots" or name.endswith("bot") else "")
    value = " ".join(printable(value[:_LONGEST]).split())
    if kind == "robots":
        named = [part.rpartition(":")[2].strip().lower() for part in value.split(",")]
        value = ", ".join(dict.fromkeys(part for part in named if part in RESTRICTING))
    return Statement(kind, value, place) if kind and value else None


def page_rights(markup: PageMarkup) -> list[Statement]:
    """Return the statements of a page, in the order of their places; of very many, the first ones."""
    return list(dict.fromkeys(_statements(markup)))[:_MOST]


def _statements(markup: PageMarkup) -> Iterator[Statement]:
    for element in markup.elements:
        values = element.attributes
        if element.name == "meta":
            name = (values.get("name") or values.get("http-equiv") or "").lower()[:_LONGEST]
            if stated := statement(name, values.get("content", ""), f"meta {printable(name[:60])}"):
                yield stated
        elif element.name == "link" and "license" in values.get("rel", "").lower().split():
            kind = "rsl" if values.get("type", "").strip().lower() == _RSL else "license"
            if href := " ".join(printable(values.get("href", "")[:_LONGEST]).split()):
                yield Statement(kind, href, "link license")
