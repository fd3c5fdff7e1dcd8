"""Run the JSON Schema Test Suite, draft 2020-12, on the validator of rows and on the check of columns.

    python benchmarks/json_schema/suite.py FOLDER            # a checkout of json-schema-org/JSON-Schema-Test-Suite
    python benchmarks/json_schema/suite.py FOLDER --record   # write verdicts.json anew

Verdicts are recorded, cases are not copied. It fails where a row is accepted that the suite refuses, where columns
prove what the rows do not, and where a verdict is another than on record.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from copydesk.core.schema_faults import faults
from copydesk.core.schema_validator import fast_validator
from copydesk.validation.fast_schema_check import surely_valid
from reference import refuses

RECORD = Path(__file__).with_name("verdicts.json")


def main() -> int:
    """Compare the verdicts with those on record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    verdicts = run(given.folder / "tests" / "draft2020-12")
    if given.record:
        RECORD.write_text(json.dumps(verdicts, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    known = json.loads(RECORD.read_text("utf-8"))
    for name, found in verdicts.items():
        if found != known[name]:
            print(f"{name}: found {found}, on record {known[name]}")
    print(json.dumps(verdicts["counts"], sort_keys=True))
    wrong = (*verdicts["accepted, and the suite refuses"], *verdicts["proved by columns, and rows refuse"])
    return int(verdicts != known or bool(wrong))


def run(folder: Path) -> dict[str, Any]:
    """Verdicts over all cases: how many of each kind, and by name those that are not the suite's."""
    counts: Counter[str] = Counter()
    by_name: dict[str, list[str]] = {
        "schema refused when loaded": [],
        "refused, and the suite accepts": [],
        "accepted, and the suite refuses": [],
        "accepted with the suite, and the reference refuses": [],
        "proved by columns, and rows refuse": [],
    }
    for path in sorted(folder.rglob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            schema = group["schema"] if isinstance(group["schema"], dict) else {"allOf": [group["schema"]]}
            name = f"{path.relative_to(folder).with_suffix('').as_posix()}: {group['description']}"
            counts["cases"] += len(group["tests"])
            if faults("t", schema):
                counts["not run: schema refused"] += len(group["tests"])
                by_name["schema refused when loaded"].append(name)
                continue
            validator = fast_validator(schema)
            for test in group["tests"]:
                value, case = test["data"], f"{name}: {test['description']}"
                accepted = validator.is_valid(value)
                counts["right" if accepted == test["valid"] else "other"] += 1
                if accepted != test["valid"]:
                    kind = "accepted, and the suite refuses" if accepted else "refused, and the suite accepts"
                    by_name[kind].append(case)
                proved = [instance for inner, instance in tables(schema, value) if shown(inner, instance, counts)]
                if accepted and test["valid"] and _refused(schema, value):
                    by_name["accepted with the suite, and the reference refuses"].append(case)
                if proved and not accepted:
                    by_name["proved by columns, and rows refuse"].append(case)
    return {"counts": dict(counts), **{name: sorted(cases) for name, cases in by_name.items()}}


def tables(schema: dict[str, Any], value: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """A case as a table: of an object its fields, of anything a column."""
    if "$ref" in json.dumps(schema):
        return [(schema, value)] if isinstance(value, dict) else []
    column = {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}
    return [(column, {"a": value}), *([(schema, value)] if isinstance(value, dict) else [])]


def shown(schema: dict[str, Any], row: dict[str, Any], counts: Counter[str]) -> bool:
    """Whether the columns show that a row is valid."""
    try:
        table = pa.Table.from_pylist([row])
        if table.to_pylist() != [row]:
            return False
    except (pa.ArrowException, OverflowError, TypeError, ValueError):  # no column holds it
        return False
    counts["tables"] += 1
    proved = surely_valid(schema, table)
    counts["tables proved by columns"] += proved
    return proved


def _refused(schema: dict[str, Any], value: Any) -> bool:
    try:
        return refuses(schema, value)
    except Exception:
        return False  # the reference has no verdict


if __name__ == "__main__":
    sys.exit(main())
