"""Sentences are spans: in order, without overlap, covering all but white space."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.sentences import split, split_column
from support import ROOT, hard_texts


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Mr. Smith met Gen. Lee. They spoke.", ["Mr. Smith met Gen. Lee.", "They spoke."]),
        ("It cost $2.5 million. He paid.", ["It cost $2.5 million.", "He paid."]),
        ("J. R. R. Tolkien wrote it. Well.", ["J. R. R. Tolkien wrote it.", "Well."]),
        ("“It is not good.” However, it held.", ["“It is not good.”", "However, it held."]),
        ("“Speed will save lives.” The secretary agreed.", ["“Speed will save lives.”", "The secretary agreed."]),
        ("What was the outcome? “None,” he said.", ["What was the outcome?", "“None,” he said."]),
        ("He paused... then went on. Done.", ["He paused... then went on.", "Done."]),
        ("He left (as planned.) Then it rained.", ["He left (as planned.)", "Then it rained."]),
        ("one line\nanother line\n\n  third ", ["one line", "another line", "third"]),
        ("今天下雨。明天呢？好！", ["今天下雨。", "明天呢？", "好！"]),
        ("e.g. Paris and i.e. Rome.", ["e.g. Paris and i.e. Rome."]),
        ("see example.org. Then go.", ["see example.org.", "Then go."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_of_real_text(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in split(text)] == sentences


def assert_covers(text: str, spans: list[tuple[int, int]]) -> None:
    position = 0
    for start, end in spans:
        assert position <= start < end
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


@given(hard_texts)
def test_any_text_is_covered_up_to_white_space(text: str) -> None:
    for language in ("en", "de", None):
        assert_covers(text, split(text, language))


@given(hard_texts)
def test_no_sentence_crosses_a_line(text: str) -> None:
    assert not any("\n" in text[start:end] for start, end in split(text))


def test_paragraphs_are_lines_with_sentences() -> None:
    (spans,) = split_column(pa.array(["One. Two.\n\n \nThree.\nFour"]), ["en"])
    assert spans.paragraphs == [0, 0, 1, 2]


def test_each_text_has_its_own_language() -> None:
    texts = ["Gen. Lee left.", "Gen. Lee left."]
    assert [len(spans.starts) for spans in split_column(pa.array(texts), ["en", None])] == [1, 2]


@pytest.mark.parametrize("unit", ["a. ", ".", "U.S. ", "\"'", "([", "word", "。", ".\n", '." '])
def test_hostile_texts_are_split(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert_covers(text, split(text))


def test_the_articles_have_the_sentences_a_reader_sees() -> None:
    article = next((ROOT / "seeds").glob("000_*.txt")).read_text("utf-8")
    sentences = [article[s:e] for s, e in split(article)]
    assert sentences[0].endswith("offensive of the Russian army.")
    assert sentences[1].startswith("While many of the strategic points")
