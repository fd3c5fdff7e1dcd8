"""The authors of an article: all that its byline lists."""

from __future__ import annotations

import time

import pytest

from copydesk.webpages.authors import all_authors


@pytest.mark.parametrize(
    ("html", "authors"),
    [
        ('<div class="by">Von <b>Anna Berg</b> und Jan Hill</div>', "Anna Berg; Jan Hill"),
        ("<meta name='author' content='Anna Berg'><span>Par</span> <a>Zoé Hill</a>, <a>Anna Berg</a> et Jo Falk<br>x", "Zoé Hill; Anna Berg; Jo Falk"),
        ("<p>By Anna Berg, staff writer</p>", "Anna Berg"),
        ("<p>Anna Berg, who lives in Kiev, and Jan Hill wrote it</p>", "Anna Berg"),
        ("<li>Anna Berg</li><li>Jan Hill</li>", "Anna Berg"),
        ("<p>By Anna Berg and Anna Berg</p>", "Anna Berg"),
        ("<p>By Anna Bergman and Jan Hill</p>", "Anna Berg"),
        ("no such name", "Anna Berg"),
    ],
)  # fmt: skip
def test_a_byline_lists_them(html: str, authors: str) -> None:
    assert all_authors(html, "Anna Berg") == authors


def test_hostile_pages_take_little_time() -> None:
    for html in (
        "Anna Berg" * 200_000,
        "Anna Berg<" * 200_000,
        "<b " * 200_000 + "Anna Berg" + ", Jan Hill" * 200_000,
    ):
        begun = time.process_time()
        assert all_authors(html, "Anna Berg") == "Anna Berg"
        assert time.process_time() - begun < 5
