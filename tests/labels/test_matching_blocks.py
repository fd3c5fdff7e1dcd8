"""Blocks that match are the same in both texts, are those of any short edit, and are found in linear time."""

from __future__ import annotations

import random
import time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from copydesk.labels.matching_blocks import MatchingBlock, matching_blocks
from support import articles, hard_texts

# Few characters, so that most matches are ambiguous.
PERIODIC = st.text("ab \n", max_size=60)


def check(old: str, new: str) -> list[MatchingBlock]:
    """Blocks must be sorted, apart from each other, and equal on both sides."""
    blocks = matching_blocks(old, new)
    at = (0, 0)
    for old_start, new_start, length in blocks:
        assert length > 0
        assert old_start >= at[0] and new_start >= at[1]
        assert old[old_start : old_start + length] == new[new_start : new_start + length]
        at = old_start + length, new_start + length
    return blocks


@given(PERIODIC | hard_texts, PERIODIC | hard_texts)
def test_blocks_are_equal_in_both_texts_and_in_order(old: str, new: str) -> None:
    check(old, new)


@given(PERIODIC | hard_texts)
def test_a_text_matches_itself_in_one_block(text: str) -> None:
    assert matching_blocks(text, text) == ([MatchingBlock(0, 0, len(text))] if text else [])


@given(PERIODIC | hard_texts, PERIODIC | hard_texts)
def test_the_difference_does_not_depend_on_the_direction(old: str, new: str) -> None:
    assert matching_blocks(new, old) == [MatchingBlock(b[1], b[0], b.length) for b in matching_blocks(old, new)]


@given(hard_texts, hard_texts, hard_texts)
def test_nothing_is_lost_when_something_is_inserted_or_deleted(before: str, middle: str, behind: str) -> None:
    """Of one insertion all old characters match: a brute-force oracle, since no longer match can exist."""
    for old, new in ((before + behind, before + middle + behind), (before + middle + behind, before + behind)):
        assert sum(block.length for block in check(old, new)) == len(before + behind)


def lcs(old: str, new: str) -> int:
    """Length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(new) + 1)
    for a in old:
        above = row
        row = [0]
        for i, b in enumerate(new):
            row.append(above[i] + 1 if a == b else max(above[i + 1], row[i]))
    return row[-1]


@given(
    st.text("abc", min_size=40, max_size=80),
    st.lists(st.tuples(st.integers(0, 79), st.sampled_from("xyz")), max_size=4),
)
def test_of_replaced_characters_nothing_else_is_unmatched(text: str, replaced: list[tuple[int, str]]) -> None:
    characters = list(text)
    for place, character in replaced:
        characters[place % len(text)] = character
    new = "".join(characters)
    # Short blocks between two replacements are left out on purpose: of one character each, when they are replaced.
    matched = sum(block.length for block in check(text, new))
    assert lcs(text, new) - 3 * len(replaced) <= matched <= lcs(text, new)


@pytest.mark.parametrize(
    ("old", "new", "inserted"),
    [
        ("It fell.", "It fell. It burnt.", " It burnt."),
        ("One.\nTwo.\n", "One.\nNew.\nTwo.\n", "New.\n"),
        ("the end", "the very end", "very "),
        ("aaaa", "aaaaaa", "aa"),
    ],
)
def test_insertions_begin_and_end_where_sentences_and_words_do(old: str, new: str, inserted: str) -> None:
    blocks = check(old, new)
    matched = {place for block in blocks for place in range(block.new_start, block.new_start + block.length)}
    assert "".join(c for place, c in enumerate(new) if place not in matched) in (inserted, f"{inserted[1:]} ")


def edited(text: str, rng: random.Random, edits: int) -> tuple[str, list[MatchingBlock]]:
    """A text with words replaced, inserted and deleted, and the blocks that were left alone."""
    places = sorted(rng.sample([i for i in range(1, len(text) - 1) if text[i] == " "], edits))
    pieces, truth, at, to = [], [], 0, 0
    for place in places:
        end = text.find(" ", place + 1)
        if place < at or end < 0:
            continue
        kept = text[at:place]
        truth.append(MatchingBlock(at, to, len(kept)))
        kind = rng.randrange(3)
        put = ("", f" {rng.randrange(10**9):x}", f" {rng.randrange(10**9):x}{text[place:end]}")[kind]
        pieces += [kept, put]
        at, to = end, to + len(kept) + len(put)
    truth.append(MatchingBlock(at, to, len(text) - at))
    return "".join((*pieces, text[at:])), truth


@pytest.mark.parametrize("size", [2_000, 20_000, 400_000])
def test_what_was_left_alone_in_a_long_text_is_matched_where_it_went(size: int) -> None:
    text = ("\n".join(articles(400).values()) * 10)[:size]
    new, truth = edited(text, random.Random(size), size // 200)
    found = {}
    for block in check(text, new):
        found.update(
            zip(range(block[0], block[0] + block.length), range(block[1], block[1] + block.length), strict=True)
        )
    right = sum(found.get(b[0] + i) == b[1] + i for b in truth for i in range(b.length))
    assert right / sum(b.length for b in truth) > 0.995


def seconds(old: str, new: str) -> float:
    begun = time.process_time()
    check(old, new)
    return time.process_time() - begun


@pytest.mark.parametrize(
    "pair",
    [
        lambda n: ("a" * n, "a" * (n // 2) + "b" + "a" * (n // 3)),
        lambda n: ("ab" * n, "ba" * n),
        lambda n: ("a b " * n, "b a a " * n),
        lambda n: ("x\n" * n, "\ny\n" * n),
        lambda n: ("".join(map(chr, range(0x4E00, 0x4E00 + 20_000))) * (n // 20_000 + 1), "中" * n),
        lambda n: (" ".join(f"w{i}" for i in range(n // 4)), " ".join(f"w{i}" for i in reversed(range(n // 4)))),
        lambda n: ("".join(random.Random(1).choices("ab \n", k=n)), "".join(random.Random(2).choices("ab \n", k=n))),
        lambda n: (
            " ".join(random.Random(1).choices("lorem ipsum dolor sit".split(), k=n // 6)),
            " ".join(random.Random(2).choices("lorem ipsum dolor sit".split(), k=n // 6)),
        ),
    ],
)
@pytest.mark.slow
def test_time_is_linear_on_hostile_texts(pair) -> None:
    short, long = (min(seconds(*pair(n)) for _ in range(2)) for n in (5_000, 40_000))
    assert long < 8 * 2.5 * short + 0.3
