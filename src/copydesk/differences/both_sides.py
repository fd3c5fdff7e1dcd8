"""What two branches changed since a common ancestor, document by document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Diff, Parameter
from copydesk.revisions.revision import Revision


class SideBySide(NamedTuple):
    """A document or a setting that a branch changed.

    Attributes
    ----------
    name : str
        Id of the document, or name of the setting.
    first, second : str
        What each branch did to it, such as ``added`` or ``changed (title)``; empty if nothing.
    outcome : str
        ``first`` or ``second`` if only that branch changed it; ``same`` if both changed it in the same way;
        ``conflict`` if in different ways.
    """

    name: str
    first: str
    second: str
    outcome: str


class BothSides(NamedTuple):
    """What two branches changed since their base: names of the revisions, documents and settings by name."""

    base: str
    first: str
    second: str
    documents: list[SideBySide]
    settings: list[SideBySide]


def both_sides(base: Revision, first: Revision, second: Revision) -> BothSides:
    """Compare two revisions with the one that both come from.

    Raises
    ------
    ReleaseError
        If a shard that differs cannot be read.
    """
    sides = diff(base, first), diff(base, second)
    between = diff(first, second)
    renamed = (name for rename in between.renamed for name in rename)
    apart = {*between.added, *between.removed, *renamed, *(change.doc_id for change in between.changed)}
    settings = [{parameter.name: parameter for parameter in side.parameters} for side in sides]
    settings_apart = {name for name in {**settings[0], **settings[1]} if not _same_value(name, *settings)}
    return BothSides(
        base.name,
        first.name,
        second.name,
        _paired(_documents(sides[0]), _documents(sides[1]), apart),
        _paired(_shown(settings[0]), _shown(settings[1]), settings_apart),
    )


def _documents(side: Diff) -> dict[str, str]:
    """What a branch did to each document that it changed."""
    listed = dict.fromkeys(side.added, "added") | dict.fromkeys(side.removed, "removed")
    for old, new in side.renamed:
        listed |= {old: f"renamed to {new}", new: f"renamed from {old}"}
    for change in side.changed:
        what = [*change.columns, *(f"rows of {name}" for name in change.tables)]
        if change.old_split != change.new_split:
            what.insert(0, f"{change.old_split} to {change.new_split}")
        listed[change.doc_id] = f"changed ({', '.join(what[:6])}{', …' if len(what) > 6 else ''})"
    return listed


def _same_value(name: str, first: Mapping[str, Parameter], second: Mapping[str, Parameter]) -> bool:
    return name in first and name in second and first[name].new == second[name].new


def _shown(settings: Mapping[str, Parameter]) -> dict[str, str]:
    return {name: f"{_value(setting.old)} to {_value(setting.new)}" for name, setting in settings.items()}


def _value(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _paired(first: Mapping[str, str], second: Mapping[str, str], apart: set[str]) -> list[SideBySide]:
    """Everything that a branch changed, by name; ``apart``: names of what differs between the branches."""
    rows = []
    for name in sorted({*first, *second}):
        if name in first and name in second:
            outcome = "conflict" if name in apart else "same"
        else:
            outcome = "first" if name in first else "second"
        rows.append(SideBySide(name, first.get(name, ""), second.get(name, ""), outcome))
    return rows
