"""Apply the decisions of a steward: undo rejected edits or parts of them, and make accepted suggestions.

A decision about one edit takes precedence over one about a group of suggestions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from copydesk.cleaning.apply import Cleaned, inspected
from copydesk.cleaning.plan import Plan
from copydesk.core.decisions import Decision
from copydesk.core.group_decisions import GroupDecisions, Wording, wording
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
        Those of kind accept and reject, about edits and about groups.
    how : Plan

    Returns
    -------
    (Cleaned, list of Decision)
        The text, and the decisions about single edits that could not be applied, each with the problem.
    """
    verdicts = _Verdicts(decisions)
    if not verdicts.of_edits and not any(verdicts.of(edit, cleaned.edited) for edit in cleaned.suggestions):
        return cleaned, []
    obeyed = _obeyed(cleaned.edited, {_place(edit) for edit in cleaned.suggestions}, verdicts, how)
    edited, unmet = obeyed.edited, obeyed.unmet
    done = {_place(edit) for edit in (*cleaned.edited.edits, *obeyed.chosen)}
    unmet += [
        decision._replace(problem=_OVERLAPS if decision.place in obeyed.wanted else _GONE)
        for decision in verdicts.of_edits
        if decision.decision == "accept" and decision.place not in done
    ]
    # Where no edit was taken back or made, suggestions and flags are as they were.
    result = cleaned if edited is cleaned.edited else inspected(edited, how)
    suggestions = tuple(edit for edit in result.suggestions if verdicts.of(edit, edited) != "reject")
    return result._replace(suggestions=suggestions, removed_lines=cleaned.removed_lines), unmet


def decided_edits(edited: EditedText, decisions: Sequence[Decision], how: Plan) -> EditedText:
    """The text as decided, without its suggestions and flags."""
    return _obeyed(edited, set(), _Verdicts(decisions), how).edited


def groups_met(before: Cleaned, after: Cleaned, decisions: Sequence[Decision]) -> frozenset[Decision]:
    """The decisions about groups that fit some suggestion of a text, before or after decisions were applied."""
    groups = GroupDecisions(decisions)
    if not groups:
        return frozenset()
    suggested = ((edit, cleaned.edited.raw) for cleaned in (before, after) for edit in cleaned.suggestions)
    return frozenset(
        decision for edit, raw in suggested for decision in groups.fitting(edit.rules[0], _words(edit, raw))
    )


class _Obeyed(NamedTuple):
    """A text as decided; the suggestions to make, by place, and those that were made; decisions that do not fit."""

    edited: EditedText
    wanted: dict[tuple[Any, ...], ComposedEdit]
    chosen: list[ComposedEdit]
    unmet: list[Decision]


class _Verdicts:
    """What stewards decided about each suggestion of a text."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.of_edits = [decision for decision in decisions if not decision.of_group]
        self.groups = GroupDecisions(decisions)
        self._by_place = {
            kind: {d.place for d in self.of_edits if d.decision == kind and d.part is None}
            for kind in ("reject", "accept")
        }

    def of(self, edit: ComposedEdit, edited: EditedText) -> str | None:
        """Whether a suggestion is accepted or rejected; None if it is still open."""
        place = _place(edit)
        for kind, places in self._by_place.items():
            if place in places:
                return kind
        fitting = self.groups.fitting(edit.rules[0], _words(edit, edited.raw)) if self.groups else []
        return fitting[0].decision if fitting else None

    def accepting(self, how: Plan) -> Plan:
        """The rules of which some suggestions may be accepted."""
        if self._by_place["accept"]:
            return how
        rules = self.groups.accepted_rules
        return how._replace(suggested=tuple(rule for rule in how.suggested if rule.name in rules))


def _obeyed(edited: EditedText, suggested: set[tuple[Any, ...]], verdicts: _Verdicts, how: Plan) -> _Obeyed:
    """Take rejected edits back, and make accepted suggestions; ``suggested`` are the places of the suggestions."""
    unmet: list[Decision] = []
    rejections = [decision for decision in verdicts.of_edits if decision.decision == "reject"]
    if rejections:
        edited, unmet = _taken_back(edited, rejections, suggested)
    rules = verdicts.accepting(how)
    candidates = inspected(edited, rules, ()).suggestions if rules.suggested else ()
    wanted = {_place(edit): edit for edit in candidates if verdicts.of(edit, edited) == "accept"}
    chosen = _apart(sorted(wanted.values(), key=lambda edit: (edit.start, edit.end)))
    if chosen:
        edited = edited.apply(Edit(e.start, e.end, e.after, e.rules[0], e.confidence) for e in chosen)
    return _Obeyed(edited, wanted, chosen, unmet)


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


def _words(edit: ComposedEdit, raw: str) -> Wording:
    return wording(raw, edit.raw_start, edit.raw_end, edit.after)


def _apart(edits: list[ComposedEdit]) -> list[ComposedEdit]:
    """The edits that neither overlap an earlier one nor start at the same place."""
    apart: list[ComposedEdit] = []
    for edit in edits:
        if not apart or (edit.start >= apart[-1].end and edit.start > apart[-1].start):
            apart.append(edit)
    return apart
