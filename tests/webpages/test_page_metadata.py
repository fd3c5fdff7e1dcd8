"""What a page states of itself comes from its markup, never from its prose."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.webpages.page_edits import read_page
from copydesk.webpages.page_metadata import page_markup, stated_authors, stated_published, stated_publisher

PROSE = "<p>On 14 February 2019 the bridge of The Gazette opened. " + "Many people came to see it in the rain. " * 8


def ld(**item: Any) -> str:
    return f"<script type='application/ld+json'>{json.dumps({'@type': 'NewsArticle', **item})}</script>"


DATES = {
    "<meta property=article:published_time content='2023-02-14T10:00:00+0200'>": "2023-02-14",
    "<meta name=DC.date.issued content=2023-02-14>": "2023-02-14",
    "<meta itemprop=datePublished content='14 February 2023'>": "2023-02-14",
    ld(datePublished="2023-02-14T10:00:00Z"): "2023-02-14",
    "<time pubdate datetime='2023-02-14 10:00'>now</time><time datetime=2024-01-01>": "2023-02-14",
    "<time datetime=2023-02-14>yesterday</time>": "2023-02-14",
    "<time datetime=2023-02-14></time><time datetime=2023-02-15></time>": None,
    "<meta property=article:modified_time content=2023-02-14>": None,
    "<meta name=date content='last week'>": None,
    "<pre>backup.tar 2023-02-14 10:00</pre>": None,
    "<meta name=date content=0001-01-01>": None,
    ld(datePublished=["2023-02-14"]): None,
    "<script type=application/ld+json>{not JSON</script>": None,
    f"<script type=application/ld+json>{'[' * 5000}</script>": None,
}


@pytest.mark.parametrize("html", DATES)
def test_a_date_is_stated_or_null(html: str) -> None:
    page = f"<html><head>{html}</head><body><article><h1>A bridge</h1>{PROSE}</article></body></html>"
    assert stated_published(page_markup(page)) == DATES[html]
    published = read_page(page).stated.get("published")
    assert (published and published[0]) == DATES[html]


PUBLISHERS = {
    "<meta property=og:site_name content='The  Site'>": "The Site",
    ld(publisher={"@type": "Organization", "name": "The Site"}): "The Site",
    ld(publisher="The Site"): "The Site",
    "<script type=application/ld+json>"
    + json.dumps({"@graph": [{"@type": "Article", "publisher": {"@id": "#a"}}, {"@id": "#a", "name": "The Site"}]})
    + "</script>": "The Site",
    "<title>1. Getting started - Chapter one</title>": None,
    "<meta name=publisher>": None,
}


@pytest.mark.parametrize("html", PUBLISHERS)
def test_a_publisher_is_stated_or_null(html: str) -> None:
    page = f"<html><head><title>A bridge | Chapter 1</title>{html}</head><body><article><h1>A ¶</h1>{PROSE}</article></body></html>"
    assert stated_publisher(page_markup(page)) == PUBLISHERS[html]
    publisher = read_page(page).stated.get("publisher")
    assert (publisher and publisher[0]) == PUBLISHERS[html]


AUTHORS = {
    ld(author=[{"@type": "Person", "name": "Ann Berg"}, "Jo Hill"]): ["Ann Berg", "Jo Hill"],
    ld(author={"name": "Ann Berg"}): ["Ann Berg"],
    ld(author={"name": "admin"}) + "<meta name=author content='Ann Berg'>": ["Ann Berg"],
    "<meta name=citation_author content='Ann Berg'><meta name=citation_author content='Jo Hill'>": [
        "Ann Berg",
        "Jo Hill",
    ],
    ld(author={"name": "Ann \ud800Berg\x1b\0"}): ["Ann Berg"],
    "<meta property=article:author content='https://example.org/ann berg'>": [],
    ld(author=5): [],
}


@pytest.mark.parametrize("html", AUTHORS)
def test_all_authors_are_stated(html: str) -> None:
    assert stated_authors(page_markup(html)) == AUTHORS[html]


def test_a_title_has_no_sign_of_a_link() -> None:
    page = (
        f"<html><head><title>Bridges¶</title></head><body><article><h1>Bridges¶</h1>{PROSE}</article></body></html>"
    )
    assert read_page(page).stated["title"][0] == "Bridges"


parts = st.sampled_from(
    ["<meta ", "name=author ", "content='", "'", ">", "<script type=ld+json>", "</script>", "[", '{"@graph":']
)


@given(st.lists(st.one_of(parts, st.text(max_size=8))).map("".join))
def test_any_page_has_markup(html: str) -> None:
    markup = page_markup(html)
    assert isinstance(stated_authors(markup), list)
    stated_published(markup), stated_publisher(markup)


@pytest.mark.parametrize(
    "html",
    [
        "<meta name=date content=x>" * 100_000,
        "<meta " + "a=b " * 500_000 + ">",
        "<meta a='" * 200_000,
        ld(datePublished=5) * 20_000,
        "<script type=application/ld+json>[" + "{}," * 80_000 + "{}]</script>",
        "<time datetime='" + " " * 1_000_000 + "'>",
    ],
    ids=range(6),
)
def test_hostile_pages_take_little_time(html: str) -> None:
    begun = time.process_time()
    markup = page_markup(html)
    stated_published(markup), stated_publisher(markup), stated_authors(markup)
    assert time.process_time() - begun < 5
