"""Findings in the formats of CI hosts: workflow commands for GitHub, JUnit for GitLab, SARIF for code scanning.

Messages quote documents, which are not trusted: each format escapes them with its function in ``core.escaping``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from copydesk._version import __version__
from copydesk.core.escaping import Line, json_line, sarif_text, sarif_uri, workflow_command, xml_text
from copydesk.core.findings import Finding, Report
from copydesk.core.plural import plural

#: Findings shown in a log. Hosts annotate no more lines than this.
SHOWN = 50
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
#: Descriptions of the checks, for the rules of SARIF.
CHECKS = {
    "manifest": "Files are not those of the manifest",
    "names": "A file's name or number is wrong",
    "files": "A file cannot be read, or a table has no file",
    "schema": "Columns are not those of the schema",
    "card": "The card does not match the files",
    "records": "A row does not obey its JSON Schema",
    "rows": "The logical hash of the rows is not that of the manifest",
    "ids": "An id is not unique, or refers to nothing",
    "splits": "Duplicates are in different splits",
    "content": "Offsets, texts, hashes or edits are wrong",
    "withheld": "Raw text is present that the manifest withholds",
    "loading": "A configuration cannot be loaded, or loads other rows",
    "schemas": "A file of schemas/ is missing, no JSON Schema, or no table",
    "params": "params.yaml is invalid",
    "lines": "A line of seeds/*.jsonl is invalid",
    "line ends": "Git has converted the line ends of a file",
    "takedowns": "A takedown is missing from the ledger",
}


def as_lines(report: Report) -> Iterator[str]:
    """One line for each of the first findings, not escaped yet."""
    for finding in report.findings[:SHOWN]:
        yield f"{finding.check}: {where_of(finding)}: {finding.message}"
    if report.total > SHOWN:
        yield f"{report.total - SHOWN:,} more"


def as_github(report: Report, command: str) -> Iterator[Line]:
    """Workflow commands with which GitHub annotates the lines of the first findings."""
    for finding in report.findings[:SHOWN]:
        where = {"file": finding.file, "line": str(finding.line or 1), "title": f"{command}: {finding.check}"}
        yield workflow_command("error", _full_message(finding), **where)
    if report.total > SHOWN:
        yield workflow_command("error", f"{report.total - SHOWN:,} more, {report.total:,} in all", title=command)


def as_junit(report: Report, command: str) -> bytes:
    """JUnit XML: a failed case for each finding, a passed case for each kind of thing that was checked.

    If there are very many findings, only the first are listed, and a note counts the rest.
    """
    cases = len(report.findings) + len(report.checked)
    numbers = {"tests": str(cases), "failures": str(len(report.findings)), "errors": "0"}
    suites = ET.Element("testsuites", numbers)
    suite = ET.SubElement(suites, "testsuite", {"name": command, **numbers, "skipped": "0", "time": "0"})
    for finding in report.findings:
        where = xml_text(where_of(finding))
        case = ET.SubElement(suite, "testcase", {"classname": finding.check, "name": where, "time": "0"})
        failure = ET.SubElement(case, "failure", {"type": finding.check, "message": xml_text(finding.message)})
        failure.text = xml_text(_full_message(finding))
    for name, count in sorted(report.checked.items()):
        ET.SubElement(suite, "testcase", {"classname": "checked", "name": xml_text(f"{count:,} {name}"), "time": "0"})
    if report.total > len(report.findings):
        ET.SubElement(suite, "system-out").text = plural(report.total - len(report.findings), "more finding")
    ET.indent(suites)
    data: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def as_sarif(report: Report, command: str) -> str:
    """SARIF 2.1.0: a result for each finding, with file, line and document."""
    rules = sorted({finding.check for finding in report.findings})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": command,
                "version": __version__,
                "rules": [{"id": rule, "shortDescription": {"text": CHECKS.get(rule, rule)}} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, rules) for finding in report.findings],
        "properties": {"violations": report.total, "checked": dict(sorted(report.checked.items()))},
    }
    return json_line({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(finding: Finding, rules: Sequence[str]) -> Mapping[str, Any]:
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": sarif_uri(finding.file)},
            "region": {"startLine": finding.line or 1},
        }
    }
    if finding.document:
        name = sarif_text(" ".join(part for part in (finding.document, finding.field) if part))
        place["logicalLocations"] = [{"fullyQualifiedName": name}]
    return {
        "ruleId": finding.check,
        "ruleIndex": rules.index(finding.check),
        "level": "error",
        "message": {"text": sarif_text(_full_message(finding))},
        "locations": [place],
    }


def where_of(finding: Finding) -> str:
    """The location of a finding: file, line, document and field."""
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return " ".join(part for part in (place, finding.document, finding.field) if part)


def _full_message(finding: Finding) -> str:
    """The message preceded by document and field, for hosts that show it beside the file."""
    return ": ".join(part for part in (finding.document, finding.field, finding.message) if part)
