"""Languages as records name them become codes; what is no language is refused, however long it is."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.language.codes import language_code

CODES = {"en": "en", "EN-us": "en", "zh_Hans_CN": "zh", "deu": "de", "ger": "de", "iw": "he", "cmn": "zh", "nb": "no", "Swedish": "sv", "tlh": "tlh"}  # fmt: skip
NO_CODES = ["", "xx", "und", "zxx", "Elvish", "en" * 1_000_000, "e n", "de-", "\ud800"]


@pytest.mark.parametrize("text", CODES)
def test_tags_and_names_are_codes(text: str) -> None:
    assert language_code(text) == CODES[text]
    assert language_code(CODES[text]) == CODES[text]


@pytest.mark.parametrize("text", NO_CODES, ids=range(len(NO_CODES)))
def test_what_is_no_language_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="is not a language; expected its code such as en") as caught:
        language_code(text)
    assert len(str(caught.value)) < 300


@given(st.text(st.characters(codec="ascii"), max_size=8))
def test_any_text_is_a_code_or_none(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert re.fullmatch("[a-z]{2,3}", language_code(text))
