"""Splits follow from ids alone, groups of duplicates share one, and small corpora have only train."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.core.config import check_params
from copydesk.description.splits import SPLITS, assign, points_of
from copydesk.errors import ConfigError

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1, "minimum": 10}
IDS = [f"document-{number}" for number in range(5000)]


def split(ids: list[str], settings: dict[str, Any]) -> list[str]:
    found: list[str] = assign(points_of(ids), settings).to_pylist()
    return found


def test_shares_are_met_and_do_not_move() -> None:
    found = split(IDS, SHARES)
    counts = {split: found.count(split) for split in SPLITS}
    assert abs(counts["validation"] - 500) < 70 and abs(counts["test"] - 500) < 70
    # The same in another order, in other company, and on any day.
    some = IDS[1000:3000][::-1]
    assert split(some, SHARES) == found[1000:3000][::-1]


def test_a_group_shares_the_split_of_its_leader() -> None:
    alone = dict(zip(IDS, split(IDS, SHARES), strict=True))
    leaders = [IDS[number // 5 * 5] for number in range(len(IDS))]
    found = split(leaders, SHARES)
    assert found == [alone[leader] for leader in leaders]


@given(st.integers(0, 40), st.integers(1, 60))
def test_no_split_is_ever_empty(count: int, minimum: int) -> None:
    settings = {"train": 0.7, "validation": 0.2, "test": 0.1, "minimum": minimum}
    found = split(IDS[:count], settings)
    assert set(found) in ({"train"}, set(SPLITS), set())
    if count < minimum:
        assert set(found) <= {"train"}


def test_a_split_without_a_share_is_not_missed() -> None:
    found = split(IDS, {"train": 0.9, "validation": 0.0, "test": 0.1, "minimum": 1})
    assert set(found) == {"train", "test"}


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"params.yaml: splits: the shares add up to 0.9, expected 1 \(train: 0.7"):
        split(IDS, {"train": 0.7, "validation": 0.1, "test": 0.1, "minimum": 1})
    assert sum(check_params({})["splits"][split] for split in SPLITS) == 1
