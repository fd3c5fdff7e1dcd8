"""Lines that a steward decided about: removed whatever they are, or kept whatever rules say."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.cleaning.apply import Cleaned, clean_text
from copydesk.cleaning.plan import LISTED, Subject, plan, plans
from copydesk.cleaning.rules.template_lines import TEMPLATE_LINE
from copydesk.core.config import check_params
from copydesk.core.decisions import folded_line
from support import hard_texts

SETTINGS = check_params({})["clean"]
PLAN = plan(SETTINGS)
END = "He will not return to the town where it began, he told the paper."
SHARED = "Share on Facebook Share on Twitter Share via Email"


def cleaned(text: str, removed: set[str] | None = None, kept: set[str] | None = None) -> Cleaned:
    return clean_text(text, PLAN.with_lines(frozenset(removed or ()), frozenset(kept or ())))


def lines(text: str) -> list[str]:
    return [*filter(None, map(folded_line, text.split("\n")))]


def test_the_rule_repairs_its_example_and_leaves_the_other() -> None:
    before, after = TEMPLATE_LINE.repairs
    (edit,) = TEMPLATE_LINE.edits(before)
    assert before[: edit.start] + edit.replacement + before[edit.end :] == after
    assert (edit.rule, edit.confidence) == ("template-line", 1.0)
    assert TEMPLATE_LINE.edits(TEMPLATE_LINE.leaves) == []
    assert TEMPLATE_LINE in LISTED


@pytest.mark.parametrize(
    ("text", "removed", "clean"),
    [
        (f"Our promise\n{END}\nOur promise", "Our promise", END),
        (f"{END}\n\n  Our\u00a0 promise \n\n{END}", "Our promise", f"{END}\n\n{END}"),
        (f"{END}\nOur promise: this", "Our promise", f"{END}\nOur promise: this"),
        ("Our promise\nOur promise", "Our promise", "Our promise\nOur promise"),
        (f"```\nOur promise\n```\n{END}", "Our promise", f"```\n```\n{END}"),
    ],
)
def test_a_line_is_removed_whole_in_any_kind_of_text(text: str, removed: str, clean: str) -> None:
    assert cleaned(text, {removed}).edited.text == clean


def test_what_is_removed_is_the_line_that_other_rules_leave() -> None:
    text = f"{END}\nThe  promise of the cafÃ© ,  for you."
    assert cleaned(text, {"The promise of the café, for you."}).edited.text == END
    assert cleaned(text, {"The promise of the cafÃ© , for you."}).edited.text != END


def test_a_line_that_is_kept_is_neither_removed_nor_suggested() -> None:
    text = f"{END}\n{SHARED}\n{END} Nobody asked."
    assert SHARED not in cleaned(text).edited.text
    assert cleaned(text).removed_lines == (SHARED,)
    now = cleaned(text, kept={SHARED})
    assert (now.edited.text, now.suggestions, now.removed_lines) == (text, (), ())
    # To keep it is the safer of two decisions that differ in white space alone.
    assert cleaned(text, {SHARED}, {SHARED}).edited.text == text


def test_documents_with_the_same_decisions_share_a_plan() -> None:
    some = frozenset({"a"})
    documents = [Subject("a"), Subject("b", None, some), Subject("c", "The Desk"), Subject("d", "x", some)]
    grouped = plans(SETTINGS, documents)
    assert [places for _, places in grouped] == [[0, 2], [1, 3]]
    assert [[rule.name for rule in how.applied].count("template-line") for how, _ in grouped] == [0, 1]


@given(hard_texts, st.data())
def test_any_decisions_leave_the_raw_text_and_all_other_lines(text: str, data: st.DataObject) -> None:
    without = cleaned(text)
    known = sorted({*lines(without.edited.text), *without.removed_lines, "never there"})
    removed = data.draw(st.sets(st.sampled_from(known)))
    now = cleaned(text, removed)
    assert now.edited.revert() == text
    left = [line for line in lines(without.edited.text) if line not in removed]
    assert lines(now.edited.text) == (left or lines(without.edited.text))
    kept = cleaned(text, kept=set(known))
    assert kept.edited.revert() == text
    assert kept.removed_lines == ()


def test_work_grows_as_the_text_does() -> None:
    import sys

    def calls(count: int) -> int:
        made = 0

        def counting(_frame: Any, event: str, _given: Any) -> None:
            nonlocal made
            made += event in {"call", "c_call"}

        rule = PLAN.with_lines(frozenset({"a", "b"}), frozenset()).applied[-1]
        text = "a\nx\n \n" * count
        sys.setprofile(counting)
        try:
            rule.edits(text)
        finally:
            sys.setprofile(None)
        return made

    assert calls(1000) <= 4.5 * calls(250)
