"""Texts that remember what they were: edits, and the alignment between a text and its source.

A rule looks at a text and yields :class:`Edit`. :class:`EditedText` applies edits pass after pass and keeps
them composed in coordinates of the raw text, so that from ``raw`` and the edits the clean text follows, from
``text`` and the edits the raw text follows, and any span of one maps to its span of the other.

All offsets are Unicode code points, half-open. Every operation is linear in text plus edits.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import EditError

Offsets = NDArray[np.int64]


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
    >>> EditedText("one  two").apply([Edit(3, 5, " ", "spaces")]).text
    'one two'
    """

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

    Examples
    --------
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


class Alignment:
    """Maps spans between two texts that differ by sorted, non-overlapping replacements.

    A span maps to the smallest span that covers the same characters. An end of a span that falls inside a
    replacement moves outward to that replacement's end, since nothing finer is known; a deletion or insertion
    that merely touches a span is left outside it.

    Parameters
    ----------
    raw_start, raw_end, start, end : array_like of int
        One entry per replacement: its span in the source and in the result.

    Examples
    --------
    >>> spaces = Alignment([3], [5], [3], [4])  # "one  two" became "one two"
    >>> spaces.to_raw(np.array([0, 4]), np.array([3, 7]))
    (array([0, 5]), array([3, 8]))
    """

    def __init__(
        self,
        raw_start: Sequence[int] | Offsets,
        raw_end: Sequence[int] | Offsets,
        start: Sequence[int] | Offsets,
        end: Sequence[int] | Offsets,
    ) -> None:
        self._raw = (_offsets(raw_start), _offsets(raw_end))
        self._clean = (_offsets(start), _offsets(end))

    def to_raw(self, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
        """Spans of the result as spans of the source: arrays of shape (n,) in, the same shape out."""
        return _map_spans(starts, ends, self._clean, self._raw)

    def to_clean(self, starts: Offsets, ends: Offsets) -> tuple[Offsets, Offsets]:
        """Spans of the source as spans of the result: arrays of shape (n,) in, the same shape out."""
        return _map_spans(starts, ends, self._raw, self._clean)


def _offsets(values: Sequence[int] | Offsets) -> Offsets:
    return np.asarray(values, dtype=np.int64)


def _map_spans(
    starts: Offsets, ends: Offsets, here: tuple[Offsets, Offsets], there: tuple[Offsets, Offsets]
) -> tuple[Offsets, Offsets]:
    if not len(here[0]):
        return starts, ends
    # drift[i]: what to add to a position that follows i replacements.
    drift = np.concatenate(([0], there[1] - here[1]))
    last = len(here[0]) - 1
    # A start lies behind every replacement that ends at or before it ...
    passed = np.searchsorted(here[1], starts, side="right")
    inside = (passed <= last) & (here[0][np.minimum(passed, last)] < starts)
    new_starts = np.where(inside, there[0][np.minimum(passed, last)], starts + drift[passed])
    # ... and an end lies behind those that begin before it.
    begun = np.searchsorted(here[0], ends, side="left")
    inside = (begun > 0) & (here[1][np.maximum(begun - 1, 0)] > ends)
    new_ends = np.where(inside, there[1][np.maximum(begun - 1, 0)], ends + drift[begun])
    # An empty span between a deletion's two sides would turn inside out: it stays empty, before the deletion.
    return np.minimum(new_starts, new_ends), new_ends


class EditedText:
    """A text, the source it came from, and the edits between them. Immutable: ``apply`` returns a new one.

    Attributes
    ----------
    raw : str
        The source.
    text : str
        What the edits make of it.
    edits : tuple of ComposedEdit
        Sorted, without overlap, in coordinates of both.

    Examples
    --------
    >>> text = EditedText("one  two").apply([Edit(3, 5, " ", "spaces")])
    >>> text.text, text.revert()
    ('one two', 'one  two')
    >>> text.to_raw(4, 7)
    (5, 8)
    """

    __slots__ = ("__dict__", "edits", "raw", "text")

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = raw
        self.edits: tuple[ComposedEdit, ...] = ()

    def apply(self, edits: Iterable[Edit]) -> EditedText:
        """Apply one pass of edits, given in coordinates of ``self.text``, in any order.

        Raises
        ------
        EditError
            If an edit leaves the text or overlaps another (two insertions at one place overlap).
        """
        new = _checked(edits, len(self.text))
        if not new:
            return self
        result = EditedText(self.raw)
        result.text = _replaced(self.text, new)
        result.edits = tuple(_composed(self.raw, self.text, self.edits, new))
        return result

    def without(self, unwanted: Collection[ComposedEdit]) -> EditedText:
        """Take some of the edits back: where they were, the result reads as the source does.

        >>> text = EditedText("one  two  six").apply([Edit(3, 5, " ", "spaces"), Edit(8, 10, " ", "spaces")])
        >>> text.without(text.edits[:1]).text
        'one  two six'
        """
        result = EditedText(self.raw)
        kept, drift = [], 0
        for edit in self.edits:
            if edit in unwanted:
                drift += len(edit.before) - len(edit.after)
            else:
                kept.append(edit._replace(start=edit.start + drift, end=edit.end + drift))
        result.text, result.edits = replay(self.raw, kept), tuple(kept)
        return result

    def revert(self) -> str:
        """Rebuild the source from the result and the edits alone."""
        return revert(self.text, self.edits)

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of ``text`` to the span of ``raw`` it came from (see :class:`Alignment`).

        Raises
        ------
        EditError
            If the span leaves the text.
        """
        return self._map_one(start, end, len(self.text), 2, 0)

    def to_clean(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of ``raw`` to the span of ``text`` it became (see :class:`Alignment`).

        Raises
        ------
        EditError
            If the span leaves the source.
        """
        return self._map_one(start, end, len(self.raw), 0, 2)

    @cached_property
    def alignment(self) -> Alignment:
        """The edits as an :class:`Alignment`, to map many spans at once."""
        return Alignment(*self._columns)

    @cached_property
    def _columns(self) -> tuple[list[int], list[int], list[int], list[int]]:
        edits = self.edits
        return [e[0] for e in edits], [e[1] for e in edits], [e[2] for e in edits], [e[3] for e in edits]

    def _map_one(self, start: int, end: int, length: int, here: int, there: int) -> tuple[int, int]:
        # The scalar twin of _map_spans: numpy costs more than it saves on one span.
        if not 0 <= start <= end <= length:
            raise EditError(f"span [{start}, {end}) leaves a text of {length} characters")
        starts, ends = self._columns[here], self._columns[here + 1]
        there_starts, there_ends = self._columns[there], self._columns[there + 1]
        i = bisect_right(ends, start)
        if i < len(starts) and starts[i] < start:
            new_start = there_starts[i]
        else:
            new_start = start + (there_ends[i - 1] - ends[i - 1] if i else 0)
        j = bisect_left(starts, end)
        if j and ends[j - 1] > end:
            new_end = there_ends[j - 1]
        else:
            new_end = end + (there_ends[j - 1] - ends[j - 1] if j else 0)
        return min(new_start, new_end), new_end


def revert(text: str, edits: Iterable[ComposedEdit]) -> str:
    """Rebuild the source from a clean text and its composed edits, in order of position.

    Raises
    ------
    EditError
        If an edit's ``after`` is not what the text holds at its span, or edits overlap.
    """
    return _exchanged(text, ((e.start, e.end, e.after, e.before) for e in edits))


def replay(raw: str, edits: Iterable[ComposedEdit]) -> str:
    """Rebuild the clean text from a raw text and its composed edits: the mirror of :func:`revert`."""
    return _exchanged(raw, ((e.raw_start, e.raw_end, e.before, e.after) for e in edits))


def _exchanged(text: str, swaps: Iterable[tuple[int, int, str, str]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end, found, wanted in swaps:
        if not position <= start <= end <= len(text):
            raise EditError(f"edit [{start}, {end}) overlaps the one before it or leaves the text")
        if text[start:end] != found:
            raise EditError(f"edit [{start}, {end}) expects {found!r}, the text has {text[start:end]!r}")
        pieces += (text[position:start], wanted)
        position = end
    return "".join((*pieces, text[position:]))


def _checked(edits: Iterable[Edit], length: int) -> list[Edit]:
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


def _replaced(text: str, edits: Iterable[Edit]) -> str:
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
    """Merge old and new edits, both in coordinates of the text between them, into groups in order of position."""
    i = j = 0
    while i < len(old) or j < len(new):
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


def _composed(raw: str, text: str, old: Sequence[ComposedEdit], new: Sequence[Edit]) -> Iterable[ComposedEdit]:
    to_raw = 0  # raw position minus position in the text between, behind the old edits seen so far
    to_clean = 0  # position in the result minus position in the text between
    for group in _groups(old, new):
        raw_start, start = group.start + to_raw, group.start + to_clean
        if group.old:
            to_raw = group.old[-1].raw_end - group.old[-1].end
        to_clean += sum(len(e.replacement) - (e.end - e.start) for e in group.new)
        raw_end, end = group.end + to_raw, group.end + to_clean
        if not group.new:
            edit = group.old[0]
            yield edit._replace(start=start, end=end)
            continue
        before = raw[raw_start:raw_end]
        shifted = (e._replace(start=e.start - group.start, end=e.end - group.start) for e in group.new)
        after = _replaced(text[group.start : group.end], shifted)
        if before == after:
            continue  # one pass undid another
        rules = dict.fromkeys(rule for e in group.old for rule in e.rules)
        rules |= dict.fromkeys(e.rule for e in group.new)
        confidence = min([e.confidence for e in group.old] + [e.confidence for e in group.new])
        yield ComposedEdit(raw_start, raw_end, start, end, before, after, tuple(rules), confidence)
