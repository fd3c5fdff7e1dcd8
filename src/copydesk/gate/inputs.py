"""What people write by hand, checked without Arrow: quick enough for every commit.

What is said of a value is said by jsonschema-rs: the reference takes seconds to import.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from copydesk.config import bounded_text, yaml_without_doubles
from copydesk.decisions import KEY
from copydesk.decisions import NAME as DECISIONS
from copydesk.errors import ConfigError
from copydesk.findings import Report
from copydesk.gate.lost_takedowns import LEDGER, lost_takedowns
from copydesk.gate.places import line_of
from copydesk.json_schema import PACKAGED, Schema, dotted, fast_validator, load_json, shortened

#: Files beside the seeds: the schema that each line obeys, and what no two lines may share.
LINES = {
    "sources.jsonl": ("source", ("doc_id",)),
    "benchmarks.jsonl": ("benchmark", ("name",)),
    "takedowns.jsonl": ("takedown", ("doc_id",)),
    DECISIONS: ("decision", KEY),
}
_SUFFIX = ".schema.json"

Keys = list[str | int]


def check_inputs(root: Path, against: str | None = None) -> Report:
    """Check schemas, params.yaml and the hand-written lines of a project.

    Parameters
    ----------
    root : Path
        The project's folder. What is not there is not asked for: it has a default, or is empty.
    against : str, optional
        A git revision whose takedowns must be here too, beside those of :func:`lost_takedowns`.

    Returns
    -------
    Report
        Each finding with its file, relative to the folder, and its line.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or a ledger that DVC tracks cannot be read.
    """
    report = Report()
    schemas = _schemas(root, report)
    if "params" in schemas:
        _check_params(root, schemas["params"], report)
    for name, (schema, key) in LINES.items():
        if schema in schemas:
            _check_lines(root, name, schemas[schema], key, report)
    for lost in lost_takedowns(root, against):
        report.add("takedowns", LEDGER, str(lost), document=lost.doc_id, line=1)
    return report


def _schemas(root: Path, report: Report) -> dict[str, Schema]:
    """Every schema of the project that is one; those of the package where it has none of its own."""
    own = (root / "schemas").is_dir()
    folder = root / "schemas" if own else PACKAGED
    found: dict[str, Schema] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        name = f"schemas/{path.name}"
        report.checked["schemas"] += 1
        text = _text(path, name, "schemas", report)
        try:
            schema = None if text is None else load_json(text, name)
            if schema is not None:
                jsonschema_rs.meta.validate(schema)
                found[path.name.removesuffix(_SUFFIX)] = schema
        except ConfigError as error:
            report.add("schemas", name, _without(name, error), line=_line_of_json(text or ""))
        except jsonschema_rs.ValidationError as error:
            keys = list(error.instance_path)
            line = line_of(text or "", keys)
            message = f"not a JSON Schema: {shortened(error.message)}"
            report.add("schemas", name, message, field=dotted(keys), line=line)
    if own:
        for path in sorted(PACKAGED.glob(f"*{_SUFFIX}")):
            if not (folder / path.name).exists():
                report.add("schemas", f"schemas/{path.name}", "missing; copy it from the package", line=1)
    return found


def _check_params(root: Path, schema: Schema, report: Report) -> None:
    path, name = root / "params.yaml", "params.yaml"
    text = _text(path, name, "params", report) if path.exists() else None
    if text is None:
        return
    report.checked["params"] += 1
    try:
        given = yaml_without_doubles(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        report.add("params", name, f"not YAML: {getattr(error, 'problem', None) or error}", line=line)
        return
    for keys, message in _departures(schema, {} if given is None else given):
        report.add("params", name, message, field=dotted(keys), line=line_of(text, keys))


def _check_lines(root: Path, name: str, schema: Schema, key: tuple[str, ...], report: Report) -> None:
    path, name = root / "seeds" / name, f"seeds/{name}"
    text = _text(path, name, "lines", report) if path.exists() else None
    validator = fast_validator(schema)
    seen: dict[tuple[Any, ...], int] = {}
    for number, line in enumerate((text or "").split("\n"), start=1):
        if not line.strip():
            continue
        report.checked["lines"] += 1
        try:
            row = load_json(line, name)
        except ConfigError as error:
            report.add("lines", name, _without(name, error), line=number)
            continue
        if not validator.is_valid(row):
            document = row.get("doc_id") if isinstance(row, dict) else None
            for keys, message in _departures(schema, row):
                report.add("lines", name, message, document=str(document or ""), field=dotted(keys), line=number)
            continue
        given = tuple(row.get(each) for each in key)
        first = seen.setdefault(given, number)
        if first != number:
            message = f"{', '.join(key)} {given[0]!r}: given already on line {first}; keep one line"
            report.add("lines", name, message, document=str(row.get("doc_id", "")), field=key[0], line=number)


def _departures(schema: Schema, given: Any) -> Iterator[tuple[Keys, str]]:
    """Where a value departs from a schema, and how."""
    validator = fast_validator(schema)
    for error in validator.iter_errors(given):
        unexpected = getattr(error.kind, "unexpected", None)  # the line of the key, not of what it stands in
        yield [*error.instance_path, *(unexpected or [])[:1]], shortened(error.message)


def _text(path: Path, name: str, check: str, report: Report) -> str | None:
    try:
        return bounded_text(path)
    except ConfigError as error:
        report.add(check, name, _without(str(path), error), line=1)
    except OSError as error:
        report.add(check, name, f"cannot be read: {error.strerror}", line=1)
    return None


def _line_of_json(text: str) -> int:
    """The line where a text ceases to be JSON, the first one if it is a matter of what it says."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        pass
    return 1


def _without(where: str, error: ConfigError) -> str:
    return str(error).removeprefix(f"{where}: ")
