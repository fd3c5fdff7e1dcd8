"""The decisions of stewards by what they are about: a document, the lines of a source, a group of suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from copydesk.core.decisions import OF_LINES, Decision, folded_line

_NOWHERE = "there is no such document; remove the line"
_REFUSED = "the document was refused, see reports/quarantine.jsonl"
_NO_SOURCE = "no document has this source; write it as sources.jsonl or the record states it, or remove the line"
_CHANGED = "the file has changed since the decision; look at it again, and decide again or remove the line"


class DecisionsBySubject(NamedTuple):
    """Decisions by document, those about lines by source, those about groups; which sources some document has."""

    of_documents: dict[str, list[Decision]]
    of_sources: dict[str, list[Decision]]
    of_groups: list[Decision]
    seen: set[str]

    @classmethod
    def of(cls, decisions: list[Decision]) -> DecisionsBySubject:
        """Divide decisions; the white space of lines and of words is folded."""
        lines = (d._replace(line=folded_line(d.line or "")) for d in decisions if d.decision in OF_LINES)
        of_documents = _grouped("doc_id", (d for d in decisions if d.decision not in OF_LINES and not d.of_group))
        groups = [
            d if d.before is None else d._replace(before=folded_line(d.before), after=folded_line(d.after or ""))
            for d in decisions
            if d.of_group
        ]
        return cls(of_documents, _grouped("source", lines), groups, set())

    def about_nothing(self, absent: list[str]) -> list[Decision]:
        """The decisions about documents and sources that do not exist, each with the problem."""
        nowhere = [d._replace(problem=_NOWHERE) for doc_id in absent for d in self.of_documents[doc_id]]
        for source in sorted(self.of_sources.keys() - self.seen):
            nowhere += [decision._replace(problem=_NO_SOURCE) for decision in self.of_sources[source]]
        return nowhere


def about_groups(groups: list[tuple[Decision, str]], source: str, raw: str) -> list[Decision]:
    """The decisions about groups, given with a word of each, that may concern a text.

    Others are not handed on to the text, so its shard stays as it is.
    """
    return [decision for decision, word in groups if decision.source in (None, source) and word in raw]


def rows_of_decisions(decisions: list[Decision], sha256: str | None, refused: bool) -> list[dict[str, Any]]:
    """The decisions about a document as rows, each with the reason if it cannot be applied."""
    rows = []
    for decision in decisions:
        problem = _REFUSED if refused else _CHANGED if decision.raw_sha256 != sha256 else None
        rows.append(decision._replace(problem=problem)._asdict())
    return rows


def _grouped(name: str, decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Decisions by one of their fields."""
    by_value: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_value.setdefault(getattr(decision, name), []).append(decision)
    return by_value
