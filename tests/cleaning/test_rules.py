"""Every rule does what its example says, and nothing to what it must leave alone."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given

from copydesk.cleaning.apply import clean_column, clean_text
from copydesk.cleaning.plan import DETECTORS, RULES, plan
from copydesk.cleaning.rule import Detector, Found, Rule, Screen, patterns_of
from copydesk.core.config import check_params
from copydesk.errors import ConfigError
from copydesk.text import EditedText
from support import hard_texts

SETTINGS = check_params({})["clean"]
PLAN = plan(SETTINGS)
rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
detectors = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)


def screened(screen: Screen | None, text: str) -> bool:
    return screen is None or any(
        pc.match_substring_regex(pa.array([text]), pattern)[0].as_py() for pattern in patterns_of(screen)
    )


@rules
def test_a_rule_repairs_its_example(rule: Rule) -> None:
    broken, repaired = rule.repairs
    assert screened(rule.screen, broken)
    edited = EditedText(broken).apply(rule.edits(broken))
    assert edited.text == repaired
    assert edited.revert() == broken
    assert {r for e in edited.edits for r in e.rules} == {rule.name}


@rules
def test_a_rule_leaves_its_counterexample(rule: Rule) -> None:
    assert rule.edits(rule.leaves) == []
    assert clean_text(rule.leaves, PLAN).edited.text == rule.leaves


@rules
def test_a_rule_has_a_name_and_a_safe_pattern(rule: Rule) -> None:
    assert re.fullmatch("[a-z]+(-[a-z]+)*", rule.name)


def test_rules_that_share_an_analysis_have_it_computed_once_for_a_text() -> None:
    analysed: list[str] = []

    def analyse(text: str) -> int:
        analysed.append(text)
        return text.find("x")

    def find(text: str, place: int) -> list[Found]:
        return [Found(place, place + 1, "y")] if place >= 0 and text.endswith("!") else []

    first, second, last = (Rule(f"x-{n}", "safe", None, find, ("x!", "y!"), "x", analyse=analyse) for n in "abc")
    how = plan({"apply": ["safe"], "rules": {"x-c": "suggest"}}, [first, second, last])
    cleaned = clean_column(pa.array(["x", "a x! x!", "b x"]), how, ())
    assert [c.edited.text for c in cleaned] == ["x", "a y! y!", "b x"]
    # The text that changed was analysed again, the others were not.
    assert analysed == ["x", "a x! x!", "b x", "a y! x!", "a y! y!"]


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@detectors
def test_a_detector_marks_its_example_and_leaves_the_other(detector: Detector) -> None:
    assert screened(detector.screen, detector.marks)
    assert [flag.kind for flag in detector.flags(detector.marks)] == [detector.kind]
    assert detector.flags(detector.leaves) == []


@given(hard_texts)
@example("“T he weather should ease.")
@example("I ’m here.")
def test_a_screen_never_hides_what_a_rule_would_find(text: str) -> None:
    for rule in RULES:
        if rule.edits(text):
            assert screened(rule.screen, text), rule.name
    for detector in DETECTORS:
        if detector.flags(text):
            assert screened(detector.screen, text), detector.kind


@given(hard_texts)
def test_cleaning_any_text_is_reversible(text: str) -> None:
    cleaned = clean_text(text, PLAN)
    assert cleaned.edited.revert() == text
    for flag in cleaned.flags:
        assert 0 <= flag.start < flag.end <= len(cleaned.edited.text)


@given(hard_texts)
def test_every_rule_alone_finds_edits_that_fit(text: str) -> None:
    for rule in RULES:
        assert EditedText(text).apply(rule.edits(text)).revert() == text


def test_a_column_is_cleaned_as_its_texts_are() -> None:
    texts = [rule.repairs[0] for rule in RULES] + [rule.leaves for rule in RULES] + ["", "plain"]
    together = clean_column(pa.array(texts), PLAN)
    assert [c.edited.text for c in together] == [clean_text(t, PLAN).edited.text for t in texts]


def test_tiers_decide_what_is_applied_and_what_suggested() -> None:
    text = "the outcome of the war?Russia  does not"
    safe = clean_text(text, plan({"apply": ["safe"], "rules": {}}))
    assert safe.edited.text == "the outcome of the war?Russia does not"
    (suggestion,) = safe.suggestions
    assert (suggestion.start, suggestion.raw_start, suggestion.before, suggestion.after) == (23, 23, "", " ")
    assert suggestion.rules == ("missing-space",)


def test_a_rule_can_be_moved_to_another_tier_or_switched_off() -> None:
    text = "the war?Russia  does"
    assert clean_text(text, plan({**SETTINGS, "rules": {"spaces": "off"}})).edited.text == "the war? Russia  does"
    moved = clean_text(text, plan({**SETTINGS, "rules": {"spaces": "suggest"}}))
    assert moved.edited.text == "the war? Russia  does"
    assert [s.rules for s in moved.suggestions] == [("spaces",)]
    # The suggestion points into the text that was cleaned, and into the raw text.
    assert text[moved.suggestions[0].raw_start : moved.suggestions[0].raw_end] == "  "


def test_settings_that_name_no_rule_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"clean\.rules\.nothing: no rule .*; expected one of line-end, "):
        plan({**SETTINGS, "rules": {"nothing": "off"}})


def test_a_tab_runs_through_all_passes() -> None:
    cleaned = clean_text("one\r\n\u00a0two\u200b  three&amp;four\t\r", PLAN)
    assert cleaned.edited.text == "one\ntwo three&four\n"
    assert cleaned.edited.revert() == "one\r\n\u00a0two\u200b  three&amp;four\t\r"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 500_000, "A" * 500_000, " " * 500_000, "&amp;" * 30_000, "\r" * 100_000, "." * 500_000,
        "aBcd " * 30_000, "aBcde" * 30_000, "*" * 500_000, " **" * 60_000, "\nSource:" * 30_000,
        "ab.Cd" * 30_000, "\u200b" * 100_000, "Ã©" * 10_000, "\u00a0x" * 60_000, "abcd-\nefgh " * 10_000,
        "one two,three " * 13_000, "1/" * 40_000 + "!x9 end",
    ],
    ids=lambda text: repr(text[:9]),
)  # fmt: skip
def test_hostile_texts_are_cleaned_and_come_back(text: str) -> None:
    # A rule that backtracks or is quadratic would not come back from these at all.
    assert clean_text(text, PLAN).edited.revert() == text
