"""params.yaml and the other hand-written files, checked against their schemas."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

from copydesk.core.hand_written import SETTINGS_BYTES, YamlError, bounded_text, parse_yaml
from copydesk.core.json_schema import (
    PACKAGED,
    Schema,
    Violation,
    bulk_violations,
    dotted,
    load_json,
    load_schema,
    schema_path,
    violations,
)
from copydesk.core.renamed_fields import refuse_old_names, renamed, warn_of_old_names
from copydesk.errors import ConfigError

Params = dict[str, Any]


def load_params(path: Path | None, schemas: Path = PACKAGED) -> Params:
    """Read params.yaml, check it against ``params.schema.json`` and fill in the defaults given there.

    Parameters
    ----------
    path : Path or None
        The file; None, or a file that is not there, stands for the defaults.
    schemas : Path
        Folder with the schemas.

    Raises
    ------
    ConfigError
        Naming the file, the field, what was found and what was expected.
    """
    given: Any = None
    if path is not None:
        try:
            given = parse_yaml(bounded_text(path, SETTINGS_BYTES))
        except FileNotFoundError:
            pass
        except YamlError as error:
            field = f" {dotted(error.keys)}:" if error.keys else ""
            raise ConfigError(f"{path}:{error.line}:{field} {error}") from None
    return check_params({} if given is None else given, str(path), schemas)


def check_params(given: Any, where: str = "params", schemas: Path = PACKAGED) -> Params:
    """Check settings against ``params.schema.json`` and fill in the defaults given there."""
    schema = load_schema("params", schemas)
    found = violations(schema, given)
    # A schema of one's own may narrow, add and leave out; what it loosens would fail in a stage, without its place.
    params = {} if found else with_defaults(load_schema("params"), with_defaults(schema, given))
    found = found or unusable("params", schema, params)
    if found:
        lines = "".join(f"\n  {v.field or '(top)'}: {v.message}" for v in found)
        raise ConfigError(f"{where}: does not obey params.schema.json:{lines}")
    return params


def unusable(name: str, schema: Schema, value: Any) -> list[Violation]:
    """In what a value that obeys a project's own schema departs from that of the package; further keys may be."""
    packaged = load_schema(name)
    return [] if schema == packaged else violations(packaged, _without_more(packaged, value))


def _without_more(schema: Schema, value: Any) -> Any:
    properties = schema.get("properties")
    if not properties or not isinstance(value, dict):
        return value
    return {key: _without_more(properties[key], inner) for key, inner in value.items() if key in properties}


def with_defaults(schema: Schema, given: Any) -> Any:
    """A setting; of a section every key. What a project's own schema does not know keeps its value."""
    if not schema.get("properties") or not isinstance(given, dict):
        return given
    known = schema["properties"].items()
    return {**given, **{name: with_defaults(prop, given.get(name, prop["default"])) for name, prop in known}}


def load_json_lines(
    path: Path, schema_name: str, key: str | tuple[str, ...], schemas: Path = PACKAGED
) -> dict[Any, dict[str, Any]]:
    """Read a hand-written JSONL file into a mapping by ``key``, one field or several; no file is an empty one.

    Fields with an old name are read under the new one, with a warning.

    Raises
    ------
    ConfigError
        Naming the file, the line, the field, what was found and what was expected; or the line that gives a
        key again.
    SchemaError
        If the project's own schema has the old name of a field.
    """
    try:
        text = bounded_text(path)
    except FileNotFoundError:
        return {}
    schema, packaged = load_schema(schema_name, schemas), load_schema(schema_name)
    refuse_old_names(schema_name, schema, schema_path(schema_name, schemas))
    parsed: list[tuple[str, Any]] = []
    problems: list[str] = []
    old_names: Counter[str] = Counter()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{path}:{number}"
            row = renamed(schema_name, load_json(line, where))
            parsed.append((where, row.row))
            problems += [f"{where}: {field}: {message}" for field, message in row.conflicts.items()]
            old_names.update(row.old_names)
    departures = bulk_violations(schema, (row for _, row in parsed))
    if schema != packaged:
        departures = chain(departures, bulk_violations(packaged, (_without_more(packaged, row) for _, row in parsed)))
    problems += [f"{parsed[number][0]}: {v.field or '(line)'}: {v.message}" for number, v in departures]
    warn_of_old_names(path, old_names)
    if problems:
        raise ConfigError("\n".join(problems))
    rows: dict[Any, dict[str, Any]] = {}
    for where, row in parsed:
        name = row[key] if isinstance(key, str) else tuple(row.get(each) for each in key)
        if name in rows:
            raise ConfigError(f"{where}: {key} {name!r} is given twice; keep one line")
        rows[name] = row
    return rows
