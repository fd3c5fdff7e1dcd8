"""What is looked at fast in an English text is what a slow look finds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning import english_tokens, glued_odds
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
    assert english_tokens.english_tokens(text) == english_tokens.TOKEN.findall(text)


@given(st.text("abAé,;.!?)]( \n1", max_size=40))
def test_joints_are_at_most_the_marks_before_letters(text: str) -> None:
    assert sum(1 for _ in glued_odds._JOINTS.finditer(text)) <= english_tokens.most_joints(text)


@given(_TEXTS)
def test_notable_tokens_are_those_that_may_be_several_words_or_are_in_no_list(text: str) -> None:
    tokens, words = english_tokens.english_tokens(text), vocabulary("en")
    unusual = {t for t in tokens if t not in common_words() and 2 < len(t) <= english_tokens.LONGEST}
    notable = {t for t in unusual if may_be_several(t, words) or english_tokens.is_unknown(t, words)}
    assert english_tokens.notable_tokens(tokens) == notable
    assert english_tokens.notable_tokens(tokens) == notable  # when the others are remembered, too


def test_a_text_of_unusual_words_alone_has_no_notable_tokens() -> None:
    letters = "bcdfghjklm"
    words = [f"zq{a}{b}{c}{d}" for a in letters for b in letters for c in letters for d in "bc"]
    assert english_tokens.notable_tokens(words) == set()
    assert english_tokens.notable_tokens([*words, *["the"] * 300]) == set(words)


@given(_TEXTS)
def test_where_no_cut_may_be_likely_none_is(text: str) -> None:
    tokens, words = english_tokens.english_tokens(text), vocabulary("en")
    cut = glued_odds._cut(tokens, english_tokens.notable_tokens(tokens), words)
    if cut and not glued_odds._may_be_likely(text, tokens, cut, words):
        odds = glued_odds._odds(text, tokens, cut, words).values()
        assert all(glued_odds._probability(split, evidence, words) < glued_odds._LIKELY for split, evidence in odds)


@pytest.mark.parametrize(
    ("text", "may_be"), [("He was full ofsilence and hadresigned.", True), ("The riverbanker was full. " * 2, False)]
)
def test_a_cut_may_be_likely_where_one_is(text: str, *, may_be: bool) -> None:
    tokens, words = english_tokens.english_tokens(text), vocabulary("en")
    cut = glued_odds._cut(tokens, english_tokens.notable_tokens(tokens), words)
    assert bool(cut and glued_odds._may_be_likely(text, tokens, cut, words)) == may_be
    assert bool(glued_odds._english_odds(text)) == may_be
    assert not cut or Counter(tokens) == cut.counts


@given(st.text("abofthe,.A1(’” \n\u00a0\u0085é", max_size=40))
def test_a_trace_stands_in_a_run_without_white_space(text: str) -> None:
    assert glued_odds.has_trace(text) == bool(glued_odds.TRACE.search(text))
    assert glued_odds.has_trace(text) == bool(glued_odds.TRACE.search(text))  # when the other runs are remembered
