"""Merge a value of two branches by what each of them changed since their common ancestor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from copydesk.core.schema_validator import clipped
from copydesk.errors import CopydeskError

#: The value of a field that a version does not have.
MISSING: Any = type("Missing", (), {"__repr__": lambda _: "nothing"})()
_SHOWN = 200  # characters of a value


class UnmergeableError(CopydeskError):
    """A version of a file is not what it should be, so that it can only be merged as text."""


class Conflict(NamedTuple):
    """Both branches changed a value, and differently.

    Attributes
    ----------
    file : str
        Path in the project.
    place : str
        What has the value, such as ``document 'a-1'``; empty for a setting.
    field : str
        The field; empty for a line that one branch removed and the other changed.
    ours, theirs : any
        The value on each branch; ``MISSING`` if it has none.
    """

    file: str
    place: str
    field: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        where = ": ".join(filter(None, (self.file, self.place, self.field)))
        if self.field:
            return f"{where}: {_shown(self.ours)} in ours, {_shown(self.theirs)} in theirs; keep one of them"
        removed, changed = ("ours", "theirs") if self.ours is MISSING else ("theirs", "ours")
        return f"{where}: removed in {removed}, changed in {changed}; keep the line or remove it"


class Merged(NamedTuple):
    """The bytes of a merged file, its conflicts, and remarks for the steward.

    A conflict is in the bytes between lines of ``<<<<<<<``, ``=======`` and ``>>>>>>>``.
    """

    data: bytes
    conflicts: list[Conflict]
    remarks: tuple[str, ...] = ()


class Choice(NamedTuple):
    """Where theirs changed something: the path of keys, and whether ours changed it too, in another way."""

    keys: tuple[str, ...]
    ours: Any
    theirs: Any
    conflict: bool


def same(first: Any, second: Any) -> bool:
    """Whether two values are the same JSON; ``True`` is not 1, and the order of keys does not count.

    >>> same({"a": 1, "b": None}, {"b": None, "a": 1}), same(1, True), same(MISSING, None)
    (True, False, False)
    """
    if first is MISSING or second is MISSING:
        return first is second
    return first is second or sorted_json(first) == sorted_json(second)


def sorted_json(value: Any) -> str:
    """The one text for equal JSON values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def choices(base: Any, ours: Any, theirs: Any, *, depth: int, keys: tuple[str, ...] = ()) -> Iterator[Choice]:
    """Yield what theirs changed since the base and ours has not: to be taken, or in conflict.

    Parameters
    ----------
    base, ours, theirs : any
        The value in the common ancestor and on both branches; ``MISSING`` if a version has none.
    depth : int
        How many levels of mappings are merged by key; deeper values and lists are merged as a whole.
    keys : tuple of str
        The keys that lead to the value; the outermost value is always merged by key.
    """
    if same(ours, theirs) or same(theirs, base):
        return
    if keys and same(ours, base):
        yield Choice(keys, ours, theirs, conflict=False)
    elif depth and isinstance(ours, Mapping) and isinstance(theirs, Mapping) and _is_mapping_or_missing(base):
        before = {} if base is MISSING else base
        for key in dict.fromkeys([*ours, *theirs]):
            versions = (version.get(key, MISSING) for version in (before, ours, theirs))
            yield from choices(*versions, depth=depth - 1, keys=(*keys, key))
    else:
        yield Choice(keys, ours, theirs, conflict=True)


def taken(ours: Mapping[str, Any], chosen: list[Choice], *, conflicts: bool) -> dict[str, Any]:
    """The mapping of ours with the values of theirs that were chosen; ``conflicts``: also those in conflict."""
    merged = dict(ours)
    for choice in chosen:
        if conflicts or not choice.conflict:
            _set(merged, choice.keys, choice.theirs)
    return merged


def _set(mapping: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set or delete a value; mappings on the way are copied, since they belong to a version."""
    *outer, last = keys
    for key in outer:
        mapping[key] = mapping = dict(mapping[key])
    if value is MISSING:
        mapping.pop(last, None)
    else:
        mapping[last] = value


def _is_mapping_or_missing(value: Any) -> bool:
    return value is MISSING or isinstance(value, Mapping)


def _shown(value: Any) -> str:
    return "nothing" if value is MISSING else clipped(json.dumps(value, ensure_ascii=False), _SHOWN)
