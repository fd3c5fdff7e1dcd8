"""Texts that keep their source and the edits between the two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from copydesk.errors import EditError
from copydesk.text.alignment import Alignment
from copydesk.text.edits import ComposedEdit, Edit, checked, composed, remaining, replaced


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
        new = checked(edits, len(self.text))
        if not new:
            return self
        result = EditedText(self.raw)
        result.text = replaced(self.text, new)
        result.edits = tuple(composed(self.raw, self.text, self.edits, new))
        return result

    def without(
        self,
        unwanted: Collection[ComposedEdit] = (),
        parts: Mapping[ComposedEdit, Collection[int]] = MappingProxyType({}),
    ) -> EditedText:
        """Take some of the edits back: where they were, the result reads as the source does.

        Parameters
        ----------
        unwanted : collection of ComposedEdit
            To be taken back as a whole.
        parts : mapping of ComposedEdit to collection of int
            Of these edits only some parts, by their numbers: the others stay.

        Raises
        ------
        EditError
            If a part cannot be taken back alone, since others build on it (see :meth:`ComposedEdit.dependents`).

        Examples
        --------
        >>> text = EditedText("one  two  six").apply([Edit(3, 5, " ", "spaces"), Edit(8, 10, " ", "spaces")])
        >>> text.without(text.edits[:1]).text
        'one  two six'
        """
        result = EditedText(self.raw)
        kept: list[ComposedEdit] = []
        drift = 0
        for edit in self.edits:
            start = edit.start + drift
            if edit in unwanted:
                drift += len(edit.before) - len(edit.after)
            elif edit in parts:
                left = _without_parts(edit, parts[edit])
                raw = edit.raw_start
                kept += (
                    e._replace(raw_start=e[0] + raw, raw_end=e[1] + raw, start=e[2] + start, end=e[3] + start)
                    for e in left.edits
                )
                drift += len(left.text) - len(edit.after)
            else:
                kept.append(edit._replace(start=start, end=edit.end + drift))
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

    def _map_one(self, start: int, end: int, length: int, source: int, target: int) -> tuple[int, int]:
        # The scalar twin of _map_spans: numpy costs more than it saves on one span.
        if not 0 <= start <= end <= length:
            raise EditError(f"span [{start}, {end}) leaves a text of {length} characters")
        starts, ends = self._columns[source], self._columns[source + 1]
        target_starts, target_ends = self._columns[target], self._columns[target + 1]
        i = bisect_right(ends, start)
        if i < len(starts) and starts[i] < start:
            new_start = target_starts[i]
        else:
            new_start = start + (target_ends[i - 1] - ends[i - 1] if i else 0)
        j = bisect_left(starts, end)
        if j and ends[j - 1] > end:
            new_end = target_ends[j - 1]
        else:
            new_end = end + (target_ends[j - 1] - ends[j - 1] if j else 0)
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


def _without_parts(edit: ComposedEdit, unwanted: Collection[int]) -> EditedText:
    """What is left of an edit, as edits of its ``before``."""
    unknown = sorted(number for number in unwanted if not 0 <= number < len(edit.parts))
    if unknown:
        raise EditError(f"edit [{edit.raw_start}, {edit.raw_end}) has {len(edit.parts)} parts, no parts {unknown}")
    passes, needing = remaining(edit, unwanted)
    if needing:
        names = ", ".join(f"{number} ({edit.parts[number].rule})" for number in sorted(needing))
        raise EditError(
            f"edit [{edit.raw_start}, {edit.raw_end}): parts {sorted(unwanted)} cannot be taken back alone, since "
            f"others build on them: {names}; take these back, too"
        )
    left = EditedText(edit.before)
    for edits in passes:
        left = left.apply(edits)
    return left
