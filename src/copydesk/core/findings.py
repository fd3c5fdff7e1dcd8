"""What validation found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

_MOST = 1_000


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes
    ----------
    check : str
        Which check found it: those of ``docs/check.md``.
    file, document, field : str
        Where; empty where that is not known.
    message : str
        What was found, and what was expected.
    line : int
        Line of the file; 0 where it is in no line of it.

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
    """Findings, and how much was looked at. Keeps the first 1,000 findings and counts the rest.

    Attributes
    ----------
    findings : list of Finding
        The first 1,000.
    checked : Counter of str
        How many of what were looked at: rows of each table, files, ways of loading.
    total : int
        How many findings there are.

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
        """Whether nothing was found."""
        return self.total == 0

    def add(self, check: str, file: str, message: str, *, document: str = "", field: str = "", line: int = 0) -> None:
        """Record a finding."""
        self.total += 1
        if len(self.findings) < _MOST:
            self.findings.append(Finding(check, file, document, field, message, line))

    def extend(self, other: Report) -> None:
        """Add what another report found and looked at."""
        self.checked.update(other.checked)
        self.findings += other.findings[: _MOST - len(self.findings)]
        self.total += other.total

    def below(self, folder: Path) -> Report:
        """The same with paths as seen from where ``folder`` is."""
        moved = Report()
        moved.checked, moved.total = self.checked, self.total
        moved.findings = [finding._replace(file=(folder / finding.file).as_posix()) for finding in self.findings]
        return moved

    def as_json(self) -> dict[str, Any]:
        """The report as ``reports/validation.json`` holds it."""
        return {
            "ok": self.ok,
            "checked": dict(sorted(self.checked.items())),
            "violations": self.total,
            "first": [finding._asdict() for finding in self.findings],
        }
