"""Spans come back with the same characters, or say that they changed: over random texts, passes and files."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given

from copydesk import CarriedSpan, carry, clean
from copydesk.errors import EditError, InputError
from copydesk.text import ComposedEdit, Edit, EditedText
from copydesk.text.masked_text import MaskedPlaces
from support import articles

# Few letters, so that what was replaced often looks like what stands beside it.
LETTERS = st.sampled_from("ab é𝒳\n")
TEXTS = st.text(LETTERS, max_size=24)
STATUSES = {"kept", "moved", "changed", "gone"}


@st.composite
def edits_of(draw: st.DrawFn, text: str, rule: str) -> list[Edit]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = sorted(set(zip(cuts[::2], cuts[1::2], strict=False)))
    return [Edit(start, end, draw(st.text(LETTERS, max_size=3)), rule) for start, end in spans]


@st.composite
def versions_of(draw: st.DrawFn, raw: str) -> EditedText:
    edited = EditedText(raw)
    for number in range(draw(st.integers(0, 2))):
        edited = edited.apply(draw(edits_of(edited.text, f"rule-{number}")))
    return edited


@st.composite
def two_versions(draw: st.DrawFn, same_file: bool) -> tuple[EditedText, EditedText]:
    """Two cleanings of one file, or of a file and what its publisher made of it."""
    raw = draw(TEXTS)
    other = raw if same_file else EditedText(raw).apply(draw(edits_of(raw, "publisher"))).text
    return draw(versions_of(raw)), draw(versions_of(other))


EITHER = two_versions(same_file=True) | two_versions(same_file=False)


@st.composite
def spans_of(draw: st.DrawFn, text: str) -> list[tuple[int, int]]:
    assume(text)
    starts = draw(st.lists(st.integers(0, len(text) - 1), min_size=1, max_size=6))
    return [(start, draw(st.integers(start + 1, len(text)))) for start in starts]


@given(EITHER, st.data())
def test_kept_and_moved_spans_have_the_same_characters_and_come_back_from_where_they_went(
    made: tuple[EditedText, EditedText], data: st.DataObject
) -> None:
    old, new = made
    spans = data.draw(spans_of(old.text))
    carried = carry(spans, old, new)
    assert len(carried) == len(spans)
    for (start, end), span in zip(spans, carried, strict=True):
        assert span.status in STATUSES
        if span.status == "gone":
            assert span == CarriedSpan("gone", None, None, None, None, "deleted")
            continue
        assert span.start is not None and span.end is not None and 0 <= span.start < span.end <= len(new.text)
        assert (span.old_text, span.new_text) == (old.text[start:end], new.text[span.start : span.end])
        assert (span.status != "changed") == (span.old_text == span.new_text)
        assert (span.status == "kept") == ((span.start, span.end) == (start, end) and span.old_text == span.new_text)
        if span.status != "changed":
            (back,) = carry([(span.start, span.end)], new, old)
            assert (back.status, back.start, back.end) == (span.status, start, end)
    assert carried == [carry([span], old, new)[0] for span in spans]


def images(old: EditedText, new: EditedText) -> list[int | None]:
    """Where each character of the old text went that no edit made or took away: character by character."""

    def origins(edited: EditedText) -> list[int | None]:
        places: list[int | None] = []
        raw = 0
        for edit in edited.edits:
            places += [*range(raw, edit.raw_start), *[None] * len(edit.after)]
            raw = edit.raw_end
        return [*places, *range(raw, len(edited.raw))]

    went = {origin: place for place, origin in enumerate(origins(new)) if origin is not None}
    return [None if origin is None else went.get(origin) for origin in origins(old)]


@given(two_versions(same_file=True), st.data())
def test_of_one_file_every_character_comes_back_where_a_plain_reading_puts_it(
    made: tuple[EditedText, EditedText], data: st.DataObject
) -> None:
    old, new = made
    went = images(old, new)
    spans = data.draw(spans_of(old.text))
    for (start, end), span in zip(spans, carry(spans, old, new), strict=True):
        known = [place for place in went[start:end] if place is not None]
        if len(known) == end - start == known[-1] + 1 - known[0]:
            assert (span.start, span.end) == (known[0], known[-1] + 1)
            assert span.status == ("kept" if known[0] == start else "moved")
        elif known:
            assert span.start is not None and span.end is not None
            assert span.start <= known[0] and known[-1] < span.end


SECRET = "joe@example.org"


@given(st.text("ab joe@\n", max_size=20), st.text("ab joe@\n", max_size=20), EITHER, st.data())
def test_masked_text_never_comes_back(
    before: str, behind: str, made: tuple[EditedText, EditedText], data: st.DataObject
) -> None:
    """Whichever of the versions masks it, and whatever else the publisher and other rules changed."""
    masks_old = data.draw(st.booleans())
    versions = []
    for version, masks in zip(made, (masks_old, not masks_old), strict=True):
        start = len(version.raw) + len(before)
        edits = [Edit(edit.raw_start, edit.raw_end, edit.after, "rule") for edit in version.edits]
        edits += [Edit(start, start + len(SECRET), "[email 1f]", "mask-email")] if masks else []
        versions.append(EditedText(f"{version.raw}{before}{SECRET}{behind}").apply(edits))
    old, new = versions
    for span in carry(data.draw(spans_of(old.text)), old, new):
        if span.status in ("changed", "gone"):
            shown = f"{span.old_text} {span.new_text}"
            assert all(SECRET[i : i + 5] not in shown for i in range(len(SECRET) - 4)), span


def test_a_masked_name_is_gone_and_its_neighbours_are_not() -> None:
    raw = "Write to joe@example.org or call."
    masked = EditedText(raw).apply([Edit(9, 24, "[email 1f]", "mask-email")])
    spans = [(0, 8), (9, 24), (12, 15), (5, 27), (25, 32)]
    carried = carry(spans, EditedText(raw), masked)
    assert [(span.status, span.reason) for span in carried] == [
        ("kept", None),
        ("gone", "masked"),
        ("gone", "masked"),
        ("gone", "masked"),
        ("moved", None),
    ]
    # Masked on both sides, it is a text like any other.
    assert carry([(9, 19)], masked, masked)[0].status == "kept"
    assert carry([(9, 19)], masked, EditedText(raw))[0].reason == "masked"


def test_rules_that_are_off_move_labels_and_change_none_that_they_did_not_touch() -> None:
    for name, raw in articles(12).items():
        old, new = clean(raw), clean(raw, settings={"rules": {"spaces": "off", "hard-wrap": "off"}})
        spans = [(i, min(i + 12, len(old.text))) for i in range(0, len(old.text), 7)]
        for span in carry(spans, old, new):
            assert span.status in ("kept", "moved") or "  " in (span.new_text or "") or "\n" in (span.new_text or "")
        assert {span.status for span in carry(spans, old, old)} == {"kept"}, name


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        ([(0, 1), (2, 9)], r"spans\[1\]: \[2, 9\); expected 0 <= start < end <= 4"),
        ([(1, 1)], r"spans\[0\]: \[1, 1\); expected 0 <= start < end"),
        ([(-1, 1)], r"spans\[0\]: \[-1, 1\)"),
        ([(1, 2, 3)], r"spans\[0\]: expected a pair \(start, end\); found \(1, 2, 3\)"),
        ([5], r"spans\[0\]: expected a pair"),
        ([(1.0, 2)], r"spans\[0\]: expected two whole numbers; found \(1.0, 2\)"),
        ([(True, 2)], r"spans\[0\]: expected two whole numbers"),
    ],
)
def test_a_span_that_cannot_be_is_refused(spans: list[object], told: str) -> None:
    text = EditedText("text")
    with pytest.raises(InputError, match=told):
        carry(spans, text, text)  # type: ignore[call-overload]


def test_what_is_no_cleaned_text_is_refused() -> None:
    text = EditedText("text")
    with pytest.raises(InputError, match=r"new: expected a text with its edits, .*; found str"):
        carry([(0, 1)], text, "text")  # type: ignore[call-overload]
    with pytest.raises(InputError, match=r"old: expected a text with its edits, .*; found bytes"):
        carry([(0, 1)], b"text", text)  # type: ignore[call-overload]
    with pytest.raises(InputError, match=r"new: expected a git revision, as old is one, or None; found EditedText"):
        carry([], "HEAD", text)  # type: ignore[call-overload]
    wrong = EditedText("text")
    wrong.edits = (ComposedEdit(0, 1, 0, 1, "x", "y", ("rule",), 1.0),)
    with pytest.raises(EditError, match="expects 'y', the text has 't'"):
        carry([(0, 1)], wrong, text)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3))), st.integers(0, 30), st.integers(0, 5))
def test_masks_are_found_as_by_looking_at_each(steps: list[tuple[int, int]], start: int, length: int) -> None:
    masks, at = [], 0
    for gap, size in steps:
        masks.append((at + gap, at + gap + size))
        at += gap + size
    end = start + length
    touching = [(first <= start <= last) if start == end else (first < end and start < last) for first, last in masks]
    assert MaskedPlaces(masks).touch((start, end)) == any(touching)
