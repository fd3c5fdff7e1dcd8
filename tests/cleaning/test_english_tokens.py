"""What is looked at fast in an English text is what a slow look finds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning import english_tokens, glued_odds, glued_traces
from copydesk.cleaning.word_splitting import may_be_several
from copydesk.language.english_words import common_words
from copydesk.language.vocabularies import vocabulary

_PIECES = (
    "the of The ofsilence silence hadresigned had resigned RussiaMilitary Military Russia ofthe in inthe".split()
)
_PIECES += "refusedto to MilitaryThreat Threat zqxj don't bringsMilitary ’s end.Next one,two (a)b thatvoice".split()
_TEXTS = st.lists(st.sampled_from([*_PIECES, "\n", "“", "”", "1", "é"]), max_size=60).map(" ".join)


@given(st.text("abÀßé’'ʼ_1²½Ⅷ.,—“\u00a0\u2028\u0301 \n中д", max_size=40))
def test_tokens_are_those_that_the_pattern_finds(text: str) -> None:
    tokens = english_tokens.TOKEN.findall(text)
    assert english_tokens.english_tokens(text) == tokens
    assert english_tokens.count_tokens(text) == Counter(tokens)


@given(st.text("abAé,;.!?)]( \n1", max_size=40))
def test_joints_are_at_most_the_marks_before_letters(text: str) -> None:
    assert sum(1 for _ in glued_odds._JOINTS.finditer(text)) <= english_tokens.most_joints(text)


@given(_TEXTS)
def test_notable_tokens_are_those_that_may_be_several_words_or_are_in_no_list(text: str) -> None:
    counts, words = english_tokens.count_tokens(text), vocabulary("en")
    unusual = {t for t in counts if t not in common_words() and 2 < len(t) <= english_tokens.LONGEST}
    notable = {t for t in unusual if may_be_several(t, words) or english_tokens.is_unknown(t, words)}
    assert english_tokens.notable_tokens(counts) == notable
    assert english_tokens.notable_tokens(counts) == notable  # when the others are remembered, too


def test_a_text_of_unusual_words_alone_has_no_notable_tokens() -> None:
    letters = "bcdfghjklm"
    words = [f"zq{a}{b}{c}{d}" for a in letters for b in letters for c in letters for d in "bc"]
    assert english_tokens.notable_tokens(Counter(words)) == set()
    assert english_tokens.notable_tokens(Counter([*words, *["the"] * 300])) == set(words)


@given(_TEXTS)
def test_where_no_cut_may_be_likely_none_is(text: str) -> None:
    counts, words = english_tokens.count_tokens(text), vocabulary("en")
    cut = glued_odds._cut(counts, english_tokens.notable_tokens(counts), words)
    if cut and not glued_odds._may_be_likely(text, cut, words):
        odds = glued_odds._odds(text, cut, words).values()
        assert all(glued_odds._probability(split, evidence, words) < glued_odds._LIKELY for split, evidence in odds)


@pytest.mark.parametrize(
    ("text", "may_be"), [("He was full ofsilence and hadresigned.", True), ("The riverbanker was full. " * 2, False)]
)
def test_a_cut_may_be_likely_where_one_is(text: str, *, may_be: bool) -> None:
    counts, words = english_tokens.count_tokens(text), vocabulary("en")
    cut = glued_odds._cut(counts, english_tokens.notable_tokens(counts), words)
    assert bool(cut and glued_odds._may_be_likely(text, cut, words)) == may_be
    assert bool(glued_odds._english_odds(text)) == may_be


@given(st.text("abofthe,.A1(’” \n\u00a0\u0085é", max_size=40))
def test_a_trace_stands_in_a_run_without_white_space(text: str) -> None:
    assert glued_traces.has_trace(text) == bool(glued_traces.TRACE.search(text))
    assert glued_traces.has_trace(text) == bool(glued_traces.TRACE.search(text))  # when the other runs are remembered
