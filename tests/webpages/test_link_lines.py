"""Lines of an article that are nothing but links: related stories go, what the article gives its reader stays."""

from __future__ import annotations

import pytest

from copydesk.text import EditedText
from copydesk.webpages.link_lines import link_lines
from copydesk.webpages.page_edits import read_page
from copydesk.webpages.visible_text import visible

PROSE = (
    "The mayor of the city said on Monday that the new bridge over the harbour would open at the end of the year, "
    "and that nobody had asked him in what year. "
)
PARAGRAPHS = [f"<p>{PROSE * 2}It was speech number {number}.</p>" for number in range(1, 6)]
STORY = "Why the old bridge was closed"


def removed(line: str, paragraphs: list[str] = PARAGRAPHS) -> str:
    """What of a line among the paragraphs of an article is in lines of links, without white space."""
    html = "".join([*paragraphs[:2], line, *paragraphs[2:]])
    page = visible(html)
    found = link_lines(html, page, page.solid.copy())
    return "".join(character for character, is_found in zip(page.text, found, strict=True) if is_found)


@pytest.mark.parametrize(
    "line",
    [
        f"<p><a href='/1'>{STORY}</a></p>",
        f"<ul><li><strong><a href='/1'>{STORY}</a></strong></li></ul>",
        f"<div>\n <A HREF='/1'>{STORY.replace(' ', '</A> <a href=/2>')}</a>\n</div>",
        f"<p>He left.<br><a href='/1'>{STORY}</a><br>She stayed.</p>",
    ],
)
def test_a_related_story_goes(line: str) -> None:
    assert removed(line) == STORY.replace(" ", "")


@pytest.mark.parametrize(
    "line",
    [
        f"<h2><a href='/1'>{STORY}</a></h2>",
        f"<p>He explained: <a href='/1'>{STORY}</a></p>",
        f"<p><a href='/1'>{STORY}</a>.</p>",
        f"<p><a name='why' data-href='/1'>{STORY}</a></p>",
        f"<blockquote><p><a href='/1'>{STORY}</a></p></blockquote>",
        f"<table><tr><td><a href='/1'>{STORY}</a></td></tr></table>",
        "<p><a href='https://example.org/why'>https://example.org/why</a></p>",
        "<p><a href='https://example.org/why'>See www.example.org</a></p>",
        f"<p><a href='/1'>{PROSE * 2}</a></p>",
        "".join(f"<p><a href='/{n}'>{STORY}, part {n} of a list of such stories</a></p>" for n in range(40)),
    ],
)
def test_what_belongs_to_the_article_stays(line: str) -> None:
    assert removed(line) == ""


def test_a_page_of_little_prose_is_left_alone() -> None:
    assert removed(f"<p><a href='/1'>{STORY}</a></p>", PARAGRAPHS[:2]) == ""


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_links_that_are_never_closed_take_the_rest_of_no_page(size: int) -> None:
    assert removed("<a href=x>" * size) == ""


def test_a_page_is_read_without_its_related_stories() -> None:
    story = f"<p><strong>{STORY.upper()}:</strong> it rusted.</p><ul><li><em><a href='/1'>{STORY}</a></em></li></ul>"
    html = (
        f"<html><body><article><h1>The bridge</h1>{''.join(PARAGRAPHS)}{story}{PARAGRAPHS[0]}</article></body></html>"
    )
    page = read_page(html)
    text = EditedText(html).apply(page.edits).text
    assert STORY not in text and f"{STORY.upper()}: it rusted." in text
    assert page.missing == [] and text.count("speech number") == 6
