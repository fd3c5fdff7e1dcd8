"""What the formats of newsrooms have in common: ids, markup that becomes a page, names and licenses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from html import escape, unescape
from typing import NamedTuple

from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.stated import license_expression

_UUID = re.compile(r"(?:urn:uuid:)?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
#: A tag or a reference to a character: what makes a text HTML.
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HTML_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]*)?/?>")
#: What HTML reads in another way than XML: sections of characters, elements without content, and names with a prefix.
_CHARACTERS = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_EMPTY = re.compile(r"<(script|style|title|textarea|iframe|noframes|noembed|xmp)((?:\s[^<>]*)?)/>", re.IGNORECASE)
#: A word is taken for a license if it has a version, because it may be the name of an agency.
_VERSION = re.compile(r"-[0-9]+\.[0-9]")
_LONGEST_LICENSE = 200
_BY = re.compile(r"\s*(?:by|von|par|por|di|da|door|av|af)[: ]\s*(?=[^\W\d_])", re.IGNORECASE)


class WrittenText(NamedTuple):
    """A text as it is written in a file, and whether it is read as a page."""

    text: str
    is_page: bool


def too_large(number: int, what: str, options: RecordOptions) -> Record:
    """Return the refusal of an item of an XML file that is too large."""
    limit = f"at most {options.longest_line:,} bytes and 100,000 elements are read"
    return Record(number, None, ("too-large", f"{what} that is too large, {limit}; split it"))


def document_id(name: str, scope: str) -> str | None:
    """Return the id of a document by its name in a format: a UUID, or a hash of the name; None without a name.

    Parameters
    ----------
    name : str
        The name, such as a ``guid``.
    scope : str
        Within what it is unique, if it is no URI.

    Examples
    --------
    >>> document_id("urn:uuid:60A76C80-D399-11D9-B93C-0003939E0AF6", "")
    '60a76c80-d399-11d9-b93c-0003939e0af6'
    """
    name = name.strip()
    if not name:
        return None
    if match := _UUID.fullmatch(name):
        return match[1].lower()
    return hashlib.sha256((name if _URI.match(name) else f"{scope} {name}").encode()).hexdigest()[:32]


def has_markup(text: str) -> bool:
    """Return whether a text has a tag, or a reference to a character: then it is read as a page."""
    return _MARKUP.search(text) is not None


def without_markup(text: str) -> str:
    """Return a short text of HTML, such as a title, without its tags and references, on one line.

    >>> without_markup("Fish &amp; <em>Chips</em>")
    'Fish & Chips'
    """
    return " ".join(unescape(_HTML_TAG.sub("", text)).split())


def as_html(xml: str, prefix: str = "") -> str:
    """Return markup as it is written in XML in a form that HTML reads in the same way.

    The rest stays as it is written: sections of characters are escaped, elements such as ``<script/>`` get an end
    tag, and a prefix of names is left out.

    >>> as_html("<x:p>A <![CDATA[<b>]]><title/></x:p>", "x")
    '<p>A &lt;b&gt;<title></title></p>'
    """
    if "<![CDATA[" in xml:
        xml = _CHARACTERS.sub(lambda match: escape(match[1], quote=False), xml)
    xml = _EMPTY.sub(r"<\1\2></\1>", xml)
    return re.sub(rf"(</?){re.escape(prefix)}:", r"\1", xml) if prefix else xml


def without_by(text: str) -> str:
    """Return a byline without the word before the name.

    >>> without_by("By Anna Berg")
    'Anna Berg'
    """
    line = " ".join(text.split())
    match = _BY.match(line)
    return line[match.end() :] if match else line


def first_license(texts: Iterable[str]) -> str | None:
    """Return the first of some statements of rights that names a license, as an SPDX expression; None if none does.

    >>> first_license(["AFP", "© 2024 AFP", "http://creativecommons.org/licenses/by/4.0/"])
    'CC-BY-4.0'
    """
    for text in texts:
        if len(text) < _LONGEST_LICENSE and (" " in text.strip() or "/" in text or _VERSION.search(text)):
            try:
                return license_expression(text)
            except ValueError:
                continue
    return None
