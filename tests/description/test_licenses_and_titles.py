"""Which licenses may be public, and where a text begins with its headline."""

from __future__ import annotations

import pyarrow as pa
import pytest

from copydesk.description.headline import headline
from copydesk.tables.licenses import public
from support import ROOT

BODY = (
    "The mayor opened the bridge on Monday, two years after work began, and walked across it with the builders. " * 2
)
PARAGRAPH = f"\n{BODY}It carries trams."


@pytest.mark.parametrize(
    ("license", "allowed", "is_public"),
    [
        ("CC-BY-4.0", ["CC-BY-4.0", "CC0-1.0"], True),
        ("CC-BY-NC-4.0", ["CC-BY-4.0"], False),
        ("MIT OR LicenseRef-unknown", ["MIT"], True),
        ("MIT AND CC-BY-4.0", ["MIT"], False),
        ("MIT AND CC-BY-4.0", ["CC-BY-4.0", "MIT"], True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only"], False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only WITH Classpath-exception-2.0"], True),
        ("LicenseRef-unknown", ["MIT"], False),
        (None, ["MIT"], False),
        (None, ["*"], True),
        ("LicenseRef-unknown", [], False),
    ],
)
def test_licenses(license: str | None, allowed: list[str], is_public: bool) -> None:
    assert public(pa.array([license], pa.string()), allowed).to_pylist() == [is_public]


@pytest.mark.parametrize(
    "title",
    [
        "City opens second bridge over the harbour",
        "“We are not afraid”: a town after the flood",
        "What did the minister know?",
        "  Ten things to do in Lisbon  ",
    ],
)
def test_headlines(title: str) -> None:
    place = headline(title + PARAGRAPH)
    assert place is not None
    assert (title + PARAGRAPH)[slice(*place)] == title.strip()


@pytest.mark.parametrize(
    "text",
    [
        "City opens second bridge over the harbour",
        "The city opened a second bridge over the harbour on Monday." + PARAGRAPH,
        "By Ines Falk, Staff Writer" + PARAGRAPH,
        "LISBON (Wire) - The city" + PARAGRAPH,
        "12 May 2022, 14:05" + PARAGRAPH,
        "Updated on Monday at noon" + PARAGRAPH,
        "Photo: the new bridge at night" + PARAGRAPH,
        "The following were present:" + PARAGRAPH,
        "and then it was over for them" + PARAGRAPH,
        "He left. She stayed in town" + PARAGRAPH,
        "City opens bridge\nTrams first\nCars later",
        "City opens second bridge" + PARAGRAPH[:-1] + ",",
        "- a list item that is long enough" + PARAGRAPH,
        "1. the first item of a list" + PARAGRAPH,
        "word " * 40 + PARAGRAPH,
        "",
        "\n" * 50,
    ],
)
def test_no_headlines(text: str) -> None:
    assert headline(text) is None


def test_the_articles_have_none() -> None:
    for path in (ROOT / "seeds").glob("*.txt"):
        assert headline(path.read_text("utf-8")) is None
