"""A page is decoded as it says, and only so that its bytes come back."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.core.stray_bytes import without_strays
from copydesk.errors import UnreadableError
from copydesk.readers.html_pages import meant, read_html
from copydesk.readers.plain_text import STRAY, to_bytes

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


def test_a_late_name_of_the_encoding_is_heard_as_browsers_do() -> None:
    late = f"<script>{'x' * 60_000}</script><META HTTP-EQUIV='Content-Type' CONTENT='text/html; charset=ISO-8859-1'>"
    data = PAGE.format(late).encode("cp1252")
    raw = read_html(data, ["utf-8"])
    assert (raw.encoding, to_bytes(raw)) == ("cp1252", data)
    # The first name counts, and a search for it that finds none takes no longer than the page.
    assert read_html(PAGE.format(f"<meta charset=utf-8>{late}").encode("cp1252"), ["utf-8"]).encoding == STRAY
    with pytest.raises(UnreadableError, match="not utf-8 at byte"):
        read_html(b"<meta " * 200_000 + b"\xe9", ["utf-8"])


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("named", ["<meta charset=utf-8>", "<meta charset=iso-8859-1>", ""])
def test_a_few_bytes_that_are_no_utf_8_refuse_no_page(named: str, bom: str) -> None:
    data = (bom + PAGE.format(named) + "<p>Übermäßig viele Grüße</p>@").encode().replace(b"@", b"\xfc\xe9")
    raw = read_html(data, ["utf-8"], "windows-1252")
    assert (raw.encoding, raw.bom, to_bytes(raw)) == (STRAY, bool(bom), data)
    assert raw.text.endswith("Grüße</p>\U0010f7fc\U0010f7e9")
    raw.text.encode()  # as Parquet keeps it


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        # Letters of another encoding: as many are wrong as are right, or nothing is right.
        (
            "<p>Grüße, Käse, Öl</p>".encode() + b"\xe4\xf6\xfc",
            "3 bytes are not UTF-8 and 4 .* are; correct these bytes",
        ),
        ("<p>Grüße</p>".encode() + b"\xe4\xf6\xfc\xe4", "convert the file, or name its encoding"),
        (b"<p>Gr\xfc\xdfe</p>", "convert the file, or name its encoding"),
        # The characters that stand for bytes are there already.
        ("<p>Grüße, Käse, Öl, \U0010f7fc</p>".encode() + b"\xe4", "2 bytes are not UTF-8 and 4 .* are"),
    ],
)
def test_a_page_that_is_not_clearly_utf_8_is_refused_with_fitting_advice(data: bytes, advice: str) -> None:
    with pytest.raises(UnreadableError, match=advice):
        read_html(data, ["utf-8"])


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=2)), max_size=4))
def test_bytes_of_any_page_come_back_or_it_is_refused(text: str, wrong: list[tuple[int, bytes]]) -> None:
    data = (text + "äöüß" * 12).encode()
    for at, few in wrong:
        data = data[:at] + few + data[at:]
    try:
        raw = read_html(data, ["utf-8"])
    except UnreadableError as error:
        assert error.reason in {"undecodable", "empty", "not-text"}
    else:
        assert to_bytes(raw) == data
        assert len(without_strays(raw.text).encode()) > 0


@pytest.mark.parametrize("charset", [None, "utf-8"])
def test_a_page_of_ascii_that_is_called_utf_8_may_have_a_stray_byte(charset: str | None) -> None:
    head = b"" if charset else b'<meta charset="utf-8">'
    page = head + b"<p>plain words of an article</p>" * 40
    raw = read_html(page + b"\xe9", ["utf-8"], charset)
    assert (raw.encoding, to_bytes(raw)) == (STRAY, page + b"\xe9")
    assert read_html(page + b"\xe9", ["utf-8", "cp1252"], charset).encoding == STRAY
    with pytest.raises(UnreadableError, match="undecodable"):  # too many for its length
        read_html(page + b"\xe9 \xe8", ["utf-8"], charset)
    with pytest.raises(UnreadableError, match="undecodable"):  # nobody says that it is UTF-8
        read_html(page.removeprefix(head) + b"\xe9", ["utf-8"])
