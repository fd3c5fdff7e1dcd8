"""A page is decoded as it says, and only so that its bytes come back."""

from __future__ import annotations

import pytest

from copydesk.errors import UnreadableError
from copydesk.readers.html import meant, read_html
from copydesk.readers.text import to_bytes

PAGE = "<html><head>{}</head><body><p>Kaffee für 5 €: „später“.</p></body></html>"


@pytest.mark.parametrize(
    ("named", "charset", "written", "read"),
    [
        ('<meta charset="utf-8">', None, "utf-8", "utf-8"),
        ("<meta charset=windows-1252>", None, "cp1252", "cp1252"),
        ('<META http-equiv="Content-Type" content="text/html; charset=ISO-8859-15">', None, "iso8859-15", None),
        # What is called Latin-1 is hardly ever that: quotes and the euro are in its controls.
        ('<meta charset="iso-8859-1">', None, "cp1252", "cp1252"),
        ("", "windows-1252", "cp1252", "cp1252"),
        ("<meta charset=koi8-r>", "windows-1252", "cp1252", "cp1252"),
        # What is UTF-8 is that, whatever is said of it.
        ('<meta charset="iso-8859-1">', "windows-1252", "utf-8", "utf-8"),
        ("<?xml version='1.0' encoding='cp1252'?>", None, "cp1252", "cp1252"),
        ("<meta charset=utf-16>", None, "utf-8", "utf-8"),
        ("<meta charset=iso-2022-jp>", None, "utf-8-sig", "utf-8"),
    ],
)
def test_the_encoding_that_is_named_is_taken_if_it_fits(
    named: str, charset: str | None, written: str, read: str | None
) -> None:
    html = PAGE.format(named)
    data = html.encode(written, "replace")
    if read is None:  # Latin-9 has no such quotes: they are question marks already
        html, read = data.decode(written), written
    raw = read_html(data, ["utf-8"], charset)
    assert (raw.text, raw.encoding, to_bytes(raw)) == (html, read, data)


def test_japanese_with_escapes() -> None:
    data = '<meta charset="iso-2022-jp"><p>日本語の記事</p>'.encode("iso2022_jp")
    raw = read_html(data, ["utf-8"])
    assert (raw.encoding, to_bytes(raw)) == ("iso2022_jp", data)
    assert "日本語" in raw.text


@pytest.mark.parametrize("named", ["", "<meta charset=utf-8>", "<meta charset=utf-7>", "<meta charset=rot13>"])
def test_what_is_named_wrongly_is_tried_as_the_settings_say(named: str) -> None:
    data = PAGE.format(named).encode("cp1252")
    with pytest.raises(UnreadableError, match="not utf-8 at byte"):
        read_html(data, ["utf-8"])
    assert to_bytes(read_html(data, ["utf-8", "cp1252"])) == data


def test_only_encodings_of_text_are_meant() -> None:
    for name in ("idna", "unicode_escape", "utf-7", "hex", "rot13", "zlib", "mbcs", "x\0", "", None):
        assert meant(name) == ()
