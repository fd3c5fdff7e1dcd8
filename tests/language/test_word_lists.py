"""Word lists: which one a language has, which words are most frequent, and how many words are built with a part."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Literal

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordfreq import get_frequency_dict

from copydesk.errors import CopydeskError
from copydesk.language import english_words
from copydesk.language.vocabularies import Vocabulary, _most_frequent, vocabulary
from copydesk.language.word_frequencies import frequencies_in, frequency_in
from copydesk.language.word_lists import read_word_list

LISTS = st.dictionaries(st.text("abc", min_size=1, max_size=7), st.sampled_from([1e-3, 1e-4, 1e-5]), max_size=120)


def test_english_has_the_long_list() -> None:
    rare = next(word for word in english_words.frequencies() if word not in frequencies_in("en") and word.isalpha())
    assert frequency_in(rare, "en") == english_words.frequency(rare) > 0
    assert frequency_in("Regierung", "de") == frequencies_in("de")["regierung"]
    assert frequency_in("anything", "xx") == frequency_in("anything", None) == 0


@pytest.mark.parametrize(("language", "size"), [("en", "large"), ("de", "small"), ("sh", "small"), ("ru", "small")])
def test_a_list_is_that_of_its_package(language: str, size: Literal["small", "large"]) -> None:
    words = get_frequency_dict(language, size)
    assert list(read_word_list(language, size).items()) == list(words.items())


@pytest.mark.parametrize("language", ["xx", "../small_de", ""])
def test_a_language_without_a_list_has_no_words(language: str) -> None:
    assert read_word_list(language, "small") == {}


def test_a_list_in_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "small_de.msgpack.gz").write_bytes(
        gzip.compress(msgpack.packb([{"format": "cB", "version": 2}, ["und"]]))
    )
    with pytest.raises(
        CopydeskError, match=r"small_de.msgpack.gz: expected .* version 1, found .* requirements.lock"
    ):
        read_word_list("de", "small", tmp_path)


@given(LISTS)
def test_the_most_frequent_words_are_those_of_the_sorted_list(frequencies: dict[str, float]) -> None:
    by_frequency = sorted(frequencies, key=lambda word: (-frequencies[word], word))
    assert _most_frequent(frequencies) == by_frequency[:80]


@given(LISTS, st.text("abc", min_size=1, max_size=4))
def test_a_family_is_the_words_of_a_part_and_another_word(frequencies: dict[str, float], part: str) -> None:
    words = Vocabulary("de", frequencies)
    firsts = [
        w for w in frequencies if w.startswith(part) and len(w) >= len(part) + 3 and w[len(part) :] in frequencies
    ]
    lasts = [
        w for w in frequencies if w.endswith(part) and len(w) >= len(part) + 3 and w[: -len(part)] in frequencies
    ]
    assert words.family_of_first(part) == len(firsts)
    assert words.family_of_last(part) == len(lasts)


def test_a_list_stays_loaded_while_others_are_used() -> None:
    first = vocabulary("de")
    for language in "bg ca cs da el es fi fr hu id it lt lv nl pl pt ro ru sk sl sv tr uk".split():
        vocabulary(language)
    assert vocabulary("de") is first
