"""The short ways of the splitter give what the long way gives, for any text."""

from __future__ import annotations

import lzma
import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from copydesk.sentences.candidates import candidates, candidates_by_line
from copydesk.sentences.lexicon import languages, lexicon
from copydesk.sentences.model import ends_sentence
from support import ROOT, hard_texts

LANGUAGES = [*languages(), None]
DEV = ROOT / "benchmarks" / "quality" / "open" / "sentences" / "dev.jsonl.xz"
WORDS = (
    "house The the He said went Paris Dr No I J X. 5 31 1998 3.5 U.S U.S. a.m e.g etc Inc Nov May in ft p.m Yahoo g г "
    '1 1) a i iv • * - – — -- § № “It” "So" (see [4] .4 :-) www.a.org x@y.z com NASA WTC l\'heure Mio Straße Goethestr '
    "«Да» Он сказал डॉ नमस्ते 他说 。 שלום القاهرة"
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
    '." ',
    ") ",
    ".) ",
    ".4 ",
    " . ",
    " ",
]
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


@given(texts_of_words, st.sampled_from(LANGUAGES))
@settings(max_examples=400)
def test_words_and_marks_in_any_order(text: str, language: str | None) -> None:
    assert short_way(text, language) == long_way(text, language)


@given(hard_texts, st.sampled_from(LANGUAGES))
def test_any_text(text: str, language: str | None) -> None:
    assert short_way(text, language) == long_way(text, language)


@pytest.mark.parametrize("language", ["en", "de", "ru", None])
def test_texts_of_treebanks(language: str | None) -> None:
    documents = [json.loads(line) for line in lzma.open(DEV, "rt", encoding="utf8")]
    for document in documents[:: 4 if language == "en" else 12]:
        assert short_way(document["text"], language) == long_way(document["text"], language), document["id"]


def test_most_candidates_of_prose_need_no_context() -> None:
    text = "The mill closed in spring. Its owner moved - nobody knew where. Did they ask? They did. All of it was sold."
    assert len(list(candidates(text, lexicon("en")))) == 5
    ((_, _, found),) = candidates_by_line(text, lexicon("en"), only_doubtful=True)
    assert [context for _, context in found] == [None] * 4  # for the dash none: no sentence can end there
