"""Carry spans of one version of a document to another: clean text, raw text, raw text of the other, its clean text.

What the edits of both versions leave alone is matched exactly. Only if the file itself changed are the raw texts
compared, and only what is still without a counterpart is compared in the clean texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np

from copydesk.labels.matching_blocks import Gap, MatchingBlock, gaps, matching_blocks, touching_joined
from copydesk.text import Alignment, ComposedEdit
from copydesk.text.masked_text import MASKS, MaskedPlaces, Secrets

Status = Literal["kept", "moved", "changed", "gone"]
Reason = Literal["removed", "taken-down", "masked", "deleted"]


class CarriedSpan(NamedTuple):
    """What became of a span in another version of its text.

    Attributes
    ----------
    status : str
        ``kept``: the same characters at the same place; ``moved``: the same characters at another place;
        ``changed``: other characters; ``gone``: no characters.
    start, end : int or None
        The span in the new text: code points, half-open. None if it is gone.
    old_text, new_text : str or None
        What the two spans hold. None if the span is gone.
    reason : str or None
        Why it is gone: ``deleted`` (its characters are not in the new text) or ``masked`` (they are, or were,
        replaced as personal data).

    Examples
    --------
    See :func:`copydesk.carry`, which returns it.
    """

    status: Status
    start: int | None
    end: int | None
    old_text: str | None
    new_text: str | None
    reason: Reason | None = None


class DocumentVersion(NamedTuple):
    """A document in one version of a corpus: its clean text, its applied edits, and its raw text.

    ``raw`` is None if the other version has the same.
    """

    text: str
    edits: Sequence[ComposedEdit]
    raw: str | None = None


def carry_spans(spans: Sequence[tuple[int, int]], old: DocumentVersion, new: DocumentVersion) -> list[CarriedSpan]:
    """Carry spans, which must lie in ``old.text`` and not be empty, to ``new.text``; in the same order."""
    if old.text == new.text:
        texts = (old.text[start:end] for start, end in spans)
        return [CarriedSpan("kept", *span, text, text) for span, text in zip(spans, texts, strict=True)]
    starts, ends = (np.array([span[side] for span in spans], np.int64) for side in (0, 1))
    new_starts, new_ends = _alignment(old, new).to_clean(starts, ends)
    masked = _Masks(old, new)
    return [
        _carried(span, (start, end), old.text, new.text, masked)
        for span, start, end in zip(spans, new_starts.tolist(), new_ends.tolist(), strict=True)
    ]


def _carried(
    span: tuple[int, int], place: tuple[int, int], old_text: str, new_text: str, masks: _Masks
) -> CarriedSpan:
    before, after = old_text[slice(*span)], new_text[slice(*place)]
    if before == after:
        return CarriedSpan("kept" if span == place else "moved", *place, before, after)
    if masks.hide(span, place, before, after):
        return CarriedSpan("gone", None, None, None, None, "masked")
    if not after:
        return CarriedSpan("gone", None, None, None, None, "deleted")
    return CarriedSpan("changed", *place, before, after)


def _alignment(old: DocumentVersion, new: DocumentVersion) -> Alignment:
    """What changed between two clean texts."""
    blocks = _unedited(old.edits, len(old.text))
    blocks = [MatchingBlock(block.new_start, block.old_start, block.length) for block in blocks]  # from clean to raw
    if old.raw is not None and new.raw is not None and old.raw != new.raw:
        blocks = list(_composed(blocks, matching_blocks(old.raw, new.raw)))
    blocks = touching_joined(list(_composed(blocks, _unedited(new.edits, len(new.text)))))
    whole = Gap(0, len(old.text), 0, len(new.text))
    inner = []
    for gap in gaps(blocks, whole):
        before, after = old.text[gap.old_start : gap.old_end], new.text[gap.new_start : gap.new_end]
        if before and after:
            matched = matching_blocks(before, after)
            inner += [MatchingBlock(gap.old_start + b[0], gap.new_start + b[1], b.length) for b in matched]
    replaced = list(gaps(touching_joined(sorted([*blocks, *inner])), whole))
    columns = [np.array([gap[side] for gap in replaced], np.int64) for side in range(4)]
    return Alignment(*columns)


def _unedited(edits: Iterable[ComposedEdit], length: int) -> list[MatchingBlock]:
    """What lies between the edits: blocks from the raw to the clean text, whose length is given."""
    blocks = []
    raw, clean = 0, 0
    for edit in edits:
        if edit.start > clean:
            blocks.append(MatchingBlock(raw, clean, edit.start - clean))
        raw, clean = edit.raw_end, edit.end
    if length > clean:
        blocks.append(MatchingBlock(raw, clean, length - clean))
    return blocks


def _composed(first: Sequence[MatchingBlock], second: Sequence[MatchingBlock]) -> Iterable[MatchingBlock]:
    """Blocks from A to C, of blocks from A to B and blocks from B to C."""
    i = j = 0
    while i < len(first) and j < len(second):
        one, other = first[i], second[j]
        start = max(one.new_start, other.old_start)
        one_end, other_end = one.new_start + one.length, other.old_start + other.length
        end = min(one_end, other_end)
        if start < end:
            yield MatchingBlock(
                one.old_start + start - one.new_start, other.new_start + start - other.old_start, end - start
            )
        if one_end <= other_end:
            i += 1
        else:
            j += 1


class _Masks:
    """Personal data that one of two versions masks: where it stood, and what it said."""

    def __init__(self, old: DocumentVersion, new: DocumentVersion) -> None:
        edits = [[edit for edit in v.edits if any(rule.startswith(MASKS) for rule in edit.rules)] for v in (old, new)]
        self._old, self._new = (MaskedPlaces(sorted((edit.start, edit.end) for edit in side)) for side in edits)
        self._secrets = Secrets(edit.before for edit in chain(*edits))

    def hide(self, span: tuple[int, int], place: tuple[int, int], before: str, after: str) -> bool:
        """Whether what a span held, or would hold, is or was masked."""
        if not self._secrets:
            return False
        return (
            self._old.touch(span)
            or self._new.touch(place)
            or self._secrets.quoted_in(before)
            or self._secrets.quoted_in(after)
        )
