"""A steward's decisions: seeds/decisions.jsonl, one line per decision.

A decision about a document names what the steward looked at: the hash of the file, and for an edit its span in the
raw text and the text before and after; for a part of an edit also its number and its rule. If the file or the edit
has changed since, the decision is reported and not applied. A decision about a line holds for all documents of a
source. A decision about a group holds for all suggestions of a rule, or for those of one wording, in a source or in
all; see :mod:`copydesk.core.group_decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from copydesk.core.config import load_json_lines
from copydesk.core.json_schema import PACKAGED
from copydesk.core.renamed_fields import renamed
from copydesk.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "decisions.jsonl"
#: The fields that identify a decision: no two lines may agree in all of them.
KEY = ("doc_id", "field", "raw_start", "raw_end", "before", "after", "part", "rule", "source", "line")
#: The decisions about edits and suggestions.
OF_EDITS = ("accept", "reject")
#: The decisions about a line: it is removed from all documents of a source, or no rule may remove it there.
OF_LINES = ("remove-line", "keep-line")


class Decision(NamedTuple):
    """A line of the file, or a row of the table ``decisions``; see ``schemas/decision.schema.json``.

    A line of the file about a line of a source, or about a group of suggestions, has no ``doc_id`` and no
    ``raw_sha256``; in the table it has a row for each document that it may concern.
    """

    doc_id: str | None
    raw_sha256: str | None
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
    source: str | None = None
    line: str | None = None

    @property
    def place(self) -> tuple[Any, ...]:
        """What identifies an edit: its span in the raw text, the text before and the text after."""
        return self.raw_start, self.raw_end, self.before, self.after

    @property
    def of_group(self) -> bool:
        """Whether it is about a group of suggestions, and not about one edit."""
        return self.decision in OF_EDITS and self.raw_start is None


def read_decisions(seeds: Path, schemas: Path = PACKAGED) -> list[Decision]:
    """Read the decisions, sorted by document and position, those about groups and lines by source.

    Raises
    ------
    ConfigError
        If a line does not obey its schema, or repeats the key of another line; the message names the line. If two are
        about the same line of a source, or about the same group.
    """
    rows = load_json_lines(seeds / NAME, "decision", KEY, schemas).values()
    decisions = sorted((from_row(row) for row in rows), key=_order)
    _refuse_contrary(seeds / NAME, decisions)
    return decisions


def _refuse_contrary(path: Path, decisions: list[Decision]) -> None:
    """Refuse two decisions about one line or one group: their keys differ where only white space does."""
    known: dict[tuple[str | None, str], Decision] = {}
    groups: dict[tuple[str | None, ...], Decision] = {}
    for decision in decisions:
        if decision.of_group:
            wording = (
                decision.before and folded_line(decision.before),
                decision.after and folded_line(decision.after),
            )
            other = groups.setdefault((decision.source, decision.rule, *wording), decision)
            if other is not decision:
                raise ConfigError(
                    f"{path}: two decisions about one group of suggestions of {decision.rule}: {other.decision} "
                    f"{other.before!r} and {decision.decision} {decision.before!r}; remove one of them"
                )
        if decision.decision in OF_LINES:
            other = known.setdefault((decision.source, folded_line(decision.line or "")), decision)
            if other is not decision:
                raise ConfigError(
                    f"{path}: two decisions about one line of {decision.source!r}: {other.decision} {other.line!r} "
                    f"and {decision.decision} {decision.line!r}; remove one of them"
                )


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
    known = {name: row[name] for name in Decision._fields if name in row}
    return Decision(**{"doc_id": None, "raw_sha256": None, **known})


def folded_line(line: str) -> str:
    """A line as lines are compared: without white space at its ends, each run of it one space.

    >>> folded_line("\tRead\u00a0 more ")
    'Read more'
    """
    return " ".join(line.split())


def source_of(metadata: Mapping[str, Any]) -> str | None:
    """The source by which decisions about lines are made: as stated, or else the publisher, or the host of the URL.

    >>> source_of({"source": None, "publisher": "The Desk", "url": "https://desk.example/1"})
    'The Desk'
    >>> source_of({"url": "https://www.Desk.example:8080/1"})
    'desk.example'
    """
    stated: str | None = metadata.get("source") or metadata.get("publisher")
    return stated or _host(metadata.get("url") or "") or None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # such as brackets that do not close
        return ""


def _order(decision: Decision) -> tuple[Any, ...]:
    numbers = (decision.raw_start, decision.raw_end, decision.part)
    start, end, part = (-1 if number is None else number for number in numbers)
    place = decision.doc_id or "", decision.field or "", start, end, decision.after or "", part
    about = decision.source or "", decision.line or "", decision.rule or "", decision.before or ""
    return *place, *about, decision.source is not None
