"""Metadata of a record, in the form of sources.jsonl.

Crawlers keep URLs as they occur in links, and programs write dates without a time zone; both are normalised. If a
value is still invalid, the field is dropped and the document is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from copydesk.core.json_schema import load_schema
from copydesk.core.renamed_fields import FIELDS, renamed
from copydesk.core.schema_validator import fast_validator
from copydesk.language.codes import language_code
from copydesk.language.moments import moment
from copydesk.readers.base import STATED, shown
from copydesk.readers.field_names import USUAL_NAMES, nested_value

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#\\]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?P<user>[^@]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+)(?P<port>:[0-9]*)?")
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_LONGEST_HOST = 1000
_MOST_AUTHORS = 1000
#: Fields whose value may be an object with a name, as in JSON-LD.
_NAMED = frozenset({"byline", "source", "publisher"})
_CC_ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?P<kind>licenses|publicdomain)/(?P<rest>[a-z0-9./-]+)"
)
_CC_NAME = re.compile(r"CC[ -](?P<terms>BY(?:-NC)?(?:-ND|-SA)?)[ -](?P<version>[1-4]\.[05])", re.IGNORECASE)


class Stated(NamedTuple):
    """The metadata of a record.

    Attributes
    ----------
    values : dict
        Values by field, as sources.jsonl has them.
    unread : dict
        Reasons why other fields have no value, by field.
    old_names : tuple of str
        Old names under which the record has some of these fields.
    """

    values: dict[str, str]
    unread: dict[str, str]
    old_names: tuple[str, ...]


def stated_of(
    fields: Mapping[str, Any], text_field: str = "", metadata: Mapping[str, str] = MappingProxyType({})
) -> Stated:
    """Read the metadata of a record; the field with its text does not count as metadata.

    Parameters
    ----------
    fields : mapping
        The record.
    text_field : str
        Name of the field with its text.
    metadata : mapping
        Names of fields, by field of sources.jsonl, that precede the usual ones (``field_names.USUAL_NAMES``).
    """
    given, old_names, conflicts = _given(fields, text_field, metadata)
    stated: dict[str, str] = {}
    unread: dict[str, str] = dict(conflicts)
    for field, (name, value) in given.items():
        try:
            text = _as_text(field, value)
            text.encode()
            stated[field] = _READ[field](text) if field in _READ else text
        except UnicodeEncodeError:
            unread[field] = "an unpaired surrogate, or bytes that are not UTF-8; expected text"
        except ValueError as error:
            unread[field] = str(error) if name in {field, *FIELDS} else f"{error} (in the field {shown(name)})"
    return Stated(stated, unread, old_names)


def _given(
    fields: Mapping[str, Any], text_field: str, metadata: Mapping[str, str]
) -> tuple[dict[str, tuple[str, Any]], tuple[str, ...], Mapping[str, str]]:
    """Return the name and the value of each field that has one; old names in use; and conflicts of old names."""
    taken = {text_field, *metadata.values()}
    under_one_name = {
        name: value for name in (*STATED, *FIELDS) if name not in taken and not _is_empty(value := fields.get(name))
    }
    row, old_names, conflicts = renamed("source", under_one_name)
    given: dict[str, tuple[str, Any]] = {}
    for field, names in USUAL_NAMES.items():
        if field in metadata and not _is_empty(value := nested_value(fields, metadata[field])):
            given[field] = metadata[field], value
        elif field in row:
            given[field] = field, row[field]
        elif field not in conflicts:
            usual = (name for name in names if name not in taken and not _is_empty(fields.get(name)))
            if (name := next(usual, None)) is not None:
                given[field] = name, fields[name]
    return given, old_names, {field: message for field, message in conflicts.items() if field not in given}


def _as_text(field: str, value: Any) -> str:
    """Return a value as text: a string, an object with a name, or of authors a list of them.

    Raises
    ------
    ValueError
        For any other value.
    """
    if field == "byline" and isinstance(value, list | tuple) and len(value) <= _MOST_AUTHORS:
        return "; ".join(_as_text("", author) for author in value if not _is_empty(author))
    if isinstance(value, Mapping) and field in {"", *_NAMED}:
        value = value.get("name")
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)}, expected text")
    return value


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, float) and math.isnan(value))


def normalised_url(text: str) -> str:
    """Return a URL in the syntax of RFC 3986: invalid characters percent-encoded, the host in ASCII.

    >>> normalised_url("https://Köln.example/a|b c?d=50%")
    'https://xn--kln-sna.example/a%7Cb%20c?d=50%25'

    Raises
    ------
    ValueError
        If it is not a URL.
    """
    text = text.strip()
    if _obeys("url")(text):
        return text
    match = _ADDRESS.fullmatch(_PERCENT.sub("%25", text))
    host = _HOST.fullmatch(match[2]) if match else None
    if match and host:
        user = quote(host["user"] or "", safe="%:@!$&'()*+,;=~")
        path, query, fragment = (quote(match[n] or "", safe="%:/?@!$&'()*+,;=~") for n in (3, 4, 5))
        fragment = fragment.replace("%23", "#", 1)
        written = f"{match[1]}://{user}{_ascii(host['host'])}{host['port'] or ''}{path}{query}{fragment}"
        if _obeys("url")(written):
            return written
    raise ValueError(f"{shown(text)} is not a URL; expected one such as https://example.org/a")


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    if len(host) > _LONGEST_HOST:
        return " "  # which is invalid in a URL
    import idna  # who only loads releases need not have it

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        pass
    try:
        return host.encode("idna").decode()  # the older standard, IDNA 2003, which allows symbols and emoji
    except UnicodeError:
        return " "


def license_expression(text: str) -> str:
    """Return a license as an SPDX expression: Creative Commons licenses may be given by their address or name.

    >>> license_expression("https://creativecommons.org/licenses/by-sa/4.0/deed.de"), license_expression("CC BY 4.0")
    ('CC-BY-SA-4.0', 'CC-BY-4.0')

    Raises
    ------
    ValueError
        If it is neither.
    """
    text = text.strip()
    if _obeys("license")(text):
        return text
    if match := _CC_NAME.fullmatch(text):
        return f"CC-{match['terms'].upper()}-{match['version']}"
    if match := _CC_ADDRESS.fullmatch(text.lower()):
        terms, version = [*match["rest"].split("/"), ""][:2]
        if match["kind"] == "publicdomain" and (terms, version) == ("zero", "1.0"):
            return "CC0-1.0"
        if match["kind"] == "licenses" and _CC_NAME.fullmatch(f"CC {terms} {version}"):
            return f"CC-{terms.upper()}-{version}"
    raise ValueError(f"{shown(text)} is not a license; expected an SPDX expression such as CC-BY-4.0")


_READ: dict[str, Callable[[str], str]] = {
    "url": normalised_url,
    "published": moment,
    "license": license_expression,
    "language": language_code,
}


@cache
def _obeys(name: str) -> Callable[[Any], bool]:
    """Return the check of a field by the schema of sources.jsonl; cached, because making it is slow."""
    return fast_validator(load_schema("source")["properties"][name]).is_valid
