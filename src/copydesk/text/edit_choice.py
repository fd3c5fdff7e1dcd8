"""Choose edits when a dataset is loaded: which rules are left out, and what the text is without them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from copydesk.errors import InputError
from copydesk.text.differing_edits import (
    DifferingPlace,
    differing_places,
    made_of,
    rules_of_parts,
    touching,
    with_edits,
    without_rules,
)
from copydesk.text.edited_text import EditedText
from copydesk.text.edits import ComposedEdit
from copydesk.text.rule_names import OF_PAGES, OF_TEXTS

SAFE = "safe"
_RULE = re.compile("-[a-z]+(-[a-z]+)*")


class Otherwise(NamedTuple):
    """A place where later rules do something else if rules are left out.

    Attributes
    ----------
    choice : str
        What is left out: ``-`` and the name of a rule; ``safe`` for all rules but the safe ones.
    raw_start, raw_end : int
        The span of the raw text.
    text : str
        What the other rules make of it.
    rules : tuple of str
        The rules that do something else there.
    """

    choice: str
    raw_start: int
    raw_end: int
    text: str
    rules: tuple[str, ...]


class EditChoice(NamedTuple):
    """The edits that a text is to have.

    Attributes
    ----------
    kind : str
        ``raw``: none; ``safe``: those of safe rules; ``without``: all but those of ``rules``.
    rules : frozenset of str
        The rules that are left out.
    """

    kind: str
    rules: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """What is left out, as :class:`Otherwise` names it."""
        return (SAFE,) if self.kind == SAFE else tuple(without_rule(rule) for rule in sorted(self.rules))

    def left_out(self, tiers: Mapping[str, str]) -> frozenset[str]:
        """The rules to leave out, of those with a tier: the rules that made edits of a text."""
        if self.kind == SAFE:
            return frozenset(rule for rule, tier in tiers.items() if tier != "safe") - OF_PAGES
        return self.rules & tiers.keys()


def without_rule(rule: str) -> str:
    """How a choice names a rule that is left out."""
    return f"-{rule}"


def edit_choice(edits: object) -> EditChoice:
    """Read a choice of edits: ``safe``, rules to leave out such as ``["-read-more"]``, or None for the raw text.

    Raises
    ------
    InputError
        If it is something else, or leaves out what leads from a web page to its article.
    """
    if edits is None:
        return EditChoice("raw")
    if edits == SAFE:
        return EditChoice(SAFE)
    names = [edits] if isinstance(edits, str) else edits
    expected = 'expected "safe", a list of rules to leave out such as ["-read-more"], or None for the raw text'
    if not isinstance(names, Sequence | Collection) or isinstance(names, bytes | Mapping):
        raise InputError(f"edits: {expected}; found {edits!r}")
    for name in names:
        if not isinstance(name, str) or not _RULE.fullmatch(name):
            raise InputError(f"edits: {expected}; found {name!r}")
    rules = frozenset(name[1:] for name in names)
    if fixed := sorted(rules & OF_PAGES):
        raise InputError(
            f"edits: {', '.join(fixed)} cannot be left out: such edits lead from a web page to its article; "
            "edits=None gives the page itself"
        )
    return EditChoice("without", rules)


def refuse_unknown_rules(choice: EditChoice, others: Collection[str], where: str = "") -> None:
    """Raise InputError if a choice leaves out a rule that is none of the package's nor of some others."""
    known = OF_TEXTS.union(others) - OF_PAGES
    for name in sorted(choice.rules - known):
        close = get_close_matches(name, sorted(known), 3) or sorted(known)
        raise InputError(f"edits: {where}no rule {name!r}; expected one such as {', '.join(close)}")


def recorded_differences(
    edited: EditedText, made_without: EditedText, choice: EditChoice, tiers: Mapping[str, str]
) -> list[Otherwise]:
    """Where the text that rules make without some others is not the text with the edits of these taken back.

    Where one rule is left out, also places of which others make the same by other parts: a second rule that is left
    out, such as the one that removes the line, would show it.

    Parameters
    ----------
    edited : EditedText
        The text with all edits.
    made_without : EditedText
        What the rules make of the same raw text without those that are left out.
    choice : EditChoice
        What was left out: one rule, or all but the safe ones.
    tiers : mapping of str to str
        The tier of each rule.
    """
    unwanted = choice.left_out(tiers)
    (name,) = choice.names
    left = without_rules(edited, unwanted)
    differences = differing_places(left, made_without, hidden=choice.kind == "without")
    return [
        Otherwise(name, place.raw_start, place.raw_end, place.their_text, _rules_of(place, unwanted))
        for place in differences
    ]


def chosen_text(
    edited: EditedText, choice: EditChoice, tiers: Mapping[str, str], recorded: Sequence[Otherwise], where: str
) -> EditedText:
    """The text with the chosen edits alone.

    Parameters
    ----------
    edited : EditedText
        The text with all edits.
    choice : EditChoice
    tiers : mapping of str to str
        The tier of each rule that made edits of the text.
    recorded : sequence of Otherwise
        What :func:`recorded_differences` found, for each rule and for all but the safe ones.
    where : str
        Names the document in messages.

    Raises
    ------
    InputError
        If several rules are left out on which others build at one place: what these would do is not known.
    """
    if choice.kind == "raw":
        return EditedText(edited.raw)
    unwanted = choice.left_out(tiers)
    names = set(choice.names)
    places = [place for place in recorded if place.choice in names]
    if len(choice.rules) > 1:
        places = [place for place in places if not place.rules or not choice.rules.issuperset(place.rules)]
        _refuse_entangled(edited, places, choice.rules, where)
    left = without_rules(edited, unwanted)
    places = _not_made(places, left)
    if not places:
        return left
    places.sort(key=lambda place: place.raw_start)
    starts = [place.raw_start for place in places]
    kept = [edit for edit in left.edits if not _is_within(edit, places, starts)]
    kept += (edit for edit in (_edit_of(place, edited.raw) for place in places) if edit.before != edit.after)
    return with_edits(edited.raw, sorted(kept, key=lambda edit: edit[:2]))


def _refuse_entangled(edited: EditedText, places: Sequence[Otherwise], unwanted: Collection[str], where: str) -> None:
    """Fail where a rule builds on two rules that are left out, or is left out itself."""
    groups = [
        (start, end, {rule for edit in edits for rule in edit.rules})
        for start, end, edits, _ in touching(edited.edits)
    ]
    starts, ends = [group[0] for group in groups], [group[1] for group in groups]
    previous: Otherwise | None = None
    for place in sorted(places, key=lambda place: (place.raw_start, place.raw_end)):
        # Edits that touch what touches the place matter, too.
        near = groups[bisect_left(ends, place.raw_start) : bisect_right(starts, place.raw_end)]
        rules = {*place.rules, *(rule for *_, of_group in near for rule in of_group)}
        if previous and previous.raw_end >= place.raw_start:
            rules.add(previous.choice[1:])
        if entangled := sorted(rules & (set(unwanted) - {place.choice[1:]})):
            builders = sorted(set(place.rules) - set(unwanted))
            raise InputError(
                f"edits: {where}: without {place.choice[1:]}, {', '.join(builders)} would change something else at "
                f"[{place.raw_start}, {place.raw_end}) of the raw text, and what without {', '.join(entangled)} as "
                f"well is not recorded; add {', '.join(without_rule(rule) for rule in builders)}, or leave out "
                f"{place.choice[1:]} alone"
            )
        # Those that end earlier overlap no later one that this does not.
        previous = place if not previous or place.raw_end >= previous.raw_end else previous


def _rules_of(place: DifferingPlace, unwanted: Collection[str]) -> tuple[str, ...]:
    """The rules that do something else at a place: those of the edits that only one way has; if both make the same,
    those of the parts that only one way has."""
    if place.text == place.their_text:
        ours, theirs = rules_of_parts(place.ours), rules_of_parts(place.theirs)
        rules = {rule for rule, _ in (ours - theirs) + (theirs - ours)}
    else:
        edits, other_edits = (
            {(edit.raw_start, edit.raw_end, edit.after): edit.rules for edit in edits}
            for edits in (place.ours, place.theirs)
        )
        rules = {rule for key in edits.keys() ^ other_edits.keys() for rule in (edits | other_edits)[key]}
    return tuple(sorted(rules - set(unwanted)))


def _is_within(edit: ComposedEdit, places: Sequence[Otherwise], starts: Sequence[int]) -> bool:
    number = bisect_right(starts, edit.raw_start) - 1
    return number >= 0 and edit.raw_end <= places[number].raw_end


def _not_made(places: Sequence[Otherwise], left: EditedText) -> list[Otherwise]:
    """The places of which the edits that are left make something else."""
    starts, ends = [edit.raw_start for edit in left.edits], [edit.raw_end for edit in left.edits]
    result = []
    for place in places:
        edits = left.edits[bisect_left(ends, place.raw_start) : bisect_right(starts, place.raw_end)]
        within = [edit for edit in edits if edit.raw_start >= place.raw_start and edit.raw_end <= place.raw_end]
        if made_of(left.raw, place.raw_start, place.raw_end, within) != place.text:
            result.append(place)
    return result


def _edit_of(place: Otherwise, raw: str) -> ComposedEdit:
    before = raw[place.raw_start : place.raw_end]
    return ComposedEdit(place.raw_start, place.raw_end, 0, 0, before, place.text, place.rules, 1.0)
