"""News items in JSON: ninjs by IPTC, of versions 1 to 3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from copydesk.errors import ConfigError
from copydesk.readers.base import Record, RecordOptions, shown
from copydesk.readers.newsrooms.documents import (
    as_html,
    document_id,
    first_license,
    has_markup,
    without_by,
    without_markup,
)
from copydesk.readers.newsrooms.json_items import read_json_items
from copydesk.readers.skipped_records import say_skipped

_EXPECTED = (
    "expected ninjs: an object with body_text, body_html or bodies, an array of them, or such an array in the field "
    "items; deliver other records as .jsonl"
)
#: Kinds of bodies, the best one first: of a text that is plain nothing has to be removed.
_KINDS = ("text/plain", "text/html", "application/xhtml+xml", "application/nitf+xml")
_BODIES = dict(zip(("body_text", "body_html", "body_xhtml", "body_nitf"), _KINDS, strict=True))
_MAIN = frozenset(("", "main", "body", "default"))
_BYLINES = ("byline", "bylines", "by", "authors")
_LICENSES = ("usageterms", "copyrightnotice")
_DATES = ("versioncreated", "contentcreated", "firstcreated")
_READ = frozenset(
    (
        *(*_BODIES, *_BYLINES, *_LICENSES, *_DATES, "bodies", "headline", "headlines", "title", "uri", "language"),
        *("copyrightholder", "rightsinfo", "infosource", "infosources"),
    )
)


def read_ninjs(file: BinaryIO, options: RecordOptions) -> Iterator[Record]:
    """Yield the items of a JSON file that have a text; pictures and packages are skipped.

    Raises
    ------
    UnreadableError
        If the file is damaged, after the items before the damage.
    """
    skipped: Counter[str] = Counter()
    number = 0
    for number, value in enumerate(read_json_items(file, "items", options.longest_line), start=1):
        if isinstance(value, ConfigError):
            yield Record(number, None, ("bad-record", str(value)))
        elif is_ninjs(value):
            yield ninjs_record(value, number, options)
        elif isinstance(value, Mapping) and isinstance(value.get("uri"), str) and isinstance(value.get("type"), str):
            skipped[f"{value['type'][:40]} without a text"] += 1
        else:
            found = f"an object with {', '.join(value)[:100]}" if isinstance(value, Mapping) else shown(value)
            yield Record(number, None, ("bad-record", f"found {found}; {_EXPECTED}"))
    say_skipped(options.stem, "item", number, skipped)


def is_ninjs(value: Any) -> bool:
    """Return whether a value of JSON is a news item with a body."""
    return isinstance(value, Mapping) and (
        isinstance(value.get("bodies"), list) or any(isinstance(value.get(name), str) for name in _BODIES)
    )


def ninjs_record(value: Mapping[str, Any], number: int, options: RecordOptions) -> Record:
    """Return a news item as a record."""
    kind, text = _body(value)
    if not text.strip():
        return Record(number, None, ("bad-record", "a news item whose bodies have no text; expected one"))
    uri = next(iter(_strings(value.get("uri"))), "")
    rights = value.get("rightsinfo")
    licenses = _texts(rights, ("linkedrights", *_LICENSES)) if isinstance(rights, Mapping) else []
    title = next(iter(_headlines(value)), "")
    fields = {
        options.id: value.get(options.id) or document_id(uri, options.stem),
        options.text: text if kind in _KINDS[:2] else as_html(text),
        "title": without_markup(title),
        "byline": [without_by(without_markup(name)) for name in _first(value, _BYLINES)],
        "source": "; ".join(_first(value, ("infosource", "infosources"))[:1]),
        "publisher": "; ".join(_strings(value.get("copyrightholder"))[:1]),
        "url": uri if uri.startswith(("http://", "https://")) else None,
        "published": next((value[name] for name in _DATES if value.get(name)), None),
        "license": first_license([*licenses, *_texts(value, _LICENSES)]),
        "language": value.get("language"),
    }
    is_page = kind != _KINDS[0] and (kind != _KINDS[1] or has_markup(text))
    return Record(number, fields, page=is_page, passed_over=[name for name in value if name not in _READ])


def _body(value: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the text of the best body: of the main role, and of the kind that comes first."""
    given = [("", kind, value.get(name)) for name, kind in _BODIES.items()]
    bodies = value.get("bodies")
    for body in bodies if isinstance(bodies, list) else ():
        if isinstance(body, Mapping):
            kind = str(body.get("contenttype") or _KINDS[0]).lower().partition(";")[0].strip()
            given.append((str(body.get("role") or ""), kind, body.get("value")))
    texts = [
        (role.lower() not in _MAIN, _KINDS.index(kind), text)
        for role, kind, text in given
        if kind in _KINDS and isinstance(text, str) and text.strip()
    ]
    if not texts:
        return _KINDS[0], ""
    _, kind_number, text = min(texts, key=lambda body: body[:2])
    return _KINDS[kind_number], text


def _headlines(value: Mapping[str, Any]) -> list[str]:
    headlines = value.get("headlines")
    given = [line for line in headlines if isinstance(line, Mapping)] if isinstance(headlines, list) else []
    main = [line for line in given if str(line.get("role") or "").lower() in _MAIN]
    return [*_strings(main), *_strings(given), *_texts(value, ("headline", "title"))]


def _first(value: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The texts of the first of some fields that has any."""
    return next((texts for name in names if (texts := _strings(value.get(name)))), [])


def _texts(value: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [text for name in names for text in _strings(value.get(name))]


def _strings(value: Any, deepest: int = 3) -> list[str]:
    """The texts of a field: a string, an object with a value or a name, or a list of them."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("value", "name", "literal") if value.get(name)), None)
    if isinstance(value, str):
        return [value] if value.strip() else []
    parts = value if isinstance(value, list) and deepest else []
    return [text for part in parts for text in _strings(part, deepest - 1)]
