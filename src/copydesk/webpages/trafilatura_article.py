"""Extract the text of a page's article, and its metadata, with trafilatura."""

from __future__ import annotations

import logging
import re
from typing import Any, NamedTuple

from copydesk.core.json_schema import bulk_violations, load_schema
from copydesk.errors import BuildError, UnreadableError
from copydesk.store.installed_from import install_extra
from copydesk.store.pinned_libraries import PINNED_FOR_PAGES, installed_version
from copydesk.webpages.authors import all_authors
from copydesk.webpages.page_metadata import (
    PageMarkup,
    page_markup,
    stated_authors,
    stated_published,
    stated_publisher,
)
from copydesk.webpages.page_rights import Statement, page_rights
from copydesk.webpages.visible_text import shallow

#: Largest nesting of elements: trafilatura is recursive, and lxml fails at 256.
_DEEPEST = 128
#: Largest page, in characters and in elements: trafilatura takes quadratic time for some, half a minute at worst.
LARGEST, MOST_ELEMENTS = 4 << 20, 50_000
_DOCUMENT = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^/\s]+\.[^/\s]+")


class Article(NamedTuple):
    """The text of an article without offsets; of its page the metadata, named as in sources.jsonl, and the rights."""

    text: str
    stated: dict[str, str]
    rights: list[Statement]


def page_libraries() -> list[str]:
    """Names and installed versions of the libraries that decide what the article of a page is.

    Raises
    ------
    BuildError
        If one of them is not installed.
    """
    versions = {name: installed_version(name) for name in PINNED_FOR_PAGES}
    for name, installed in versions.items():
        if installed is None:
            raise BuildError(f"web pages are read with {name}, which is not installed; {install_extra('web')}")
    return [f"{name} {installed}" for name, installed in versions.items()]


def article(html: str) -> Article:
    """Extract the article of a page; nothing is fetched.

    Raises
    ------
    UnreadableError
        With reason ``no-article`` or ``too-large``.
    """
    from trafilatura import bare_extraction

    for name in ("trafilatura", "htmldate"):  # the quarantine reports their failures
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    if len(html) > LARGEST:
        raise _too_large(f"{len(html):,} characters", LARGEST)
    flat, elements = shallow(html, _DEEPEST)
    if elements > MOST_ELEMENTS:
        raise _too_large(f"{elements:,} elements", MOST_ELEMENTS)
    if not _DOCUMENT.search(flat):
        flat = f"<html><body>{flat}</body></html>"  # trafilatura refuses a fragment of a page
    extracted: Any = None
    try:
        extracted = bare_extraction(
            flat,
            include_comments=False,
            with_metadata=True,
            # The result must not depend on the clock or on pages read before.
            deduplicate=False,
            date_extraction_params={"original_date": True, "extensive_search": False, "max_date": "2100-01-01"},
        )
    except Exception as error:  # a page may make it fail in any way
        detail = f"trafilatura fails on it ({type(error).__name__}); deliver its text as .txt"
        raise UnreadableError("no-article", detail) from None
    body = extracted.body if extracted is not None else None
    text = "".join(body.itertext()) if body is not None else ""
    if not text.strip():
        raise UnreadableError("no-article", "trafilatura finds no article in the page; deliver its text as .txt")
    markup = page_markup(html)
    return Article(text, _stated(extracted, html, markup), page_rights(markup))


def _too_large(size: str, limit: int) -> UnreadableError:
    detail = f"a web page of {size}, at most {limit:,} are read; deliver the text of its article as .txt"
    return UnreadableError("too-large", detail)


def _stated(extracted: Any, html: str, markup: PageMarkup) -> dict[str, str]:
    """Return the valid metadata of a page."""
    authors = stated_authors(markup) or [extracted.author or ""]
    metadata = {
        "title": extracted.title.replace("¶", " ") if extracted.title else None,
        "byline": "; ".join(authors) if len(authors) > 1 else all_authors(html, authors[0]),
        # trafilatura takes part of the title for the publisher, and a date from the prose.
        "publisher": stated_publisher(markup),
        "url": extracted.url if extracted.url and _ADDRESS.match(extracted.url) else None,
        "published": stated_published(markup),
    }
    stated = {name: " ".join(value.split()) for name, value in metadata.items() if value and value.strip()}
    wrong = {v.field for _, v in bulk_violations(load_schema("source"), [{"doc_id": "x", **stated}])}
    return {name: value for name, value in stated.items() if name not in wrong}
