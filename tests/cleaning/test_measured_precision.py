"""What was measured of a rule is the confidence of its edits, and decides where it may only suggest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning import measured_precision as module
from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from copydesk.core.config import check_params

SETTINGS = {"apply": ["safe", "probable"], "rules": {}}
ENGLISH = (
    "The ministers met in the capital on Monday ,and they left for the airport with-\nout any further comment there."
)
GERMAN = (
    "Die Minister trafen sich am Montag in der Hauptstadt und reisten ohne weitere Er-\nklärung zum Flughafen ab."
)
Measure = Callable[[dict[str, Any]], None]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Measure]:
    """Takes another table in the place of the one that was measured."""

    def use(table: dict[str, Any]) -> None:
        monkeypatch.setattr(module, "_read", lambda: table)
        clear()

    def clear() -> None:
        module.measured_precision.cache_clear()
        module.too_imprecise.cache_clear()

    yield use
    clear()


def edits(text: str, settings: dict[str, Any] = SETTINGS) -> dict[str, float]:
    return {edit.rules[0]: edit.confidence for edit in clean_text(text, plan(settings)).edited.edits}


def suggestions(text: str, settings: dict[str, Any] = SETTINGS) -> dict[str, float]:
    return {edit.rules[0]: edit.confidence for edit in clean_text(text, plan(settings)).suggestions}


def test_the_confidence_is_what_was_measured_in_the_language_and_kind(measured: Measure) -> None:
    measured({"line-hyphen": {"en": {"prose": [99, 100]}, "de": {"list": [100, 100], "prose": [49, 49]}}})
    assert edits(ENGLISH)["line-hyphen"] == 0.99
    own = edits(GERMAN)["line-hyphen"]  # measured on too few
    measured({})
    assert edits(ENGLISH)["line-hyphen"] == edits(GERMAN)["line-hyphen"] == own


def test_a_rule_for_all_languages_has_what_was_measured_in_all(measured: Measure) -> None:
    measured({"character-reference": {"en": {"prose": [40, 40]}, "ru": {"prose": [39, 40]}}})
    assert edits("Tom &amp; Jerry")["character-reference"] == 0.988


def test_a_rule_that_is_surely_imprecise_in_a_language_suggests_there(measured: Measure) -> None:
    measured({"line-hyphen": {"de": {"prose": [900, 1000]}, "en": {"prose": [970, 1000]}}})
    for text in (ENGLISH, GERMAN):
        assert "line-hyphen" not in edits(text)
    assert suggestions(GERMAN)["line-hyphen"] == 0.9
    measured({"line-hyphen": {"de": {"prose": [900, 1000]}, "en": {"prose": [970, 990]}}})  # perhaps .98
    assert "line-hyphen" in edits(ENGLISH)
    assert "line-hyphen" not in edits(GERMAN)
    # Who names the tier of the rule, or applies what is suggested, has it applied.
    for settings in (
        {"apply": ["safe", "probable"], "rules": {"line-hyphen": "probable"}},
        {"apply": ["safe", "probable", "suggest"], "rules": {}},
    ):
        assert edits(GERMAN, settings)["line-hyphen"] == 0.9
    off = {"apply": ["safe", "probable"], "rules": {"line-hyphen": "off"}}
    assert "line-hyphen" not in {**edits(GERMAN, off), **suggestions(GERMAN, off)}


def test_a_rule_that_asks_for_no_block_suggests_where_it_is_imprecise(measured: Measure) -> None:
    measured({"character-reference": {"en": {"prose": [0, 50]}}})
    text = "The ministers met in the capital on Monday &amp; they left for the airport without any comment there."
    assert ("character-reference" in edits(text), "character-reference" in suggestions(text)) == (False, True)
    assert "character-reference" in edits(GERMAN.replace(" und ", " &amp; ", 1))


def test_the_packaged_table_lets_every_applied_rule_be_applied_where_it_is_precise() -> None:
    how = plan(check_params({})["clean"])
    assert all(rule.imprecise_in == module.too_imprecise(rule.name) for rule in how.applied)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bound_lies_above_the_share(counts: tuple[int, int]) -> None:
    right, count = counts
    assert right / count - 1e-9 <= module.upper_bound(right, count) <= 1 + 1e-9
    assert module.upper_bound(right * 2, count * 2) <= module.upper_bound(right, count) + 1e-9
