"""Columns and fields that have a new name, and how the old names are still read.

A repository that was made before the rename keeps working: the old names are accepted in what people write, with a
warning, and in the tables of past releases. ``copydesk upgrade`` writes the new names into the repository.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.core.schema_validator import clipped
from copydesk.errors import SchemaError

#: Columns of ``documents``: the new name by the old one.
COLUMNS = {"licence": "license", "source_outlet": "source"}
#: Fields of sources.jsonl and of records: the new name by the old one.
FIELDS = {**COLUMNS, "outlet": "source"}
#: What a user can do about an old name.
ADVICE = "run copydesk upgrade to rename it"


class Renamed(NamedTuple):
    """A row with the new names of its fields.

    Attributes
    ----------
    row : any
        The row; itself if it has no old name.
    old_names : tuple of str
        Old names that were found.
    conflicts : mapping
        Fields that have different values under their old and their new name: what is wrong, by new name.
    """

    row: Any
    old_names: tuple[str, ...] = ()
    conflicts: Mapping[str, str] = {}


def renamed(schema_name: str, row: Any) -> Renamed:
    """Rename the fields of a row of a hand-written file, or of a record (by the schema ``source``).

    >>> renamed("source", {"doc_id": "a", "licence": "MIT"})
    Renamed(row={'doc_id': 'a', 'license': 'MIT'}, old_names=('licence',), conflicts={})
    >>> renamed("decision", {"field": "source_outlet"}).row
    {'field': 'source'}
    >>> renamed("source", {"licence": "MIT", "license": "CC0-1.0"}).conflicts
    {'license': "licence is 'MIT' and license is 'CC0-1.0'; keep license alone"}
    """
    if not isinstance(row, dict):
        return Renamed(row)
    if schema_name == "source" and not FIELDS.keys().isdisjoint(row):
        return _with_new_keys(row)
    if schema_name == "decision" and (field := row.get("field")) in COLUMNS:
        return Renamed({**row, "field": COLUMNS[field]}, (field,))
    return Renamed(row)


def _with_new_keys(row: dict[str, Any]) -> Renamed:
    values_by_field: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        values_by_field.setdefault(FIELDS.get(name, name), {})[name] = value
    new_row: dict[str, Any] = {}
    conflicts = {}
    for field, values in values_by_field.items():
        stated = {name: value for name, value in values.items() if value is not None}
        new_row[field] = next(iter(stated.values()), None)
        if any(value != new_row[field] for value in stated.values()):
            del new_row[field]
            listed = " and ".join(f"{name} is {clipped(repr(value), 100)}" for name, value in stated.items())
            conflicts[field] = f"{listed}; keep {field} alone"
    return Renamed(new_row, tuple(name for name in row if name in FIELDS), conflicts)


def old_names_in(schema_name: str, schema: Mapping[str, Any]) -> dict[str, str]:
    """Old names that a project's own schema still declares instead of the new ones: the new name by the old one."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    match schema_name:
        case "source":
            names, declared = FIELDS, list(properties)
        case "documents":
            names, declared = COLUMNS, list(properties)
        case "decision":
            field = properties.get("field")
            options = field.get("enum") if isinstance(field, dict) else None
            names, declared = COLUMNS, options if isinstance(options, list) else []
        case _:
            return {}
    return {old: new for old, new in names.items() if old in declared and new not in declared}


def refuse_old_names(schema_name: str, schema: Mapping[str, Any], path: Path) -> None:
    """Refuse a schema in which a field still has its old name.

    Raises
    ------
    SchemaError
        Naming the file, the old name and the new one.
    """
    for old, new in old_names_in(schema_name, schema).items():
        raise SchemaError(f"{path}: {old} is now {new}; {ADVICE}")


def warn_of_old_names(path: Path, counts: Counter[str], noun: str = "line", advice: str = ADVICE) -> None:
    """Warn, once a process, of old names in a file; ``counts`` says in how many lines or records each stands."""
    for old, count in sorted(counts.items()):
        _say_once(f"warning: {path}: {old} is now {FIELDS[old]} ({plural(count, noun)}); {advice}")


@lru_cache(maxsize=1000)
def _say_once(message: str) -> None:
    say(message)
