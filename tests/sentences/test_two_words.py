"""The short ways of the splitter give what the long way gives, for any text."""

from __future__ import annotations

import json
import lzma
from itertools import cycle, islice, product

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from copydesk.sentences.candidates import candidates, candidates_by_line
from copydesk.sentences.certain_cases import TELLING, ends, goes_on, may_end, may_go_on
from copydesk.sentences.lexicon import ABBREVIATIONS, languages, lexicon
from copydesk.sentences.model import ends_sentence
from support import ROOT, hard_texts

LANGUAGES = [*languages(), None]
DEV = ROOT / "benchmarks" / "quality" / "open" / "sentences" / "dev.jsonl.xz"
#: Words of all classes, in several languages.
WORDS = (
    "house The the He said says Says Paris went xyz NASA US WTC XII VI I I'm J A x a i iv g г Dr Fig No no Nov May May, in ft "
    "etc e.g U.S U.S. a.m Inc Corp Mio Mr. No. Yahoo Goethestr Straße Он сказал мая डॉ 5 31 1998 3.5 2.1 12: 4:8 1) (5) "
    '“It” “the "So" “ « (see (The , ), - – — -- -word § № * • ** *** !! ... :-) [4] [x] .4 www.a.org x@y.z com '
    "l'heure war-torn שלום 他说"
).split()
MARKS = [
    ". ",
    "! ",
    "? ",
    "… ",
    "... ",
    "; ",
    ": ",
    " - ",
    " – ",
    "— ",
    ".",
    "?",
    ".” ",
    '."',
    ") ",
    ".) ",
    ".4 ",
    ".[2] ",
    " . ",
]
MARKS += [" ", "? ... ", "?! "]
AROUND = [
    *(("", "of it"), ("We met on ", "Paris"), ("In 12 ", "says it"), ("(He said “no ", ""), ("X. the ", "12 of")),
    *(("Look: Ann ", "“No"), ("a b c d e f g ", ""), ("in\u00a0", "She"), ("the  ", "She"), ("an\t", "She")),
]
BEFORE = [
    *ABBREVIATIONS,
    *"initial I acronym dotted letter number2 number3 decimal ordinal Word Wor word item".split(),
]
AFTER = ["Starter", "I", "Word", "digits", "sign", "low", "says", "dash", "inner", *TELLING]
texts_of_words = st.lists(
    st.tuples(
        st.sampled_from(WORDS), st.sampled_from([*MARKS, ". ", ". ", " ", " ", "\n", ".\n", " \n", "  ", "\u00a0"])
    )
).map(lambda pairs: "".join(map("".join, pairs)))


def long_way(text: str, language: str | None) -> list[int]:
    places = candidates(text, lexicon(language))
    return [end for end, context in places if context is None or ends_sentence(context)]


def short_way(text: str, language: str | None) -> list[int]:
    lines = candidates_by_line(text, lexicon(language), only_doubtful=True)
    places = [place for _, _, found in lines for place in found]
    return [end for end, context in places if context is None or ends_sentence(context)]


@pytest.mark.parametrize("language", ["en", pytest.param("de", marks=pytest.mark.slow), None])
def test_marks_between_words_of_all_classes(language: str | None) -> None:
    around = cycle(AROUND)
    for number, mark in enumerate(MARKS):
        lines = []
        for before, after in islice(product(WORDS, WORDS), number % 3, None, 3):  # a third of the pairs for each mark
            left, right = next(around)
            lines.append(f"{left}{before}{mark}{after} {right}")
        careful = "\n".join(lines)
        assert short_way(careful, language) == long_way(careful, language), mark


@pytest.mark.parametrize("before", BEFORE)
def test_certain_cases_are_foreseen_by_the_two_words(before: str) -> None:
    for after, first, later, casual in product(sorted(AFTER), (True, False), ("digits", "item", "low"), range(4)):
        if goes_on(before, first, after, later, casual):
            assert may_go_on(".", before, after)
    for after, earlier, opener in product(sorted(AFTER), ("month", "word"), ("", "quote", "bracket")):
        if ends(before, earlier, opener, after):
            assert may_end(".", before, opener, after)


@given(texts_of_words, st.sampled_from(LANGUAGES))
@settings(max_examples=400)
def test_words_and_marks_in_any_order(text: str, language: str | None) -> None:
    assert short_way(text, language) == long_way(text, language)


@given(hard_texts, st.sampled_from(LANGUAGES))
def test_any_text(text: str, language: str | None) -> None:
    assert short_way(text, language) == long_way(text, language)


@pytest.mark.parametrize("language", ["en", "de", "ru", None])
def test_texts_of_treebanks(language: str | None) -> None:
    documents = [json.loads(line) for line in lzma.decompress(DEV.read_bytes()).decode().splitlines()]
    for document in documents[:: 4 if language == "en" else 12]:
        assert short_way(document["text"], language) == long_way(document["text"], language), document["id"]


def test_most_candidates_of_prose_need_no_context() -> None:
    text = (
        "The mill closed in spring. Its owner moved - nobody knew where. Did they ask? They did. All of it was sold."
    )
    assert len(list(candidates(text, lexicon("en")))) == 5
    ((_, _, found),) = candidates_by_line(text, lexicon("en"), only_doubtful=True)
    assert [context for _, context in found] == [None] * 4  # for the dash none: no sentence can end there


def test_what_these_leave_open_keeps_its_context() -> None:
    ((_, _, found),) = candidates_by_line("See chapter 12. Houses are dear.", lexicon("en"), only_doubtful=True)
    assert found == list(candidates("See chapter 12. Houses are dear.", lexicon("en")))
    assert found[0][1] is not None
