"""Where two ways of editing one raw text differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from copydesk.text.alignment import Alignment
from copydesk.text.edited_text import EditedText, replay
from copydesk.text.edits import ComposedEdit


class DifferingPlace(NamedTuple):
    """A span of the raw text that two ways of editing make different texts of.

    Attributes
    ----------
    raw_start, raw_end : int
        The span. No edit of either way reaches beyond it or touches it from outside.
    start, their_start : int
        Where it begins in the clean text, one way and the other.
    ours, theirs : tuple of ComposedEdit
        The edits in it.
    text, their_text : str
        What they make of it.
    """

    raw_start: int
    raw_end: int
    start: int
    their_start: int
    ours: tuple[ComposedEdit, ...]
    theirs: tuple[ComposedEdit, ...]
    text: str
    their_text: str


def differing_places(ours: EditedText, theirs: EditedText, *, hidden: bool = False) -> Iterator[DifferingPlace]:
    """The places of a raw text at which two ways of editing it differ, in order; linear in edits and their spans.

    With ``hidden`` also those of which other parts make the same: a line that is removed hides what they did in it.
    """
    drift = their_drift = 0
    for start, end, own, other in touching(ours.edits, theirs.edits):
        same = [edit[:2] + edit[4:6] for edit in own] == [edit[:2] + edit[4:6] for edit in other]
        other_parts = hidden and [edit.parts for edit in own] != [edit.parts for edit in other]
        if not same or other_parts:
            text, their_text = (made_of(ours.raw, start, end, edits) for edits in (own, other))
            if text != their_text or (hidden and rules_of_parts(own) != rules_of_parts(other)):
                places = start, end, start + drift, start + their_drift
                yield DifferingPlace(*places, tuple(own), tuple(other), text, their_text)
        drift, their_drift = (_drift(edits, last) for edits, last in ((own, drift), (other, their_drift)))


def without_rules(edited: EditedText, rules: Collection[str]) -> EditedText:
    """Take back all edits of some rules, and the parts of other rules that build on them within one edit."""
    whole: set[ComposedEdit] = set()
    parts: dict[ComposedEdit, set[int]] = {}
    for edit in edited.edits:
        numbers = [number for number, part in enumerate(edit.parts) if part.rule in rules]
        if numbers and len(numbers) == len(edit.parts):  # as most edits, which have one part
            whole.add(edit)
        elif numbers:
            parts[edit] = {*numbers, *edit.dependents(*numbers)}
    return edited.without(whole, parts) if whole or parts else edited


def with_edits(raw: str, edits: Iterable[ComposedEdit]) -> EditedText:
    """A raw text with edits in order of their raw spans; their places in the clean text are computed.

    Raises
    ------
    EditError
        If they overlap, leave the text or do not quote it.
    """
    result = EditedText(raw)
    placed, drift = [], 0
    for edit in edits:
        start = edit.raw_start + drift
        placed.append(edit._replace(start=start, end=start + len(edit.after)))
        drift += len(edit.after) - len(edit.before)
    result.edits, result.text = tuple(placed), replay(raw, placed)
    return result


def alignment_between(published: EditedText, chosen: EditedText) -> Alignment:
    """How the chosen text came from the published one, both of one raw text: ``to_clean`` maps published spans."""
    columns: tuple[list[int], ...] = ([], [], [], [])
    for place in differing_places(published, chosen):
        before, after = place.text, place.their_text
        head = _shared(before, after)
        tail = _shared(before[head:][::-1], after[head:][::-1])
        start, chosen_start = place.start, place.their_start
        spans = start + head, start + len(before) - tail, chosen_start + head, chosen_start + len(after) - tail
        for column, value in zip(columns, spans, strict=True):
            column.append(value)
    return Alignment(*columns)


def made_of(raw: str, start: int, end: int, edits: Iterable[ComposedEdit]) -> str:
    """What edits make of the span of a raw text in which they lie."""
    moved = (edit._replace(raw_start=edit.raw_start - start, raw_end=edit.raw_end - start) for edit in edits)
    return replay(raw[start:end], moved)


def rules_of_parts(edits: Iterable[ComposedEdit]) -> Counter[tuple[str, str]]:
    """How often which rule puts what into the text, in the parts of some edits."""
    return Counter((part.rule, part.replacement) for edit in edits for part in edit.parts)


def touching(
    ours: Sequence[ComposedEdit], theirs: Sequence[ComposedEdit] = ()
) -> Iterator[tuple[int, int, list[ComposedEdit], list[ComposedEdit]]]:
    """Edits of both ways in groups that touch one another in the raw text, with the span of each group."""
    i = j = 0
    while i < len(ours) or j < len(theirs):
        own: list[ComposedEdit] = []
        other: list[ComposedEdit] = []
        start = end = min(edits[k].raw_start for edits, k in ((ours, i), (theirs, j)) if k < len(edits))
        while True:
            if i < len(ours) and ours[i].raw_start <= end:
                own.append(ours[i])
                end, i = max(end, ours[i].raw_end), i + 1
            elif j < len(theirs) and theirs[j].raw_start <= end:
                other.append(theirs[j])
                end, j = max(end, theirs[j].raw_end), j + 1
            else:
                break
        yield start, end, own, other


def _drift(edits: Sequence[ComposedEdit], before: int) -> int:
    """Place in the clean text minus place in the raw text, behind some edits."""
    return edits[-1].end - edits[-1].raw_end if edits else before


def _shared(text: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((number for number, (ours, theirs) in pairs if ours != theirs), min(len(text), len(other)))
