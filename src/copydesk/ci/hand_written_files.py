"""What people write by hand, checked without Arrow: quick enough for every commit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copydesk.ci.line_numbers import line_of
from copydesk.core.config import unusable, with_defaults
from copydesk.core.decisions import KEY
from copydesk.core.decisions import NAME as DECISIONS
from copydesk.core.findings import Report
from copydesk.core.hand_written import LINES_BYTES, SETTINGS_BYTES, YamlError, bounded_text, parse_yaml
from copydesk.core.json_schema import PACKAGED, Schema, dotted, fast_validator, load_json, shortened
from copydesk.core.schema_faults import faults
from copydesk.errors import ConfigError
from copydesk.revisions.line_ends import ADVICE, converted_files
from copydesk.revisions.lost_takedowns import LEDGER, lost_takedowns

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
    for name, (schema, _) in LINES.items():
        if schema in schemas:
            _check_lines(root, name, schemas, report)
    for file in converted_files(root):
        report.add("line ends", file.path, f"git has changed them: {file}; {ADVICE}", line=1)
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
        text = _text(path, name, "schemas", report, SETTINGS_BYTES)
        if text is None:
            continue
        of = path.name.removesuffix(_SUFFIX)
        try:
            schema = load_json(text, name)
        except ConfigError as error:
            report.add("schemas", name, _without(name, error), line=_line_of_json(text))
            continue
        wrong = faults(of, schema)
        for fault in wrong:
            line = line_of(text, fault.keys)
            report.add("schemas", name, f"{fault.message} (#{fault.pointer})", field=dotted(fault.keys), line=line)
        if not wrong:
            found[of] = schema
    if own:
        for path in sorted(PACKAGED.glob(f"*{_SUFFIX}")):
            if not (folder / path.name).exists():
                report.add("schemas", f"schemas/{path.name}", "missing; copy it from the package", line=1)
    return found


def _check_params(root: Path, schema: Schema, report: Report) -> None:
    path, name = root / "params.yaml", "params.yaml"
    text = _text(path, name, "params", report, SETTINGS_BYTES)
    if text is None:
        return
    report.checked["params"] += 1
    try:
        given = parse_yaml(text)
    except YamlError as error:
        report.add("params", name, str(error), field=dotted(error.keys), line=error.line)
        return
    given = {} if given is None else given
    wrong = list(_departures(schema, given)) or [
        ([], f"{v.field}: {v.message}") for v in unusable("params", schema, with_defaults(schema, given))
    ]
    for keys, message in wrong:
        report.add("params", name, message, field=dotted(keys), line=line_of(text, keys))


def _check_lines(root: Path, name: str, schemas: dict[str, Schema], report: Report) -> None:
    of, key = LINES[name]
    schema = schemas[of]
    path, name = root / "seeds" / name, f"seeds/{name}"
    text = _text(path, name, "lines", report, LINES_BYTES)
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
        wrong = [] if validator.is_valid(row) else [(dotted(keys), text) for keys, text in _departures(schema, row)]
        if wrong := wrong or list(unusable(of, schema, row)):
            document = row.get("doc_id") if isinstance(row, dict) else None
            for field, message in wrong:
                report.add("lines", name, message, document=str(document or ""), field=field, line=number)
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


def _text(path: Path, name: str, check: str, report: Report, at_most: int) -> str | None:
    """The text of a file; None where there is none, or it cannot be read."""
    try:
        return bounded_text(path, at_most)
    except FileNotFoundError:
        pass
    except ConfigError as error:
        report.add(check, name, _without(str(path), error), line=1)
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
