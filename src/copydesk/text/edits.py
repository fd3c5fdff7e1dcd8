"""Edits: what a rule proposes, what many passes of them are composed to, and the parts of a composed edit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

from copydesk.errors import EditError

#: How sure a repair is.
Tier = Literal["safe", "probable", "suggest"]
#: From the surest to the least sure.
TIERS: tuple[Tier, ...] = ("safe", "probable", "suggest")


class Edit(NamedTuple):
    """Replace ``text[start:end]`` by ``replacement``: what one rule proposes for the text it was shown.

    Attributes
    ----------
    start, end : int
        The span; both the same for an insertion.
    replacement : str
        Empty for a deletion.
    rule : str
        Name of the rule.
    confidence : float
        From 0 to 1.

    Examples
    --------
    >>> from copydesk import EditedText
    >>> EditedText("one  two").apply([Edit(3, 5, " ", "spaces")]).text
    'one two'
    """

    start: int
    end: int
    replacement: str
    rule: str
    confidence: float = 1.0


class EditPart(NamedTuple):
    """One edit of one rule within a :class:`ComposedEdit`.

    Attributes
    ----------
    step : int
        From 0. Parts of one step do not overlap; a part of a later step may replace what earlier ones made.
    start, end : int
        The span that it replaces, in what the parts before it have made of ``before``.
    replacement : str
        Empty for a deletion.
    rule : str
        Name of the rule.
    confidence : float
        From 0 to 1.

    Examples
    --------
    >>> from copydesk import EditedText
    >>> (edit,) = EditedText("one  two").apply([Edit(3, 5, " ", "spaces")]).edits
    >>> edit.parts
    (EditPart(step=0, start=0, end=2, replacement=' ', rule='spaces', confidence=1.0),)
    """

    step: int
    start: int
    end: int
    replacement: str
    rule: str
    confidence: float = 1.0


class ComposedEdit(NamedTuple):
    """``raw[raw_start:raw_end]`` became ``text[start:end]`` after all passes.

    Attributes
    ----------
    raw_start, raw_end : int
        The span of the raw text.
    start, end : int
        The span of the clean text that it became.
    before, after : str
        What the two spans hold.
    rules : tuple of str
        The rules that made it, each once, in order of application.
    confidence : float
        The lowest of theirs.
    parts : tuple of EditPart
        The edits of single rules that it is composed of: one after another they make ``after`` of ``before``. Ordered
        by step and position; empty if they are not known.

    Examples
    --------
    >>> from copydesk import EditedText
    >>> (edit,) = EditedText("one  two").apply([Edit(3, 5, " ", "spaces")]).edits
    >>> edit.before, edit.after, edit.rules
    ('  ', ' ', ('spaces',))
    """

    raw_start: int
    raw_end: int
    start: int
    end: int
    before: str
    after: str
    rules: tuple[str, ...]
    confidence: float
    parts: tuple[EditPart, ...] = ()

    def dependents(self, *numbers: int) -> tuple[int, ...]:
        """Numbers of the parts that must be taken back with these, since they change or adjoin what these made.

        A part that deletes all that these made may stay.

        >>> from copydesk import EditedText
        >>> text = EditedText("cafÃ©").apply([Edit(3, 5, "é", "mojibake")]).apply([Edit(3, 4, "e", "fold")])
        >>> (edit,) = text.edits
        >>> edit.dependents(0), edit.dependents(1)
        ((1,), ())
        """
        return tuple(sorted(remaining(self, numbers)[1]))


def replay_parts(before: str, parts: Sequence[EditPart]) -> str:
    """Apply the parts of an edit to its ``before``: gives its ``after``, in time linear in text and parts of a step.

    Raises
    ------
    EditError
        If a part leaves the text, or overlaps another one of its step.
    """
    text = before
    for step in _steps(parts):
        position = 0
        for edit in step:
            if not position <= edit.start <= edit.end <= len(text):
                raise EditError(
                    f"part of rule {edit.rule}: [{edit.start}, {edit.end}) overlaps another or leaves the text of "
                    f"{len(text)} characters"
                )
            position = edit.end
        text = replaced(text, step)
    return text


def _steps(parts: Iterable[EditPart]) -> Iterator[list[Edit]]:
    """The parts of each step, as edits of what the steps before it have made."""
    for _, of_step in groupby(parts, attrgetter("step")):
        grown, edits = 0, []
        for part in of_step:
            edits.append(Edit(part.start - grown, part.end - grown, *part[3:]))
            grown += len(part.replacement) - (part.end - part.start)
        yield edits


def remaining(edit: ComposedEdit, unwanted: Collection[int]) -> tuple[list[list[Edit]], set[int]]:
    """Take parts of an edit back.

    Returns
    -------
    (list of list of Edit, set of int)
        The passes that make of ``before`` what is left of the edit, and the numbers of the parts that went, too,
        because they touch what is taken back.
    """
    passes: list[list[Edit]] = []
    unwanted, needing = frozenset(unwanted), set[int]()
    # Where the text with all parts differs from the text with those that are left: ``raw`` is the latter.
    differing: list[ComposedEdit] = []
    number = 0
    for step in _steps(edit.parts):
        layers = _Layers()
        following: list[ComposedEdit] = []
        to_kept = grown = grown_kept = 0
        for group in _groups(differing, step):
            kept_start = group.start + to_kept
            if group.old:
                to_kept = group.old[-1].raw_end - group.old[-1].end
            kept_end = group.end + to_kept
            numbers = range(number, number + len(group.new))
            number += len(group.new)
            growth = sum(len(e.replacement) - (e.end - e.start) for e in group.new)
            # Where a deletion covers all that is taken back, nothing of it is left to build on.
            alone = not group.old or (len(group.new) == 1 and group.new[0][:3] == (group.start, group.end, ""))
            if alone and group.new and number - 1 not in unwanted:
                layers.add(group.new[0]._replace(start=kept_start, end=kept_end))
                grown_kept += len(group.new[0].replacement) - (kept_end - kept_start)
            else:
                needing.update(n for n in numbers if n not in unwanted)
                spans = (
                    kept_start + grown_kept,
                    kept_end + grown_kept,
                    group.start + grown,
                    group.end + grown + growth,
                )
                following.append(ComposedEdit(*spans, "", "", (), 1.0))
            grown += growth
        passes += layers.passes
        differing = following
    return passes, needing


class _Layers:
    """The passes that a step needs: one, but for edits that insert at one place, as edits beside one another may."""

    def __init__(self) -> None:
        self.passes: list[list[Edit]] = [[]]
        self._grown = [0]

    def add(self, edit: Edit) -> None:
        """Add the next edit in order of position, given in coordinates of the text before the step."""
        place, number = edit.start, 0
        while edit.start == edit.end and self.passes[number] and self.passes[number][-1][:2] == (place, place):
            place += self._grown[number]
            number += 1
            if number == len(self.passes):
                self.passes.append([])
                self._grown.append(0)
        self.passes[number].append(edit._replace(start=place, end=place + edit.end - edit.start))
        self._grown[number] += len(edit.replacement) - (edit.end - edit.start)


def checked(edits: Iterable[Edit], length: int) -> list[Edit]:
    """Edits of a text of this length in order of position; EditError if one leaves it or overlaps another."""
    ordered = sorted(edits)
    position, inserted = 0, -1
    for edit in ordered:
        if not position <= edit.start <= edit.end <= length or edit.start == edit.end == inserted:
            raise EditError(
                f"rule {edit.rule}: edit [{edit.start}, {edit.end}) overlaps another or leaves the text "
                f"of {length} characters"
            )
        position = edit.end
        inserted = edit.start if edit.start == edit.end else -1
    return ordered


def replaced(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that are in order of position."""
    pieces: list[str] = []
    position = 0
    for edit in edits:
        pieces += (text[position : edit.start], edit.replacement)
        position = edit.end
    return "".join((*pieces, text[position:]))


class _Group:
    """Old and new edits that touch so closely that only their union has a place in the raw text."""

    __slots__ = ("anchor", "end", "inserted_at", "new", "old", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.old: list[ComposedEdit] = []
        self.new: list[Edit] = []
        self.inserted_at = -1  # where the last new edit inserts, if it does
        self.anchor = -1  # where an insertion would have no place of its own in the raw text

    def claims_old(self, edit: ComposedEdit) -> bool:
        rootless = edit.raw_start == edit.raw_end or edit.start == edit.end
        return edit.start < self.end or (rootless and edit.start == self.inserted_at)

    def claims_new(self, edit: Edit) -> bool:
        return edit.start < self.end or (edit.start == edit.end == self.anchor)

    def add_old(self, edit: ComposedEdit) -> None:
        self.old.append(edit)
        self.end = max(self.end, edit.end)
        rootless = edit.raw_start == edit.raw_end or edit.start == edit.end
        self.anchor = edit.end if rootless else -1

    def add_new(self, edit: Edit) -> None:
        self.new.append(edit)
        self.end = max(self.end, edit.end)
        self.inserted_at = edit.start if edit.start == edit.end else -1


def _groups(old: Sequence[ComposedEdit], new: Sequence[Edit]) -> Iterable[_Group]:
    """The groups of old and new edits in order of position, of one edit each where none touches another."""
    for group in _groups_and_untouched(old, new):
        if isinstance(group, ComposedEdit):
            alone = _Group(group.start, group.end)
            alone.add_old(group)
            yield alone
        else:
            yield group


def _groups_and_untouched(old: Sequence[ComposedEdit], new: Sequence[Edit]) -> Iterable[_Group | ComposedEdit]:
    """Merge old and new edits, both in coordinates of the text between them, into groups in order of position.

    An old edit that no new one touches stands for itself.
    """
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and (j == len(new) or old[i].end < new[j].start):
            yield old[i]
            i += 1
            continue
        take_old = j == len(new) or (i < len(old) and old[i][2:4] <= new[j][:2])
        group = _Group(*(old[i][2:4] if take_old else new[j][:2]))
        if take_old:
            group.add_old(old[i])
            i += 1
        else:
            group.add_new(new[j])
            j += 1
        while True:
            # In order of position: a later insertion must not be claimed before an earlier edit.
            old_next = i < len(old) and group.claims_old(old[i])
            new_next = j < len(new) and group.claims_new(new[j])
            if old_next and (not new_next or old[i][2:4] <= new[j][:2]):
                group.add_old(old[i])
                i += 1
            elif new_next:
                group.add_new(new[j])
                j += 1
            else:
                break
        yield group


def composed(raw: str, text: str, old: Sequence[ComposedEdit], new: Sequence[Edit]) -> Iterable[ComposedEdit]:
    """Compose what made ``text`` of ``raw`` with a pass of edits of ``text``, both in order of position."""
    to_raw = 0  # raw position minus position in the text between, behind the old edits seen so far
    to_clean = 0  # position in the result minus position in the text between
    for group in _groups_and_untouched(old, new):
        if isinstance(group, ComposedEdit):
            to_raw = group.raw_end - group.end
            yield _moved(group, group.start + to_clean, group.end + to_clean) if to_clean else group
            continue
        raw_start, start = group.start + to_raw, group.start + to_clean
        if group.old:
            to_raw = group.old[-1].raw_end - group.old[-1].end
        to_clean += sum(len(e.replacement) - (e.end - e.start) for e in group.new)
        raw_end, end = group.end + to_raw, group.end + to_clean
        if not group.new:
            edit = group.old[0]
            yield edit if edit.start == start else _moved(edit, start, end)
            continue
        before = raw[raw_start:raw_end]
        if len(group.new) == 1 and not group.old:  # most of them
            _, _, after, rule, confidence = group.new[0]
            if before != after:
                part = EditPart(0, 0, len(before), after, rule, confidence)
                yield ComposedEdit(raw_start, raw_end, start, end, before, after, (rule,), confidence, (part,))
            continue
        shifted = (e._replace(start=e.start - group.start, end=e.end - group.start) for e in group.new)
        after = replaced(text[group.start : group.end], shifted)
        if before == after:
            continue  # one pass undid another
        rules = dict.fromkeys(rule for e in group.old for rule in e.rules)
        rules |= dict.fromkeys(e.rule for e in group.new)
        confidence = min([e.confidence for e in group.old] + [e.confidence for e in group.new])
        parts = _parts(group, raw_start)
        yield ComposedEdit(raw_start, raw_end, start, end, before, after, tuple(rules), confidence, parts)


def _moved(edit: ComposedEdit, start: int, end: int) -> ComposedEdit:
    """The same edit at another place of the clean text; ``_replace`` takes three times as long."""
    raw_start, raw_end, _, _, before, after, rules, confidence, parts = edit
    return ComposedEdit(raw_start, raw_end, start, end, before, after, rules, confidence, parts)


def _parts(group: _Group, raw_start: int) -> tuple[EditPart, ...]:
    """The parts of the edit that a group becomes: those of its old edits side by side, then its new ones."""
    if len(group.old) <= 1:
        shift = group.old[0].start - group.start if group.old else 0
        old = group.old[0].parts if group.old else ()
        parts = [p._replace(start=p.start + shift, end=p.end + shift) for p in old] if shift else list(old)
    else:
        parts = list(_side_by_side(group.old, raw_start))
    step, grown = parts[-1].step + 1 if parts else 0, -group.start
    for edit in group.new:
        parts.append(EditPart(step, edit.start + grown, edit.end + grown, *edit[2:]))
        grown += len(edit.replacement) - (edit.end - edit.start)
    return tuple(parts)


def _side_by_side(edits: Sequence[ComposedEdit], raw_start: int) -> Iterator[EditPart]:
    """The parts of edits of one text, step by step, in what they make of the text from ``raw_start`` on."""
    seen = [0] * len(edits)  # parts of each
    grown = [0] * len(edits)  # characters
    for step in range(max(edit.parts[-1].step for edit in edits) + 1):
        shift = -raw_start
        for number, (raw_place, parts) in enumerate((edit.raw_start, edit.parts) for edit in edits):
            while seen[number] < len(parts) and parts[seen[number]].step == step:
                part = parts[seen[number]]
                seen[number] += 1
                grown[number] += len(part.replacement) - (part.end - part.start)
                place = raw_place + shift
                yield part._replace(start=part.start + place, end=part.end + place)
            shift += grown[number]
