"""Findings of a validation, and the report that collects them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

_MOST = 1_000


class Finding(NamedTuple):
    """One violation.

    Attributes
    ----------
    check : str
        The check that found it; ``docs/check.md`` lists them.
    file, document, field : str
        The place; empty if unknown.
    message : str
        What was found, and what was expected.
    line : int
        Line of the file, from 1; 0 if the finding concerns no single line.

    Examples
    --------
    >>> Finding("ids", "data/sentences", "a1", "doc_id", "no such document").document
    'a1'
    """

    check: str
    file: str
    document: str
    field: str
    message: str
    line: int = 0


class Report:
    """Findings, and how much was checked. Keeps the first 1,000 findings and counts all.

    Attributes
    ----------
    findings : list of Finding
        The first 1,000.
    checked : Counter of str
        How many rows of each table, files and ways of loading were checked.
    total : int
        The number of findings.

    Examples
    --------
    >>> report = Report()
    >>> report.add("ids", "data/sentences", "no such document", document="a1")
    >>> report.ok, report.total
    (False, 1)
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checked: Counter[str] = Counter()
        self.total = 0

    @property
    def ok(self) -> bool:
        """Whether there are no findings."""
        return self.total == 0

    def add(self, check: str, file: str, message: str, *, document: str = "", field: str = "", line: int = 0) -> None:
        """Record a finding."""
        self.total += 1
        if len(self.findings) < _MOST:
            self.findings.append(Finding(check, file, document, field, message, line))

    def extend(self, other: Report) -> None:
        """Add the findings and counts of another report."""
        self.checked.update(other.checked)
        self.findings += other.findings[: _MOST - len(self.findings)]
        self.total += other.total

    def below(self, folder: Path) -> Report:
        """Return the report with ``folder`` put before the path of each finding."""
        moved = Report()
        moved.checked, moved.total = self.checked, self.total
        moved.findings = [finding._replace(file=(folder / finding.file).as_posix()) for finding in self.findings]
        return moved

    def as_json(self) -> dict[str, Any]:
        """Return the content of ``reports/validation.json``."""
        return {
            "ok": self.ok,
            "checked": dict(sorted(self.checked.items())),
            "violations": self.total,
            "first": [finding._asdict() for finding in self.findings],
        }
