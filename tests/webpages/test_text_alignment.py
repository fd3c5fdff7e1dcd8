"""A text is found in another as runs that are in order in both."""

from __future__ import annotations

import random
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.webpages.text_alignment import Run, matching_runs

WORDS = [f"{random.Random(n).getrandbits(30):x}" for n in range(4000)]


def words(start: int, stop: int) -> str:
    return "".join(WORDS[start:stop])


def check(wanted: str, text: str) -> list[Run]:
    found = matching_runs(wanted, text)
    for run in found:
        assert run.length > 0
        assert wanted[run.start : run.start + run.length] == text[run.place : run.place + run.length] != ""
    for one, other in pairwise(found):
        assert one.start + one.length <= other.start
        assert one.place + one.length <= other.place
        # None could be longer.
        gap = wanted[one.start + one.length : other.start], text[one.place + one.length : other.place]
        assert not all(gap) or (gap[0][0] != gap[1][0] and gap[0][-1] != gap[1][-1])
    return found


@given(st.text("ab", max_size=80), st.text("ab", max_size=80))
def test_runs_of_any_texts(wanted: str, text: str) -> None:
    check(wanted, text)


@given(st.lists(st.tuples(st.booleans(), st.integers(20, 60)), min_size=1, max_size=12), st.randoms())
def test_parts_of_a_text_are_found_in_it(parts: list[tuple[bool, int]], rng: random.Random) -> None:
    pieces = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=size)) for _, size in parts]
    wanted = "".join(piece for (kept, _), piece in zip(parts, pieces, strict=True) if kept)
    assert sum(run.length for run in check(wanted, "".join(pieces))) == len(wanted)


def covered(wanted: str, text: str) -> tuple[int, list[Run]]:
    found = check(wanted, text)
    return sum(run.length for run in found), found


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        # A teaser that repeats the beginning, before and behind the article.
        (words(0, 300), words(0, 30) + words(900, 999) + words(0, 300) + words(0, 30)),
        # The whole twice.
        (words(0, 300), words(0, 300) + words(0, 300)),
        # The same sentence again and again, with others between.
        ("".join(words(0, 9) + WORDS[n] for n in range(20, 60)), "".join(words(0, 9) + WORDS[n] for n in range(10, 70))),
        ("a" * 5000, "b" + "a" * 5000 + "c"),
        ("Tea", "Home Tea Milk"),
    ],
)  # fmt: skip
def test_what_repeats_is_found_whole(wanted: str, text: str) -> None:
    assert covered(wanted, text)[0] == len(wanted)


def test_what_was_moved_is_left_out_and_the_longer_part_kept() -> None:
    count, found = covered(words(500, 520) + words(0, 300), words(0, 300) + words(500, 520))
    assert count == len(words(0, 300))
    assert found[0].place == 0


def test_what_is_not_there_is_not_found() -> None:
    assert covered(words(0, 100), words(200, 300))[0] < 10
    assert matching_runs("", "abc") == matching_runs("abc", "") == []


@pytest.mark.parametrize(
    "text", ["a" * 300_000, "ab" * 150_000, words(0, 4000) * 8, "".join(w + "x" * 9 for w in WORDS * 4)]
)
def test_large_and_hostile_texts(text: str) -> None:
    # A search of quadratic time would not come back from these.
    assert covered(text[::-1], text)[0] >= 0
    assert covered(text[1000:], text)[0] == len(text) - 1000
