"""Lines that are not the article go, those that only look like them stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from copydesk.cleaning.rule import Analyses
from copydesk.cleaning.rules.boilerplate_lines import RULES, _judge_lines, _may_hold_any
from copydesk.text import EditedText

APPLIED = plan({"apply": ["safe", "probable"], "rules": {}}, RULES)
#: An article no one published: paragraphs longer than any headline.
BODY = [
    f"The harbour council met on the {day} to hear what the engineers had found under the old pier, and " * 3
    + "left."
    for day in ("first", "second", "third", "fourth", "fifth", "sixth")
]


def cleaned(*lines: str) -> list[str]:
    text = "\n".join(lines)
    edited = clean_text(text, APPLIED).edited
    assert edited.revert() == text
    return edited.text.split("\n")


def rules_for(*lines: str) -> set[str]:
    edits = clean_text("\n".join(lines), APPLIED).edited.edits
    return {rule for edit in edits for rule in edit.rules}


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("page-element", "Skip to main content"),
        ("page-element", "Leave a comment"),
        ("page-element", '<span data-type="bookmark" style="width: 0px">x</span>'),
        ("read-more", "Read more: Why the ferry is late again"),
        ("read-more", "[Related: What we know about the ferry]"),
        ("read-more", "Continue reading the main story"),
        ("read-more", "You may also like:"),
        ("read-more", "Lesen Sie auch: Warum die Fähre wieder zu spät kommt"),
        ("read-more", "À lire aussi : pourquoi le bac est en retard"),
        ("read-more", "Lea también: Por qué el barco llega tarde"),
        ("read-more", "Leggi anche: Perché il traghetto è in ritardo"),
        ("read-more", "GET THE HARBOUR APP BY CLICKING HERE"),
        ("subscribe", "Subscribe to our newsletter and never miss a story."),
        ("subscribe", "Sign up for our daily briefing here."),
        ("subscribe", "Enter your email address to receive updates."),
        ("subscribe", "Follow us on Twitter and Facebook."),
        ("subscribe", "Want more of this? Get our newsletter in your inbox every morning."),
        ("photo-credit", "Photo: Ines Falk, Example Wire"),
        ("photo-credit", "(Image credit: Example Wire)"),
        ("photo-credit", "Ines Falk/Getty Images"),
        ("photo-credit", "A ferry leaves the harbour in the morning. (Photo by Ines Falk/Example)"),
        ("share", "Share on Facebook Share on Twitter Share via Email"),
        ("share", "Facebook Twitter Email LinkedIn"),
        ("share", "195 Shares"),
        ("copyright", "© 2023 Example Wire. All rights reserved."),
        ("copyright", "Copyright 2022 Example Wire. This material may not be published."),
        ("copyright", "Tous droits réservés"),
        ("advertisement", "ADVERTISEMENT"),
        ("advertisement", "Story continues below"),
        ("advertisement", "Anzeige"),
        ("contact", "Contact the author at ines@example.com"),
        ("contact", "ines.falk@example.com"),
        ("contact", "(Reporting by Ines Falk; editing by Tom Reed)"),
    ],
)
def test_a_line_that_is_certain_goes_wherever_it_stands(rule: str, line: str) -> None:
    assert cleaned(*BODY[:3], line, *BODY[3:]) == BODY
    assert cleaned(*BODY, line) == BODY
    assert rules_for(*BODY, line) == {rule}


@pytest.mark.parametrize(
    "line",
    [
        "Read more than one paper if you want to know.",
        "Related work was stopped on Friday.",
        "Subscribe to a theory for long enough and facts begin to bend.",
        "Follow the money, he said.",
        "Photos of the pier show that its roof was gone by then.",
        "Image was everything to him.",
        "Share prices fell by a tenth on Monday.",
        "Shares fell by a tenth on Monday.",
        "Copyright law does not protect a fact.",
        "Advertisements for the party were everywhere.",
        "Contact with the island was lost on Friday.",
        "Sources: three of them, he said, and all afraid.",
        "By Friday, Ines Falk had left the harbour.",
        "By Ines Falk's own account, nobody had asked.",
        "On November 20, 2019, he came back.",
        "Email was new to the town then, and nobody had it.",
        "Comments by the minister made it worse.",
        "No part of this plan was written down.",
        "Join the navy and see the world, she told them.",
        "Get the boat, he said, and we will be home for supper.",
        "San Diego, CA",
        "AC/DC",
        "Love came late to him, by e-mail.",
    ],
)
def test_a_line_of_the_article_that_begins_alike_stays(line: str) -> None:
    for lines in ([*BODY[:3], line, *BODY[3:]], [*BODY, line], [BODY[0], line, *BODY[1:]]):
        assert cleaned(*lines) == lines


def test_what_stands_above_the_article_goes_and_the_headline_stays() -> None:
    top = [
        "The Pier Will Stay",
        "By Ines Falk, Staff Writer",
        "Published 3 May 2020",
        "Updated May 4, 2020 8:03 am ET",
    ]
    assert cleaned(*top, *BODY) == [top[0], *BODY]
    assert rules_for(*top, *BODY) == {"byline", "date-line"}


@pytest.mark.parametrize(
    "line",
    ["By Ines Falk", "By INES FALK and TOM REED", "Von Ines Falk", "Written by Ines Falk on November 14, 2022"],
)
def test_a_byline_goes_at_the_top_and_stays_elsewhere(line: str) -> None:
    assert cleaned(line, *BODY) == BODY
    inside = [*BODY[:3], line, *BODY[3:]]
    assert cleaned(*inside) == inside


def test_a_name_goes_between_a_headline_and_a_date() -> None:
    assert cleaned("The Pier Will Stay", "Ines Falk", "May 3, 2020", *BODY) == ["The Pier Will Stay", *BODY]


def test_a_headline_under_a_date_stays() -> None:
    assert cleaned("May 3, 2020", "Harbour Council", *BODY) == ["Harbour Council", *BODY]


def test_dates_between_the_entries_of_a_chronicle_stay() -> None:
    lines = ["May 3, 2020", BODY[0], "May 4, 2020", BODY[1], "May 5, 2020", BODY[2]]
    assert cleaned(*lines) == lines


@pytest.mark.parametrize("line", ["Source: Today IT", "(Source: Example Wire)", "Via Example Wire", "Quelle: dpa"])
def test_a_source_line_goes_at_the_end_and_stays_elsewhere(line: str) -> None:
    assert cleaned(*BODY, line) == BODY
    inside = [*BODY[:3], line, *BODY[3:]]
    assert cleaned(*inside) == inside


@pytest.mark.parametrize(
    "line",
    [
        "Ines Falk is a seasoned journalist and author at The Harbour Gazette, with a focus on shipping.",
        "Ines Falk is a freelance writer based in Lisbon. Her work has appeared in Example Wire.",
        "Ines Falk writes about energy markets for Example Wire.",
        "About the author: Ines Falk writes about energy markets for Example Wire.",
    ],
)
def test_a_biography_goes_at_the_end(line: str) -> None:
    assert cleaned(*BODY, line) == BODY
    assert cleaned(*BODY, line, "She has lived in four countries.", "© 2023 Example Wire") == BODY
    assert cleaned(*BODY[:3], line, *BODY[3:]) == [*BODY[:3], line, *BODY[3:]]


def test_a_line_about_someone_of_the_article_stays() -> None:
    told = f"{BODY[0]} Nobody had asked Ines Falk what she had seen that night."
    line = "Ines Falk is a journalist at The Harbour Gazette, where she covers shipping."
    assert cleaned(told, *BODY, line) == [told, *BODY, line]


def test_what_is_not_certain_is_suggested() -> None:
    lines = [*BODY[:3], "Watch: How the town voted", *BODY[3:]]
    assert cleaned(*lines) == lines
    (suggestion,) = clean_text("\n".join(lines), APPLIED).suggestions
    assert (suggestion.rules, suggestion.before) == (("boilerplate-line",), "\nWatch: How the town voted")


def test_a_line_that_is_not_certain_goes_next_to_one_that_is() -> None:
    lines = [*BODY[:3], "Advertisement", "Watch: How the town voted", *BODY[3:]]
    assert "Watch: How the town voted" not in clean_text("\n".join(lines), APPLIED).edited.text


def test_a_paragraph_that_is_there_twice_goes_once() -> None:
    assert cleaned(*BODY, BODY[2]) == BODY
    assert cleaned("The pier of the old harbour stays", "The pier of the old harbour stays", *BODY) == [
        "The pier of the old harbour stays",
        *BODY,
    ]


def test_a_refrain_stays() -> None:
    lines = [BODY[0], "And nobody had asked.", BODY[1], "And nobody had asked.", BODY[2], "___", "___"]
    assert cleaned(*lines) == lines


@pytest.mark.parametrize(
    "line",
    [
        "In this Sunday, Nov. 10, 2019, file photo, boats lie in the harbour of a town that has no bridge.",
        "This undated image shows the harbour.",
        "© Иван Петров",
        "© РИА Новости / Иван Петров",
        "— Анна Иванова (@anna_i) November 3, 2020",
        "Фото: ТАСС",
        "Автор фото, Getty Images",
        "Подпись к фото, Старый мост в центре города",
        "इमेज स्रोत, Getty Images",
        "इमेज कैप्शन, पुराना पुल",
        "Derechos de autor de la imagen Getty Images",
        "Un puente antiguo | EFE",
        "Síguenos en nuestro canal de Telegram",
        "Ảnh: Nguyễn Văn An",
        "Chụp lại hình ảnh, Cây cầu cũ",
        "مصدر الصورة، Getty Images",
        "Fot. Jan Nowak / Agencja",
    ],
)
def test_credits_and_captions_go_in_any_language(line: str) -> None:
    assert cleaned(*BODY[:3], line, *BODY[3:]) == BODY


@pytest.mark.parametrize(
    "line",
    [
        "© is the sign of the owner. It is put before the year.",
        "Nobody had told Reuters",
        "In this photo he sees what nobody else saw in May 2019.",
        "He sold the pictures to the agency. Later he said no to AFP",
        "Das Foto hing an der Wand.",
        "Фото было сделано в старом доме на берегу реки.",
        "तस्वीर बहुत पुरानी थी।",
        "Ảnh chụp cho thấy cây cầu cũ.",
        "— Anna Ivanova (52), who was there",
        "Síguenos, dijo el alcalde.",
    ],
)
def test_lines_that_begin_like_a_credit_stay_in_any_language(line: str) -> None:
    assert cleaned(*BODY[:3], line, *BODY[3:]) == [*BODY[:3], line, *BODY[3:]]


QUESTION = "What would you do first to make sure that the buses run on time in every part of the town, also on Sundays and at night?"
SERVED = "Roast chicken with potatoes, a green salad with lemon and olive oil, fresh bread from the bakery, and a bowl of fruit after that"


@pytest.mark.parametrize(
    "lines",
    [
        [
            QUESTION,
            "Anna Berg: I would talk to the drivers.",
            QUESTION,
            "Tom Hill: More buses.",
            QUESTION,
            "Eva Lind: No.",
        ],
        [
            "Anna Berg.",
            QUESTION,
            "I would talk to the drivers.",
            "Tom Hill.",
            QUESTION,
            "More buses, and more drivers.",
        ],
        ["Soup on Monday.", SERVED, "Soup on Tuesday.", SERVED, "Soup on Wednesday.", SERVED],
        ["How often does the bus leave?", f"{SERVED}.", "And what if I miss it?", f"{SERVED}."],
        ["ASSESSMENT", f"{SERVED}.", "PLAN", f"{SERVED}."],
        [
            "記者：どう思いますか。",
            "市長は図書館について何を話しましたか？" * 8,
            "はい。",
            "市長は図書館について何を話しましたか？" * 8,
            "いいえ。",
        ],
    ],
)
def test_what_is_repeated_in_a_pattern_stays(lines: list[str]) -> None:
    assert cleaned(*BODY[:2], *lines, *BODY[2:]) == [*BODY[:2], *lines, *BODY[2:]]


def test_what_is_repeated_at_once_or_as_a_run_goes() -> None:
    assert cleaned(*BODY, QUESTION, QUESTION, BODY[0]) == [*BODY, QUESTION]
    run = [BODY[1], QUESTION, BODY[2]]
    assert cleaned(BODY[0], *run, BODY[3], *run, *BODY[4:]) == [BODY[0], *run, *BODY[3:]]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_list_of_members_with_addresses_stays(step: int) -> None:
    people = ["Anna Berg", "Tom Hill", "Eva Lind", "Ola Nord"]
    lines = [
        line
        for name in people
        for line in (
            f"{name} {name.split()[1].lower()}@example.org",
            f"Chair of the {name.split()[0]} branch since last spring",
            "North Hill, 12 Pier Road",
        )[:step]
    ]
    assert cleaned(*BODY[:2], *lines, BODY[2]) == [*BODY[:2], *lines, BODY[2]]
    assert cleaned(*BODY[:2], lines[0]) == BODY[:2]


@pytest.mark.parametrize(
    ("sentence", "credit"),
    [
        ("The mayor said that the library would open in spring.", " (c) AFP/Tom Hill"),
        ("The mayor said that the library would open. The town would pay, she said on Monday.", " © AFP/Tom Hill"),
        ("“The library will open in spring,” the mayor said, “and the town pays.”", " (c) AFP/Tom Hill"),
        ("町がその費用を支払うと市長は語り、誰もその計画に反対しなかった。", "(c)AFP/Tom Hill"),
    ],
)
def test_of_a_last_paragraph_with_a_credit_only_the_credit_goes(sentence: str, credit: str) -> None:
    assert cleaned(*BODY, sentence + credit) == [*BODY, sentence]
    assert cleaned(*BODY[:3], sentence + credit, *BODY[3:]) == BODY  # a caption
    assert cleaned(*BODY, f"The mayor at the library{credit}") == BODY


def test_no_empty_line_is_left() -> None:
    assert cleaned(BODY[0], "", "Advertisement", "", BODY[1]) == [BODY[0], "", BODY[1]]
    assert cleaned("", "By Ines Falk", "", BODY[0]) == ["", BODY[0]]
    assert cleaned(BODY[0], "", "Source: Today IT", "") == [BODY[0], ""]
    assert cleaned("By Ines Falk", "Share", "Advertisement", BODY[0], "Advertisement", "Share") == [BODY[0]]


@pytest.mark.parametrize(
    "text",
    ["By Ines Falk", "Advertisement\nShare\n\n© 2023 Example Wire", "Source: a\nSource: b", "", "\n\n", " \n Share"],
)
def test_a_text_of_nothing_else_is_left(text: str) -> None:
    assert cleaned(text) == text.split("\n")


def test_a_shared_analysis_gives_the_same_edits_as_one_of_each_rule() -> None:
    for text in ("\n".join([*BODY, "Source: Today IT"]), "", BODY[0]):
        analyses = Analyses()
        assert [rule.edits(text, analyses) for rule in RULES] == [rule.edits(text) for rule in RULES]
        assert len(analyses._results) == 1


LINES = [
    "By Ines Falk", "May 3, 2020", "Ines Falk", "Share", "Advertisement", "Source: Today IT", "Close", "Tags: a, b", "",
    "Watch: a", "© 2023", "Photo: a", "He left.", BODY[0], BODY[1], " ", "Ines Falk writes for Example Wire.",
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=14))
def test_lines_in_any_order_come_back_and_some_are_left(lines: list[str]) -> None:
    text = "\n".join(lines)
    for rule in RULES:
        edits = rule.edits(text)
        assert EditedText(text).apply(edits).revert() == text
    assert not text.strip() or clean_text(text, APPLIED).edited.text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 1_000_000, "a\n" * 500_000, "\nSource:" * 120_000, "\nSource: x y" * 80_000, "A" * 1_000_000,
        " " * 1_000_000, "By Aa Bb\n" * 100_000, ("By " + "Aa " * 40 + "\n") * 8_000, ("Aa " * 100 + "\n") * 3_000,
        ("\nAa Bb is a " + "cc " * 100) * 3_000, ("Photo: " + "a. B " * 30 + "\n") * 6_000, ("(" * 150 + "\n") * 6_000,
        ("Get our " + "e-mai " * 45 + "\n") * 3_000, ("1 Jan " * 20 + "\n") * 8_000, "(AP Photo " * 100_000,
        ("Aa Bb " + "- " * 60 + "\n") * 8_000, "Advertisement\n" * 70_000, ("x" * 130 + "\n") * 7_000, ("Share on" + " aaaaaa" * 15 + ".\n") * 8_000, ("By Aa Bb " + "A-" * 60 + "$\n") * 8_000,
        ("By Aa Bb" + ", A." * 30 + "$\n") * 8_000, ("privacy policy" + " and" * 20 + "$\n") * 8_000,
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
@pytest.mark.slow
def test_hostile_lines_take_time_that_grows_with_them(text: str) -> None:
    start = time.process_time()
    analyses = Analyses()
    for rule in RULES:
        rule.edits(text, analyses)
    assert time.process_time() - start < 60


#: Lines of an article, lines that are none, and lines that are one or the other by their place.
_LINES = (
    *BODY[:2],
    "",
    " ",
    "\xa0",
    "Skip to main content",
    "Read more: Why gas prices are falling again",
    "By Marta Kowalczyk, Staff Writer",
    "November 20, 2019",
    "About the author",
    "She writes about towns.",
    "Leila Haddad is a senior reporter at InfoPress, where she covers defence.",
    "He said so. (AP Photo/John Locher)",
)


@given(st.lists(st.sampled_from(_LINES), max_size=14).map("\n".join))
def test_where_no_line_may_be_judged_none_is(text: str) -> None:
    assert _may_hold_any(text) or not _judge_lines(text)
