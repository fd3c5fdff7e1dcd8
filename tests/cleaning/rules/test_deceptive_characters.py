"""Text that shows something else than it holds is marked, and text of many scripts is not."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.cleaning.rules import deceptive_characters
from copydesk.cleaning.rules.deceptive_characters import DETECTORS

DIRECTION, LOOK_ALIKE, HIDDEN = DETECTORS
RLO, LRE, PDF, RLI, LRI, PDI = "\u202e\u202a\u202c\u2067\u2066\u2069"
HELLO = "\u0645\u0631\u062d\u0628\u0627"


def marked(detector: Any, text: str) -> list[str]:
    return [text[flag.start : flag.end] for flag in detector.flags(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"a {RLO}b{PDF} c", [f"{RLO}b{PDF}"]),
        (f"{HELLO} {RLO}b{PDF}", [f"{RLO}b{PDF}"]),  # overrides have no use in an article
        (f"a {LRI}b{PDI} c", [f"{LRI}b{PDI}"]),  # nothing here runs from right to left
        (f"{HELLO} {LRI}b{PDI} {LRE}c{PDF}", []),
        (f"{HELLO} {LRI}b\nc{PDI}", [f"{LRI}b", PDI]),  # a paragraph ends what it holds
        (f"{HELLO} {LRI}{LRE}b{PDI}", [f"{LRI}{LRE}b{PDI}"]),
        (f"{HELLO} {LRI}b{PDF}{PDI}", [PDF]),  # an isolate is not ended from within
        (f"{HELLO} {PDF}", [PDF]),
        (f"{RLO}a {RLO}b{PDF}", [f"{RLO}a {RLO}b{PDF}"]),
        # Trojan Source: a comment that is code
        (
            f"if (admin{RLO} {LRI}// check{PDI} {LRI}) {{",
            [f"{RLO} {LRI}// check{PDI} {LRI}) {{"],
        ),
    ],
)
def test_direction_that_is_turned_is_marked(text: str, found: list[str]) -> None:
    assert marked(DIRECTION, text) == found


@pytest.mark.parametrize("text", ["Cегодня", "pаypal", "Kремль", "naïvе", "ITшник", "ᏢayᏢal", "ոew"])
def test_a_word_of_two_scripts_that_looks_like_one_is_marked(text: str) -> None:
    assert marked(LOOK_ALIKE, f"A {text}, yes") == [text]


@pytest.mark.parametrize("text", ["μm kΩ ΔT TNFα πr αβγ", "SMSка PDFка IT-компания", "мир Straße Ελλάδα", "аррӏе"])
def test_words_of_one_script_and_notation_are_not(text: str) -> None:
    assert marked(LOOK_ALIKE, text) == []


def test_letters_are_of_the_scripts_they_are_listed_under() -> None:
    for script, (twins, _) in deceptive_characters._TWINS.items():
        for letter in twins:
            assert script.upper() in unicodedata.name(letter)
            assert deceptive_characters._WORD.fullmatch(letter), letter


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\U000e0061\U000e0062b", ["\U000e0061\U000e0062"]),
        ("🏴" + "\U000e0061" * 9, ["\U000e0061" * 9]),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", []),
        ("😀" + "\U000e0110\U000e0120", ["\U000e0110\U000e0120"]),
        ("x\u200c\u200d\u200c\u200dy", ["\u200c\u200d\u200c\u200d"]),
        ("👩\u200d👩\u200d👧 ❤\ufe0f", []),
    ],
)
def test_characters_without_a_shape_that_spell_something_are_marked(text: str, found: list[str]) -> None:
    assert marked(HIDDEN, text) == found


@given(st.text(st.sampled_from(f"a\u0430\u0455{HELLO[0]}{RLO}{LRE}{PDF}{RLI}{PDI}\n\u200d\U000e0041🏴"), max_size=40))
def test_marks_lie_in_lines_and_apart(text: str) -> None:
    for detector in DETECTORS:
        end = 0
        for flag in detector.flags(text):
            assert end <= flag.start < flag.end <= len(text)
            assert "\n" not in text[flag.start : flag.end]
            end = flag.end


@pytest.mark.parametrize("unit", [RLO, RLO + PDF, LRI + PDF, f"{LRI}{LRE}{PDI}", "aа", "\U000e0041", "Aα"])
@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
@pytest.mark.slow
def test_the_work_grows_with_the_text(detector: Any, unit: str) -> None:
    few, many = (lines_run(detector.flags, unit * count) for count in (500, 2000))
    assert many <= 4 * few + 100


def test_closing_what_was_not_opened_does_not_search_for_it() -> None:
    few, many = (lines_run(DIRECTION.flags, LRE * count + PDI * count) for count in (500, 2000))
    assert many <= 4 * few + 100


def lines_run(call: Callable[[str], object], text: str) -> int:
    """Lines of Python that a call runs through."""
    count = 0

    def trace(_frame: Any, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call(text)
    finally:
        sys.settrace(before)
    return count
