"""Read params.yaml and the other hand-written files, and check them against their schemas."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

from copydesk.core.hand_written import SETTINGS_BYTES, YamlError, bounded_text, parse_yaml
from copydesk.core.json_schema import (
    PACKAGED,
    Violation,
    bulk_violations,
    load_json,
    load_schema,
    schema_path,
    violations,
)
from copydesk.core.renamed_fields import refuse_old_names, renamed, warn_of_old_names
from copydesk.core.schema_validator import Schema, dotted
from copydesk.errors import ConfigError

Params = dict[str, Any]


def load_params(path: Path | None, schemas: Path = PACKAGED) -> Params:
    """Read params.yaml, check it against ``params.schema.json`` and fill in the schema's defaults.

    Parameters
    ----------
    path : Path or None
        The file. With None, or if the file does not exist, the defaults apply.
    schemas : Path
        Folder with the schemas.

    Raises
    ------
    ConfigError
        If a setting is invalid. The message names the file, the field, what was found and what was expected.
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
    """Check settings against ``params.schema.json`` and fill in the schema's defaults.

    Raises
    ------
    ConfigError
        If a setting is invalid; the message begins with ``where`` and lists every violation.
    """
    schema = load_schema("params", schemas)
    problems = violations(schema, given)
    # A project's own schema may narrow, add or omit settings. A value that it allows and the package's schema does
    # not would fail later, in a stage, without its place in the file.
    params = {} if problems else with_defaults(load_schema("params"), with_defaults(schema, given))
    problems = problems or unusable("params", schema, params)
    if problems:
        lines = "".join(f"\n  {v.field or '(top)'}: {v.message}" for v in problems)
        raise ConfigError(f"{where}: does not obey params.schema.json:{lines}")
    return params


def unusable(name: str, schema: Schema, value: Any) -> list[Violation]:
    """Return how a value that obeys a project's own schema violates the package's schema; extra keys are allowed."""
    packaged = load_schema(name)
    return [] if schema == packaged else violations(packaged, _without_extra_keys(packaged, value))


def _without_extra_keys(schema: Schema, value: Any) -> Any:
    properties = schema.get("properties")
    if not properties or not isinstance(value, dict):
        return value
    return {key: _without_extra_keys(properties[key], inner) for key, inner in value.items() if key in properties}


def with_defaults(schema: Schema, given: Any) -> Any:
    """Return a setting with the schema's defaults filled in; keys that the schema does not know keep their value."""
    if not schema.get("properties") or not isinstance(given, dict):
        return given
    settings = schema["properties"].items()
    return {**given, **{name: with_defaults(prop, given.get(name, prop["default"])) for name, prop in settings}}


def load_json_lines(
    path: Path, schema_name: str, key: str | tuple[str, ...], schemas: Path = PACKAGED
) -> dict[Any, dict[str, Any]]:
    """Read a hand-written JSON Lines file into a mapping from the value of ``key`` to the row.

    ``key`` is the name of a field, or a tuple of names. A missing file is read as an empty one.

    Fields with an old name are read under the new one, with a warning.

    Raises
    ------
    ConfigError
        If a row is invalid, or two rows have the same key. The message names the file, the line, the field, what was
        found and what was expected.
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
        departures = chain(
            departures, bulk_violations(packaged, (_without_extra_keys(packaged, row) for _, row in parsed))
        )
    problems += [f"{parsed[number][0]}: {v.field or '(line)'}: {v.message}" for number, v in departures]
    warn_of_old_names(path, old_names)
    if problems:
        raise ConfigError("\n".join(problems))
    rows: dict[Any, dict[str, Any]] = {}
    for where, row in parsed:
        name = row[key] if isinstance(key, str) else tuple(row.get(field) for field in key)
        if name in rows:
            raise ConfigError(f"{where}: {key} {name!r} is given twice; keep one line")
        rows[name] = row
    return rows
