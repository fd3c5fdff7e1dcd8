"""Apply the decisions of a steward: undo rejected edits, and make accepted suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copydesk.cleaning.apply import Cleaned, inspected
from copydesk.cleaning.plan import Plan
from copydesk.core.decisions import Decision
from copydesk.text import ComposedEdit, Edit

_GONE = "no rule makes or suggests this edit any more; look at the document and remove the line"
_OVERLAPS = "it overlaps another suggestion that was accepted; keep one of the lines"


def decided(cleaned: Cleaned, decisions: Sequence[Decision], how: Plan) -> tuple[Cleaned, list[Decision]]:
    """Apply the decisions about the edits of one text.

    A rejected edit is neither made nor suggested; all other edits stay. Suggestions and flags are computed from the
    resulting text.

    Parameters
    ----------
    cleaned : Cleaned
        As the rules made it.
    decisions : sequence of Decision
        Those of kind accept and reject.
    how : Plan

    Returns
    -------
    (Cleaned, list of Decision)
        The text, and the decisions that could not be applied, each with the problem.
    """
    rejected = {decision.place for decision in decisions if decision.decision == "reject"}
    accepted = {decision.place for decision in decisions if decision.decision == "accept"}
    made = {_place(edit) for edit in cleaned.edited.edits}
    known = made | {_place(edit) for edit in cleaned.suggestions}
    edited = cleaned.edited.without({edit for edit in cleaned.edited.edits if _place(edit) in rejected})
    wanted = {_place(edit): edit for edit in inspected(edited, how, ()).suggestions if _place(edit) in accepted}
    chosen = _apart(sorted(wanted.values(), key=lambda edit: (edit.start, edit.end)))
    edited = edited.apply(Edit(e.start, e.end, e.after, e.rules[0], e.confidence) for e in chosen)
    result = inspected(edited, how)
    done = made | {_place(edit) for edit in chosen}
    unmet = [
        decision._replace(problem=_OVERLAPS if decision.place in wanted else _GONE)
        for decision in decisions
        if decision.place not in (known if decision.decision == "reject" else done)
    ]
    suggestions = tuple(edit for edit in result.suggestions if _place(edit) not in rejected)
    return result._replace(suggestions=suggestions, removed_lines=cleaned.removed_lines), unmet


def _place(edit: ComposedEdit) -> tuple[Any, ...]:
    return edit.raw_start, edit.raw_end, edit.before, edit.after


def _apart(edits: list[ComposedEdit]) -> list[ComposedEdit]:
    """The edits that neither overlap an earlier one nor start at the same place."""
    apart: list[ComposedEdit] = []
    for edit in edits:
        if not apart or (edit.start >= apart[-1].end and edit.start > apart[-1].start):
            apart.append(edit)
    return apart
