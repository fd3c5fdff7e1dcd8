"""Sentences are spans: in order, without overlap, covering all but white space."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.sentences import served, split, split_column
from copydesk.sentences.lexicon import languages
from support import ROOT, hard_texts

CASES = {
    "en": [
        ["One.", "Two!", "Three?", "Four"],
        ["Mr. Smith met Gen. Lee.", "They spoke."],
        ["It cost $2.5 million.", "He paid."],
        ["J. R. R. Tolkien wrote it.", "Well."],
        ["“It is not good.”", "However, it held."],
        ["“Speed will save lives.”", "The secretary agreed."],
        ["What was the outcome?", "“None,” he said."],
        ["“Will they print it?” she asked.", "“Difficult to guess,” I said."],
        ["He paused... then went on.", "Done."],
        ["He left (as planned.)", "Then it rained."],
        ["He teaches (he had worked as an engineer.) at the university."],
        ["e.g. Paris and i.e. Rome."],
        ["see example.org.", "Then go."],
        ["Write to jane.doe@example.org.", "She answers."],
        ["He works for the U.S. Government in Virginia.", "It pays."],
        ["I live in the U.S.", "How about you?"],
        ["The deal with Briggs & Co. at noon.", "It closed."],
        ["See No. 5 of the list.", "Oh no.", "He left."],
        ["Did you see Albert I. Jones?", "No, you and I.", "They did."],
        ["She works at Yahoo! in Sunnyvale.", "It shows."],
        ["1. The first thing is this.", "Then go."],
        ["1) The first item.", "2) The second item."],
        ["• 9. The first item", "• 10. The second item"],
        ["He studied at Yale.", "... Later he taught."],
        ["The practice was common.", ". . . Then it ended."],
        ["The map of the world (Figure 1.6).", "It shows states."],
        ["The outbreak [12] spread. [13]", "Then it ended."],
    ],
    "de": [
        ["Am 31. Mai kam Dr. Brune.", "Er ging am 1. Juli."],
        ["Die 27. Große Strafkammer tagte, z.B. in Bonn.", "Das war 1995.", "Dann ging er."],
        ["„Geht das?“ fragte er.", "Sie nickte."],
    ],
    "fr": [
        ["M. Dupont est né vers 50 av. J.-C. à Lyon.", "Il y vécut."],
        ["« Est-ce vrai ? » demande-t-elle.", "« Oui. »", "Elle part."],
    ],
    "es": [["El Sr. Ruiz vive en la Avda. Mayor núm. 5.", "¿Lo sabe Ud.?", "¡Claro!"]],
    "it": [["Il dott. Rossi arrivò alle 5.", "Disse: «Ecco».", "Poi uscì."]],
    "pt": [["O Sr. Silva mora na Av. Brasil.", "Ele saiu cedo."]],
    "nl": [["De heer dr. Jansen kwam o.a. uit Gent.", "Hij bleef."]],
    "cs": [["Dne 5. května přišel Ing. Novák.", "Potom odešel."]],
    "pl": [["Prof. Kowalski mieszka przy ul. Długiej.", "Jest tam od 3. roku życia."]],
    "ru": [["В 1916 г. он жил на ул. Ленина, т. е. в центре.", "Потом уехал."], ["Это всё?", "– Да, – сказал он."]],
    "uk": [["Народилася 23 березня 1974 р. в Києві.", "Вона вчилася."], ["«Можна?» – запитує жінка.", "Ні."]],
    "zh": [["今天下雨。", "明天呢？", "好！"], ["他说：“今天下雨。”", "我们走了。"]],
    "ja": [["今日は雨です。", "「明日は？」", "はい。"]],
    None: [
        ["Γεια σου.", "Τι κάνεις; Καλά."],
        ["हम गए।", "वे आए।"],
        ["ذهبنا إلى هناك.", "هل رأيتم؟", "نعم."],
        ["Ut A. Gellius scripsit.", "Deinde abiit."],
    ],
}


@pytest.mark.parametrize(
    ("language", "sentences"), [(language, case) for language, cases in CASES.items() for case in cases]
)
def test_sentences_of_real_text(language: str | None, sentences: list[str]) -> None:
    text = (" " if language not in ("zh", "ja") else "").join(sentences)
    assert [text[start:end] for start, end in split(text, language)] == sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It ended the war.Russia left.", ["It ended the war.", "Russia left."]),
        ("Is it over?Russia left.", ["Is it over?", "Russia left."]),
        ("in the U.S.A and Node.js, at St.Petersburg", ["in the U.S.A and Node.js, at St.Petersburg"]),
        ("one line\nanother line\n\n  third ", ["one line", "another line", "third"]),
        ("a title.\n\n\nA text. It ends", ["a title.", "A text.", "It ends"]),
        ("", []),
        (" \n ", []),
        ("...", ["..."]),
        ("\u00a0He left.\u2003She stayed.\u00a0", ["He left.", "She stayed."]),
    ],
)
def test_spaces_lines_and_lost_spaces(text: str, sentences: list[str]) -> None:
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
    for language in (*languages(), None):
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


def test_a_column_is_split_as_its_texts_are_alone() -> None:
    texts = [" ".join(case) for cases in CASES.values() for case in cases]
    languages = [language for language, cases in CASES.items() for _ in cases]
    found = split_column(pa.array(texts), languages)
    assert [list(zip(f.starts, f.ends, strict=True)) for f in found] == [
        split(text, language) for text, language in zip(texts, languages, strict=True)
    ]


@pytest.mark.parametrize("unit", ["a. ", ".", "\"'(“”)", "U.S. ", "x", "A ", ". ", "• ", "w.W", "\n", "; A", '."'])
def test_hostile_text_is_covered(unit: str) -> None:
    text = unit * 20_000
    assert_covers(text, split(text))


def test_languages_say_whether_they_are_served() -> None:
    assert {"cs", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "uk", "zh"} == set(languages())
    assert [served(language) for language in ("en", "ru", "la", None, "../en", "weights")] == [
        "en",
        "ru",
        *["und"] * 4,
    ]
