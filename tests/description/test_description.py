"""Language, signals and duplicates of real texts."""

from __future__ import annotations

import hashlib

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.description.duplicates import group, text_keys
from copydesk.description.language import detect
from copydesk.description.signals import signals
from support import ROOT, hard_texts

#: The first article of the Universal Declaration of Human Rights, in several languages (public domain).
RIGHTS = {
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen. Das ist der Anfang, und es wird nicht das Ende sein.",
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience "
    "and should act towards one another in a spirit of brotherhood.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros. Así es para todas las personas.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza. Questo è il principio che non cambia.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, devem agir uns para com os outros em espírito de fraternidade, como se diz aos mais novos.",
    None: "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью.",
}


@pytest.mark.parametrize("language", RIGHTS)
def test_the_language_is_told_or_left_open(language: str | None) -> None:
    labels, scores = detect(pa.array([RIGHTS[language]]))
    assert labels.to_pylist() == [language]
    assert (scores[0].as_py() >= 0.15) == (language is not None)


def test_the_articles_are_english() -> None:
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
    assert detect(pa.array(texts))[0].to_pylist() == ["en", "en"]


def test_no_texts_have_no_language() -> None:
    labels, scores = detect(pa.array([], pa.string()))
    assert (len(labels), len(scores)) == (0, 0)


@pytest.mark.parametrize("text", ["", "1234 5678", "👩 👩", "xyzzy plugh"])
def test_what_has_no_function_words_has_no_language(text: str) -> None:
    assert [column.to_pylist() for column in detect(pa.array([text]))] == [[None], [0.0]]


def signals_of(*texts: str) -> list[dict[str, float]]:
    columns = signals(pa.array(texts, pa.string()))
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
        words = text.split()
        assert found["characters"] == len(text)
        assert found["words"] == len(words)
        assert found["mean_word_length"] == (sum(map(len, words)) / len(words) if words else 0)


def test_keys_ignore_case_punctuation_and_space_where_asked() -> None:
    texts = pa.array(["The war, then.", "the  war\nthen", "The war then?", "The wars then"])
    one, two, three, four = text_keys(texts, normalise=True).to_pylist()
    assert one == two == three != four
    assert len(set(text_keys(texts, normalise=False).to_pylist())) == 4
    assert text_keys(texts, normalise=False)[0].as_py() == hashlib.sha256(b"The war, then.").hexdigest()


def test_texts_without_letters_are_not_all_the_same() -> None:
    assert len(set(text_keys(pa.array(["!!!", "???", "", " "]), normalise=True).to_pylist())) == 4


def grouped(keys: list[str]) -> tuple[list[str | None], list[str | None]]:
    ids = pa.array([f"d{n}" for n in range(len(keys))], pa.string())
    duplicate_of, duplicate_group = group(ids, pa.array(keys, pa.string()))
    return duplicate_of.to_pylist(), duplicate_group.to_pylist()


def test_the_first_of_a_group_is_kept() -> None:
    assert grouped(["x", "y", "x", "z", "x", "y"]) == (
        [None, None, "d0", None, "d0", "d1"],
        ["d0", "d1", "d0", None, "d0", "d1"],
    )
    assert grouped([]) == ([], [])


@given(st.lists(st.sampled_from("abcdef"), max_size=30))
def test_groups_are_those_of_equal_keys(keys: list[str]) -> None:
    duplicate_of, duplicate_group = grouped(keys)
    for n, key in enumerate(keys):
        first = keys.index(key)
        assert duplicate_of[n] == (f"d{first}" if first != n else None)
        assert duplicate_group[n] == (f"d{first}" if keys.count(key) > 1 else None)
