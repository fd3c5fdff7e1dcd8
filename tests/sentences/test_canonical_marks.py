"""Signs stand for roles: each is replaced by the sign of its role, and no character moves."""

from __future__ import annotations

import pytest
from hypothesis import given

from copydesk.sentences.canonical_marks import TERMINALS, canonical
from support import hard_texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("»Na gut«, sagte sie. (»Ja«)", "«Na gut», sagte sie. («Ja»)"),
        ("»Ei», hän sanoi.", "«Ei», hän sanoi."),
        ("« Oui », dit-il. «Да», сказал он.", "« Oui », dit-il. «Да», сказал он."),
        ("Hon sa ”nej” och “yes”.", "Hon sa “nej” och “yes”."),
        ('he said . " It is " , he said', "he said . “ It is ” , he said"),
        ('He said "yes".\nand " no', 'He said "yes".\nand “ no'),
        ("``Oh,'' he said; it's", "'“Oh,'” he said; it's"),
        ("Mijn ,,huis is 1,,2", "Mijn '„huis is 1,,2"),
        ("Zei hij. '' ,, Dat is goed. '' Zij", "Zei hij. ”' '„ Dat is goed. ”' Zij"),
        ("„Taip. “ Ji sakė “ ne ”", "„Taip. ” Ji sakė “ ne ”"),
        ("Ήρθες; ναι\u037e α;β", "Ήρθες? ναι? α;β"),
        ("un café; luego", "un café; luego"),
        ("Նա կարդում է: Ես: 12:30, ասում է: ոչ", "Նա կարդում է։ Ես։ 12:30, ասում է: ոչ"),
        ("Գնաց։ Եկավ. նստեց...", "Գնաց։ Եկավ, նստեց..."),
        ("Գնաց. Եկավ.", "Գնաց. Եկավ."),
        ("वह घर गया था | वह आया |", "वह घर गया था । वह आया ।"),
        ("होम | खेल", "होम | खेल"),
        ("測定した．１．５だ．", "測定した。１．５だ。"),
        ("One． Two．Three． 3．5 kg, a．b", "One. Two.Three. 3．5 kg, a．b"),
        ("ሄደ፡፡", "ሄደ።።"),
    ],
)
def test_signs_by_their_roles(text: str, expected: str) -> None:
    assert canonical(text) == expected


@given(hard_texts)
def test_no_character_moves_and_plain_ones_stay(text: str) -> None:
    result = canonical(text)
    assert len(result) == len(text)
    assert all(old == new or not old.isalnum() for old, new in zip(text, result, strict=True))


def test_terminals_are_marks_that_stand_once() -> None:
    assert len(set(TERMINALS)) == len(TERMINALS)
    assert not any(mark.isalnum() or mark.isascii() for mark in TERMINALS)
