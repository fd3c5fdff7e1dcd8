"""Metadata that the markup of a page states: in meta elements, JSON-LD, time elements and links, never its prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from copydesk.language.moments import moment
from copydesk.webpages.html_tokens import Token, tokens

_ATTRIBUTE = re.compile(
    r"""([^\t\n\f\r />=]+)(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >]+)))?"""
)
#: Names of meta elements, the most reliable first.
_DATES = (
    *("article:published_time", "og:published_time", "datepublished", "citation_publication_date", "citation_date"),
    *("dcterms.issued", "dc.date.issued", "dcterms.created", "dcterms.date", "dc.date", "parsely-pub-date"),
    *("sailthru.date", "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "date"),
)
_SITES = ("og:site_name", "publisher", "dc.publisher", "dcterms.publisher", "citation_publisher", "application-name")
_AUTHORS = ("author", "citation_author", "article:author", "dc.creator", "dcterms.creator", "parsely-author")
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report)$")
_MOST_META, _MOST_SCRIPTS, _LONGEST_SCRIPT, _MOST_NODES, _MOST_NAMES = 1000, 20, 1 << 18, 500, 20
_LONGEST = 300


class Element(NamedTuple):
    """A meta, link or time element: its attributes, names in lower case, and its place in the HTML."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int


class PageMarkup(NamedTuple):
    """The elements of a page that state metadata, and the objects of its JSON-LD."""

    elements: list[Element]
    objects: list[dict[str, Any]]

    def named(self, *names: str) -> Iterator[tuple[str, str]]:
        """Yield name and content of the meta elements with one of some names, in the order of the names."""
        contents: dict[str, list[str]] = {}
        for element in self.elements:
            if element.name == "meta":
                keys = (element.attributes.get(key, "").lower() for key in ("property", "name", "itemprop"))
                for key in dict.fromkeys(filter(None, keys)):
                    contents.setdefault(key, []).append(element.attributes.get("content", "").strip())
        for name in names:
            yield from ((name, content) for content in contents.get(name, ()) if content)


def page_markup(html: str) -> PageMarkup:
    """Collect the elements of a page that state metadata, in one pass; of very many, the first ones."""
    elements: list[Element] = []
    objects: list[dict[str, Any]] = []
    script: Token | None = None
    scripts = 0
    for token in tokens(html):
        if script is not None and token.kind == "other" and scripts < _MOST_SCRIPTS:
            scripts += 1
            objects += _objects(html[token.start : token.end])
        script = None
        if token.kind != "open":
            continue
        if token.name in {"meta", "link", "time"} and len(elements) < _MOST_META:
            elements.append(Element(token.name, _attributes(html, token), token.start, token.end))
        elif token.name == "script" and "ld+json" in html[token.start : token.end].lower():
            script = token
    return PageMarkup(elements, objects[:_MOST_NODES])


def _attributes(html: str, token: Token) -> dict[str, str]:
    values: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(html, token.start + 1 + len(token.name), token.end - 1):
        value = match[2] or match[3] or match[4] or ""
        values.setdefault(match[1].lower(), unescape(value[:4000]))
        if len(values) >= _MOST_NAMES:
            break
    return values


def _objects(script: str) -> Iterator[dict[str, Any]]:
    """Yield the objects on the first levels of a JSON-LD script; none of one that is damaged."""
    if len(script) > _LONGEST_SCRIPT:
        return
    try:
        todo = [json.loads(script.strip().removeprefix("//<![CDATA[").removesuffix("//]]>"), strict=False)]
    except (ValueError, RecursionError):
        return
    for _ in range(_MOST_NODES):
        if not todo:
            return
        value = todo.pop(0)
        if isinstance(value, list):
            todo += value[:_MOST_NODES]
        elif isinstance(value, dict):
            yield value
            todo += [value[key] for key in ("@graph", "mainEntity") if key in value]


def stated_published(markup: PageMarkup) -> str | None:
    """Return the day on which a page says that it was published; None if it does not say."""
    articles = _articles(markup)
    candidates = [str(item["datePublished"]) for item in articles if isinstance(item.get("datePublished"), str)]
    candidates += [content for _, content in markup.named(*_DATES)]
    times = [element.attributes for element in markup.elements if element.name == "time"]
    marked = [time for time in times if "pubdate" in time or time.get("itemprop", "").lower() == "datepublished"]
    candidates += [time.get("datetime", "") for time in marked]
    days = (day for text in candidates if (day := _day(text)))
    if (day := next(days, None)) is not None:
        return day
    # Several times may be those of other articles, or of comments.
    unmarked = {_day(time["datetime"]) for time in times if "datetime" in time}
    return unmarked.pop() if len(unmarked) == 1 else None


def _day(text: str) -> str | None:
    try:
        day = moment(text)[:10]
    except ValueError:
        return None
    return day if "1900" <= day < "2100" else None


def stated_publisher(markup: PageMarkup) -> str | None:
    """Return the name of the site or the publisher of a page; None if it does not say."""
    by_id = {item["@id"]: item for item in markup.objects if isinstance(item.get("@id"), str)}
    names = [content for _, content in markup.named(_SITES[0])]
    for item in _articles(markup):
        publisher = item.get("publisher")
        if isinstance(publisher, dict) and "name" not in publisher:
            publisher = by_id.get(str(publisher.get("@id")))
        names += _names(publisher)
    names += [content for _, content in markup.named(*_SITES[1:])]
    return next((name for name in map(_line, names) if name), None)


def stated_authors(markup: PageMarkup) -> list[str]:
    """Return the authors that JSON-LD names, or else meta elements; empty if there are none."""
    by_id = {item["@id"]: item for item in markup.objects if isinstance(item.get("@id"), str)}
    for item in _articles(markup):
        authors = item.get("author")
        listed = authors if isinstance(authors, list) else [authors]
        people = [by_id.get(str(a.get("@id")), a) if isinstance(a, dict) else a for a in listed[:_MOST_NAMES]]
        names = _people(name for person in people for name in _names(person))
        if names:
            return names
    for key in _AUTHORS:
        if names := _people(content for _, content in markup.named(key)):
            return names
    return []


def _articles(markup: PageMarkup) -> list[dict[str, Any]]:
    def is_article(item: dict[str, Any]) -> bool:
        kinds = item.get("@type")
        return any(isinstance(k, str) and _ARTICLE.search(k) for k in (kinds if isinstance(kinds, list) else [kinds]))

    return [item for item in markup.objects if is_article(item)]


def _names(value: Any) -> list[str]:
    name = value.get("name") if isinstance(value, dict) else value
    return [name] if isinstance(name, str) else []


def _people(names: Iterator[str]) -> list[str]:
    """Return names of people: one word alone is an account, such as admin, and an address is no name."""
    lines = (_line(name) for name in names)
    people = (line for line in lines if line and "://" not in line and (" " in line or not line.isascii()))
    return list(dict.fromkeys(people))[:_MOST_NAMES]


def _line(text: str) -> str | None:
    line = " ".join(printable(text[: 2 * _LONGEST]).split())
    return line if 0 < len(line) <= _LONGEST else None


def printable(text: str) -> str:
    """Return a text without control characters and unpaired surrogates, which JSON and headers may smuggle in."""
    return "".join(c for c in text if c.isprintable() or c.isspace())
