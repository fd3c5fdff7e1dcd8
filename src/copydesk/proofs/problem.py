"""What a verification finds."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A file that failed, and what to do."""

    file: str
    found: str
    expected: str
    action: str

    def __str__(self) -> str:
        return f"{self.file}: found {self.found}, expected {self.expected}; {self.action}"
