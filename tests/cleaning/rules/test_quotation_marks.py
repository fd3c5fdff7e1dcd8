"""Quotation marks: which lines need no closer look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copydesk.cleaning.rules import quotation_marks


@given(st.text('“”"a ', max_size=12))
def test_a_line_is_balanced_where_each_mark_has_its_pair(line: str) -> None:
    straight, curly = line.count('"'), "".join(mark for mark in line if mark in "“”")
    expected = not straight and curly == "“”" * (len(curly) // 2) if curly else straight % 2 == 0
    assert quotation_marks._is_balanced(line) == expected
