"""Feeds: RSS of all versions, and Atom. Each entry is a document."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms.documents import (
    WrittenText,
    as_html,
    document_id,
    first_license,
    has_markup,
    too_large,
    without_by,
    without_markup,
)
from copydesk.readers.newsrooms.xml_items import XHTML, XmlElement, XmlItem

#: Names of root elements, and of elements that are no items but contain them.
ROOTS = ("RDF", "feed", "rss")
OPENED = (*ROOTS, "channel")
_ENTRIES = ("entry", "item")
_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
#: Prefixes of the namespaces that are read. Names of RSS and Atom themselves have none.
_PREFIXES = {
    **dict.fromkeys(("", *_ATOM, "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"), ""),
    "http://backend.userland.com/rss2": "",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://backend.userland.com/creativeCommonsRssModule": "cc:",
    "http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html": "cc:",
    "http://creativecommons.org/ns#": "cc:",
    "http://web.resource.org/cc/": "cc:",
    XHTML: "xhtml:",
}
_RESOURCE = "http://www.w3.org/1999/02/22-rdf-syntax-ns# resource"
_TEXTS = ("content:encoded", "content", "xhtml:body", "description", "summary", "dc:description")
_DATES = ("pubDate", "published", "issued", "dc:date", "dcterms:issued", "dcterms:created", "updated", "modified")
_AUTHORS = ("dc:creator", "author")
_LANGUAGES = ("language", "dc:language")
_RIGHTS = ("dc:rights", "dcterms:rights", "rights", "copyright")
_READ = frozenset(
    (
        *(*_TEXTS, *_DATES, *_AUTHORS, *_LANGUAGES, *_RIGHTS, "dc:publisher", "cc:license", "dcterms:license"),
        *("title", "link", "guid", "id", "source"),
    )
)
#: What is remembered of a feed itself, which may be longer than memory: elements of a name, and bytes of each.
_MOST_OF_A_NAME, _LARGEST_OF_A_FEED = 10, 1 << 16
_MAIL_NAME = re.compile(r"[^\s()<>@]{1,200}@[^\s()<>@]{1,200}\s?\((.*)\)")


class _Feed:
    """What a feed says of itself, in the elements before an entry."""

    def __init__(self) -> None:
        self.fields: dict[str, list[XmlElement]] = {}
        self._language = ""
        self._unnamed = Counter[str]()

    def name_of(self, *content: str) -> str:
        """A name for an entry that has none: its number would change as soon as a new one stands above it.

        It follows from title, date and text, and from how many entries with the same ones stand above.
        """
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        self._unnamed[digest] += 1
        return f"entry {digest} {self._unnamed[digest]}"

    @property
    def language(self) -> str:
        return _line(self.fields, *_LANGUAGES) or self._language

    def add(self, item: XmlItem) -> None:
        if item.is_opened:
            self._language = item.element.language or self._language
        elements = self.fields.setdefault(name, []) if (name := _name(item.element)) in _READ else []
        if not item.is_opened and len(elements) < _MOST_OF_A_NAME and item.size < _LARGEST_OF_A_FEED:
            elements.append(item.element)


def feed_entries(items: Iterator[XmlItem], options: RecordOptions) -> Iterator[Record]:
    """Yield the entries of a feed.

    Parameters
    ----------
    items : iterator of XmlItem
        What is in the elements ``OPENED`` of a feed, in order.
    options : RecordOptions
    """
    feed = _Feed()
    number = 0
    for item in items:
        if item.is_opened or item.element.local not in _ENTRIES:
            feed.add(item)
            continue
        number += 1
        yield _record(item, feed, number, options)


def _record(item: XmlItem, feed: _Feed, number: int, options: RecordOptions) -> Record:
    if item.is_large:
        return too_large(number, "an entry", options)
    fields: dict[str, list[XmlElement]] = {}
    for element in item.element.elements:
        fields.setdefault(_name(element), []).append(element)
    texts = (_text(item, element) for name in _TEXTS for element in fields.get(name, ()))
    text = next((text for text in texts if text and _is_visible(text)), None)
    if text is None:
        detail = "an entry without a text; expected content:encoded, content, description or summary"
        return Record(number, None, ("bad-record", detail))
    url = _link(fields)
    title, published = _title(fields), _line(fields, *_DATES)
    metadata = {
        "title": title,
        "byline": _authors(fields) or _authors(feed.fields),
        "source": _source(fields) or _title(feed.fields),
        "publisher": _line(fields, "dc:publisher") or _line(feed.fields, "dc:publisher"),
        "url": url,
        "published": published,
        "license": _license(fields) or _license(feed.fields),
        "language": _line(fields, *_LANGUAGES) or item.element.language or feed.language,
    }
    name = _line(fields, "guid", "id") or url or feed.name_of(title, published, text.text)
    doc_id = document_id(name, _link(feed.fields) or options.stem)
    passed_over = sorted({_shown(element) for name in fields.keys() - _READ for element in fields[name]})
    return Record(
        number,
        {options.id: doc_id, options.text: text.text, **{name: value for name, value in metadata.items() if value}},
        page=text.is_page,
        passed_over=passed_over,
    )


def _is_visible(text: WrittenText) -> bool:
    return bool(without_markup(text.text) if text.is_page else text.text.strip())


def _name(element: XmlElement) -> str:
    """The name of an element with the usual prefix of its namespace; with a question mark if that is not read."""
    return f"{_PREFIXES.get(element.space, '?')}{element.local}"


def _shown(element: XmlElement) -> str:
    return f"{element.prefix}:{element.local}" if element.prefix else element.local


def _text(item: XmlItem, element: XmlElement) -> WrittenText | None:
    """The text that an element holds, and whether it is HTML; None if it is of another kind."""
    kind = element.attribute("type").lower().partition(";")[0].strip()
    if element.attribute("src"):
        return None
    if element.space == XHTML or kind in ("xhtml", "application/xhtml+xml"):
        inside = next(element.elements, None) if element.space != XHTML else None
        content = inside if inside is not None and inside.local in ("div", "body") else element
        named = next((part for part in (content, *content.elements) if part.space == XHTML), content)
        return WrittenText(as_html(item.inner(content), named.prefix), True)
    if kind in ("html", "text/html") or (not kind and element.space not in _ATOM):
        return WrittenText(element.text, has_markup(element.text))
    return WrittenText(element.text, False) if not kind or kind.startswith("text") else None


def _line(fields: Mapping[str, list[XmlElement]], *names: str) -> str:
    """The first text, on one line, of elements with some names."""
    return next((line for name in names for element in fields.get(name, ()) if (line := element.line)), "")


def _title(fields: Mapping[str, list[XmlElement]]) -> str:
    for element in fields.get("title", ()):
        is_text = element.space in _ATOM and element.attribute("type").lower() not in ("html", "text/html")
        return element.line if is_text else without_markup(element.text)
    return ""


def _source(fields: Mapping[str, list[XmlElement]]) -> str:
    """The feed that an entry comes from: in Atom its metadata, in RSS its name."""
    for element in fields.get("source", ()):
        title = element.first("title")
        return (title or element).line
    return ""


def _authors(fields: Mapping[str, list[XmlElement]]) -> list[str]:
    names = (_author(author) for name in _AUTHORS for author in fields.get(name, ()))
    return list(dict.fromkeys(filter(None, names)))


def _author(author: XmlElement) -> str:
    """The name of an author. RSS has an address of e-mail with the name in parentheses, or the address alone."""
    name = (author.first("name") or author).line
    if mail := _MAIL_NAME.fullmatch(name):
        name = str(mail[1])
    return "" if "@" in name else without_by(name)


def _link(fields: Mapping[str, list[XmlElement]]) -> str:
    """The address of an entry or a feed: its link, or the ``guid`` if that is one."""
    for element in fields.get("link", ()):
        if element.attribute("rel") in ("", "alternate") and (link := element.attribute("href") or element.line):
            return link
    for element in fields.get("guid", ()):
        if element.attribute("isPermaLink") != "false" and element.line.startswith(("http://", "https://")):
            return element.line
    return ""


def _license(fields: Mapping[str, list[XmlElement]]) -> str:
    """The license that is named as such, or a statement of rights that names one."""
    for name in ("cc:license", "dcterms:license"):
        for element in fields.get(name, ()):
            if stated := element.attribute(_RESOURCE) or element.line:
                return stated
    for element in fields.get("link", ()):
        if element.attribute("rel") == "license" and (stated := element.attribute("href")):
            return stated
    rights = (part.line for name in _RIGHTS for part in fields.get(name, ()))
    return first_license(rights) or ""
