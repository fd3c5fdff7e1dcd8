"""Apply the decisions of a steward: undo rejected edits or parts of them, and make accepted suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copydesk.cleaning.apply import Cleaned, inspected
from copydesk.cleaning.plan import Plan
from copydesk.core.decisions import Decision
from copydesk.text import ComposedEdit, Edit, EditedText

_GONE = "no rule makes or suggests this edit any more; look at the document and remove the line"
_NO_PART = "the edit has no such part of this rule any more; look at the document and remove the line"
_OVERLAPS = "it overlaps another suggestion that was accepted; keep one of the lines"
_NAMED = 5  # parts in a message


def decided(cleaned: Cleaned, decisions: Sequence[Decision], how: Plan) -> tuple[Cleaned, list[Decision]]:
    """Apply the decisions about the edits of one text.

    A rejected edit is neither made nor suggested; all other edits stay, and so do the other parts of an edit of which
    a part is rejected. Suggestions and flags are computed from the resulting text.

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
    rejections = [decision for decision in decisions if decision.decision == "reject"]
    rejected = {decision.place for decision in rejections if decision.part is None}
    accepted = {decision.place for decision in decisions if decision.decision == "accept"}
    edited, unmet = _taken_back(cleaned.edited, rejections, {_place(edit) for edit in cleaned.suggestions})
    wanted = {_place(edit): edit for edit in inspected(edited, how, ()).suggestions if _place(edit) in accepted}
    chosen = _apart(sorted(wanted.values(), key=lambda edit: (edit.start, edit.end)))
    edited = edited.apply(Edit(e.start, e.end, e.after, e.rules[0], e.confidence) for e in chosen)
    result = inspected(edited, how)
    done = {_place(edit) for edit in (*cleaned.edited.edits, *chosen)}
    unmet += [
        decision._replace(problem=_OVERLAPS if decision.place in wanted else _GONE)
        for decision in decisions
        if decision.decision == "accept" and decision.place not in done
    ]
    suggestions = tuple(edit for edit in result.suggestions if _place(edit) not in rejected)
    return result._replace(suggestions=suggestions, removed_lines=cleaned.removed_lines), unmet


def _taken_back(
    edited: EditedText, rejections: Sequence[Decision], suggested: set[tuple[Any, ...]]
) -> tuple[EditedText, list[Decision]]:
    """Take rejected edits and parts back; return also the rejections that could not be obeyed, with the problem.

    What is left of an edit without some of its parts is an edit that other lines may name: they come next.
    """
    unmet: list[Decision] = []
    pending = list(rejections)
    while pending:
        edits = {_place(edit): edit for edit in edited.edits}
        present = [decision for decision in pending if decision.place in edits]
        if not present:
            break
        pending = [decision for decision in pending if decision.place not in edits]
        whole = {edits[decision.place] for decision in present if decision.part is None}
        by_edit: dict[ComposedEdit, list[Decision]] = {}
        for decision in present:
            if edits[decision.place] not in whole:
                by_edit.setdefault(edits[decision.place], []).append(decision)
        parts: dict[ComposedEdit, list[int]] = {}
        for edit, of_edit in by_edit.items():
            parts[edit], problems = _parts_to_take_back(edit, of_edit)
            unmet += problems
        edited = edited.without(whole, parts)
    unmet += [d._replace(problem=_GONE) for d in pending if d.part is not None or d.place not in suggested]
    return edited, unmet


def _parts_to_take_back(edit: ComposedEdit, rejections: Sequence[Decision]) -> tuple[list[int], list[Decision]]:
    """The numbers of the rejected parts, and the rejections of parts that are not there or on which others build."""
    named = {decision.part: decision for decision in rejections}
    unmet = []
    for number, decision in list(named.items()):
        if number is None or number >= len(edit.parts) or edit.parts[number].rule != decision.rule:
            unmet.append(named.pop(number)._replace(problem=_NO_PART))
    numbers = {number for number in named if number is not None}
    while alone := [number for number in sorted(numbers) if not numbers.issuperset(edit.dependents(number))]:
        for number in alone:
            needed = sorted(set(edit.dependents(number)) - numbers)
            names = ", ".join(f"{other} ({edit.parts[other].rule})" for other in needed[:_NAMED])
            unmet.append(named[number]._replace(problem=f"other parts build on it: {names}; reject these, too"))
        numbers.difference_update(alone)
    return sorted(numbers), unmet


def _place(edit: ComposedEdit) -> tuple[Any, ...]:
    return edit.raw_start, edit.raw_end, edit.before, edit.after


def _apart(edits: list[ComposedEdit]) -> list[ComposedEdit]:
    """The edits that neither overlap an earlier one nor start at the same place."""
    apart: list[ComposedEdit] = []
    for edit in edits:
        if not apart or (edit.start >= apart[-1].end and edit.start > apart[-1].start):
            apart.append(edit)
    return apart
