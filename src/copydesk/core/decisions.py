"""What a steward decided about documents: seeds/decisions.jsonl, a line each.

A decision is anchored to what was looked at: the hash of the file, and for an edit its span in the raw text and what
stands there before and after. Where that is no longer so, it is not obeyed but reported.
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
#: What no two decisions may share.
KEY = ("doc_id", "field", "raw_start", "raw_end", "after")


class Decision(NamedTuple):
    """A line of the file, or a row of the table ``decisions``; see ``schemas/decision.schema.json``."""

    doc_id: str
    raw_sha256: str
    decision: str
    raw_start: int | None = None
    raw_end: int | None = None
    before: str | None = None
    after: str | None = None
    field: str | None = None
    value: str | None = None
    problem: str | None = None

    @property
    def place(self) -> tuple[Any, ...]:
        """What an edit is known by: its span in the raw text, and what it replaces by what."""
        return self.raw_start, self.raw_end, self.before, self.after


def read_decisions(seeds: Path, schemas: Path = PACKAGED) -> list[Decision]:
    """Read the decisions, sorted by document and place.

    Raises
    ------
    ConfigError
        Naming the line that does not obey its schema, or that decides again what another line decides.
    """
    rows = load_json_lines(seeds / NAME, "decision", KEY, schemas).values()
    return sorted((from_row(row) for row in rows), key=_order)


def obeyable(table: pa.Table, *kinds: str) -> dict[str, list[Decision]]:
    """Rows of the table ``decisions`` of some kinds, by document; not those with a problem."""
    found: dict[str, list[Decision]] = {}
    for row in table.to_pylist():
        if row["problem"] is None and row["decision"] in kinds:
            found.setdefault(row["doc_id"], []).append(Decision(**row))
    return found


def from_row(row: dict[str, Any]) -> Decision:
    """A decision, of a row that may say more, such as when and why, and name a column by its old name."""
    row = renamed("decision", row).row
    return Decision(**{name: row[name] for name in Decision._fields if name in row})


def _order(decision: Decision) -> tuple[Any, ...]:
    start, end = (-1 if place is None else place for place in (decision.raw_start, decision.raw_end))
    return decision.doc_id, decision.field or "", start, end, decision.after or ""
