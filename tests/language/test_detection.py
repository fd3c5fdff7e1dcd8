"""The language of whole texts, and paragraphs in another, in sentences written for these tests."""

from __future__ import annotations

import unicodedata

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.language.close_languages import told_apart
from copydesk.language.detection import Languages, detect
from copydesk.language.foreign_paragraphs import passages
from support import ROOT, hard_texts

#: What somebody sees from a window in the morning.
MORNING = {
    "ar": "في الصباح يفتح الخباز متجره الصغير في زاوية الشارع، ثم يأتي الجيران لشراء الخبز والحديث عن الطقس. وبعد ذلك "
    "يذهب الأطفال إلى المدرسة سيرا على الأقدام.",
    "cs": "Ráno otevírá pekař svůj malý krám na rohu ulice a sousedé si přicházejí koupit chléb a popovídat si o počasí. "
    "Potom jdou děti pěšky do školy, protože autobus jezdí až v devět.",
    "de": "Am Morgen öffnet der Bäcker seinen kleinen Laden an der Ecke, und die Nachbarn kommen, um Brot zu kaufen und "
    "über das Wetter zu reden. Danach gehen die Kinder zu Fuß in die Schule.",
    "el": "Το πρωί ο φούρναρης ανοίγει το μικρό του μαγαζί στη γωνία του δρόμου και οι γείτονες έρχονται να αγοράσουν "
    "ψωμί και να μιλήσουν για τον καιρό. Έπειτα τα παιδιά πηγαίνουν στο σχολείο με τα πόδια.",
    "en": "In the morning the baker opens his little shop at the corner of the street, and the neighbours come to buy "
    "bread and to talk about the weather. After that the children walk to school.",
    "es": "Por la mañana el panadero abre su pequeña tienda en la esquina de la calle y los vecinos vienen a comprar pan "
    "y a hablar del tiempo. Después los niños van andando a la escuela, porque el autobús llega tarde.",
    "fr": "Le matin, le boulanger ouvre sa petite boutique au coin de la rue et les voisins viennent acheter du pain et "
    "parler du temps qu'il fait. Ensuite les enfants vont à l'école à pied.",
    "he": "בבוקר פותח האופה את החנות הקטנה שלו בפינת הרחוב, והשכנים באים לקנות לחם ולדבר על מזג האוויר. אחר כך הילדים "
    "הולכים ברגל לבית הספר.",
    "it": "La mattina il fornaio apre la sua piccola bottega all'angolo della strada e i vicini vengono a comprare il "
    "pane e a parlare del tempo. Poi i bambini vanno a scuola a piedi, perché non c'è l'autobus.",
    "ja": "朝になると、パン屋さんは通りの角にある小さな店を開けます。近所の人たちがパンを買いに来て、天気の話をします。"
    "そのあと、子どもたちは歩いて学校へ行きます。",
    "nl": "In de ochtend opent de bakker zijn kleine winkel op de hoek van de straat en komen de buren brood kopen en "
    "over het weer praten. Daarna lopen de kinderen naar school, want de bus rijdt nog niet.",
    "pl": "Rano piekarz otwiera swój mały sklep na rogu ulicy, a sąsiedzi przychodzą kupić chleb i porozmawiać o "
    "pogodzie. Potem dzieci idą pieszo do szkoły, ponieważ autobus jeszcze nie jeździ.",
    "pt": "De manhã o padeiro abre a sua pequena loja na esquina da rua e os vizinhos vêm comprar pão e falar do tempo. "
    "Depois as crianças vão a pé para a escola, porque o autocarro não chega a horas.",
    "ru": "Утром пекарь открывает свою маленькую лавку на углу улицы, и соседи приходят купить хлеба и поговорить о "
    "погоде. Потом дети идут пешком в школу, потому что автобус ещё не ходит.",
    "tr": "Sabahları fırıncı sokağın köşesindeki küçük dükkânını açar, komşular da ekmek almaya ve havadan konuşmaya "
    "gelirler. Sonra çocuklar yürüyerek okula giderler, çünkü otobüs henüz çalışmıyor.",
    "uk": "Уранці пекар відчиняє свою маленьку крамницю на розі вулиці, і сусіди приходять купити хліба та поговорити "
    "про погоду. Потім діти йдуть пішки до школи, бо автобус іще не їздить.",
    "zh": "早上，面包师在街角打开他的小店，邻居们来买面包，聊聊天气。然后孩子们走路去学校，因为公共汽车还没有来。",
}
#: No letters, or none that make words.
WITHOUT_LANGUAGE = ["", " \n\t ", "1234 5678 90", "👩 👩", "xyzzy plugh", "-- *** --", "\x00\x01\x1f", "\ufffe\uffff"]


def column(*texts: str | None) -> pa.Array:
    return pa.array(texts, pa.string())


def told(*texts: str) -> list[tuple[str | None, float, float]]:
    return list(zip(*(each.to_pylist() for each in detect(column(*texts))[:3]), strict=True))


def found(text: str, label: str | None) -> list[tuple[int, int, str]]:
    return passages(column(text), column(label))[0]


@pytest.mark.parametrize("language", MORNING)
def test_the_language_is_told(language: str) -> None:
    ((label, score, share),) = told(MORNING[language])
    assert label == language
    assert 0.5 < score <= share <= 1


def test_the_articles_are_english() -> None:
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
    assert detect(pa.array(texts)).labels.to_pylist() == ["en", "en"]


def test_traditional_characters_are_chinese() -> None:
    assert told("早上，麵包師在街角打開他的小店，鄰居們來買麵包，聊聊天氣。然後孩子們走路去學校。")[0][0] == "zh"


def test_no_texts_have_no_language() -> None:
    assert [each.to_pylist() for each in detect(column())] == [[], [], [], []]
    assert passages(column(), column()) == []


def test_columns_have_their_types() -> None:
    for texts in (column(), column("", None), column(MORNING["en"])):
        languages = detect(texts)
        assert [each.type for each in languages[:3]] == [pa.string(), pa.float64(), pa.float64()]
        assert str(languages.all_shares.type).startswith("list<element: struct<language: string not null, share")


@pytest.mark.parametrize("text", WITHOUT_LANGUAGE)
def test_what_has_no_words_has_no_language(text: str) -> None:
    assert told(text) == [(None, 0.0, 0.0)]
    assert found(text, "en") == []


def test_a_missing_text_has_no_language() -> None:
    assert [each.to_pylist() for each in detect(column(None))] == [[None], [0.0], [0.0], [[]]]
    assert passages(column(None), column("en")) == [[]]


def test_a_word_of_a_megabyte_is_read_in_no_time() -> None:
    text = "x" * 1_000_000
    assert told(text) == [(None, 0.0, 0.0)]
    assert found(text, "en") == []


@pytest.mark.parametrize(
    "control", ["\x00", "\x08", "\x0b", "\x1f", "\x7f", "\x85", "\ufdd0", "\uffff", "\U0010ffff"]
)
def test_control_characters_hide_no_language(control: str) -> None:
    text = MORNING["fr"].replace(" ", f" {control} ")
    assert told(text)[0][0] == "fr"
    assert found(f"{MORNING['en']}\n{text}", "en") == [
        (len(MORNING["en"]) + 1, len(MORNING["en"]) + 1 + len(text), "fr")
    ]


def test_a_language_in_most_of_a_text_is_its_language_with_a_lower_score() -> None:
    (alone,), (mixed,) = told(MORNING["de"] * 2), told(MORNING["de"] * 2 + MORNING["es"])
    assert mixed[0] == "de"
    assert mixed[1] < mixed[2] < alone[2]
    assert mixed[1] < 0.6


CONSENT = (
    "We and our partners store and read data on your device, such as cookies, to show you content that fits you. You can "
    "refuse this, or change your choice at any time in the settings of this page. To read more about who we are and how "
    "we handle personal data, see our notice and the list of our partners, which is updated each month. "
)
BUTTONS = "Home\nNews\nSport\nAccept all\nRefuse\nMy account\nSubscribe to our newsletter\nContact\nAbout us\n"


@pytest.mark.parametrize("language", ["de", "fr", "pl", "ru", "tr"])
@pytest.mark.parametrize("joint", ["\n\n", " "])
def test_a_notice_in_another_language_does_not_hide_that_of_the_page(language: str, joint: str) -> None:
    (label, _, share), *_ = told(CONSENT * 2 + joint + joint.join([MORNING[language]] * 8))
    assert label == language and share < 0.9


def test_buttons_and_menus_count_little() -> None:
    assert told(BUTTONS * 6 + MORNING["de"] * 8)[0] == told(MORNING["de"] * 8)[0]
    assert told(BUTTONS * 6)[0][0] == "en"


def test_a_text_in_two_languages_says_so() -> None:
    languages = detect(column(MORNING["de"] * 6 + "\n" + MORNING["fr"] * 3, MORNING["de"], "12"))
    mixed, alone, none = languages.all_shares.to_pylist()
    assert [part["language"] for part in mixed] == ["de", "fr"]
    assert languages.labels[0].as_py() == "de" and languages.shares[0].as_py() == mixed[0]["share"]
    assert 0.5 < mixed[0]["share"] < 0.8 and 0.2 < mixed[1]["share"] < 0.5
    assert ([part["language"] for part in alone], none) == (["de"], [])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Он жил в г. Москве на улице Ленина. Потом уехал."),
        ("ru", "Мы не знаем, когда они приедут к нам."),
        ("ru", "Рыбный промысел регулировался общинным правом казаков."),
        ("uk", "Він жив у Києві, але потім поїхав."),
        ("bg", "Той живееше там, но после замина за града."),
        ("mk", "Тој живееше таму, но потоа си замина од градот."),
        ("no", "Jeg vet ikke hvor han har vært etter krigen."),
        ("da", "Jeg ved ikke, hvor han har været efter krigen."),
        ("cs", "Nevím, kde byl po válce, ale už je tady."),
        ("sk", "Neviem, kde bol po vojne, ale už je tu."),
        ("hr", "Ne znam gdje je bio poslije rata, ali tko to zna."),
        ("mr", "तो कालपासून इथे आहे आणि त्याला काहीच माहिती नाही."),
        ("af", "Ek weet nie waar hy na die oorlog was nie."),
        ("nl", "Ik weet niet waar hij na de oorlog was."),
        ("nn", "Eg veit ikkje kvar han har vore etter krigen."),
        ("gl", "Non sei onde estivo despois da guerra, pero xa está aquí."),
        ("ca", "No sé on va ser després de la guerra."),
        ("ar", "ذَهَبَ الوَلَدُ إِلَى المَدْرَسَةِ فِي الصَّبَاحِ"),
        ("en", "He was there and then he left."),
        ("la", "Gallia est omnis divisa in partes tres. Quarum unam incolunt Belgae."),
        ("ja", "彼は東京へ行った。"),
        ("zh", "《西城故事》（West Side Story）是桑坦事业的突破。"),
    ],
)
def test_short_texts_are_told_by_their_words(language: str, text: str) -> None:
    ((label, score, share),) = told(text)
    assert label == language
    assert 0 < score <= share <= 1


#: The same words about the same morning, as they are written in Zagreb, Sarajevo and Belgrade.
CLOSE = {
    "hr": "Prošli tjedan je vlada priopćila da će se općine natjecati za tisuću novih radnih mjesta. Točno vrijeme "
    "izbora još nije poznato, ali tko god pobijedi, trebao bi tijekom siječnja predstaviti povijesni plan.",
    "bs": "Prošle sedmice je vlada saopćila da će se općine takmičiti za hiljadu novih radnih mjesta. Tačno vrijeme "
    "izbora još nije poznato, ali ko god pobijedi, trebao bi u toku januara predstaviti historijski plan.",
    "sr": "Prošle nedelje je vlada saopštila da će se opštine takmičiti za hiljadu novih radnih mesta. Tačno vreme "
    "izbora još nije poznato, ali ko god pobedi, trebalo bi da tokom januara predstavi istorijski plan.",
}


@pytest.mark.parametrize("language", CLOSE)
@pytest.mark.parametrize("times", [1, 12])
def test_close_languages_are_told_apart_by_their_words(language: str, times: int) -> None:
    languages = detect(column("\n".join([CLOSE[language]] * times)))
    assert languages.labels.to_pylist() == [language]
    assert [part["language"] for part in languages.all_shares[0].as_py()] == [language]
    assert 0.5 < languages.scores[0].as_py() <= languages.shares[0].as_py() <= 1


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Ta odluka je izmenjena i premeštena.", "sr"),
        ("Ta odluka je izmijenjena i premještena.", "hr"),
        ("Mišljenja su pomešana.", "sr"),
        ("Mišljenja su pomiješana.", "hr"),
    ],
)
def test_letters_of_words_that_are_not_listed_tell_close_languages_apart(line: str, language: str) -> None:
    assert told_apart(line, "hr") == language


def test_each_text_is_told_on_its_own() -> None:
    texts = [*MORNING.values(), *WITHOUT_LANGUAGE, "\n".join(MORNING.values())] * 2
    assert told(*texts) == [row for text in texts for row in told(text)]
    labels = detect(column(*texts)).labels
    alone = [found(text, label) for text, label in zip(texts, labels.to_pylist(), strict=True)]
    assert passages(column(*texts), labels) == alone


def test_slices_are_told_like_whole_columns() -> None:
    texts = column("left out", *MORNING.values(), "left out")
    part = texts.slice(1, len(MORNING))
    languages = detect(part)
    assert isinstance(languages, Languages)
    assert languages.labels.to_pylist() == list(MORNING)
    assert passages(part, pa.array(["x", *["en"] * len(MORNING)]).slice(1)) == [
        [] if language == "en" else [(0, len(text), language)] for language, text in MORNING.items()
    ]


@pytest.mark.parametrize("foreign", [language for language in MORNING if language != "en"])
def test_a_foreign_paragraph_is_found_in_an_english_text(foreign: str) -> None:
    text = f"{MORNING['en']}\n\n \t{MORNING[foreign]} \r\n\nA short line\n{MORNING['en']}\n"
    start = text.index(MORNING[foreign])
    assert found(text, "en") == [(start, start + len(MORNING[foreign]), foreign)]


@pytest.mark.parametrize("host", [language for language in MORNING if language != "es"])
def test_a_spanish_paragraph_is_found_in_any_text(host: str) -> None:
    text = f"{MORNING[host]}\n{MORNING['es']}\n{MORNING[host]}"
    start = text.index(MORNING["es"])
    assert found(text, host) == [(start, start + len(MORNING["es"]), "es")]


def test_offsets_count_code_points_and_neighbours_stay_apart() -> None:
    text = f"👩 é\n{MORNING['de']}\n\n{MORNING['de']}\n{MORNING['zh']}"
    places = found(text, "en")
    assert [(text[start:end], language) for start, end, language in places] == [
        (MORNING["de"], "de"),
        (MORNING["de"], "de"),
        (MORNING["zh"], "zh"),
    ]
    assert places[0][0] == 4


@pytest.mark.parametrize("language", MORNING)
def test_a_text_in_one_language_has_no_foreign_paragraph(language: str) -> None:
    assert found("\n".join([MORNING[language]] * 3), language) == []


def test_a_text_without_language_has_no_foreign_paragraph() -> None:
    assert found(MORNING["de"], None) == []


def test_an_unknown_label_is_no_hindrance() -> None:
    assert found(MORNING["de"], "qaa") == [(0, len(MORNING["de"]), "de")]


@pytest.mark.parametrize(
    "line",
    [
        "Le matin, le boulanger ouvre sa boutique.",  # too short to judge
        "Starring: Gérard Depardieu, Catherine Deneuve, Jean-Louis Trintignant, Isabelle Huppert, Fanny Ardant",
        "Tickets: Opernhaus, Theaterplatz 2, 01067 Dresden, +49 351 4911705, bestellung@semperoper.example",
        "for row in rows: print(row.name, row.value, sep=', ', end='\\n') if row is not None else None  # noqa: E501",
        "“Je ne regrette rien,” she said when they asked her about the end of the tour and what she would do next.",
        "https://www.example.com/es/noticias/la-nueva-ley-de-la-vivienda-y-los-vecinos-de-la-calle-mayor.html",
    ],
)
def test_names_code_and_quotations_are_no_foreign_paragraphs(line: str) -> None:
    assert found(f"{MORNING['en']}\n{line}\n{MORNING['en']}", "en") == []


@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("sk", MORNING["cs"]),
        (
            "no",
            "Om morgenen åbner bageren sin lille butik på hjørnet, og naboerne kommer for at købe brød og snakke.",
        ),
    ],
)
def test_close_languages_are_not_told_apart(label: str, line: str) -> None:
    assert found(line, label) == []


@given(st.lists(hard_texts, max_size=4), st.sampled_from([*MORNING, None, "xx"]))
def test_any_text_can_be_told(texts: list[str], label: str | None) -> None:
    languages = detect(column(*texts))
    for code, score, share, parts in zip(*(each.to_pylist() for each in languages), strict=True):
        assert 0 <= score <= share <= 1
        assert (code is None) == (share == 0)
        assert [code] == [part["language"] for part in parts[:1]] if parts else code is None
        assert sum(part["share"] for part in parts) <= 1.01
    assert detect(column(*texts)) == languages
    mixed = ["\n".join([text, f"  {text}{MORNING['ru']} ", text]) for text in texts]
    for text, places in zip(mixed, passages(column(*mixed), column(*[label] * len(mixed))), strict=True):
        assert places == sorted(places)
        lines = {line.strip() for line in text.split("\n")}
        for start, end, language in places:
            assert 0 <= start < end <= len(text)
            assert text[start:end] in lines
            assert language != label


@pytest.mark.parametrize("language", sorted(MORNING))
def test_decomposed_letters_are_those_of_the_same_language(language: str) -> None:
    """Text that comes from some file systems and editors has its accents as characters of their own."""
    texts = pa.array([unicodedata.normalize("NFD", MORNING[language])])
    assert detect(texts).labels.to_pylist() == [language]
