"""Obeying a steward: edits that were rejected are taken back, suggestions that were accepted are made."""

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
    """Obey the decisions about the edits of one text.

    An edit that was rejected is neither made nor suggested; all others stay as they are. What is suggested and
    flagged follows from the text that comes out.

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
        The text, and the decisions that could not be obeyed, each with the problem.
    """
    rejected = {decision.place for decision in decisions if decision.decision == "reject"}
    accepted = {decision.place for decision in decisions if decision.decision == "accept"}
    made = {_place(edit) for edit in cleaned.edited.edits}
    known = made | {_place(edit) for edit in cleaned.suggestions}
    edited = cleaned.edited.without({edit for edit in cleaned.edited.edits if _place(edit) in rejected})
    wanted = {_place(edit): edit for edit in inspected(edited, how, ()).suggestions if _place(edit) in accepted}
    chosen = _apart(sorted(wanted.values(), key=lambda edit: (edit.start, edit.end)))
    edited = edited.apply(Edit(e.start, e.end, e.after, e.rules[0], e.confidence) for e in chosen)
    left = inspected(edited, how)
    done = made | {_place(edit) for edit in chosen}
    unmet = [
        decision._replace(problem=_OVERLAPS if decision.place in wanted else _GONE)
        for decision in decisions
        if decision.place not in (known if decision.decision == "reject" else done)
    ]
    return left._replace(suggestions=tuple(e for e in left.suggestions if _place(e) not in rejected)), unmet


def _place(edit: ComposedEdit) -> tuple[Any, ...]:
    return edit.raw_start, edit.raw_end, edit.before, edit.after


def _apart(edits: list[ComposedEdit]) -> list[ComposedEdit]:
    """Those that do not overlap one before them, nor stand at its place."""
    apart: list[ComposedEdit] = []
    for edit in edits:
        if not apart or (edit.start >= apart[-1].end and edit.start > apart[-1].start):
            apart.append(edit)
    return apart
