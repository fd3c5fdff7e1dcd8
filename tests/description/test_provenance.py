"""What removed lines say about where an article is from."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params
from copydesk.description.provenance import (
    FEEDING,
    FIELDS,
    Extracted,
    Removed,
    complete_metadata,
    date_of_address,
    fields_of_edits,
    fields_of_text,
)
from copydesk.language.moments import date_in
from copydesk.project import Project
from copydesk.stages.runner import read_inputs
from support import ROOT, hard_texts

BIOGRAPHY = "Ines Falk is a seasoned journalist and author at The Harbour Gazette, with a focus on shipping."


@pytest.mark.parametrize(
    ("rule", "removed", "fields"),
    [
        ("source-line", "\nSource: Today IT", {"source": "Today IT"}),
        ("source-line", "\n\n(Source: The Harbour Gazette)", {"source": "The Harbour Gazette"}),
        ("source-line", "\nSource: Example Wire / Agencies", {"source": "Example Wire"}),
        ("source-line", "\nVia Example Wire", {"source": "Example Wire"}),
        ("source-line", "\nQuelle: Beispielzeitung", {"source": "Beispielzeitung"}),
        ("source-line", "\nSource: https://www.example.com/1.html", {}),
        ("source-line", "\nSource: the minister himself.", {}),
        ("byline", "By Ines Falk\n", {"byline": "Ines Falk"}),
        ("byline", "By INES FALK and TOM REED\n", {"byline": "Ines Falk and Tom Reed"}),
        ("byline", "By Ines Falk, Staff Writer\n", {"byline": "Ines Falk"}),
        (
            "byline",
            "By Ines Falk, Tom Reed and Ana Lima, Example Wire\n",
            {"byline": "Ines Falk, Tom Reed and Ana Lima"},
        ),
        (
            "byline",
            "Written by Ines Falk on November 14, 2022\n",
            {"byline": "Ines Falk", "published": "2022-11-14"},
        ),
        ("byline", "Von Ines Falk\n", {"byline": "Ines Falk"}),
        ("byline", "Ines Falk\n", {}),
        ("date-line", "\nPublished November 20th, 2019 - 07:29 GMT", {"published": "2019-11-20"}),
        ("date-line", "\nUpdated May 3, 2020", {}),
        ("author-biography", "\n" + BIOGRAPHY, {"byline": "Ines Falk", "publisher": "The Harbour Gazette"}),
        ("author-biography", "\nInes Falk is a freelance writer based in Lisbon.", {"byline": "Ines Falk"}),
        (
            "author-biography",
            "\nAbout the author: Ines Falk writes about energy for Example Wire.",
            {"byline": "Ines Falk", "publisher": "Example Wire"},
        ),
        ("author-biography", "\nShe has a background in law.", {}),
        ("spaces", "By Ines Falk", {}),
        ("byline", "By Ines Falk " * 1000, {}),
    ],
)
def test_a_removed_line_gives_fields(rule: str, removed: str, fields: dict[str, str]) -> None:
    assert fields_of_text(rule, removed) == fields


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Nov. 19, 2019 8:03 am ET", "2019-11-19"),
        ("19 November 2019", "2019-11-19"),
        ("2019-11-19T08:00:00Z", "2019-11-19"),
        ("3. März 2020", "2020-03-03"),
        ("3 mars 2020", "2020-03-03"),
        ("3 de mayo de 2021", "2021-05-03"),
        ("3 maggio 2021", "2021-05-03"),
        ("03/04/2020", None),
        ("February 30, 2020", None),
        ("3 May 2020 and 4 May 2020", None),
        ("yesterday", None),
    ],
)
def test_a_date_is_read_or_left_open(text: str, date: str | None) -> None:
    assert date_in(text) == date


def removed(*edits: tuple[tuple[str, ...], str]) -> list[Removed]:
    return [Removed(frozenset(rules), text, 100 * number) for number, (rules, text) in enumerate(edits)]


def values(fields: dict[str, Extracted]) -> dict[str, str]:
    return {name: field.value for name, field in fields.items()}


def test_lines_removed_together_are_asked_one_by_one() -> None:
    text = f"\nSource: Today IT\n{BIOGRAPHY}"
    fields = fields_of_edits(removed((("source-line", "author-biography"), text)))
    assert values(fields) == {
        "source": "Today IT",
        "byline": "Ines Falk",
        "publisher": "The Harbour Gazette",
    }
    assert {name: (field.origin, text[field.raw_start : field.raw_end]) for name, field in fields.items()} == {
        "source": ("source-line", "Today IT"),
        "byline": ("author-biography", "Ines Falk"),
        "publisher": ("author-biography", "The Harbour Gazette"),
    }


def test_a_byline_is_heard_before_a_biography() -> None:
    edits = removed((("author-biography",), BIOGRAPHY), (("byline",), "By Tom Reed\n"))
    assert fields_of_edits(edits)["byline"] == Extracted("Tom Reed", "byline", 103, 111)


def test_a_value_that_was_rewritten_has_the_place_of_its_line() -> None:
    assert fields_of_edits(removed((("byline",), "By INES FALK\n")))["byline"] == Extracted(
        "Ines Falk", "byline", 0, 13
    )


def test_what_the_third_article_says() -> None:
    (path,) = (ROOT / "seeds").glob("003_*.txt")
    raw = path.read_text("utf-8")
    edits = clean_text(raw, plan(check_params({})["clean"])).edited.edits
    fields = fields_of_edits(Removed(frozenset(edit.rules), edit.before, edit.raw_start) for edit in edits)
    assert values(fields) == {
        "source": "Today IT",
        "byline": "Karen Clayton",
        "publisher": "The Nation Update",
    }
    assert all(raw[field.raw_start : field.raw_end] == field.value for field in fields.values())


def test_what_the_steward_wrote_comes_first(make_corpus: Callable[..., Project]) -> None:
    body = "The council met for the third time this week and decided nothing at all. " * 4
    article = f"A harbour\nBy Tom Reed\nPublished 3 May 2020\n{body}\nThe rest is known.\n{BIOGRAPHY}"
    sources = '{"doc_id": "b", "byline": "Editors", "published": "2020-05-04"}\n'
    project = make_corpus({"a.txt": article, "b.txt": article + " ", "sources.jsonl": sources})
    (parts,) = read_inputs(project, ["package.documents_train"])
    rows = project.store.read(parts["package.documents_train"]).to_pylist()
    assert [(row["byline"], row["publisher"], row["published"]) for row in rows] == [
        ("Tom Reed", "The Harbour Gazette", "2020-05-03"),
        ("Editors", "The Harbour Gazette", "2020-05-04"),
    ]


@given(hard_texts)
def test_any_text_gives_known_fields(text: str) -> None:
    for rule in FEEDING:
        assert fields_of_text(rule, text).keys() <= {"byline", "source", "publisher", "published"}


ADDRESSES = {
    "https://example.org/2023/02/14/bridge": "2023-02-14",
    "https://example.org/news/2023-2-4-bridge.html": "2023-02-04",
    "https://example.org/2023/02/30/bridge": None,
    "https://example.org/2023/02/": None,
    "https://example.org/2023/02-14/": None,
    "https://2023/02/14/": None,
    "https://example.org/12023/02/14/": None,
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_may_have_the_date(url: str) -> None:
    assert date_of_address(url) == ADDRESSES[url]
    stated = pa.table({"doc_id": ["a", "b"], **{name: [None, None] for name in FIELDS}})
    stated = stated.set_column(stated.column_names.index("url"), "url", pa.array([url, url]))
    completed, origins = complete_metadata(stated, {"b": {"published": Extracted("2000-01-01", "html-markup")}}, {})
    assert completed["published"].to_pylist() == [ADDRESSES[url], "2000-01-01"]
    assert ("url" in {o["origin"] for o in origins[0]}) == (ADDRESSES[url] is not None)
