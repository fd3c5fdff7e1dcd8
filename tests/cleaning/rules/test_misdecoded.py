"""Bytes that were read in another encoding: what they were, and where a byte was lost on the way."""

from __future__ import annotations

import pytest

from copydesk.cleaning.apply import clean_text
from copydesk.cleaning.plan import plan

PLAN = plan({"apply": ["safe", "probable"], "rules": {}})


@pytest.mark.parametrize(
    ("broken", "repaired"),
    [
        ("He said: â€œIt was late,â€\u009d and left.", "He said: “It was late,” and left."),
        # The last byte of a closing quote, 0x9D, is no character of Windows-1252: many programs drop it.
        ("â€œI was surprised,â€ the mayor said. Itâ€™s late.", "“I was surprised,” the mayor said. It’s late."),
        ("He was surprised,â€ the mayor said.", "He was surprised,â€ the mayor said."),  # which of the two?
        ("A noteâ€  stands here, and itâ€™s read.", "A note† stands here, and it’s read."),
    ],
)
def test_a_closing_quote_that_lost_a_byte_is_no_dagger(broken: str, repaired: str) -> None:
    cleaned = clean_text(broken, PLAN).edited
    assert cleaned.text == repaired
    assert cleaned.revert() == broken
