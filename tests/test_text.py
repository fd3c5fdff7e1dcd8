"""Edits are reversible, compose, and keep offsets: over random texts and random passes."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from copydesk.errors import EditError
from copydesk.text import Alignment, ComposedEdit, Edit, EditedText, replay, revert

# Few letters, so that replacements often equal what they replace; some outside the first plane.
LETTERS = st.sampled_from("ab é𝒳\n")
TEXTS = st.text(LETTERS, max_size=24)


@st.composite
def edits_of(draw: st.DrawFn, text: str, name: str) -> list[Edit]:
    """One pass: spans that do not overlap, some empty, some touching."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = sorted(set(zip(cuts[::2], cuts[1::2], strict=False)))
    return [Edit(start, end, draw(st.text(LETTERS, max_size=3)), name, 0.5) for start, end in spans]


@st.composite
def passes(draw: st.DrawFn) -> tuple[str, EditedText, list[str]]:
    """A source, what up to five passes made of it, and the text after each pass, applied naively."""
    source = draw(TEXTS)
    edited, stages = EditedText(source), [source]
    for number in range(draw(st.integers(0, 5))):
        edits = draw(edits_of(edited.text, f"rule-{number}"))
        stages.append(naive(edited.text, edits))
        edited = edited.apply(edits)
    return source, edited, stages


def naive(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


@given(passes())
def test_composed_edits_equal_passes_applied_in_turn(made: tuple[str, EditedText, list[str]]) -> None:
    source, edited, stages = made
    assert edited.text == stages[-1]
    assert replay(source, edited.edits) == edited.text


@given(passes())
def test_revert_gives_the_source(made: tuple[str, EditedText, list[str]]) -> None:
    source, edited, _ = made
    assert edited.revert() == source
    assert revert(edited.text, edited.edits) == source


@given(passes())
def test_edits_are_sorted_do_not_overlap_and_say_what_they_replace(made: tuple[str, EditedText, list[str]]) -> None:
    source, edited, _ = made
    raw_position = position = 0
    for edit in edited.edits:
        assert raw_position <= edit.raw_start <= edit.raw_end
        assert position <= edit.start <= edit.end
        # What lies between two edits is unchanged.
        assert source[raw_position : edit.raw_start] == edited.text[position : edit.start]
        assert source[edit.raw_start : edit.raw_end] == edit.before
        assert edited.text[edit.start : edit.end] == edit.after
        assert edit.before != edit.after
        assert edit.rules
        raw_position, position = edit.raw_end, edit.end
    assert source[raw_position:] == edited.text[position:]
    # Two insertions at one place would leave their order open.
    places = [(e.raw_start, e.raw_end) for e in edited.edits]
    assert len(set(places)) == len(places)


@given(passes(), st.data())
def test_offsets_round_trip_where_the_text_is_unchanged(
    made: tuple[str, EditedText, list[str]], data: st.DataObject
) -> None:
    source, edited, _ = made
    bounds = [(0, 0), *((e.raw_end, e.end) for e in edited.edits)]
    starts = [*((e.raw_start, e.start) for e in edited.edits), (len(source), len(edited.text))]
    for (raw_from, clean_from), (raw_to, clean_to) in zip(bounds, starts, strict=True):
        assert raw_to - raw_from == clean_to - clean_from
        if raw_to == raw_from:
            continue
        a = data.draw(st.integers(0, raw_to - raw_from - 1))
        b = data.draw(st.integers(a + 1, raw_to - raw_from))
        assert edited.to_raw(clean_from + a, clean_from + b) == (raw_from + a, raw_from + b)
        assert edited.to_clean(raw_from + a, raw_from + b) == (clean_from + a, clean_from + b)


def origins(edited: EditedText) -> list[tuple[int, int]]:
    """For each character of the text, the span of the source it came from: its own, or that of its edit."""
    found: list[tuple[int, int]] = []
    raw = 0
    for edit in edited.edits:
        found += [(p, p + 1) for p in range(raw, edit.raw_start)]
        found += [(edit.raw_start, edit.raw_end)] * len(edit.after)
        raw = edit.raw_end
    return found + [(p, p + 1) for p in range(raw, len(edited.raw))]


@given(passes(), st.data())
def test_a_span_maps_to_what_its_characters_came_from(
    made: tuple[str, EditedText, list[str]], data: st.DataObject
) -> None:
    _, edited, _ = made
    start = data.draw(st.integers(0, len(edited.text)))
    end = data.draw(st.integers(start, len(edited.text)))
    raw_start, raw_end = edited.to_raw(start, end)
    if start < end:
        came_from = origins(edited)[start:end]
        assert (raw_start, raw_end) == (came_from[0][0], came_from[-1][1])
    else:
        # An empty span has no characters: it stays empty, or is inside an edit and becomes what that replaced.
        around = [(e.raw_start, e.raw_end) for e in edited.edits if e.start < start < e.end]
        assert [(raw_start, raw_end)] == around if around else 0 <= raw_start == raw_end <= len(edited.raw)


@given(passes(), st.data())
def test_mapping_many_spans_at_once_equals_mapping_each(
    made: tuple[str, EditedText, list[str]], data: st.DataObject
) -> None:
    _, edited, _ = made
    one = st.integers(0, len(edited.text))
    spans = [tuple(sorted(pair)) for pair in data.draw(st.lists(st.tuples(one, one), max_size=6))]
    starts = np.array([s for s, _ in spans], dtype=np.int64)
    ends = np.array([e for _, e in spans], dtype=np.int64)
    raw_starts, raw_ends = edited.alignment.to_raw(starts, ends)
    assert list(zip(raw_starts, raw_ends, strict=True)) == [edited.to_raw(s, e) for s, e in spans]
    raws = [edited.to_raw(s, e) for s, e in spans]
    back = edited.alignment.to_clean(raw_starts, raw_ends)
    assert list(zip(*back, strict=True)) == [edited.to_clean(s, e) for s, e in raws]


def test_later_passes_are_composed_with_earlier_ones() -> None:
    text = EditedText("theirMilitaryThe  strength")
    text = text.apply([Edit(5, 5, " ", "glue", 0.9), Edit(13, 13, " ", "glue", 0.9)])
    text = text.apply([Edit(6, 7, "m", "case", 0.4), Edit(18, 20, " ", "spaces")])
    assert text.text == "their military The strength"
    assert text.edits == (
        ComposedEdit(5, 5, 5, 6, "", " ", ("glue",), 0.9),
        ComposedEdit(5, 6, 6, 7, "M", "m", ("case",), 0.4),
        ComposedEdit(13, 13, 14, 15, "", " ", ("glue",), 0.9),
        ComposedEdit(16, 18, 18, 19, "  ", " ", ("spaces",), 1.0),
    )


def test_an_edit_inside_an_earlier_one_becomes_one_with_both_rules() -> None:
    text = EditedText("cafÃ© noir").apply([Edit(3, 5, "é", "mojibake", 0.9)]).apply([Edit(3, 4, "e", "fold", 0.5)])
    assert text.edits == (ComposedEdit(3, 5, 3, 4, "Ã©", "e", ("mojibake", "fold"), 0.5),)


def test_a_pass_that_undoes_another_leaves_no_edit() -> None:
    text = EditedText("ab").apply([Edit(1, 1, " ", "one")]).apply([Edit(1, 2, "", "two")])
    assert (text.text, text.edits) == ("ab", ())


@given(passes(), st.data())
def test_edits_that_are_taken_back_leave_the_others(
    made: tuple[str, EditedText, list[str]], data: st.DataObject
) -> None:
    source, edited, _ = made
    unwanted = data.draw(st.sets(st.sampled_from(edited.edits))) if edited.edits else set()
    result = edited.without(unwanted)
    kept = [e for e in edited.edits if e not in unwanted]
    assert result.raw == source
    assert result.text == replay(source, kept)
    # The same edits, each where it is now.
    assert [e._replace(start=0, end=0) for e in result.edits] == [e._replace(start=0, end=0) for e in kept]
    assert [result.text[e.start : e.end] for e in result.edits] == [e.after for e in kept]
    assert result.revert() == source


def shown(*passes: list[tuple[int, int, str]], raw: str = "abcd") -> list[tuple[int, int, str]]:
    """What edits of single characters are composed to: spans of the raw text and what became of them."""
    text = EditedText(raw)
    for edits in passes:
        text = text.apply([Edit(*edit, "r") for edit in edits])
    return [(e.raw_start, e.raw_end, e.after) for e in text.edits]


def test_edits_that_touch_stay_two_where_each_has_its_place() -> None:
    two = [(0, 1, "x"), (1, 1, "y")]
    assert shown(two) == two
    assert shown(two[:1], two[1:]) == two
    assert shown(two[1:], two[:1]) == two
    # An insertion before what was replaced, which is not sorted before it by its end.
    assert shown([(1, 2, "x")], [(1, 1, "y")]) == [(1, 1, "y"), (1, 2, "x")]


def test_an_insertion_where_others_left_nothing_is_one_edit_with_them() -> None:
    assert shown([(1, 2, "")], [(1, 1, "y")]) == [(1, 2, "y")]
    assert shown([(1, 2, ""), (2, 3, "")], [(1, 1, "y")]) == [(1, 3, "y")]
    assert shown([(1, 1, "x")], [(1, 1, "y")]) == [(1, 1, "yx")]
    assert shown([(1, 1, "x")], [(2, 2, "y")]) == [(1, 1, "xy")]


def test_spans_map_whatever_kind_of_integers_the_replacements_are() -> None:
    columns = [np.array(values, dtype=np.uint64) for values in ([3], [5], [3], [4])]
    starts, ends = Alignment(*columns).to_raw(np.array([4]), np.array([7]))
    assert (starts.tolist(), ends.tolist(), starts.dtype, ends.dtype) == ([5], [8], np.int64, np.int64)


def test_a_sentence_beside_an_inserted_space_maps_to_its_own_characters() -> None:
    text = EditedText("the war?Russia does").apply([Edit(8, 8, " ", "missing-space")])
    assert text.to_raw(0, 8) == (0, 8)
    assert text.to_raw(9, 20) == (8, 19)


def test_a_deleted_line_lies_outside_the_sentence_before_it() -> None:
    text = EditedText("The end.\nSource: Today").apply([Edit(8, 22, "", "source-line")])
    assert text.to_raw(0, 8) == (0, 8)
    assert text.to_clean(9, 22) == (8, 8)


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 3, "", "r"), Edit(2, 4, "", "r")],
        [Edit(1, 1, "x", "r"), Edit(1, 1, "y", "r")],
        [Edit(0, 3, "", "r"), Edit(1, 1, "x", "r")],
        [Edit(-1, 2, "", "r")],
        [Edit(2, 9, "", "r")],
        [Edit(3, 2, "", "r")],
    ],
)
def test_edits_that_overlap_or_leave_the_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(EditError, match="rule r: edit"):
        EditedText("abcd").apply(edits)


def test_a_span_that_leaves_the_text_is_refused() -> None:
    with pytest.raises(EditError, match="leaves a text of 4 characters"):
        EditedText("abcd").to_raw(2, 5)


def test_edits_that_do_not_fit_the_text_are_refused() -> None:
    edit = ComposedEdit(0, 1, 0, 1, "a", "b", ("r",), 1.0)
    with pytest.raises(EditError, match="expects 'b', the text has 'x'"):
        revert("x", [edit])
    with pytest.raises(EditError, match="overlaps the one before it"):
        revert("bb", [edit, edit])


def test_nothing_edited_maps_to_itself() -> None:
    spans = Alignment([], [], [], []).to_raw(np.array([0, 3]), np.array([2, 5]))
    assert [column.tolist() for column in spans] == [[0, 3], [2, 5]]


def test_many_edits_take_linear_time() -> None:
    # Quadratic composition would take hours here.
    size = 200_000
    text = EditedText("ab" * size)
    for _ in range(3):
        text = text.apply([Edit(i, i + 1, "xy", "r") for i in range(0, len(text.text), 4)])
    assert text.revert() == "ab" * size
