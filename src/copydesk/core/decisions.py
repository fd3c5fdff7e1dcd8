"""A steward's decisions about documents: seeds/decisions.jsonl, one line per decision.

A decision names what the steward looked at: the hash of the file, and for an edit its span in the raw text and the
text before and after; for a part of an edit also its number and its rule. If the file or the edit has changed since,
the decision is reported and not applied.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.core.config import load_json_lines
from copydesk.core.json_schema import PACKAGED
from copydesk.core.renamed_fields import renamed

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "decisions.jsonl"
#: The fields that identify a decision: no two lines may agree in all of them.
KEY = ("doc_id", "field", "raw_start", "raw_end", "after", "part")


class Decision(NamedTuple):
    """A line of the file, or a row of the table ``decisions``; see ``schemas/decision.schema.json``."""

    doc_id: str
    raw_sha256: str
    decision: str
    raw_start: int | None = None
    raw_end: int | None = None
    before: str | None = None
    after: str | None = None
    part: int | None = None
    rule: str | None = None
    field: str | None = None
    value: str | None = None
    problem: str | None = None

    @property
    def place(self) -> tuple[Any, ...]:
        """What identifies an edit: its span in the raw text, the text before and the text after."""
        return self.raw_start, self.raw_end, self.before, self.after


def read_decisions(seeds: Path, schemas: Path = PACKAGED) -> list[Decision]:
    """Read the decisions, sorted by document and position.

    Raises
    ------
    ConfigError
        If a line does not obey its schema, or repeats the key of another line; the message names the line.
    """
    rows = load_json_lines(seeds / NAME, "decision", KEY, schemas).values()
    return sorted((from_row(row) for row in rows), key=_order)


def obeyable(table: pa.Table, *kinds: str) -> dict[str, list[Decision]]:
    """Return applicable decisions of these kinds by document: rows of ``decisions`` without a problem."""
    by_document: dict[str, list[Decision]] = {}
    for row in table.to_pylist():
        if row["problem"] is None and row["decision"] in kinds:
            by_document.setdefault(row["doc_id"], []).append(Decision(**row))
    return by_document


def from_row(row: dict[str, Any]) -> Decision:
    """Make a decision from a row, ignoring further fields such as the date; a column may have its old name."""
    row = renamed("decision", row).row
    return Decision(**{name: row[name] for name in Decision._fields if name in row})


def _order(decision: Decision) -> tuple[Any, ...]:
    numbers = (decision.raw_start, decision.raw_end, decision.part)
    start, end, part = (-1 if number is None else number for number in numbers)
    return decision.doc_id, decision.field or "", start, end, decision.after or "", part
