"""The names under which records hold their metadata, and how a name is looked up in a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from copydesk.core.renamed_fields import FIELDS as OLD_NAMES

#: The names under which a field of sources.jsonl is read from records, the preferred one first.
USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "headline"),
    "byline": ("byline", "author", "authors"),
    "source": ("source",),
    "publisher": ("publisher", "site_name"),
    "url": ("url", "link"),
    "published": ("published", "date", "date_published", "published_at", "created", "created_at"),
    "license": ("license",),
    "language": ("language", "lang"),
}
_MOST_LISTED = 200  # names of passed-over fields to remember of a file
_DEEPEST = 20


def columns_read(id_name: str, text: str, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return every name that is looked up in a record; a name with a dot may be the path of a nested field."""
    usual = (name for names in USUAL_NAMES.values() for name in names)
    return tuple(dict.fromkeys((id_name, text, *metadata.values(), *usual, *OLD_NAMES)))


def nested_value(fields: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field, or of a nested one; None if there is none.

    >>> nested_value({"meta": {"author": "A. Berg"}, "a.b": 1}, "meta.author"), nested_value({"a.b": 1}, "a.b")
    ('A. Berg', 1)
    """
    if name in fields or "." not in name:
        return fields.get(name)
    value: Any = fields
    for key in name.split(".", _DEEPEST):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def root_of(name: str) -> str:
    """Return the name of the outermost field of a path: ``meta`` of ``meta.author``."""
    return name.partition(".")[0]


class PassedOver:
    """The names of the fields of a file that were not read; of a very wide file, the first ones."""

    def __init__(self, read: Iterable[str]) -> None:
        self._known = {name for path in read for name in (path, root_of(path))}
        self._names: dict[str, None] = {}

    def add(self, names: Iterable[str]) -> None:
        """Remember those of some names that are not read."""
        if len(self._names) >= _MOST_LISTED:
            return
        for name in names:
            if name not in self._known:
                self._known.add(name)
                self._names[name] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)
