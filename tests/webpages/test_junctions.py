"""A paragraph stays whole, whatever stands beside it that begins or ends as it does."""

from __future__ import annotations

import re
from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from copydesk.text import EditedText
from copydesk.webpages.junctions import settled
from copydesk.webpages.page_edits import article_edits, read_page
from copydesk.webpages.text_alignment import codes, matching_runs

OPENING = (
    "The mayor of the city said on Monday that the new bridge over the harbour would open at the end of the year."
)
MIDDLE = (
    "After the speech a band played, and nobody could say how long the crowd of several hundred people would stay."
)
ENDING = "No one had expected that, since it had been planned for ten years, and was to cost more than seven million."

#: What pages have between two paragraphs that is no part of the article.
BLOCKS = (
    "<figure><img src=x><figcaption>{}</figcaption></figure>",
    "<aside>{}</aside>",
    "<button>{}</button>",
    "<nav>{}</nav>",
    "<div class=related><ul><li><a href=/a>{}</a></li><li><a href=/b>More of the same</a></li></ul></div>",
    "<div><div class=ad><span>{}</span></div></div>",
    "<table class=ad><tr><td>{}</td></tr></table>",
)
_WORDS = st.sampled_from("A Anna After and the then mayor bridge said No one nobody opened".split())
_WORDS_AROUND = st.lists(_WORDS, min_size=2, max_size=5).map(" ".join)
_MIDDLES = tuple(
    text.strip(" .")
    for text in (OPENING[30:70], MIDDLE[20:70], ENDING[15:70], OPENING[70:], MIDDLE[65:], ENDING[62:])
)


def clean(html: str, article: str | None = None) -> str:
    edits = read_page(html).edits if article is None else article_edits(html, article)[0]
    text = EditedText(html).apply(edits)
    assert text.revert() == html
    return text.text


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(
    "beside",
    [
        "Anna plays",
        "After",
        "After the speech.",
        "Advertisement",
        "the crowd of people would stay.",
        "A",
        MIDDLE[:60],
    ],
)
def test_a_paragraph_beside_a_block_that_begins_or_ends_alike_is_whole(block: str, beside: str) -> None:
    left_out = block.format(beside)
    html = f"<article><p>{OPENING}</p>{left_out}<p>{MIDDLE}</p>{left_out}<p>{ENDING}</p></article>"
    assert clean(html, OPENING + MIDDLE + ENDING) == f"{OPENING}\n\n{MIDDLE}\n\n{ENDING}"


@pytest.mark.parametrize("block", [*BLOCKS[:3], BLOCKS[4]])
def test_a_page_as_trafilatura_reads_it_has_whole_paragraphs(block: str) -> None:
    html = (
        f"<html><body><article><p>{OPENING}</p>{block.format('After Anna')}<p>{MIDDLE}</p><p>{ENDING}</p></article>"
    )
    assert {OPENING, MIDDLE, ENDING} <= set(clean(html).split("\n\n"))


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(_WORDS_AROUND, _WORDS_AROUND, st.sampled_from(BLOCKS), st.integers(0, 40), st.booleans()),
        min_size=2,
        max_size=len(_MIDDLES),
    )
)
def test_paragraphs_between_parts_of_themselves_are_whole(parts: list[tuple[str, str, str, int, bool]]) -> None:
    paragraphs = [f"{first} {middle} {last}." for (first, last, *_), middle in zip(parts, _MIDDLES, strict=False)]
    html = ""
    for (*_, block, size, at_end), before, behind in zip(parts, ["", *paragraphs], paragraphs, strict=False):
        beside = before[len(before) - size :] if at_end else behind[:size]
        html += (block.format(beside) if beside.strip() else "") + f"<p>{behind}</p>"
    assert clean(html, "".join(paragraphs)).split("\n\n") == paragraphs


@settings(max_examples=100)
@given(st.text("ab", max_size=60), st.text("ab", max_size=60), st.lists(st.integers(0, 5), min_size=61, max_size=61))
def test_junctions_move_and_nothing_is_lost(wanted: str, text: str, parts: list[int]) -> None:
    found = matching_runs(wanted, text)
    moved = settled(found, codes(text), np.array(parts, dtype=np.int8))
    assert sum(run.length for run in moved) == sum(run.length for run in found)
    assert all(wanted[start : start + size] == text[place : place + size] != "" for start, place, size in moved)
    for run, following in pairwise(moved):
        assert run.start + run.length <= following.start
        assert run.place + run.length <= following.place


def test_within_a_block_a_word_stays_whole() -> None:
    html = f"<p>{OPENING} <a href=/x>Anzeige</a> And {MIDDLE}</p>"
    assert clean(html, f"{OPENING} And {MIDDLE}") == f"{OPENING} And {MIDDLE}"
    html = f"<p>{OPENING} <button>Anzeige</button> And {MIDDLE}</p>"
    assert clean(html, f"{OPENING} And {MIDDLE}") == f"{OPENING} And {MIDDLE}"


def test_letters_that_were_found_by_chance_are_left_out_and_the_place_is_flagged() -> None:
    lost = "Weltweit finanzieren Banken Unternehmungen"
    html = f"<p>{OPENING}</p><p>Welt der Wunder</p><p>Sie passieren</p><p>Mehr Unternehmen</p><p>{MIDDLE}</p>"
    edits, aligned, missing = article_edits(html, f"{OPENING}{lost}{MIDDLE}")
    assert EditedText(html).apply(edits).text == f"{OPENING}\n\n{MIDDLE}"
    assert aligned < 1
    assert [html[start:end] for start, end in missing] == [html[html.index("year.") + 4 : html.index("After") + 1]]
    # A whole block is no chance, however short it is.
    html = f"<p>{OPENING}</p><h2>1926</h2><p>{MIDDLE}</p>"
    assert clean(html, f"{OPENING}{lost}1926{MIDDLE}") == f"{OPENING}\n\n1926\n\n{MIDDLE}"


def test_a_page_of_one_letter_takes_no_longer_than_another() -> None:
    letters = "<p>" + "a" * 50 + "</p>"
    html = letters * 4000
    assert re.sub(r"\s", "", clean(html, "a" * 150_000)) == "a" * 150_000
