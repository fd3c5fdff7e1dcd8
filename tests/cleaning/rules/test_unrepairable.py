"""Text without sentence marks is flagged, since its lines are no sentences."""

from __future__ import annotations

import pytest
from hypothesis import given

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan
from support import hard_texts

SPEECH = "so we went down to the river and the boat was gone and nobody knew where it was "
THAI = "แม็กม่ามักจะมีความหนืดสูงเนื่องจากปริมาณซิลิกาที่มีมากจึงมักจะไม่ค่อยออกมาถึงผิวโลกแต่เย็นตัวลงตั้งแต่อยู่ใต้ดิน"
CHAT = "hi how are you doing today\nfine thanks and you\nwe are going to the lake later\nwant to come with us"
MENU = "Home\nNews of the Day\nSports and Games\nAll About the Garden\nOur Shop for Books\nContact the Editors Here\nImprint"


def flagged(text: str) -> list[str]:
    cleaned = clean_text(text, plan({"apply": ["safe"], "rules": {}}))
    return [cleaned.edited.text[f.start : f.end] for f in cleaned.flags if f.kind == "no-sentence-marks"]


def test_long_lines_without_marks_are_flagged() -> None:
    speech = (SPEECH * 4).strip()
    assert flagged(f"It was said.\n  {speech}\nIt ended.") == [speech]
    assert flagged(f"ก. ข.\n{THAI}\nIt ended.") == [THAI]


def test_a_text_in_lower_case_without_a_mark_is_flagged() -> None:
    assert flagged(f"\n{CHAT}\n") == [CHAT]


@pytest.mark.parametrize(
    "text", [MENU, "anna\nbob\n" * 30, CHAT + " ok?", SPEECH, f"{SPEECH * 4}, and so on." * 2, ""]
)
def test_other_texts_are_not(text: str) -> None:
    assert flagged(text) == []


@given(hard_texts)
def test_flags_lie_inside_the_text(text: str) -> None:
    assert all(piece == piece.strip() and piece for piece in flagged(text))
