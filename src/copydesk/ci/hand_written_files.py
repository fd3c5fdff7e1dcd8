"""Check the files that people write by hand. It needs no Arrow as a rule, so it is fast enough for every commit.

Results of a build are not among them: one that is tracked is a finding.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from copydesk.ci.build_refusals import keep_refusal, rule_refusals, table_refusals
from copydesk.ci.line_numbers import line_of
from copydesk.ci.tracked_results import check_results_untracked
from copydesk.core.config import unusable, with_defaults
from copydesk.core.findings import Report
from copydesk.core.hand_written import (
    LABEL_FOLDER,
    LINES_BYTES,
    SETTINGS_BYTES,
    YamlError,
    bounded_text,
    parse_yaml,
)
from copydesk.core.json_schema import PACKAGED, examples_of, load_json, with_example
from copydesk.core.label_lines import LineProblem, LineSchema, label_files, read_labels, unreadable
from copydesk.core.progress import say
from copydesk.core.renamed_fields import ADVICE as RENAME
from copydesk.core.renamed_fields import old_names_in, renamed, warn_of_old_names
from copydesk.core.schema_faults import faults
from copydesk.core.schema_validator import Schema, clipped, dotted, fast_validator
from copydesk.errors import ConfigError, InputError
from copydesk.merging.line_files import LINES
from copydesk.revisions.line_ends import ADVICE, converted_files
from copydesk.revisions.lost_takedowns import LEDGER, lost_takedowns
from copydesk.revisions.toolkit_lock import missing_dependency, not_depending

#: How git and copydesk mark both versions of what is in conflict.
_CONFLICT_BEGINS, _CONFLICT_ENDS = "<<<<<<< ", ">>>>>>> "
_CONFLICT = "a merge left a conflict here; keep one of both versions, and remove the marks <<<<<<<, =======, >>>>>>>"
#: Files that hold one document; any other file in the folder of seeds may hold records.
_DOCUMENT = re.compile(r"(.+?)\.(?:txt|html?)(?:\.(?:gz|zst))?", re.IGNORECASE)
_SIDECARS = frozenset(name.removeprefix("seeds/") for name in LINES)
_SUFFIX = ".schema.json"

Keys = list[str | int]


def check_inputs(root: Path, against: str | None = None) -> Report:
    """Check schemas, params.yaml and the hand-written lines of a project, and that no result of a build is tracked.

    Parameters
    ----------
    root : Path
        The project's folder. A missing file is no finding: it has a default, or counts as empty.
    against : str, optional
        A git revision whose takedowns must still be in the ledger, in addition to those that
        :func:`lost_takedowns` requires.

    Returns
    -------
    Report
        Findings with file (relative to the folder) and line.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or a ledger that DVC tracks cannot be read.
    """
    report = Report()
    schemas = _schemas(root, report)
    if "params" in schemas:
        _check_params(root, schemas, report)
    for name, (schema, _) in LINES.items():
        if schema in schemas:
            _check_lines(root, name, schemas, report)
    if "raw_label" in schemas:
        _check_labels(root, report)
    for file in converted_files(root):
        report.add("line ends", file.path, f"git has converted them: {file}; {ADVICE}", line=1)
    for lost in lost_takedowns(root, against):
        report.add("takedowns", LEDGER, str(lost), document=lost.doc_id, line=1)
    check_results_untracked(root, report)
    return report


def _schemas(root: Path, report: Report) -> dict[str, Schema]:
    """The valid schemas of the project by name, or those of the package if it has no folder schemas/."""
    own = (root / "schemas").is_dir()
    folder = root / "schemas" if own else PACKAGED
    valid: dict[str, Schema] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        name = f"schemas/{path.name}"
        report.checked["schemas"] += 1
        text = _text(path, name, "schemas", report, SETTINGS_BYTES)
        if text is None:
            continue
        schema_name = path.name.removesuffix(_SUFFIX)
        try:
            schema = load_json(text, name)
        except ConfigError as error:
            report.add("schemas", name, _without(name, error), line=_line_of_json(text))
            continue
        schema_faults = faults(schema_name, schema)
        for fault in schema_faults:
            line = line_of(text, fault.keys)
            report.add("schemas", name, f"{fault.message} (#{fault.pointer})", field=dotted(fault.keys), line=line)
        old_names = {} if schema_faults else old_names_in(schema_name, schema)
        for old, new in old_names.items():
            keys: Keys = ["properties", "field", "enum"] if schema_name == "decision" else ["properties", old]
            line = line_of(text, keys)
            report.add("schemas", name, f"{old} is now {new}; {RENAME}", field=dotted(keys), line=line)
        if not schema_faults and not old_names:
            valid[schema_name] = schema
    if own:
        for path in sorted(PACKAGED.glob(f"*{_SUFFIX}")):
            if not (folder / path.name).exists():
                report.add("schemas", f"schemas/{path.name}", "missing; copy it from the package", line=1)
        for schema_name, problem in table_refusals(folder, valid):
            report.add("schemas", f"schemas/{schema_name}{_SUFFIX}", problem, line=1)
    return valid


def _check_params(root: Path, schemas: Mapping[str, Schema], report: Report) -> None:
    schema = schemas["params"]
    path, name = root / "params.yaml", "params.yaml"
    text = _text(path, name, "params", report, SETTINGS_BYTES)
    if text is None:
        return
    report.checked["params"] += 1
    if conflicts := _conflicts(text):
        for number, _ in conflicts:
            report.add("params", name, _CONFLICT, line=number)
        return
    try:
        given = parse_yaml(text)
    except YamlError as error:
        report.add("params", name, str(error), field=dotted(error.keys), line=error.line)
        return
    given = {} if given is None else given
    problems = list(_violations(schema, given)) or [
        ([], f"{v.field}: {v.message}") for v in unusable("params", schema, with_defaults(schema, given))
    ]
    if not problems and "documents" in schemas:  # else nobody knows the columns
        own = root / "schemas"
        keep = with_defaults(schema, given)["select"]["keep"]
        if refusal := keep_refusal(keep, own if own.is_dir() else PACKAGED):
            problems = [(["select", "keep"], refusal)]
    if not problems and not (isinstance(given, dict) and given.get("plugins")):
        clean = with_defaults(schema, given)["clean"]
        problems = [(["clean", *keys], message) for keys, message in rule_refusals(clean)]
    for keys, message in problems:
        report.add("params", name, message, field=dotted(keys), line=line_of(text, keys))
    if not problems and isinstance(given, dict):
        _check_plugins(root, given.get("plugins", []), text, report)


def _check_plugins(root: Path, names: list[str], text: str, report: Report) -> None:
    """Check that plug-ins lie in the project and that stages depend on them; none is imported."""
    for number, name in enumerate(names):
        try:
            for stage, path in not_depending(root, [name]):
                report.add("params", "dvc.yaml", missing_dependency(stage, path), line=1)
        except ConfigError as error:
            keys: Keys = ["plugins", number]
            message = str(error).removeprefix("params.yaml: plugins: ")
            report.add("params", "params.yaml", message, field=dotted(keys), line=line_of(text, keys))


def _check_lines(root: Path, name: str, schemas: dict[str, Schema], report: Report) -> None:
    schema_name, key = LINES[name]
    schema = schemas[schema_name]
    path = root / name
    text = _text(path, name, "lines", report, LINES_BYTES)
    validator = fast_validator(schema)
    seen: dict[tuple[Any, ...], int] = {}
    old_names: Counter[str] = Counter()
    unresolved = _conflicts(text or "")
    for number, _ in unresolved:
        report.add("lines", name, _CONFLICT, line=number)
    in_conflict = {number for start, end in unresolved for number in range(start, end + 1)}
    for number, line in enumerate((text or "").split("\n"), start=1):
        if not line.strip() or number in in_conflict:
            continue
        report.checked["lines"] += 1
        try:
            row, old, conflicts = renamed(schema_name, load_json(line, name))
        except ConfigError as error:
            report.add("lines", name, _without(name, error), line=number)
            continue
        old_names.update(old)
        problems = list(conflicts.items())
        if not problems and not validator.is_valid(row):
            problems = [(dotted(keys), message) for keys, message in _violations(schema, row)]
        if problems := problems or [(v.field, v.message) for v in unusable(schema_name, schema, row)]:
            document = row.get("doc_id") if isinstance(row, dict) else None
            for field, message in problems:
                report.add("lines", name, message, document=str(document or ""), field=field, line=number)
            continue
        identity = tuple(row.get(field) for field in key)
        first = seen.setdefault(identity, number)
        if first != number:
            message = f"{', '.join(key)} {identity[0]!r}: already on line {first}; keep one line"
            report.add("lines", name, message, document=str(row.get("doc_id", "")), field=key[0], line=number)
    warn_of_old_names(path, old_names)
    if key[0] == "doc_id" and schema_name in ("source", "decision"):
        lines = {str(identity[0]): number for identity, number in seen.items() if identity[0]}
        _warn_of_missing_documents(root, name, lines)


def _warn_of_missing_documents(root: Path, name: str, lines: Mapping[str, int]) -> None:
    """Name entries about documents that are no files; where files of records may have them, only a build can tell."""
    stems: set[str] = set()
    for _, _, files in os.walk(root / "seeds") if lines else ():
        for file in files:
            match = _DOCUMENT.fullmatch(file)
            if match is None and file not in _SIDECARS and not file.startswith("."):
                return
            stems.add(unicodedata.normalize("NFC", match[1]) if match else "")
    missing = [f"{doc_id} (line {number})" for doc_id, number in lines.items() if doc_id not in stems]
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5:,} more" if len(missing) > 5 else "")
        say(f"warning: {name}: no such document: {named}; correct the id, or remove the line")


def _conflicts(text: str) -> list[tuple[int, int]]:
    """Conflicts that a merge left in a text: the numbers of the first and the last line of each, from 1."""
    if _CONFLICT_BEGINS not in text:
        return []
    conflicts: list[tuple[int, int]] = []
    first = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(_CONFLICT_BEGINS):
            conflicts += [(first, number - 1)] if first else []
            first = number
        elif first and line.startswith(_CONFLICT_ENDS):
            conflicts.append((first, number))
            first = 0
    return conflicts + ([(first, first)] if first else [])


def _check_labels(root: Path, report: Report) -> None:
    """Check the labels that the repository keeps, however many: some lines of a file are in memory at a time."""
    own = root / "schemas"
    schema = LineSchema("raw_label", own if own.is_dir() else PACKAGED)
    for path in label_files(root / LABEL_FOLDER):
        name = f"{LABEL_FOLDER}/{path.name}".encode("utf-8", "replace").decode()
        if why := unreadable(path):
            report.add("lines", name, why, line=1)
            continue
        try:
            for part in read_labels(path, schema):
                report.checked["lines"] += len(part)
                for line in part:
                    if isinstance(line, LineProblem):
                        report.add("lines", name, line.message, field=line.field, line=line.line)
        except InputError as error:
            report.add("lines", name, str(error).removeprefix(f"{path}: "), line=1)


def _violations(schema: Schema, given: Any) -> Iterator[tuple[Keys, str]]:
    """Yield the path of keys and the message of each violation of a schema."""
    validator = fast_validator(schema)
    examples = examples_of(schema)
    for error in validator.iter_errors(given):
        unexpected = getattr(error.kind, "unexpected", None)  # report the line of the key itself
        example = examples.get(dotted(error.instance_path))
        message = with_example(error, example) or error.message
        yield [*error.instance_path, *(unexpected or [])[:1]], clipped(message)


def _text(path: Path, name: str, check: str, report: Report, at_most: int) -> str | None:
    """Read a file; None if it does not exist, or cannot be read (which is a finding)."""
    try:
        return bounded_text(path, at_most)
    except FileNotFoundError:
        pass
    except ConfigError as error:
        report.add(check, name, _without(str(path), error), line=1)
    return None


def _line_of_json(text: str) -> int:
    """The line of the syntax error in a JSON text; 1 if its syntax is right."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        pass
    return 1


def _without(where: str, error: ConfigError) -> str:
    return str(error).removeprefix(f"{where}: ")
