"""Web pages, in the encoding that they or whoever sent them name."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from copydesk.errors import UnreadableError
from copydesk.readers.plain_text import RawText, is_marked, read_stray, read_text

#: Encodings that a page may name, as Python calls them, and what is meant by them: browsers read more than was named.
_MEANT = {
    **{
        name: (name,)
        for name in (
            *("utf-8", "cp866", "cp932", "cp949", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255"),
            *("cp1256", "cp1257", "cp1258", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "gb18030", "euc_jp"),
            *("iso2022_jp", "big5hkscs", *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16))),
        )
    },
    "ascii": ("cp1252", "iso8859-1"),
    "iso8859-1": ("cp1252", "iso8859-1"),
    "iso8859-9": ("cp1254", "iso8859-9"),
    "iso8859-11": ("cp874",),
    "tis-620": ("cp874",),
    "cp874": ("cp874",),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "shift_jis": ("cp932",),
    "euc_kr": ("cp949",),
    "big5": ("big5hkscs", "cp950"),
    "cp950": ("big5hkscs", "cp950"),
}
_NAMED = re.compile(
    rb"<(?:meta\b[^<>]{0,400}?\bcharset|\?xml\b[^<>]{0,200}?\bencoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_:.-]{2,40})",
    re.IGNORECASE,
)


def read_html(data: bytes, encodings: Sequence[str], charset: str | None = None) -> RawText:
    """Decode a page: by its byte-order mark; as UTF-8, if it is that but for a few bytes; else as is named.

    Other text is UTF-8 by accident hardly ever, and what is named is wrong more often. An encoding counts only if the
    same bytes come back; if none does, those of ``encodings`` are tried.

    Parameters
    ----------
    data : bytes
        The page, whose ``meta`` element may name an encoding.
    encodings : sequence of str
        The setting ``ingest.encodings``.
    charset : str, optional
        The encoding that the server named; it goes before that of the page.

    Raises
    ------
    UnreadableError
        As of :func:`~copydesk.readers.plain_text.read_text`.
    """
    marked = is_marked(data)
    # ISO-2022-JP looks like ASCII: it begins its characters with an escape.
    if (marked or b"\x1b" not in data) and (raw := _fitting(data, "utf-8") or read_stray(data)):
        return raw
    if not marked:
        # Browsers read a page again that names its encoding late; a tag in a tag is none, or this would take long.
        in_page = _NAMED.search(data)
        for encoding in [*meant(charset), *meant(in_page[1].decode("ascii") if in_page else None)]:
            if raw := _fitting(data, encoding):
                return raw
            if encoding == "utf-8" and (raw := read_stray(data, named=True)):
                return raw
    return read_text(data, encodings)


def _fitting(data: bytes, encoding: str) -> RawText | None:
    """A page in an encoding, or in that of its byte-order mark; None if its bytes do not come back from it."""
    try:
        return read_text(data, [encoding])
    except UnreadableError as error:
        if error.reason not in {"undecodable", "not-reversible"}:
            raise
        return None


def meant(charset: str | None) -> tuple[str, ...]:
    """The encodings that are meant by a name, none by one that is unknown.

    >>> meant("ISO-8859-1"), meant("x-user-defined")
    (('cp1252', 'iso8859-1'), ())
    """
    try:
        return _MEANT.get(codecs.lookup(charset or "").name, ())
    except (LookupError, ValueError):
        return ()
