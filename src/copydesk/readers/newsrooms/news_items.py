"""News items in XML: NITF, and NewsML-G2 with NITF, XHTML or text in it, by IPTC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.newsrooms.documents import (
    WrittenText,
    as_html,
    document_id,
    first_license,
    has_markup,
    too_large,
    without_by,
)
from copydesk.readers.newsrooms.xml_items import XmlElement, XmlItem
from copydesk.readers.skipped_records import say_skipped

#: Names of root elements, and of elements that are no items but contain them.
ROOTS = ("newsItem", "newsMessage", "nitf", "packageItem")
OPENED = ("newsMessage", "itemSet")
#: Elements that are read; others are named once.
_READ_NITF = frozenset("title docdata pubdata doc-id du-key date.issue date.release doc.copyright doc.rights".split())
_READ_ITEM = frozenset(
    (
        *"catalogRef catalog rightsInfo itemMeta contentMeta contentSet title provider versionCreated".split(),
        *"firstCreated contentCreated headline by creator language infoSource copyrightHolder".split(),
        *"copyrightNotice usageTerms".split(),
    )
)
_DATES = ("versionCreated", "contentCreated", "firstCreated")

Fields = dict[str, Any]


def news_items(items: Iterable[XmlItem], options: RecordOptions) -> Iterator[Record]:
    """Yield the news items that have a text; pictures, packages and other kinds of items are skipped.

    Parameters
    ----------
    items : iterable of XmlItem
        What is in the elements ``OPENED`` of a file, in order.
    options : RecordOptions
    """
    skipped: Counter[str] = Counter()
    number = 0
    for item in items:
        root = item.element
        if item.is_opened or root.local == "header":
            continue
        number += 1
        if item.is_large:
            yield too_large(number, "a news item", options)
        elif (text := _text(item)) is None:
            skipped[f"{root.local[:40]}{' without a text' if root.local in ('newsItem', 'nitf') else ''}"] += 1
        else:
            yield _record(number, item, text, options)
    say_skipped(options.stem, "item", number, skipped)


def _text(item: XmlItem) -> WrittenText | None:
    """The text of a news item, as it is written in the file; None if it has none."""
    root = item.element
    texts = [_text_of_nitf(item, root)] if root.local == "nitf" else []
    if root.local == "newsItem":
        texts += [_text_of_xml(item, part) for part in root.all("contentSet", "inlineXML")]
        texts += [_text_of_data(part) for part in root.all("contentSet", "inlineData")]
    return next((text for text in texts if text.text.strip()), None)


def _text_of_nitf(item: XmlItem, nitf: XmlElement) -> WrittenText:
    body = nitf.first("body", "body.content")
    return WrittenText("", False) if body is None or not body.line else _written(item, body, nitf.prefix)


def _text_of_xml(item: XmlItem, inline: XmlElement) -> WrittenText:
    content = next(inline.elements, inline)
    if content.local == "nitf":
        return _text_of_nitf(item, content)
    body = content.first("body") or (content if content.local == "html" else inline)
    return WrittenText("", False) if not body.line else _written(item, body, content.prefix)


def _text_of_data(inline: XmlElement) -> WrittenText:
    kind = inline.attribute("contenttype").lower().partition(";")[0].strip() or "text/plain"
    if inline.attribute("encoding") or not kind.startswith("text/"):
        return WrittenText("", False)
    return WrittenText(inline.text, kind == "text/html" and has_markup(inline.text))


def _written(item: XmlItem, element: XmlElement, prefix: str) -> WrittenText:
    text = as_html(item.inner(element), prefix)
    return WrittenText(text, has_markup(text))


def _record(number: int, item: XmlItem, text: WrittenText, options: RecordOptions) -> Record:
    root = item.element
    if root.local == "nitf":
        metadata, read = _of_nitf(root, options), _READ_NITF
        places = [*root.all("head"), *root.all("head", "docdata")]
    else:
        metadata, read = _of_news_item(root, options), _READ_ITEM
        places = [root, *root.all("itemMeta"), *root.all("contentMeta"), *root.all("rightsInfo")]
        for nitf in root.all("contentSet", "inlineXML", "nitf"):
            inside = _of_nitf(nitf, options)
            metadata = {name: value or inside[name] for name, value in metadata.items()}
    unread = {element.local for place in places for element in place.elements} - read
    fields = {options.id: metadata.pop("id"), options.text: text.text, **metadata}
    return Record(number, fields, page=text.is_page, passed_over=sorted(unread))


def _of_nitf(nitf: XmlElement, options: RecordOptions) -> Fields:
    """The metadata of NITF, by the names of sources.jsonl, and its id."""
    head = nitf.first("head") or XmlElement("head", {}, 0)
    body_head = nitf.first("body", "body.head") or XmlElement("body.head", {}, 0)
    scope = _attribute(head, "regsrc", "docdata", "doc-id") or options.stem
    address = _attribute(head, "ex-ref", "pubdata")
    rights = [part.line for part in (*head.all("docdata", "doc.rights"), *body_head.all("rights"))]
    return {
        "id": document_id(_attribute(head, "id-string", "docdata", "doc-id"), scope),
        "title": _line(body_head, "hedline", "hl1") or _line(body_head, "hedline") or _line(head, "title"),
        "byline": [name for byline in body_head.all("byline") for name in _names_in(byline)],
        "source": _attribute(head, "name", "pubdata") or _line(body_head, "distributor"),
        "publisher": _attribute(head, "holder", "docdata", "doc.copyright"),
        "url": address if address.startswith(("http://", "https://")) else "",
        "published": _attribute(head, "norm", "docdata", "date.issue")
        or _attribute(head, "date.publication", "pubdata")
        or _attribute(head, "norm", "docdata", "date.release"),
        "license": first_license(rights),
        "language": nitf.language or next((body.language for body in nitf.all("body")), ""),
    }


def _of_news_item(item: XmlElement, options: RecordOptions) -> Fields:
    """The metadata of NewsML-G2, by the names of sources.jsonl, and its id."""
    guid = item.attribute("guid")
    empty = XmlElement("contentMeta", {}, 0)
    meta, content = item.first("itemMeta") or empty, item.first("contentMeta") or empty
    rights = item.first("rightsInfo") or empty
    named = [link.attribute("href") for link in rights.all("link") if "license" in link.attribute("rel").lower()]
    stated = [
        text
        for name in ("usageTerms", "copyrightNotice")
        for part in rights.all(name)
        for text in (part.attribute("href"), part.line)
    ]
    languages = (
        *(part.attribute("tag") for part in content.all("language")),
        *(part.language for name in ("inlineXML", "inlineData") for part in item.all("contentSet", name)),
        item.language,
    )
    authors = [without_by(by.text) for by in content.all("by") if by.line]
    provider = next(map(_name, meta.all("provider")), "")
    return {
        "id": document_id(guid, provider or options.stem),
        "title": _line(content, "headline") or _line(meta, "title"),
        "byline": authors or list(filter(None, map(_name, content.all("creator")))),
        "source": next(map(_name, content.all("infoSource")), "") or provider,
        "publisher": next(map(_name, rights.all("copyrightHolder")), ""),
        "url": guid if guid.startswith(("http://", "https://")) else "",
        "published": next((line for name in _DATES for place in (meta, content) if (line := _line(place, name))), ""),
        "license": next(filter(None, named), None) or first_license(stated),
        "language": next(filter(None, languages), ""),
    }


def _line(element: XmlElement, *path: str) -> str:
    """The first text at a path, on one line."""
    return next((found.line for found in element.all(*path) if found.line), "")


def _attribute(element: XmlElement, name: str, *path: str) -> str:
    return next((value for found in element.all(*path) if (value := found.attribute(name))), "")


def _names_in(byline: XmlElement) -> list[str]:
    """The names in a byline of NITF: those of persons, or its text without what they are."""
    names = [person.line for person in byline.all("person") if person.line]
    text = "".join(part if isinstance(part, str) else part.text for part in byline.content if _is_name(part))
    return names or [name for name in [without_by(text)] if name]


def _is_name(part: str | XmlElement) -> bool:
    return isinstance(part, str) or part.local != "byttl"


def _name(element: XmlElement) -> str:
    """The name of a person or an organisation in NewsML-G2: as text, or as a code behind its scheme."""
    code = element.attribute("qcode").partition(":")[2]
    return _line(element, "name") or element.attribute("literal") or code
