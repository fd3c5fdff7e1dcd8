"""Signals and duplicates of real texts."""

from __future__ import annotations

import hashlib

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import given

from copydesk.description.duplicates.minhash import normalised, text_keys
from copydesk.description.signals.signals import signals
from support import hard_texts, words_of


def signals_of(*texts: str) -> list[dict[str, float]]:
    columns = signals(pa.array(texts, pa.string()))
    columns = {name: columns[name] for name in ("characters", "words", "mean_word_length", "symbol_word_ratio")}
    return [
        dict(zip(columns, row, strict=True)) for row in zip(*(c.to_pylist() for c in columns.values()), strict=True)
    ]


def test_signals_count_what_they_say() -> None:
    assert signals_of("Two words… #tag ...", "", "ééé") == [
        {"characters": 19, "words": 4, "mean_word_length": 4.0, "symbol_word_ratio": 0.75},
        {"characters": 0, "words": 0, "mean_word_length": 0.0, "symbol_word_ratio": 0.0},
        {"characters": 3, "words": 1, "mean_word_length": 3.0, "symbol_word_ratio": 0.0},
    ]


@given(st.lists(hard_texts, max_size=4))
def test_columns_agree_with_counting_one_by_one(texts: list[str]) -> None:
    for text, found in zip(texts, signals_of(*texts), strict=True):
        words = words_of(text)
        assert found["characters"] == len(text)
        assert found["words"] == len(words)
        assert found["mean_word_length"] == (sum(map(len, words)) / len(words) if words else 0)


def test_keys_ignore_case_punctuation_and_space_where_asked() -> None:
    texts = pa.array(["The war, then.", "the  war\nthen", "The war then?", "The wars then"])
    one, two, three, four = text_keys(normalised(texts)).to_pylist()
    assert one == two == three != four
    assert len(set(text_keys(texts).to_pylist())) == 4
    assert text_keys(texts)[0].as_py() == hashlib.sha256(b"The war, then.").hexdigest()


def test_texts_without_letters_are_not_all_the_same() -> None:
    assert len(set(text_keys(normalised(pa.array(["!!!", "???", "", " "]))).to_pylist())) == 4
