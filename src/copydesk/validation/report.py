"""What validation found."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

_MOST = 1_000


class Finding(NamedTuple):
    """One thing that is wrong: which check, where, what was found and what was expected."""

    check: str
    file: str
    document: str
    field: str
    message: str


class Report:
    """Findings, and how much was looked at. Keeps the first 1,000 findings and counts the rest."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checked: Counter[str] = Counter()
        self.total = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.total == 0

    def add(self, check: str, file: str, message: str, *, document: str = "", field: str = "") -> None:
        """Record a finding."""
        self.total += 1
        if len(self.findings) < _MOST:
            self.findings.append(Finding(check, file, document, field, message))

    def extend(self, other: Report) -> None:
        """Add what another report found and looked at."""
        self.checked.update(other.checked)
        self.findings += other.findings[: _MOST - len(self.findings)]
        self.total += other.total

    def as_json(self) -> dict[str, Any]:
        """The report as ``reports/validation.json`` holds it."""
        return {
            "ok": self.ok,
            "checked": dict(sorted(self.checked.items())),
            "violations": self.total,
            "first": [finding._asdict() for finding in self.findings],
        }
