"""Findings as hosts read them: GitHub's commands in a log, JUnit for GitLab, SARIF for code scanning.

Messages quote documents, which nobody vouches for: each format escapes them by its function in ``escaping``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from copydesk._version import __version__
from copydesk.core.escaping import Line, json_line, sarif_text, sarif_uri, workflow_command, xml_text
from copydesk.core.findings import Finding, Report

#: Findings that are shown in a log; a host shows no more of them beside the lines.
SHOWN = 50
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
#: Checks and what they find, for the rules of SARIF.
CHECKS = {
    "manifest": "Files are not those of the manifest",
    "names": "A file's name or number is wrong",
    "files": "A file cannot be read, or a table has none",
    "schema": "Columns are not those of the schema",
    "card": "The card does not describe the files",
    "records": "A row does not obey its JSON Schema",
    "rows": "Rows do not have the logical hash of the manifest",
    "ids": "Ids are given twice or refer to nothing",
    "splits": "A document and one that it repeats are in different splits",
    "content": "Offsets, texts, hashes or edits do not hold",
    "withheld": "Raw text is there that the manifest withholds",
    "loading": "A configuration cannot be loaded as it is",
    "schemas": "A file of schemas/ is no JSON Schema, or missing",
    "params": "params.yaml does not obey its schema",
    "lines": "A line of seeds/*.jsonl does not obey its schema",
    "line ends": "Git has changed the line ends of a file",
    "takedowns": "A takedown has vanished from the ledger",
}


def as_lines(report: Report) -> Iterator[str]:
    """A line for each of the first findings; whoever prints them escapes them."""
    for finding in report.findings[:SHOWN]:
        yield f"{finding.check}: {where_of(finding)}: {finding.message}"
    if report.total > SHOWN:
        yield f"{report.total - SHOWN} more"


def as_github(report: Report, command: str) -> Iterator[Line]:
    """Commands that make GitHub show the first findings on the lines of their files."""
    for finding in report.findings[:SHOWN]:
        where = {"file": finding.file, "line": str(finding.line or 1), "title": f"{command}: {finding.check}"}
        yield workflow_command("error", _told(finding), **where)
    if report.total > SHOWN:
        yield workflow_command("error", f"{report.total - SHOWN} more, {report.total} in all", title=command)


def as_junit(report: Report, command: str) -> bytes:
    """JUnit's XML: a failed case for each finding, a passed one for each count of what was looked at.

    The suite says how many failures there are; of very many only the first are listed.
    """
    cases = len(report.findings) + len(report.checked)
    numbers = {"tests": str(cases), "failures": str(len(report.findings)), "errors": "0"}
    suites = ET.Element("testsuites", numbers)
    suite = ET.SubElement(suites, "testsuite", {"name": command, **numbers, "skipped": "0", "time": "0"})
    for finding in report.findings:
        where = xml_text(where_of(finding))
        case = ET.SubElement(suite, "testcase", {"classname": finding.check, "name": where, "time": "0"})
        failure = ET.SubElement(case, "failure", {"type": finding.check, "message": xml_text(finding.message)})
        failure.text = xml_text(_told(finding))
    for name, count in sorted(report.checked.items()):
        ET.SubElement(suite, "testcase", {"classname": "looked at", "name": xml_text(f"{count} {name}"), "time": "0"})
    if report.total > len(report.findings):
        ET.SubElement(suite, "system-out").text = f"{report.total - len(report.findings)} findings more"
    ET.indent(suites)
    data: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def as_sarif(report: Report, command: str) -> str:
    """SARIF 2.1.0: a result for each finding, with its file, its line and the document."""
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
        "message": {"text": sarif_text(_told(finding))},
        "locations": [place],
    }


def where_of(finding: Finding) -> str:
    """File, line, document and field of a finding."""
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return " ".join(part for part in (place, finding.document, finding.field) if part)


def _told(finding: Finding) -> str:
    """The message with the document and the field, for hosts that show it beside a file."""
    return ": ".join(part for part in (finding.document, finding.field, finding.message) if part)
