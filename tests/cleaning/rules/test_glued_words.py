"""Words glued together, and spaces lost next to punctuation."""

from __future__ import annotations

import math
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning import english_tokens, glued_odds
from copydesk.cleaning.rules import glued_punctuation, glued_words
from copydesk.cleaning.word_splitting import Cutter, Seen, _letter, _shape, _worth, cut, value
from copydesk.language.blocks import Block
from copydesk.language.vocabularies import vocabulary
from copydesk.text import EditedText

RULES = {rule.name: rule for rule in (*glued_words.RULES, *glued_punctuation.RULES)}

GLUED = (
    "The council met onTuesday to discuss the harbour, and it wasclear that the oldBridge would have to go. "
    "Engineers fromRotterdam had looked at thebridge in the spring. They wrote that therepair would cost more than "
    "a new one,and the mayor agreed withthem. A ferry will carry people(and bicycles) until late2021."
)
MENDED = (
    "The council met on Tuesday to discuss the harbour, and it was clear that the old Bridge would have to go. "
    "Engineers from Rotterdam had looked at the bridge in the spring. They wrote that the repair would cost more "
    "than a new one, and the mayor agreed with them. A ferry will carry people (and bicycles) until late 2021."
)


def repaired(text: str, *names: str) -> str:
    edited = EditedText(text)
    for name in names or ("glued-word", "glued-punctuation", "missing-space"):
        edited = edited.apply(RULES[name].edits(edited.text))
    return edited.text


def test_a_page_that_lost_its_spaces_gets_them_back() -> None:
    assert repaired(GLUED) == MENDED
    assert repaired(MENDED) == MENDED


def test_a_word_that_was_linked_wherever_it_stood_is_cut_out() -> None:
    text = "We stand at the riverHarbour again. Boats in theHarbourCity, and nearHarbourThe tide is low."
    assert (
        repaired(text)
        == "We stand at the river Harbour again. Boats in the Harbour City, and near Harbour The tide is low."
    )


def test_one_weak_trace_is_a_suggestion() -> None:
    text = "The woods were full ofsilence, and the two of us went home."
    assert repaired(text) == text
    (edit,) = RULES["glued-word-maybe"].edits(text)
    assert (text[: edit.start], edit.replacement) == ("The woods were full of", " ")
    assert 0 < edit.confidence < 0.8


def test_confidence_grows_with_the_evidence() -> None:
    alone = "They walked for an hour. The woods were full ofsilence, and the two of us went home."
    among = alone + " Nobody spoke ofthe war, nobody asked aboutthe road, and the dog ranahead of everyone."
    found = {
        edit.start: edit.confidence
        for name in ("glued-word", "glued-word-maybe")
        for edit in RULES[name].edits(among)
    }
    (single,) = RULES["glued-word-maybe"].edits(alone)
    assert found[single.start] > single.confidence


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("Who lost the war?Nobody knows.", "Who lost the war? Nobody knows."),
        ("“We won the war.”Nobody believed it.", "“We won the war.” Nobody believed it."),
        ("The mill closed in 2019.It never opened again.", "The mill closed in 2019. It never opened again."),
        ("She asked for help.“Not now,” he said.", "She asked for help. “Not now,” he said."),
        ("It was late (very late).Then it rained.", "It was late (very late). Then it rained."),
        ("He ran to the shop.I stayed behind.", "He ran to the shop. I stayed behind."),
        ("It was built by the WHO.The doors opened.", "It was built by the WHO. The doors opened."),
    ],
)  # fmt: skip
def test_a_space_after_a_sentence(broken: str, whole: str) -> None:
    assert repaired(broken, "missing-space") == whole
    assert repaired(whole) == whole


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("bread,butter and jam", "bread, butter and jam"),
        ("There are four goals:Peace comes first", "There are four goals: Peace comes first"),
        ("the agreement(signed last year)and the treaty", "the agreement (signed last year) and the treaty"),
        ("the painter(France)and his friends", "the painter (France) and his friends"),
        ("she called it“a mess”and left", "she called it “a mess” and left"),
        ('she called it"a mess"and left', 'she called it "a mess" and left'),
        ("as others found.[3]cancer is rare", "as others found.[3] cancer is rare"),
        ("I came,a stranger to all", "I came, a stranger to all"),
        ("Ohjelma näyttää useita ”näkymiä”.”Näkymä” on sen osa.", "Ohjelma näyttää useita ”näkymiä”. ”Näkymä” on sen osa."),
        ("Hän sanoi: ”Nyt mennään jo.”Sitten hän lähti pois.", "Hän sanoi: ”Nyt mennään jo.” Sitten hän lähti pois."),
    ],
)  # fmt: skip
def test_a_space_next_to_punctuation(broken: str, whole: str) -> None:
    assert repaired(broken) == whole
    assert repaired(whole) == whole


@pytest.mark.parametrize(
    "text",
    [
        "The iPhone, an iPad, eBay, YouTube, PowerPoint, JavaScript, LinkedIn and macOS are brands of the trade.",
        "McDonald's, MacKenzie, O'Hara, DeVito, LeBron, LaGuardia and D'Artagnan are the names of the others.",
        "A U.S.-led force, the U.N. envoy, 9 a.m. in Washington, D.C., and a Ph.D. from the U.K. were there.",
        "Node.js, README.TXT, ASP.NET, example.com, Example.Com and System.Out.println are not the ends of sentences.",
        "The editors follow @WhiteHouse and @theDailyNews, and the tags are #StandWithUs and #theHashTag for the day.",
        "See https://example.org/theFirst,theSecond(of)many?Not=One and write to theEditor@example.org for the rest.",
        "Call getUserName() and theUserName.toString() or set the_Name, then the value of x[theIndex] in the loop.",
        "The COVID-19 wave, a 5G phone, the A350, 1,200 people, 10:30 and 3:16, 2h15m, the 1990s and mp3 files.",
        "A (multi)media show, the word(s) of the (in)action and print(value) in the middle of the text.",
        "Counteroffensive, airstrikes, shellfire, battlefield, Stoltenberg, Severodonetsk and Whitehead are words.",
        "The value of ”No desktop” is set by an option that is called”desktop” on a page without other marks.",
        "Rock 'n' roll, the 6'2\" guard, a 27\" screen, “so” and 'so', isn't it, and the class of '08 were there.",
    ],
)  # fmt: skip
def test_what_is_whole_is_left_alone(text: str) -> None:
    assert repaired(text) == text
    assert repaired(text, "glued-word-maybe") == text
    # Nor does a page that was glued elsewhere change it.
    assert repaired(f"{text}\n{GLUED}") == f"{text}\n{MENDED}"


def test_passages_in_other_languages_are_left_alone() -> None:
    spanish = (
        "El gobierno anunció ayer nuevas medidas para proteger a los trabajadores del campo, pero los sindicatos "
        "consideran insuficiente la propuesta y convocaron manifestaciones en todas las ciudades importantes."
    )
    german = (
        "Die Bundesregierung verabschiedete gestern ein Maßnahmenpaket zur Arbeitslosenversicherung, das "
        "Gewerkschaften und Arbeitgeberverbände gleichermaßen kritisierten."
    )
    text = f"{GLUED}\n{spanish}\n{german}"
    assert repaired(text) == f"{MENDED}\n{spanish}\n{german}"


# Pages that lost their spaces at tags, and the same pages whole.
PAGES = {
    "de": (
        "Der Rat hat gestern über dieBrücke gesprochen, und derBürgermeister war damit einverstanden. Die Arbeiten "
        "werden imSommer beginnen,weil der Fluss dann wenig Wasser führt. Die Kosten sind noch nicht bekannt.",
        "Der Rat hat gestern über die Brücke gesprochen, und der Bürgermeister war damit einverstanden. Die Arbeiten "
        "werden im Sommer beginnen,weil der Fluss dann wenig Wasser führt. Die Kosten sind noch nicht bekannt.",
    ),
    "fr": (
        "Le conseil a parlé hier de lamairie, et le maire a dit que leVillage doit payer. Les travaux commencent "
        "avecles habitants dansle quartier(voir plus bas),mais leprix est encore inconnu pour tout le monde.",
        "Le conseil a parlé hier de la mairie, et le maire a dit que le Village doit payer. Les travaux commencent "
        "avec les habitants dans le quartier(voir plus bas),mais le prix est encore inconnu pour tout le monde.",
    ),
    "ru": (
        "Сначала наберите командуgrep в окне, а затем откройте файлhosts и проверьте, чтосервер работает. После "
        "этого программаnetstat покажет все соединения, которые есть в системе.",
        "Сначала наберите команду grep в окне, а затем откройте файл hosts и проверьте, что сервер работает. После "
        "этого программа netstat покажет все соединения, которые есть в системе.",
    ),
    "id": (
        "Pemerintah kota akan membangun jembatan baru diSungai Brantas, dan wali kota mengatakan bahwawarga harus "
        "menunggu sampaitahun depan. Pekerjaan itu dimulai olehperusahaan dari Surabaya dengan biaya yang besar.",
        "Pemerintah kota akan membangun jembatan baru di Sungai Brantas, dan wali kota mengatakan bahwa warga harus "
        "menunggu sampai tahun depan. Pekerjaan itu dimulai oleh perusahaan dari Surabaya dengan biaya yang besar.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", PAGES)
def test_a_page_in_another_language_gets_its_spaces_back(language: str) -> None:
    broken, whole = PAGES[language]
    assert repaired(broken, "glued-word") == whole
    assert repaired(whole, "glued-word") == whole


@pytest.mark.parametrize(
    "text",
    [
        "Das Bundesverfassungsgericht hat vorher ausgeschlossen, dass die Arbeitslosenversicherung einzugehen hat. "
        "Der Serverraum und die Netzwerkkonfiguration liegen nebeneinander, und der Linuxkernel ist darin hinterlegt.",
        "De arbeidsongeschiktheidsverzekering is hieronder uitgelegd, en de netwerkbeheerder heeft eronder getekend "
        "voordat de gemeenteraadsvergadering was afgelopen. Het computerprogramma staat ernaast.",
        "Az elnökválasztás után a kormányfő megköszönte a választóknak, hogy végigvárták az eredményhirdetést, és a "
        "számítógépeket újraindították. Az országgyűlési képviselők holnaputántól üléseznek.",
        "Eduskuntavaalien jälkeen pääministeri kiitti äänestäjiä siitä, että nämä jaksoivat odottaa tuloksia, ja "
        "tietokoneohjelmat käynnistettiin uudelleen. Kunnanvaltuustossa keskustellaan huomennakin.",
        "Bilgisayarınızdaki dosyalarınızı kaydettiğinizden emin olun, çünkü güncellemelerden sonra makineniz yeniden "
        "başlatılacak. Evdekiler de bunu biliyorlar ve masaüstündeki simgelere dokunmuyorlar.",
        "Riksdagsledamöterna samlades utanför regeringsbyggnaden, och nätverksadministratören förklarade hur "
        "datorprogrammen skulle återställas efter strömavbrottet. Därefter fortsatte överläggningarna.",
        "El vicepresidente quiso atender aquellas reclamaciones anteriormente, contraponiéndolas a las decisiones "
        "sobrevenidas. Dígaselo entregándoselo, y después explíqueselas detenidamente a los interesados.",
        "O subsecretário pretende atender prontamente, sobretudo contrapondo-se às decisões anteriores, e os "
        "interessados desacompanhados podem reapresentar os requerimentos ultimamente indeferidos.",
        "Сверхъестественное предположение заместителя председателя подтвердилось, несмотря на вышеизложенное, а "
        "взаимоотношения безусловно наладились. SSD-диск, IP-адрес и Wi-Fi остались без изменений.",
        "Hij gebruikt JavaScript, PostgreSQL, GitHub en OpenStreetMap, en schrijft op zijn MacBook over netfilter, "
        "moreutils en vimdiff. Het bestand heet SSLCertificateChainFile en het staat in een map van de server.",
    ],
    ids="de nl hu fi tr sv es pt ru names".split(),
)  # fmt: skip
def test_words_of_other_languages_are_whole(text: str) -> None:
    assert repaired(text, "glued-word") == text
    assert repaired(f"{text}\n\n{GLUED}", "glued-word", "glued-punctuation").startswith(text)


def test_names_of_functions_and_files_stay_whole_in_a_manual() -> None:
    text = (
        "Set SSLCertificateChainFile in /etc/apache2/sites-available/default, then run vimdiff --readonly old new. The "
        "pathnames of the filesystem are kept by netfilter(8) and moreutils(7); getUserName() and setUserName() return "
        "the login_name of the caller. Backports are listed in /usr/share/doc/backport/README, as reportbug(1) says. "
        "An xsltFreeKeys call with xsltGetKey -o file writes all the keys to the callgrind output of the program."
    )
    assert repaired(text, "glued-word") == text


@pytest.mark.parametrize(
    "code",
    [
        "Call it as `onTuesday` in the shell.",
        "Write calendar.onTuesday there.",
        "It calls onTuesday() at night.",
        "from calendar import onTuesday",
    ],
)
def test_a_name_that_stands_in_code_elsewhere_is_not_cut(code: str) -> None:
    text = f"{GLUED}\n\n{code}"
    assert repaired(text) == f"{MENDED.replace('on Tuesday', 'onTuesday')}\n\n{code}"


def test_a_word_beside_a_bracket_or_in_a_sentence_about_classes_is_no_name() -> None:
    text = f"{GLUED}\n\nA new class onTuesday (see below) will import thebridge from abroad."
    assert repaired(text).endswith("A new class on Tuesday (see below) will import the bridge from abroad.")


def test_a_name_of_two_words_that_is_repeated_stays_a_name() -> None:
    text = "HarborWise sells maps. The owners of HarborWise live here, and HarborWise has a shop. " + GLUED
    assert repaired(text).startswith("HarborWise sells maps. The owners of HarborWise live here, and HarborWise has")


SIZE = 100_000


@pytest.mark.parametrize(
    "unit",
    ["a", "A", " ", ".", ",", '"', "(", "aBcDe", "aBcd ", "a,Bc", "ab.Cd ", ".” ", '\na"B', "2013that ", "theWord",
     "it's", "abc(de)", " –A", "the of and in theCat ", "?!", "…",
     "der Hafen und dieBrücke ", "команда и файлgrep "],
)  # fmt: skip
@pytest.mark.parametrize("name", RULES)
@pytest.mark.slow
def test_hostile_texts_take_time_in_proportion(name: str, unit: str) -> None:
    text = unit * (SIZE // len(unit))
    begun = time.process_time()
    edits = RULES[name].edits(text)
    assert time.process_time() - begun < 10  # quadratic would take minutes
    assert EditedText(text).apply(edits).revert() == text


WORDS = st.sampled_from(
    "the its was river harbour Harbour Kowalski Orlen tide of in to fast breakfast it is his this Zug zugs kvas s".split()
)


OF_OTHERS = st.sampled_from(
    "la las el los que casa casas Casa nach der Zug zugs Zugs Orlen über Kowalski на город Город Łódź İş ß kvas s".split()
)


@given(
    st.sampled_from(["en", "es", "de", "ru", "tr"]),
    st.lists(WORDS | OF_OTHERS, min_size=1, max_size=30),
    st.lists(st.lists(WORDS | OF_OTHERS, min_size=1, max_size=4), max_size=5),
    st.sampled_from(["", "'s", "’s"]),
)
def test_a_token_is_cut_alone_only_where_the_document_says_nothing(
    language: str, words: list[str], glued: list[list[str]], ending: str
) -> None:
    seen = Seen(Counter(words), max(200, len(words)))
    cutter = Cutter(seen, vocabulary(language))
    for parts in glued:
        token = "".join(parts) + ending
        assert cutter.cut(token) == cut(token, vocabulary(language), seen)


@given(st.sampled_from(["en", "es", "de", "ru", "tr"]), st.lists(WORDS | OF_OTHERS, min_size=1, max_size=4))
def test_a_part_is_worth_the_same_by_its_short_cut(language: str, words: list[str]) -> None:
    token, seen = "".join(words), Seen(Counter(words[1:]), 200)
    for start in range(len(token)):
        shape = _shape(token[start:])
        for end in range(start + 2, len(token) + 1):
            part = token[start:end]
            assert _worth(part, shape, vocabulary(language), seen) == value(part, vocabulary(language), seen)


@given(st.text("athenIs", min_size=2, max_size=7))
def test_a_token_is_cut_the_likeliest_way(token: str) -> None:
    ways = [[token]]
    for at in range(len(token) - 1, 0, -1):
        ways += [[way[0][:at], way[0][at:], *way[1:]] for way in ways]
    english = vocabulary("en")
    odds = [-math.inf]
    for way in ways[1:]:
        total, at = 0.7, 0
        for part in way:
            total = total - 0.7 + (value(part, english) if len(part) > 1 else _letter(token, at, english))
            at += len(part)
        odds.append(total)
    split = cut(token, english)
    assert split is None or split.glued == pytest.approx(max(odds))


@given(
    st.lists(
        st.sampled_from(["a_b", "x=y", " -f", " --all", " ~/a", "f()", "<b", "|", " – ", "so", ". ", "(1)", "\n"])
    )
)
def test_a_text_with_a_sign_of_code_is_searched_for_them(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert glued_odds.MAY_BE_SIGN.search(text) or not glued_odds.SIGNS.search(text)


@given(st.text("abA'’é 1_.", max_size=25), st.sampled_from(["en", "de"]), st.data())
def test_a_few_tokens_stand_where_all_tokens_of_the_text_say(text: str, language: str, data: st.DataObject) -> None:
    pattern = english_tokens.TOKEN if language == "en" else glued_odds.LETTERS
    tokens = [(match.start(), match.group()) for match in pattern.finditer(text)]
    hits = data.draw(st.frozensets(st.sampled_from([*sorted({token for _, token in tokens}), "a", "ab"]), max_size=3))
    block = Block(0, len(text), "prose", language)
    assert glued_words._places(text, hits, block) == [(at, token) for at, token in tokens if token in hits]
