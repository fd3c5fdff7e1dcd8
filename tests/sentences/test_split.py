"""Sentences are spans: in order, without overlap, covering all but white space."""

from __future__ import annotations

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.sentences import served, split, split_column
from copydesk.sentences.candidates import candidates
from copydesk.sentences.lexicon import languages, lexicon
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
        ["Happy! ... nobody had said so."],
        ["Happy!... nobody had said so.", "He wept."],
        ["The U.S. Chamber of Commerce objects.", "It is in the U.S.", "We are not."],
        ["At 5 a.m. Mr. Smith went out.", "He came at 5 a.m.", "She slept."],
        ["In 300 A.D. Rome was large.", "It fell in 476 A.D.", "Then it was small."],
        ["J.L. Henry has no telephone.", "O.K.", "Let us go."],
        ["He is 5 ft. 6 in. tall.", "This is the house he lives in.", "She left."],
        ["The stock is dead, says an analyst at Loews Corp.", "“I think so.”"],
        ["Visit www. example. com for more.", "It is free."],
        ["The function (see. section 4) is slow.", "It waits."],
        ["Father Came Too ! is a British film.", "It is old."],
        ["Hydrogen is a gas. [1][2] [3]", "It has no colour."],
        ["He said `This is new.`", "Then he left."],
        ["* Be kind.", "* Be honest."],
        ["She is heard in '' American Dad ! '' and in '' All Grown Up ! '' .", "He is not ."],
        ["a. The first item is good.", "b. The second is not."],
        ["The practice was common.", ". . . Then it ended."],
        ["The map of the world (Figure 1.6).", "It shows states."],
        ["The outbreak [12] spread. [13]", "Then it ended."],
        ["The mill closed in spring.[4]", "Its owner moved away.[citation needed]", "Nobody knew."],
        ["It rained in spring.⁴", "The river rose.(4)", "The mill stood still.12", "It was 3.5 million."],
        ["It opens on Oct. 1.", "The city paid."],
        ["The races begin on Nov. 5.", "Gulf winds are expected."],
        ["He will preach at 7:30 p.m. Sunday in Ankara.", "All may come."],
        ["The course asks for Ph.D.-level knowledge.", "It is hard."],
        ["The verse (Phil. 4:8) is well known, and so is 1 Cor. 13:4.", "It was read."],
        ["See id. § 1985(3).", "Nor does Fed. R. Civ. P. 12(b)(6) help him."],
        ["M/s. Alpha Foods Pvt. Ltd. filed W.P. No. 12 of 2019.", "It was heard."],
        ["They feared for Sino-U.S. relations.", "It cost Rs. 500."],
        ["He said: “The U.S. President knows it.”", "He left."],
        ["So‼", "Really⁇", "Yes⁉", "No‽", "“Oh‼” he said."],
        ["e.g. Paris.", "Or Rome (e.g. The Hague).", "It is in (U.S. Army) Rome."],
        ["Q. What is his name?", "A. His name is Alfred E. Sloan.", "It is Al E. Sloan."],
        [
            "Pain was early.3,4",
            "It grew (type 2).10",
            "It stayed.11 12",
            "The mill cost 3.5 million (fig.5 shows it).",
        ],
        ["“Leave me alone!”", "Leave me! he said.", "Leave me! she yelled."],
        ["See Vol. II and No. XXXIII of it.", "Oh no.", "CIVIL law."],
        ["1. The first item", "2. The second item"],
        ["1.) The first item", "2.) The second item"],
        ["a) here it is", "b) another", "c) one more.", "They left."],
        ["Finally, this.", "1. The first item", "2. The second item"],
        ["i. The first item", "ii. The second item"],
        ["The aims are 1) to find it, 2) to test it and 3) to keep it."],
        ["1) to find it, 2) to test it.", "It is in room 2. the door is open."],
    ],
    "de": [
        ["Am 31. Mai kam Dr. Brune.", "Er ging am 1. Juli."],
        ["Die 27. Große Strafkammer tagte, z.B. in Bonn.", "Das war 1995.", "Dann ging er."],
        ["„Geht das?“ fragte er.", "Sie nickte."],
        ["Anna schwieg lange.", "»Na gut«, sagte sie.", "»Dann komme ich mit.«", "Tom lachte."],
        ["Er las laut.", "›Na gut‹, sagte sie.", "›Ja.‹", "Tom lachte."],
        ["Er zahlte 5 Mio. Euro und 2 Tsd. Franken.", "Das war viel."],
        ["Sie kam, z. B. aus Bonn, mit 3 Mrd.", "Das ist viel."],
        ["Siehe Urt. v. 3. Mai 2019.", "Es gilt."],
        ["Es kam vom 1.-3. Mai und aus dem 1. -3. Jahrhundert.", "Sie gewann 2-1.", "Dann ging sie."],
        ["Sie wohnt in der Goethestr. 12 in Bonn.", "Er blieb in der Goethestr.", "Sie ging."],
        ["1. FC Trier schlug die 2. Mannschaft."],
        ["1. FC Ulm steigt aus der 2. Bundesliga in die 3. Liga ab."],
        ["1. Die Wohnung", "2. Das Haus", "3. Der Garten"],
    ],
    "da": [
        ["Hr. Olsen kom ca. kl. 5 til Skt. Hans.", "Dr. Hansen blev."],
        ["Han sad længe.", "»Ja,« sagde hun.", "»Kom så.«"],
    ],
    "sv": [
        ["Dr. Svensson kom i går.", "Hamnen kostar ca. 200 miljoner kr. per år."],
        ["Hon log.", "”Nej”, sa hon.", "”Kom hit.”"],
    ],
    "fi": [["Hän hymyili.", "»Ei», hän sanoi.", "»Tule tänne.»"], ["Kokous on 5. toukokuuta klo 12.", "Se alkaa."]],
    "no": [["Prof. Lind bor i Kgl. gate nr. 5.", "Han er der."]],
    "hr": [["Rođen je 2003. godine u Splitu, npr. prof. Horvat.", "Otišao je 11. rujna."]],
    "hu": [["A 2003. évi törvény dr. Kovács műve.", "Azután elment."]],
    "et": [["Ta sündis 1999. aasta mais.", "Siis ta läks."]],
    "lt": [["Jis gavo 5 mln. eurų 2018 m. rudenį.", "Tai daug."]],
    "ro": [
        ["Dl. Vasile a vorbit cu dr. Popescu la pag. 5.", "El a plecat."],
        ["Conform art. 3 lit. a) din lege, e legal.", "E bine."],
    ],
    "tr": [["Dr. Yılmaz geldi.", "Prof. Ayşe Kaya da konuştu."]],
    "id": [["Dr. Budi datang.", "Prof. Sari berbicara tentang UU No. 5."]],
    "el": [["Ο κ. Παπαδόπουλος ήρθε.", "Ήρθες;", "Ναι, ήρθα."], ["Ο Δρ. Νίκος μίλησε (γιατί;) χθες.", "Έφυγε."]],
    "bg": [["Той живя в гр. София, ул. Шипка 5.", "През 1916 г. замина."]],
    "sk": [["Prišiel Mgr. Novák z firmy napr. 5. mája.", "Potom odišiel."]],
    "sl": [["Prišel je dr. Novak, npr. 5. maja.", "Potem je odšel."]],
    "ca": [["El Sr. Puig viu al c. Major.", "Ho sap?"]],
    "hi": [["यू. एस. में वह रहा।", "डॉ. शर्मा आए।"], ["वह सी.सी.टी.वी. में दिखा है.", "वे आए हैं.", "हम गए."]],
    "ml": [["ഇത് ഡോ. ശിവൻ.", "അത് കെ. പി. മോഹനൻ."]],
    "he": [["הוא גר שם בשנת 1999.", "היא באה."]],
    "fr": [
        ["M. Dupont est né vers 50 av. J.-C. à Lyon.", "Il y vécut."],
        ["D'après l'art. 5, c'est clair.", "Il partit."],
        ["« Est-ce vrai ? » demande-t-elle.", "« Oui. »", "Elle part."],
    ],
    "es": [["El Sr. Ruiz vive en la Avda. Mayor núm. 5.", "¿Lo sabe Ud.?", "¡Claro!"]],
    "it": [
        ["Il testo dell'art. 12 è chiaro.", "L'avv. Neri lo ha letto, all’art. 5."],
        ["Il dott. Rossi arrivò alle 5.", "Disse: «Ecco».", "Poi uscì."],
    ],
    "pt": [["O Sr. Silva mora na Av. Brasil.", "Ele saiu cedo."]],
    "nl": [
        ["De heer dr. Jansen kwam o.a. uit Gent.", "Hij bleef."],
        ["Zij woont in de Hoofdstr. 12 te Gent.", "De stad is uit de 2e eeuw v. Chr. of later."],
        ["Ze kocht een tv.", "Chris lachte."],
        ["Hij bleef.", ",, Dat is goed. ''", "Zij kwam."],
    ],
    "cs": [["Dne 5. května přišel Ing. Novák.", "Potom odešel."]],
    "pl": [["Prof. Kowalski mieszka przy ul. Długiej.", "Jest tam od 3. roku życia."]],
    "ru": [
        ["В 1916 г. он жил на ул. Ленина, т. е. в центре.", "Потом уехал."],
        ["Это всё?", "– Да, – сказал он."],
        ["1) Вымыть листья", "2) Высушить их", "3) Порвать"],
        ["Он жил в г. Москве.", "Потом уехал."],
        ["В 1916 г. Толстой уехал.", "В мае 1916 г. Иван вернулся.", "Это было в 1916 г.", "Иван остался."],
        ["В 2010-2012 гг. Виктор жил там.", "5 мая 2013 г. Виктор уехал."],
    ],
    "uk": [
        ["Народилася 23 березня 1974 р. в Києві.", "Вона вчилася."],
        ["Це є у т. зв. «правилі».", "Отже, так."],
        ["«Можна?» – запитує жінка.", "Ні."],
    ],
    "zh": [
        ["今天下雨。", "明天呢？", "好！"],
        ["他说：“今天下雨。”", "我们走了。"],
        ["“真的吗？”她问。", "好！"],
        ["他写了《起来！朋友》一书。", "好。"],
        ["这本书（上卷。下卷另售。）很好。", "好。"],
    ],
    "ja": [
        ["今日は雨です。", "「明日は？」", "はい。"],
        ["彼は「もう遅い。帰ろう。」と言って帰った。", "雨だ。"],
        ["装置を作った．", "値は１．５だ．"],
        ["この本（上巻。下巻は別売り）を買った。", "はい。"],
    ],
    None: [
        ["Γεια σου.", "Τι κάνεις;", "Καλά."],
        ["हम गए।", "वे आए।"],
        ["राम आज घर आया |", "सीता गई |"],
        ["होम | समाचार | खेल"],
        ["Նա կարդում է:", "Ես գրում եմ. նա՝ ոչ:", "Ժամը 12:30 է:"],
        ["2018 թ. նա եկավ։", "Գնաց։"],
        ["መጣ፧", "ሄደ።", "ቀረ፡፡", "በላ፡፡"],
        ["သူ စာဖတ်သည်။", "ငါ စာရေးသည်။"],
        ["គាត់អានសៀវភៅ។", "ខ្ញុំសរសេរ។"],
        ["བོད་ཡིག །", "དེབ་ཡོད།"],
        ["ಅವನು ಓದಿದನು.", "ನಾನು ಬರೆದೆನು."],
        ["ᱟᱹᱰᱤ ᱵᱮᱥ᱾", "ᱱᱚᱣᱟ᱾"],
        ["He said so .", "“ It's here .”", "Then he left ."],
        ["Prof. Weber met Dr. Nkosi.", "They spoke."],
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


@given(hard_texts, st.sampled_from([*languages(), None]))
def test_any_text_is_covered_up_to_white_space(text: str, language: str | None) -> None:
    assert_covers(text, split(text, language))


@pytest.mark.parametrize("mark", [".", "!", ":", "…"])
def test_white_space_at_the_end_of_a_line_changes_no_context(mark: str) -> None:
    lines = [f"In Ulm lebt sie noch etc{mark} {'Regen ' * count}".rstrip() for count in range(1, 12)]
    contexts = [list(candidates(line, lexicon("de"))) for line in lines]
    assert any(contexts)
    assert [list(candidates(line + " " * 40 + "\n", lexicon("de"))) for line in lines] == contexts


@given(hard_texts)
def test_no_sentence_crosses_a_line(text: str) -> None:
    assert not any("\n" in text[start:end] for start, end in split(text))


def test_paragraphs_are_lines_with_sentences() -> None:
    (spans,) = split_column(pa.array(["One. Two.\n\n \nThree.\nFour"]), ["en"])
    assert spans.paragraphs == [0, 0, 1, 2]


def test_each_text_has_its_own_language() -> None:
    texts = ["Messrs. Lee left.", "Messrs. Lee left."]
    assert [len(spans.starts) for spans in split_column(pa.array(texts), ["en", None])] == [1, 2]


@pytest.mark.parametrize("unit", ["a. ", ".", "U.S. ", "\"'", "([", "word", "。", ".\n", '." ', "—"])
def test_hostile_texts_are_split(unit: str) -> None:
    text = unit * (300_000 // len(unit))
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


@pytest.mark.parametrize(
    "unit",
    [
        "a. ",
        ".",
        "\"'(“”)",
        "U.S. ",
        "x",
        "A ",
        ". ",
        "• ",
        "w.W",
        "\n",
        "; A",
        '."',
        '" a',
        "”a",
        "»a«",
        "《。",
        "「。」",
        "|",
        ".[a]",
        "a.1 A",
        "‘‘",
        "``",
        ",,a",
        "1. A 2. A ",
        "a) b) ",
        "1 .1 ",
        "—",
        "–—a",
    ],
)
def test_hostile_text_is_covered(unit: str) -> None:
    text = unit * 20_000
    assert_covers(text, split(text))


def test_languages_say_whether_they_are_served() -> None:
    assert len(languages()) == 32 and "und" not in languages()
    served_by = {"en": "en", "ru": "ru", "nn": "no", "bs": "hr", "sr": "hr", "ms": "id"}
    assert {language: served(language) for language in served_by} == served_by
    assert [served(language) for language in ("la", None, "../en", "und", "weights")] == ["und"] * 5
