"""Any text is HTML, cut into pieces that cover it; text and tags are told apart as browsers do."""

from __future__ import annotations

import pytest
from hypothesis import given

from copydesk.webpages.html_tokens import tokens
from copydesk.webpages.visible_text import CELL, LINE, PARAGRAPH, shallow, visible
from support import htmls


@given(htmls)
def test_pieces_cover_any_text(html: str) -> None:
    at = 0
    for token in tokens(html):
        assert token.start == at < token.end
        at = token.end
        if token.kind in {"open", "close"}:
            assert html[token.start] == "<"
            assert html[token.start : token.end].lower().lstrip("</").startswith(token.name)
    assert at == len(html)


@given(htmls)
def test_every_character_stands_where_it_is_said_to(html: str) -> None:
    from html import unescape

    page = visible(html)
    assert len(page.text) == len(page.start) == len(page.end) == len(page.level) - 1 == len(page.solid)
    assert (page.end[:-1] <= page.start[1:]).all()
    at = 0
    while at < len(page.text):
        source = html[page.start[at] : page.end[at]]
        stop = at + 1
        while stop < len(page.text) and page.start[stop] == page.end[stop]:
            stop += 1
        assert page.text[at:stop] == (source if len(source) == 1 else unescape(source))
        at = stop


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<b>c</b>d", "acd"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
        ("a</ no>b</>c</1>d</", "abcd</"),
        ("a<!-- <p>no</p> -->b<!-->c<!--->d<!-- never closed", "abcd"),
        ("<p title='a>b' class=\"c>\">d", "d"),
        ("<p title='never closed>a", "a"),
        ("<p a='b' c=\"it's\">d", "d"),
        ("<script>if (a < b) '</p>'</script>c<SCRIPT>x</script\n>d", "cd"),
        ("<title>no</title><style>p {}</style><textarea><p>no</textarea>yes", "yes"),
        ("<script>never closed <p>a", ""),
        ("<?xml version='1.0'?><!DOCTYPE html><![CDATA[x]]>a", "a"),
        (
            "&lt;p&gt; &AMP; &copy2020 &notit; &#x80;&#8364; &unknown; & &#xZ;",
            "<p> & ©2020 ¬it; €€ &unknown; & &#xZ;",
        ),
        ("a<p", "a"),
        # In SVG and MathML a tag may close itself; in HTML, which begins again in some of their elements, it may not.
        ("a<svg><title/><style/><script href=x /><path d='M1 1'/></svg>b", "ab"),
        ("a<math><title/><mi>x</mi></math>b<svg/>c<title/>d", "axbc"),
        ("a<svg><title>no</title><style>p > b {}</style></svg>b", "ab"),
        ("a<svg><script x=y/>no</script></svg>b", "ab"),
        ("a<svg><foreignObject><title/>b</title>c</foreignObject><title/>d</svg>e", "acde"),
        ("a<svg><path><p>b<title/>c", "ab"),
        ("a</svg></title>b<title/>c", "ab"),
        # How words are spoken is no part of them.
        ("<ruby>子<rt>こ</rt></ruby>ども", "子ども"),
        ("<ruby>図<rp>(</rp><rt>と<b>し</b>ょ<rp>)</rp>館<rt>かん</ruby>へ", "図館へ"),
        ("<ruby><rb>図<rb>書<rtc><rt>と<rt>しょ</ruby>へ", "図書へ"),
        ("<ruby>子<rt>こ<p>ども</p> <rt>a", "子ども a"),
    ],
)
def test_what_is_read(html: str, text: str) -> None:
    assert visible(html).text == text


def test_where_blocks_lie() -> None:
    page = visible("<h1>A</h1><p>B<br>C<br><br>D<ul><li>E<li>F</ul><table><tr><td>G<td>H<tr><td>I</table>J<i>K</i>")
    levels = dict(zip(page.text, page.level.tolist(), strict=False))
    paragraphs, lines = dict.fromkeys("ABDEGJ", PARAGRAPH), dict.fromkeys("CFI", LINE)
    assert levels == paragraphs | lines | {"H": CELL, "K": 0}
    assert page.level[-1] == 0


def test_deep_elements_lose_their_tags_and_keep_their_text() -> None:
    assert shallow("<div>" * 5 + "a" + "</div>" * 5 + "<p>b", 2) == ("<div><div>a</div></div><p>b", 6)
    # Elements that are never closed because the next one ends them are not deep.
    many = "<table>" + "<tr><td><p>a<li>b<li>c" * 50
    assert shallow(many, 6) == (many, 251)
