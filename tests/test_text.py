"""Edits are reversible, compose, and keep offsets: over random texts and random passes."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from copydesk.errors import EditError
from copydesk.text import Alignment, ComposedEdit, Edit, EditedText, EditPart, replay, replay_parts, revert

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
    assert tuple(edit._replace(parts=()) for edit in text.edits) == (
        ComposedEdit(5, 5, 5, 6, "", " ", ("glue",), 0.9),
        ComposedEdit(5, 6, 6, 7, "M", "m", ("case",), 0.4),
        ComposedEdit(13, 13, 14, 15, "", " ", ("glue",), 0.9),
        ComposedEdit(16, 18, 18, 19, "  ", " ", ("spaces",), 1.0),
    )


def test_an_edit_inside_an_earlier_one_becomes_one_with_both_rules() -> None:
    text = EditedText("cafÃ© noir").apply([Edit(3, 5, "é", "mojibake", 0.9)]).apply([Edit(3, 4, "e", "fold", 0.5)])
    parts = (EditPart(0, 0, 2, "é", "mojibake", 0.9), EditPart(1, 0, 1, "e", "fold", 0.5))
    assert text.edits == (ComposedEdit(3, 5, 3, 4, "Ã©", "e", ("mojibake", "fold"), 0.5, parts),)


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


@pytest.mark.slow
def test_many_edits_take_linear_time() -> None:
    # Quadratic composition would take hours here.
    size = 60_000
    text = EditedText("ab" * size)
    for _ in range(3):
        text = text.apply([Edit(i, i + 1, "xy", "r") for i in range(0, len(text.text), 4)])
    assert text.revert() == "ab" * size


@st.composite
def named_passes(draw: st.DrawFn) -> tuple[str, list[list[Edit]]]:
    """A source, and passes in which every edit has a rule of its own."""
    source = draw(TEXTS)
    text, made = source, []
    for number in range(draw(st.integers(1, 5))):
        edits = [e._replace(rule=f"{number}.{n}") for n, e in enumerate(draw(edits_of(text, "")))]
        text = naive(text, edits)
        made.append(edits)
    return source, made


def applied(source: str, made: list[list[Edit]]) -> EditedText:
    text = EditedText(source)
    for edits in made:
        text = text.apply(edits)
    return text


@given(named_passes())
def test_the_parts_of_an_edit_make_its_after_of_its_before(made: tuple[str, list[list[Edit]]]) -> None:
    for edit in applied(*made).edits:
        text = edit.before
        for part in edit.parts:
            text = text[: part.start] + part.replacement + text[part.end :]
        assert text == edit.after == replay_parts(edit.before, edit.parts)
        assert set(edit.rules) == {part.rule for part in edit.parts}
        assert edit.confidence == min(part.confidence for part in edit.parts)
        steps = [part.step for part in edit.parts]
        assert steps == sorted(steps)
        assert set(steps) == set(range(max(steps) + 1))


Token = tuple[object, ...]


def leaving_out(source: str, made: list[list[Edit]], rule: str) -> str | None:
    """Each pass applied without the edit of one rule, each edit at its place among the same characters as before.

    None if an edit covers or adjoins what that edit made: then its place without it is not known.
    """
    # A mark at either end, so that there is a character on both sides of every place.
    full: list[Token] = [("", "begin"), *((char, "raw", n) for n, char in enumerate(source)), ("", "end")]
    without = list(full)
    for edits in made:
        moved = []
        for edit in edits:
            left, span, right = full[edit.start], full[edit.start + 1 : edit.end + 1], full[edit.end + 1]
            if edit.rule == rule:
                continue
            known = [without.index(token) for token in span or (left, right) if token in without]
            if span and not edit.replacement:
                # A deletion covers what came in the place of the characters that it deleted.
                first = known[0] if span[0] in without else without.index(left) + 1 if left in without else None
                last = known[-1] if span[-1] in without else without.index(right) - 1 if right in without else None
                if first is None or last is None:
                    return None
                moved.append(edit._replace(start=first, end=last + 1))
                continue
            if span and (len(known) < len(span) or known[-1] - known[0] >= len(span)):
                return None
            if not span and (len(known) < 2 or known[1] - known[0] != 1):
                # Beside what was replaced the place is known from the other side.
                beside = next((e for e in edits_of_rule(made, rule) if e.replacement and e.start < e.end), None)
                if beside is None or len(known) != 1:
                    return None
                start = known[0] + (left in without)
            else:
                start = known[0] if span else known[1]
            moved.append(edit._replace(start=start, end=start + len(span)))
        for edit in sorted(moved, reverse=True):
            without[edit.start : edit.end] = tokens(edit)
        for edit in sorted(edits, reverse=True):
            full[edit.start + 1 : edit.end + 1] = tokens(edit)
    return "".join(str(token[0]) for token in without)


def tokens(edit: Edit) -> list[Token]:
    return [(char, edit.rule, n) for n, char in enumerate(edit.replacement)]


def edits_of_rule(made: list[list[Edit]], rule: str) -> list[Edit]:
    return [edit for edits in made for edit in edits if edit.rule == rule]


@given(named_passes(), st.data())
def test_a_part_is_taken_back_as_if_it_had_not_been_made(
    made: tuple[str, list[list[Edit]]], data: st.DataObject
) -> None:
    text = applied(*made)
    places = [(edit, number) for edit in text.edits for number in range(len(edit.parts))]
    assume(places)
    edit, number = data.draw(st.sampled_from(places))
    expected = leaving_out(*made, edit.parts[number].rule)
    if edit.dependents(number):
        with pytest.raises(EditError, match="cannot be taken back alone"):
            text.without(parts={edit: [number]})
    else:
        result = text.without(parts={edit: [number]})
        assert result.revert() == text.raw
        assert expected is None or result.text == expected
        assert all(e.parts and replay_parts(e.before, e.parts) == e.after for e in result.edits)


@given(named_passes(), st.data())
def test_parts_are_taken_back_with_those_that_build_on_them(
    made: tuple[str, list[list[Edit]]], data: st.DataObject
) -> None:
    text = applied(*made)
    assume(text.edits)
    edit = data.draw(st.sampled_from(text.edits))
    numbers = range(len(edit.parts))
    chosen = data.draw(st.sets(st.sampled_from(numbers)))
    closed = {*chosen, *edit.dependents(*chosen)}
    assert not edit.dependents(*closed)
    result = text.without(parts={edit: closed})
    rules = {part.rule for number, part in enumerate(edit.parts) if number not in closed}
    assert {part.rule for e in result.edits for part in e.parts} <= rules | {r for e in text.edits for r in e.rules}
    assert text.without(parts={edit: numbers}).text == text.without([edit]).text
    assert text.without(parts={edit: ()}).text == text.text


def test_what_builds_on_a_part_is_said() -> None:
    text = EditedText("one,two,six").apply([Edit(4, 4, " ", "a"), Edit(8, 8, "--", "b")])
    text = text.apply([Edit(3, 10, "", "cut")])
    (edit,) = text.edits
    assert [edit.dependents(number) for number in range(3)] == [(), (2,), ()]
    with pytest.raises(EditError, match=r"edit \[3, 8\): parts \[1\] cannot be taken back alone.*: 2 \(cut\)"):
        text.without(parts={edit: [1]})
    assert text.without(parts={edit: [2]}).text == "one, two,--six"
    assert text.without(parts={edit: [1, 2]}).text == "one, two,six"
    assert text.without(parts={edit: [0]}).text == "one-six"  # the cut is still from comma to hyphen
    with pytest.raises(EditError, match=r"has 3 parts, no parts \[3\]"):
        text.without(parts={edit: [3]})


def test_parts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EditError, match="leaves the text of 2 characters"):
        replay_parts("ab", [EditPart(0, 1, 3, "", "r")])


@pytest.mark.slow
def test_an_edit_of_many_parts_takes_linear_time() -> None:
    size = 30_000
    text = EditedText("ab" * size).apply([Edit(i, i + 1, "xy", "r") for i in range(0, 2 * size, 4)])
    text = text.apply([Edit(i, i + 1, "", "s") for i in range(1, len(text.text), 5)])
    before = text.text
    text = text.apply([Edit(0, len(text.text), "", "line")])
    (edit,) = text.edits
    last = len(edit.parts) - 1
    assert last >= size
    assert replay_parts(edit.before, edit.parts) == edit.after
    assert text.without(parts={edit: [last]}).text == before
    assert text.without(parts={edit: range(last + 1)}).text == text.raw
    assert edit.dependents(*range(size // 2)) == tuple(range(size // 2, last))  # the line goes in any case
