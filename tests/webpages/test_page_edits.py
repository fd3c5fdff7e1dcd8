"""Of a page the article is left by edits that give the page back, whatever the page is."""

from __future__ import annotations

import html as standard
import subprocess
import sys
from collections.abc import Sequence

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from copydesk.cleaning.apply import clean_column, clean_text, inspected
from copydesk.cleaning.plan import plan
from copydesk.cleaning.web_page_rules import PAGE_RULES
from copydesk.core.config import check_params
from copydesk.errors import BuildError, ConfigError, UnreadableError
from copydesk.readers.html_pages import read_html
from copydesk.store.pinned_libraries import PINNED_FOR_PAGES
from copydesk.text import Edit, EditedText
from copydesk.webpages.page_edits import BOILERPLATE, MARKUP, REFERENCE, article_edits, read_page
from copydesk.webpages.trafilatura_article import page_libraries
from copydesk.webpages.visible_text import visible
from support import htmls

FIRST = "The mayor of the city said on Monday that the new bridge over the harbour would open at the end of the year."
SECOND = "It had been planned for ten years, and was to cost two million; in the end it cost more than seven million."


def edited(html: str, edits: Sequence[Edit]) -> EditedText:
    text = EditedText(html).apply(edits)
    assert text.revert() == html
    for place, character in enumerate(text.text):
        if not character.isspace():
            start, end = text.to_raw(place, place + 1)
            assert character in standard.unescape(html[start:end])
            assert end - start == 1 or html[start] == "&"
    return text


def read(html: str) -> str:
    return edited(html, read_page(html).edits).text


@pytest.mark.parametrize("rule", PAGE_RULES, ids=lambda rule: rule.name)
def test_the_examples_of_the_rules(rule: object) -> None:
    before, after = rule.repairs  # type: ignore[attr-defined]
    text = edited(before, read_page(before).edits)
    assert text.text == after
    assert rule.name in {name for edit in text.edits for name in edit.rules}  # type: ignore[attr-defined]
    left = [edit.rule for edit in read_page(rule.leaves).edits] if "<" in rule.leaves else []  # type: ignore[attr-defined]
    assert rule.name not in left  # type: ignore[attr-defined]


def test_the_rules_of_pages_are_those_that_are_listed() -> None:
    assert [rule.name for rule in PAGE_RULES] == [MARKUP, REFERENCE, BOILERPLATE]
    settings = check_params({"clean": {"rules": {MARKUP: "off"}}})["clean"]
    with pytest.raises(ConfigError, match=rf"clean\.rules\.{MARKUP}: no rule has this name"):
        plan(settings)


PAGES = {
    "nested": (
        f"<article><div><section><p>{FIRST} <b>So <i>it</i> was</b>, he <a href='x'>s<em>ai</em>d</a>.</p></section>"
        f"<div><p>{SECOND}</p></div></div></article>",
        f"{FIRST} So it was, he said.\n\n{SECOND}",
    ),
    "references": (
        f"<article><p>{FIRST} AT&amp;T &lt;3 &quot;caf&eacute;&quot; 5&nbsp;&euro; &#8212; &#x1F600; R&D &copy2020.</p></article>",
        f'{FIRST} AT&T <3 "café" 5 € — 😀 R&D ©2020.',
    ),
    "scripts and comments": (
        f"<article><p>{FIRST}<script>var a = '<p>no</p>';</script><!-- <p>no</p> --> He left.</p>"
        f"<style>p {{}}</style><p>{SECOND}</p></article>",
        f"{FIRST} He left.\n\n{SECOND}",
    ),
    "white space": (
        f"<article>\r\n  <p>\r\n    {FIRST.replace(' ', chr(10) + '  ')}<br>\n{SECOND}</p></article>",
        f"{FIRST}\n{SECOND}",
    ),
    "code": (
        f"<article><p>{FIRST}</p><pre>if x:\n    return  &amp;y\n</pre><p>{SECOND}</p></article>",
        f"{FIRST}\n\nif x:\n    return  &y\n\n{SECOND}",
    ),
    "tables in tables": (
        f"<article><p>{FIRST}</p><table><tr><th>Year</th><th>Cost</th></tr><tr><td>2023<td>2 million</tr></table>"
        f"<p>{SECOND}</p></article>",
        f"{FIRST}\n\nYear Cost\n2023 2 million\n\n{SECOND}",
    ),
    "what surrounds it": (
        f"<html><head><title>Bridge</title></head><body><nav><a href=/>Home</a> <a href=/n>News</a></nav><main>"
        f"<article><p>{FIRST}</p><p>{SECOND}</p></article></main><footer>Imprint &amp; rights</footer></body></html>",
        f"{FIRST}\n\n{SECOND}",
    ),
    "broken": (
        f"<html><body></b><article <p><p class=x>{FIRST}<p>He <b>left<p>{SECOND}</i></div></td></html></html> ",
        f"{FIRST}\n\nHe left\n\n{SECOND}",
    ),
    "10,000 deep": ("<div>" * 10_000 + f"<p>{FIRST}</p><p>{SECOND}</p>" + "</div>" * 10_000, f"{FIRST}\n\n{SECOND}"),
    "10,000 that are not closed": (f"<article><p>{FIRST}" + "<font><b>" * 5_000 + f"<p>{SECOND}", f"{FIRST}\n\n{SECOND}"),
    "an icon whose title closes itself": (
        f"<article><p>{FIRST}</p><svg viewBox='0 0 9 9'><title/><path d='M1 1'/></svg><p>{SECOND}</p></article>",
        f"{FIRST}\n\n{SECOND}",
    ),
    "ruby": (
        f"<article><p>{FIRST} <ruby>子<rp>(</rp><rt>こ</rt><rp>)</rp></ruby>ども</p><p>{SECOND}</p></article>",
        f"{FIRST} 子ども\n\n{SECOND}",
    ),
    "unseen": (
        f"<article><p>{FIRST} Infra\u00adstruc&shy;ture\u200b.</p></article>",
        f"{FIRST} Infra\u00adstruc\u00adture\u200b.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    html, text = PAGES[name]
    assert read(html) == text
    assert not read_page(html).missing


def test_references_are_decoded_once() -> None:
    said = "Write &amp;lt;b&amp;gt; and &amp;amp;, &#38;quot;so&amp;quot;; the ministerâ€™s &amp;eacute;."
    html = f"<article><p>{FIRST}</p><p>{said}</p></article>"
    how = plan(check_params({})["clean"])
    (page,) = clean_column(pa.array([html]), how, first={0: read_page(html).edits})
    assert page.edited.text == f"{FIRST}\n\nWrite &lt;b&gt; and &amp;, &quot;so&quot;; the minister’s &eacute;."
    assert inspected(page.edited, how.on_pages()) == page
    # A text whose references nobody has decoded is another thing.
    assert clean_text("AT&amp;T and the ministerâ€™s caf&eacute;", how).edited.text == "AT&T and the minister’s café"


def test_bytes_that_are_no_character_are_replaced_and_flagged() -> None:
    html = f"<nav>Über Künstler, Größe, Änderung, Öl @</nav><article><p>{FIRST}</p><p>Das Café @war früher für Gäste müßig: {SECOND}@</p></article>"
    raw = read_html(html.encode().replace(b"@", b"\xe9"), ["utf-8"])
    page = read_page(raw.text)
    text = EditedText(raw.text).apply(page.edits)
    assert text.revert() == raw.text
    assert text.text == f"{FIRST}\n\nDas Café \ufffdwar früher für Gäste müßig: {SECOND}\ufffd"
    assert not page.missing
    (cleaned,) = clean_column(pa.array([raw.text]), plan(check_params({})["clean"]), first={0: page.edits})
    assert [flag.kind for flag in cleaned.flags] == ["replacement-character"] * 2


def test_what_the_page_says_of_itself_and_where() -> None:
    html = (
        "<html><head><title>Bridge opens - The Site</title><meta property='og:title' content='Bridge opens'>"
        "<meta property='og:site_name' content='The Site'><meta name='author' content='Ines Falk'>"
        "<link rel='canonical' href='https://example.org/bridge'>"
        "<meta property='article:published_time' content='2024-05-06T07:08:09Z'></head>"
        f"<body><article><h1>Bridge opens</h1><p>{FIRST}</p><p>{SECOND}</p></article></body></html>"
    )
    stated = read_page(html).stated
    assert {name: told[0] for name, told in stated.items()} == {
        "title": "Bridge opens",
        "byline": "Ines Falk",
        "publisher": "The Site",
        "url": "https://example.org/bridge",
        "published": "2024-05-06",
    }
    assert all(html[told[1] : told[2]] == told[0] for told in stated.values())
    bad = html.replace("https://example.org/bridge", "javascript:alert(1)").replace(
        "2024-05-06T07:08:09Z", "1850-02-31"
    )
    assert set(read_page(bad).stated) == {"title", "byline", "publisher"}


@pytest.mark.parametrize(
    ("html", "reason", "detail"),
    [
        ("<html><body></body></html>", "no-article", "finds no article"),
        ("<html><body><script>x</script><!-- y --></body></html>", "no-article", "finds no article"),
        ("<p>" + "x" * (4 << 20), "too-large", "a web page of 4,194,307 characters, at most 4,194,304"),
        ("<p>x" * 50_001, "too-large", "a web page of 50,001 elements, at most 50,000"),
        (f"<p {' '.join(f'a{n}' for n in range(1001))}>x", "too-large", "a tag of 1,001 attributes, at most 1,000"),
    ],
)
def test_pages_that_are_refused(html: str, reason: str, detail: str) -> None:
    with pytest.raises(UnreadableError, match=detail) as caught:
        read_page(html)
    assert caught.value.reason == reason


def test_an_article_that_is_not_in_the_page_is_refused() -> None:
    # As where the text stands in a script that trafilatura reads.
    with pytest.raises(UnreadableError, match=r"no-article: .* 0% could be aligned with the page, at least 50%"):
        article_edits(f"<p>{SECOND.upper()}</p>", FIRST)


def test_what_cannot_be_traced_is_marked_and_the_page_keeps_its_own_words() -> None:
    html = f"<p>{FIRST}</p><p>He said “no”, and {SECOND}</p>"
    edits, aligned, missing = article_edits(html, f'{FIRST}Advertisement!He said "no", and {SECOND}')
    text = edited(html, edits)
    assert text.text == f"{FIRST}\n\nHe said “no”, and {SECOND}"
    assert 0.9 < aligned < 1
    (gap,) = missing
    assert html[slice(*gap)] == ".</p><p>H"
    # Of two paragraphs that change places one is out of order: the shorter is left out.
    longer = f"{SECOND} Nobody had expected that, least of all the mayor."
    html = f"<p>{FIRST}</p><p>{longer}</p>"
    edits, aligned, missing = article_edits(html, longer + FIRST)
    assert edited(html, edits).text == longer
    assert missing == [(len(html) - 5, len(html) - 4)]
    assert {edit.confidence for edit in edits if edit.rule == BOILERPLATE} == {aligned}


@settings(max_examples=100)
@given(htmls, st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=6), st.text(max_size=20))
def test_any_text_of_any_page(html: str, parts: list[tuple[int, int]], junk: str) -> None:
    page = visible(html)
    wanted = junk.join(page.text[start : start + size] for start, size in parts)
    try:
        edits, aligned, missing = article_edits(html, wanted)
    except UnreadableError:
        return
    text = EditedText(html).apply(edits)
    assert text.revert() == html
    assert 0.5 <= aligned <= 1
    solid = {int(start): (character, int(end)) for character, start, end, seen in zip(
        page.text, page.start, page.end, page.solid, strict=True) if seen}  # fmt: skip
    places = -1
    for place, character in enumerate(text.text):
        start, end = text.to_raw(place, place + 1)
        if character.isprintable() and not character.isspace() and start in solid and solid[start][0] == character:
            assert places < start or html[start] == "&"  # in order, none twice
            places = start
    for start, end in missing:
        assert 0 <= start < end <= len(html)


@settings(max_examples=100)
@given(htmls)
def test_any_page(html: str) -> None:
    html = f"<article><p>{FIRST}{html}</p></article>"
    try:
        page = read_page(html)
    except UnreadableError as error:
        assert error.reason == "no-article"
    else:
        assert EditedText(html).apply(page.edits).revert() == html


def test_without_the_libraries_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert any(line.startswith("trafilatura ") for line in page_libraries())
    monkeypatch.setitem(PINNED_FOR_PAGES, "not-there", "1.0")
    with pytest.raises(BuildError, match=r"web pages are read with not-there, which .* pip install 'copydesk\[web\]"):
        page_libraries()


def test_neither_the_clock_nor_the_order_of_sets_decides() -> None:
    code = (
        "import json, sys\nfrom copydesk.webpages.page_edits import read_page\n"
        "print(json.dumps([read_page(html) for html in json.load(sys.stdin)]))"
    )
    import json
    import os

    given = json.dumps([html for html, _ in PAGES.values()])
    made = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=given, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(made) == 1
