"""Merge params.yaml by setting. The text of ours stays, with its comments; what theirs changed is written into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from copydesk.core.hand_written import SETTINGS_BYTES, YamlError, parse_yaml
from copydesk.merging.line_files import SETTINGS
from copydesk.merging.merged_lines import BETWEEN, OURS, THEIRS
from copydesk.merging.settings_text import Entry, Keys, as_line, dumped, entries, own_lines
from copydesk.merging.three_way import MISSING, Choice, Conflict, Merged, UnmergeableError, choices, same, taken

_DEPTH = 20  # levels of sections
_COMMENTS = f"{SETTINGS}: its comments could not be kept; compare it with both branches"


class _Side(NamedTuple):
    """A version of the settings: its lines, where each setting stands in them, and its values after the merge."""

    lines: list[str]
    entries: dict[Keys, Entry]
    merged: dict[str, Any]


class _Change(NamedTuple):
    """Lines of ours to replace: from ``start`` up to ``stop``, by those of ours and of theirs."""

    start: int
    stop: int
    ours: list[str]
    theirs: list[str]
    conflict: bool


def merge_settings(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge three versions of params.yaml.

    Lists are values like any other. The comments of ours stay, and a setting that theirs changed comes with its own.

    Raises
    ------
    UnmergeableError
        If a version of a branch is not a mapping in YAML that JSON can express.
    """
    values = [_values(base, strict=False), _values(ours), _values(theirs)]
    chosen = list(choices(*values, depth=_DEPTH))
    conflicts = [Conflict(SETTINGS, "", ".".join(c.keys), c.ours, c.theirs) for c in chosen if c.conflict]
    merged = [taken(values[1], chosen, conflicts=side) for side in (False, True)]
    data = _written(ours.decode(), theirs.decode(), chosen, merged)
    return Merged(data, conflicts) if data is not None else Merged(_dumped(merged), conflicts, (_COMMENTS,))


def _values(data: bytes, *, strict: bool = True) -> dict[str, Any]:
    try:
        if len(data) > SETTINGS_BYTES:
            raise UnmergeableError(f"{SETTINGS}: more than {SETTINGS_BYTES:,} bytes")
        values = parse_yaml(data.decode())
    except (YamlError, UnicodeDecodeError) as error:
        if strict:
            line = f"{error.line}: " if isinstance(error, YamlError) else ""
            raise UnmergeableError(f"{SETTINGS}:{line}{error}") from None
        return {}
    if not isinstance(values, Mapping) and values is not None and strict:
        raise UnmergeableError(f"{SETTINGS}: no mapping of settings")
    return dict(values) if isinstance(values, Mapping) else {}


def same_settings(text: bytes, merged: Merged) -> bool:
    """Whether a text has the settings of a merge without conflicts."""
    try:
        return not merged.conflicts and same(_values(text), _values(merged.data))
    except UnmergeableError:
        return False


def _written(ours: str, theirs: str, chosen: list[Choice], merged: list[dict[str, Any]]) -> bytes | None:
    """The text of ours with what was chosen; None if that cannot be written without losing something."""
    sides = [
        _Side(text.splitlines(), entries(text), values) for text, values in zip((ours, theirs), merged, strict=True)
    ]
    changes: dict[tuple[Keys, bool], _Change] = {}
    for choice in chosen:
        keys, insertion, change = _change(sides[0], sides[1], choice)
        if change is None:
            return None
        known = changes.get((keys, insertion))
        changes[keys, insertion] = change._replace(conflict=choice.conflict or bool(known and known.conflict))
    texts = [_applied(sides[0].lines, [*changes.values()], marks=marks) for marks in ("both", "ours", "theirs")]
    for text, values in zip(texts[1:], merged, strict=True):
        try:
            if not same(parse_yaml(text) or {}, values):
                return None
        except YamlError:
            return None
    return (texts[0].replace("\n", "\r\n") if "\r\n" in ours else texts[0]).encode()


def _change(ours: _Side, theirs: _Side, choice: Choice) -> tuple[Keys, bool, _Change | None]:
    """The lines to replace for a choice; of the section around it if it does not have lines for itself."""
    keys, whole = choice.keys, True
    while keys:
        here, theirs_entry = ours.entries.get(keys), theirs.entries.get(keys)
        outer = ours.entries.get(keys[:-1])
        column = outer.inner_column if outer else 0 if len(keys) == 1 else None
        if here is not None:
            own = ours.lines[here.start : here.stop]
            other = _lines_of(theirs, theirs_entry if whole else None, keys, here.column)
            mine = own if whole else _lines_of(ours, None, keys, here.column)
            return keys, False, _Change(here.start, here.stop, mine, other, choice.conflict)
        if whole and column is not None:
            stop = outer.stop if outer else _end(ours)
            other = _lines_of(theirs, theirs_entry, keys, column)
            return keys, True, _Change(stop, stop, [], other, choice.conflict)
        keys, whole = keys[:-1], False
    return keys, False, None


def _lines_of(side: _Side, entry: Entry | None, keys: Keys, column: int) -> list[str]:
    """The lines of a setting as a side has it after the merge; without an entry, in one line."""
    value: Any = side.merged
    for key in keys:
        value = value.get(key, MISSING) if isinstance(value, Mapping) else MISSING
    if value is MISSING:
        return []
    return own_lines(side.lines, entry, column) if entry else [as_line(keys[-1], value, column)]


def _end(side: _Side) -> int:
    return max((entry.stop for entry in side.entries.values()), default=len(side.lines))


def _applied(lines: list[str], changes: list[_Change], *, marks: str) -> str:
    """The lines with changes applied; ``marks``: ``both`` sides of a conflict, or one of them alone."""
    written: list[str] = []
    at = 0
    for change in sorted(changes, key=lambda change: (change.start, change.stop)):
        written += lines[at : change.start]
        at = max(at, change.stop)
        if not change.conflict or marks == "theirs":
            written += change.theirs
        elif marks == "ours":
            written += change.ours
        else:
            written += [OURS, *change.ours, BETWEEN, *change.theirs, THEIRS]
    return "".join(f"{line}\n" for line in [*written, *lines[at:]])


def _dumped(merged: list[dict[str, Any]]) -> bytes:
    ours, theirs = (dumped(values, flow=False) for values in merged)
    return (ours if ours == theirs else f"{OURS}\n{ours}{BETWEEN}\n{theirs}{THEIRS}\n").encode()
