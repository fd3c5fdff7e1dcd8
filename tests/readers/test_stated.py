"""Addresses and dates as they are found become addresses and dates as sources.jsonl has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.core.json_schema import load_schema, violations
from copydesk.readers.base import STATED
from copydesk.readers.stated import license_expression, moment, normalised_url, stated_of

ADDRESSES = {
    "https://example.org/a?b=c#d": "https://example.org/a?b=c#d",
    "HTTPS://EXAMPLE.ORG/upper": "HTTPS://EXAMPLE.ORG/upper",
    "ftp://example.org/ä": "ftp://example.org/%C3%A4",
    "urn:isbn:0451450523": "urn:isbn:0451450523",
    " https://example.org/a ": "https://example.org/a",
    "https://de.example.org/wiki/Köln": "https://de.example.org/wiki/K%C3%B6ln",
    "HTTP://Example.org/Мир": "HTTP://Example.org/%D0%9C%D0%B8%D1%80",
    "https://example.org/a|b c": "https://example.org/a%7Cb%20c",
    "https://example.org/50%?q=%zz%20": "https://example.org/50%25?q=%25zz%20",
    "https://example.org/a[1].html?b[]={c}": "https://example.org/a%5B1%5D.html?b%5B%5D=%7Bc%7D",
    "https://example.org/a\tb\\c": "https://example.org/a%09b%5Cc",
    "https://example.org/a#b#c d": "https://example.org/a#b%23c%20d",
    "https://пример.укр/а": "https://xn--e1afmkfd.xn--j1amh/%D0%B0",
    "https://straße.example:8080/ß": "https://xn--strae-oqa.example:8080/%C3%9F",
    "http://☃.example/": "http://xn--n3h.example/",
    "https://ann:ä@example.org/ö": "https://ann:%C3%A4@example.org/%C3%B6",
    "http://[::1]:80/a b": "http://[::1]:80/a%20b",
}
NO_ADDRESSES = [
    "www.example.org",
    "no address",
    "https://exa mple.org/",
    "https://ü..org/",
    f"https://{'ü' * 2000}.org/",
]
MOMENTS = {
    "2017-07-17": "2017-07-17",
    "2017-07-17T17:03:00Z": "2017-07-17T17:03:00Z",
    "2017-07-17T17:03:00": "2017-07-17",
    "2017-07-17 17:03": "2017-07-17",
    "2017-07-17T00:00:00.000000": "2017-07-17",
    "2017-07-17T17:03:00+0200": "2017-07-17T17:03:00+02:00",
    "2017-07-17 17:03:00 +02": "2017-07-17T17:03:00+02:00",
    "2017-07-17 17:03:00 UTC": "2017-07-17T17:03:00+00:00",
    "20170717": "2017-07-17",
    "17 July 2017": "2017-07-17",
    "July 17th, 2017": "2017-07-17",
    "2017/07/17 17:03": "2017-07-17",
    "2017-07-17 17:03:00 +0000 UTC": "2017-07-17T17:03:00+00:00",
    "2017-07-17T17:03:00+02:00[Europe/Berlin]": "2017-07-17T17:03:00+02:00",
    "Mon, 17 Jul 2017 17:03:00 +0200": "2017-07-17T17:03:00+02:00",
}
NO_MOMENTS = [
    "2017-07",
    "2017",
    "17.07.2017",
    "2017-02-30",
    "2017-13-01T00:00:00",
    "yesterday",
    "1500311000",
    "07/08/2017",
    "",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_written_in_ascii(text: str) -> None:
    assert normalised_url(text) == ADDRESSES[text]
    assert normalised_url(ADDRESSES[text]) == ADDRESSES[text]


@pytest.mark.parametrize("text", MOMENTS)
def test_of_a_moment_without_a_zone_the_day_is_kept(text: str) -> None:
    assert moment(text) == MOMENTS[text]
    assert moment(MOMENTS[text]) == MOMENTS[text]


def test_what_is_none_says_what_was_expected() -> None:
    for text in NO_ADDRESSES:
        with pytest.raises(ValueError, match="is not a URL; expected one such as https:"):
            normalised_url(text)
    for text in NO_MOMENTS:
        with pytest.raises(ValueError, match="is not a date; expected one such as 2024-05-31"):
            moment(text)


pieces = st.sampled_from(
    ["https://", "2017-07-17", "T17:03", "+02", "/", "[", "%", "@", ":", "#", "ü", " ", "\ud800"]
)
values = st.one_of(
    st.lists(st.one_of(pieces, st.text(max_size=5))).map("".join), st.none(), st.floats(), st.lists(st.none())
)


@given(st.dictionaries(st.sampled_from([*STATED, "date", "authors", "lang"]), values))
def test_what_any_record_says_is_text_or_left_out(fields: dict[str, object]) -> None:
    stated, unread, _ = stated_of(fields)
    assert not stated.keys() & unread.keys()
    schema = load_schema("source")
    assert not [v for v in violations(schema, {"doc_id": "x", **stated}) if v.field in {"url", "published"}]
    for name, value in fields.items():
        assert name not in STATED or name in stated or name in unread or not isinstance(value, str) or not value


LICENSES = {
    "CC-BY-4.0": "CC-BY-4.0",
    "cc by-nc-sa 3.0": "CC-BY-NC-SA-3.0",
    "http://creativecommons.org/licenses/by-nd/2.0/": "CC-BY-ND-2.0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "https://creativecommons.org/licenses/evil/4.0/": None,
    "https://example.org/licenses/by/4.0/": None,
    "all rights reserved": None,
}


@pytest.mark.parametrize("text", LICENSES)
def test_licenses_become_expressions(text: str) -> None:
    if (expected := LICENSES[text]) is not None:
        assert license_expression(text) == expected
        return
    with pytest.raises(ValueError, match="expected an SPDX expression"):
        license_expression(text)


def test_a_field_that_the_settings_name_precedes_the_usual_ones() -> None:
    fields = {"date": "2020-01-01", "day": "2021-01-01", "author": "A", "publisher": "P"}
    assert stated_of(fields, "text", {"published": "day", "source": "publisher"}).values == {
        "published": "2021-01-01",
        "byline": "A",
        "source": "P",
    }
    assert stated_of({"date": "2020-01-01"}, "text", {"published": "day"}).values == {"published": "2020-01-01"}


@pytest.mark.parametrize(
    ("fields", "values", "unread"),
    [
        ({"licence": "MIT", "outlet": "A"}, {"license": "MIT", "source": "A"}, {}),
        ({"licence": float("nan"), "license": "MIT", "outlet": ""}, {"license": "MIT"}, {}),
        ({"source": "A", "outlet": "A"}, {"source": "A"}, {}),
        (
            {"source": "A", "outlet": "B", "title": "T"},
            {"title": "T"},
            {"source": "source is 'A' and outlet is 'B'; keep source alone"},
        ),
        ({"outlet": 5}, {}, {"source": "5, expected text"}),
        ({"source": "The text of a record"}, {}, {}),
    ],
)
def test_old_names_are_read_and_counted(
    fields: dict[str, object], values: dict[str, str], unread: dict[str, str]
) -> None:
    text_field = "source" if "text" in str(fields) else "text"
    stated = stated_of(fields, text_field)
    assert (stated.values, stated.unread) == (values, unread)
    assert {*stated.old_names} == {name for name in ("licence", "outlet") if fields.get(name) in ("MIT", "A", "B", 5)}
