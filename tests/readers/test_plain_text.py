"""Files become text from which their bytes come back, or are refused."""

from __future__ import annotations

import codecs

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.errors import UnreadableError
from copydesk.readers import REASONS
from copydesk.readers.plain_text import newline_style, read_text, to_bytes
from support import hard_texts

TEXT = "Kiev – “café”\r\nsecond line\n"


@pytest.mark.parametrize(
    ("data", "encoding", "bom", "newline"),
    [
        (b"plain", "utf-8", False, "none"),
        ("Kiev – “café”\n".encode(), "utf-8", False, "lf"),
        (b"one\r\ntwo\r\n", "utf-8", False, "crlf"),
        (b"one\rtwo", "utf-8", False, "cr"),
        (b"one\r\ntwo\nthree\r", "utf-8", False, "mixed"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8", True, "mixed"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16-le", True, "mixed"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16-be", True, "mixed"),
        (codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), "utf-32-le", True, "mixed"),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "utf-32-be", True, "mixed"),
        (b"a few \x00 NUL bytes in a text that is otherwise fine", "utf-8", False, "none"),
        ("\ufeff a second mark is a character".encode("utf-8-sig"), "utf-8", True, "none"),
    ],
)
def test_what_is_certain_is_read(data: bytes, encoding: str, bom: bool, newline: str) -> None:
    raw = read_text(data, ["utf-8"])
    assert (raw.encoding, raw.bom, raw.newline) == (encoding, bom, newline)
    assert to_bytes(raw) == data


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"", "empty", "0 bytes"),
        (b" \n\t\r\n ", "empty", "6 bytes without a visible character"),
        (codecs.BOM_UTF8, "empty", "3 bytes"),
        (
            b"caf\xe9",
            "undecodable",
            r"not utf-8 at byte 3 \(0xe9\); convert the file, or name its encoding in params",
        ),
        (codecs.BOM_UTF16_LE + b"a\x00\x00\xd8", "undecodable", "not utf-16-le at byte 2"),
        (codecs.BOM_UTF16_LE + b"a", "undecodable", "not utf-16-le"),
        (b"\xed\xa0\x80 lone surrogate", "undecodable", "not utf-8 at byte 0"),
        ("no mark".encode("utf-16-le"), "not-text", "7 control characters in the first 14.*byte-order mark"),
        (bytes(range(128)), "not-text", "control characters"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "not-text", "control characters"),
    ],
)
def test_what_is_not_certain_is_refused(data: bytes, reason: str, detail: str) -> None:
    with pytest.raises(UnreadableError, match=detail) as caught:
        read_text(data, ["utf-8"])
    assert caught.value.reason == reason
    assert reason in REASONS


def test_an_image_is_not_text() -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    for encodings in (["utf-8"], ["utf-8", "latin-1"]):
        with pytest.raises(UnreadableError):
            read_text(png, encodings)


def test_latin_1_is_read_where_the_settings_name_it() -> None:
    raw = read_text(b"caf\xe9 \x93quoted\x94", ["utf-8", "cp1252"])
    assert (raw.text, raw.encoding) == ("café “quoted”", "cp1252")
    assert to_bytes(raw) == b"caf\xe9 \x93quoted\x94"
    assert read_text("café".encode(), ["utf-8", "cp1252"]).encoding == "utf-8"
    with pytest.raises(UnreadableError, match=r"not utf-8 at byte 0 .*; not cp1252 at byte 0"):
        read_text(b"\x81", ["utf-8", "cp1252"])


@given(hard_texts.filter(str.strip), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"]), st.booleans())
def test_bytes_come_back(text: str, encoding: str, bom: bool) -> None:
    marks = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    data = (marks.get(encoding, codecs.BOM_UTF32_LE) if bom else b"") + text.encode(encoding)
    assert_reversible_or_refused(data)


@given(st.binary(max_size=60))
def test_any_bytes_come_back_or_are_refused(data: bytes) -> None:
    assert_reversible_or_refused(data)


def assert_reversible_or_refused(data: bytes) -> None:
    try:
        raw = read_text(data, ["utf-8", "cp1251", "gb18030"])
    except UnreadableError as error:
        assert error.reason in REASONS
    else:
        assert to_bytes(raw) == data


@pytest.mark.parametrize(
    ("text", "style"), [("", "none"), ("\n\r", "mixed"), ("\r\n\r\n", "crlf"), ("\r\r", "cr"), ("a\nb", "lf")]
)
def test_line_ends_have_names(text: str, style: str) -> None:
    assert newline_style(text) == style
