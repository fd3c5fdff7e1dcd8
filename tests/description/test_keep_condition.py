"""The condition by which documents are kept: what it means, and what it refuses."""

from __future__ import annotations

import contextlib
import json

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from copydesk.description.keep_condition import Condition
from copydesk.errors import ConfigError

TABLE = pa.table(
    {
        "words": [10, 100, 60],
        "ratio": [0.1, 0.5, None],
        "language": ["en", None, "de"],
        "title": [None, "A", "B"],
        "clean": [True, False, None],
    }
)


@pytest.mark.parametrize(
    ("condition", "dropped"),
    [
        ("", []),
        ("words >= 50", [0]),
        ("words >= 50 and ratio < 0.3", [0, 1, 2]),
        ("words >= 50 or ratio < 0.3", []),
        ("language in ['en', 'de']", [1]),
        ("language not in ['en']", [0, 1]),
        ("language == 'en'", [1, 2]),
        ("title is None or words / 2 > 40", [2]),
        ("title is not None", [0]),
        ("not clean", [0]),
        ("clean", [1, 2]),
        ("0.2 < ratio <= 1", [0, 2]),
        ("words - 50 > -words", [0]),
        ("ratio * 100 + 1 >= words", [0, 1, 2][1:]),
        ("(words > 50 and language == 'de') or title is None", [1]),
    ],
)
def test_conditions_drop_rows(condition: str, dropped: list[int]) -> None:
    assert [each.row for each in Condition(condition, TABLE.schema).dropped(TABLE)] == dropped


def test_the_reason_is_the_first_part_that_does_not_hold_with_its_values() -> None:
    found = Condition("words >= 50 and (ratio < 0.3 or language == 'de')", TABLE.schema).dropped(TABLE)
    assert [(each.row, each.reason, json.loads(each.values)) for each in found] == [
        (0, "words >= 50", {"words": 10}),
        (1, "ratio < 0.3 or language == 'de'", {"language": None, "ratio": 0.5}),
    ]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("word > 5", r"there is no column word; expected some of words, ratio, language"),
        ("__import__('os').system('true')", "expected columns, numbers, strings, comparisons"),
        ("words.real > 1", "expected columns, numbers"),
        ("[w for w in words]", "expected columns, numbers"),
        ("(lambda: 1)() == 1", "expected columns, numbers"),
        ("words ** 9999 > 1", "expected columns, numbers"),
        ("words", "expected a comparison, found int64"),
        ("words > 'many'", "words > 'many': Function 'greater' has no kernel"),
        ("language in title", "after in, expected a list of values"),
        ("language in [title]", "after in, expected a list of values"),
        ("language in ['en', 5]", "Expected bytes, got a 'int' object"),
        ("words is 3", "after is, expected None"),
        ("words >", "not a condition"),
        ("words = 5", "not a condition"),
        ("not " * 100 + "clean", "nested more than 50 deep"),
        ("(" * 3000 + "1" + ")" * 3000, "not a condition"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"params.yaml: select.keep") as caught:
        Condition(condition, TABLE.schema)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 1000


@given(st.text("()[]{}'\"words<>=!+-*/.,0123456789 andortinot_:", max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        Condition(text, TABLE.schema).dropped(TABLE)
