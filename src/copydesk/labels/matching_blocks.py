"""The difference of two texts as blocks that match: anchors first, then shortest edit scripts between them.

Lines, then words that occur once on both sides are anchors (patience diff). Between anchors, words and then
characters are compared by Myers' algorithm, in a number of steps that is linear in the gap; a gap that needs more
counts as replaced. So time and space are linear, up to a logarithm, for any two texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

_LINE = re.compile(r"[^\r\n]+|[\r\n]+")
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
#: How often a gap is searched for anchors of one kind: more words are unique in a smaller gap.
_MOST_ROUNDS = 4
#: Blocks of this length do not match by chance.
_CERTAIN = 32
#: How far an insertion or a deletion is moved, in characters.
_FARTHEST = 200


class MatchingBlock(NamedTuple):
    """``old[old_start:old_start + length] == new[new_start:new_start + length]``."""

    old_start: int
    new_start: int
    length: int


class Gap(NamedTuple):
    """``old[old_start:old_end]`` became ``new[new_start:new_end]``."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def matching_blocks(old: str, new: str) -> list[MatchingBlock]:
    """Blocks of characters that two texts share, in the same order in both. Swapped texts give swapped blocks.

    A short block between two longer replacements is left out: it would match a word of one sentence to the same word
    of an unrelated one.

    >>> matching_blocks("one two three", "one 2 three")
    [MatchingBlock(old_start=0, new_start=0, length=4), MatchingBlock(old_start=7, new_start=5, length=6)]
    """
    if (len(old), old) > (len(new), new):
        return [MatchingBlock(block.new_start, block.old_start, block.length) for block in matching_blocks(new, old)]
    blocks: list[MatchingBlock] = []
    pending = [(Gap(0, len(old), 0, len(new)), 0, 0)]
    while pending:
        untrimmed, step, rounds = pending.pop()
        gap = _trimmed(old, new, untrimmed, blocks)
        if gap.old_start == gap.old_end or gap.new_start == gap.new_end:
            continue
        matched = list(_STEPS[step](old, new, gap))
        blocks += matched
        again = bool(matched) and step < _ANCHORS and rounds < _MOST_ROUNDS
        following = (step, rounds + 1) if again else (step + 1, 0)
        if following[0] < len(_STEPS):
            pending += ((inner, *following) for inner in gaps(matched, gap))
    sure = _without_chance_matches(touching_joined(sorted(blocks)), len(old), len(new))
    return _between_words(sure, old, new)


def gaps(blocks: Sequence[MatchingBlock], within: Gap) -> Iterator[Gap]:
    """What lies between sorted blocks, before the first and behind the last."""
    old, new = within.old_start, within.new_start
    for block in blocks:
        if block.old_start > old or block.new_start > new:
            yield Gap(old, block.old_start, new, block.new_start)
        old, new = block.old_start + block.length, block.new_start + block.length
    if within.old_end > old or within.new_end > new:
        yield Gap(old, within.old_end, new, within.new_end)


def touching_joined(blocks: Sequence[MatchingBlock]) -> list[MatchingBlock]:
    """Sorted blocks, those that touch on both sides made one."""
    result: list[MatchingBlock] = []
    for block in blocks:
        if result:
            last = result[-1]
            if (last.old_start + last.length, last.new_start + last.length) == block[:2]:
                result[-1] = last._replace(length=last.length + block.length)
                continue
        result.append(block)
    return result


def _trimmed(old: str, new: str, gap: Gap, blocks: list[MatchingBlock]) -> Gap:
    """The gap without the characters that both sides begin and end with, which become blocks."""
    old_start, old_end, new_start, new_end = gap
    # Each comparison halves what is left, so all of them together read the prefix twice.
    low, high = 0, min(old_end - old_start, new_end - new_start)
    while low < high:
        middle = (low + high + 1) // 2
        if old[old_start + low : old_start + middle] == new[new_start + low : new_start + middle]:
            low = middle
        else:
            high = middle - 1
    if low:
        blocks.append(MatchingBlock(old_start, new_start, low))
    old_start, new_start = old_start + low, new_start + low
    low, high = 0, min(old_end - old_start, new_end - new_start)
    while low < high:
        middle = (low + high + 1) // 2
        if old[old_end - middle : old_end - low] == new[new_end - middle : new_end - low]:
            low = middle
        else:
            high = middle - 1
    if low:
        blocks.append(MatchingBlock(old_end - low, new_end - low, low))
    return Gap(old_start, old_end - low, new_start, new_end - low)


def _tokens(pattern: re.Pattern[str], text: str, start: int, end: int) -> tuple[list[str], list[int]]:
    tokens, starts = [], []
    for match in pattern.finditer(text, start, end):
        tokens.append(match[0])
        starts.append(match.start())
    return tokens, starts


def _unique_lines(old: str, new: str, gap: Gap) -> Iterator[MatchingBlock]:
    return _anchors(_LINE, old, new, gap)


def _unique_words(old: str, new: str, gap: Gap) -> Iterator[MatchingBlock]:
    return _anchors(_WORD, old, new, gap)


def _anchors(pattern: re.Pattern[str], old: str, new: str, gap: Gap) -> Iterator[MatchingBlock]:
    """Tokens that occur once on both sides: of these, the most that are in the same order."""
    old_tokens, old_starts = _tokens(pattern, old, gap.old_start, gap.old_end)
    new_tokens, new_starts = _tokens(pattern, new, gap.new_start, gap.new_end)
    counts, others = Counter(old_tokens), Counter(new_tokens)
    places = {token: number for number, token in enumerate(new_tokens)}
    pairs = [
        (number, places[token])
        for number, token in enumerate(old_tokens)
        if counts[token] == 1 and others[token] == 1 and not token.isspace()
    ]
    for old_number, new_number in _longest_increasing(pairs):
        yield MatchingBlock(old_starts[old_number], new_starts[new_number], len(old_tokens[old_number]))


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs, sorted by their first number, whose second numbers increase (patience sorting)."""
    tops: list[int] = []  # the second number on top of each pile
    holders: list[int] = []  # which pair that is
    before: list[int] = []  # for each pair, the pair on top of the pile on the left
    for number, (_, value) in enumerate(pairs):
        pile = bisect_left(tops, value)
        before.append(holders[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [value]
        holders[pile : pile + 1] = [number]
    chosen = []
    number = holders[-1] if holders else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = before[number]
    return chosen[::-1]


def _common_words(old: str, new: str, gap: Gap) -> Iterator[MatchingBlock]:
    old_tokens, old_starts = _tokens(_WORD, old, gap.old_start, gap.old_end)
    new_tokens, new_starts = _tokens(_WORD, new, gap.new_start, gap.new_end)
    for old_number, new_number, length in _shortest_edit_script(old_tokens, new_tokens):
        characters = sum(map(len, old_tokens[old_number : old_number + length]))
        yield MatchingBlock(old_starts[old_number], new_starts[new_number], characters)


def _common_characters(old: str, new: str, gap: Gap) -> Iterator[MatchingBlock]:
    before, after = old[gap.old_start : gap.old_end], new[gap.new_start : gap.new_end]
    for old_start, new_start, length in _shortest_edit_script(before, after):
        yield MatchingBlock(gap.old_start + old_start, gap.new_start + new_start, length)


_STEPS: tuple[Callable[[str, str, Gap], Iterator[MatchingBlock]], ...] = (
    _unique_lines,
    _unique_words,
    _common_words,
    _common_characters,
)
#: The first of them, which find anchors and may find more in a smaller gap.
_ANCHORS = 2


def _shortest_edit_script(old: Sequence[str], new: Sequence[str]) -> list[MatchingBlock]:
    """Runs of items that two sequences share, by Myers' greedy algorithm; none if it takes too many steps."""
    most_steps = 2 * (len(old) + len(new)) + 4000
    # furthest[d][i]: how far in ``old`` a path with d insertions and deletions comes on diagonal 2 * i - d.
    furthest: list[list[int]] = []
    steps = 0
    while steps <= most_steps:
        edits = len(furthest)
        last = furthest[-1] if furthest else [0]
        reached: list[int] = []
        furthest.append(reached)
        for i in range(edits + 1):
            if not edits:
                at = 0
            elif i == 0 or (i < edits and last[i - 1] < last[i]):
                at = last[i]
            else:
                at = last[i - 1] + 1
            other = at - (2 * i - edits)
            begun = at
            while at < len(old) and other < len(new) and old[at] == new[other]:
                at += 1
                other += 1
            steps += 1 + at - begun
            reached.append(at)
            if at >= len(old) and other >= len(new):
                return _runs(furthest, i)
    return []


def _runs(furthest: list[list[int]], i: int) -> list[MatchingBlock]:
    """Walk back from the end of both sequences to their beginning."""
    runs = []
    for edits in range(len(furthest) - 1, -1, -1):
        at = furthest[edits][i]
        diagonal = 2 * i - edits
        if edits:
            last = furthest[edits - 1]
            inserted = i == 0 or (i < edits and last[i - 1] < last[i])
            begun = last[i] if inserted else last[i - 1] + 1
        else:
            inserted, begun = True, 0
        if at > begun:
            runs.append(MatchingBlock(begun, begun - diagonal, at - begun))
        i -= not inserted
    return runs[::-1]


def _without_chance_matches(blocks: Sequence[MatchingBlock], old_length: int, new_length: int) -> list[MatchingBlock]:
    """Leave out each block that is no longer than what was replaced on either side of it."""
    kept: list[MatchingBlock] = []
    for block in [*blocks, MatchingBlock(old_length, new_length, 0)]:
        while kept and kept[-1].length < _CERTAIN:
            last = kept[-1]
            before = kept[-2] if len(kept) > 1 else MatchingBlock(0, 0, 0)
            if last.length > min(_replaced_between(before, last), _replaced_between(last, block)):
                break
            kept.pop()
        kept.append(block)
    return kept[:-1]


def _replaced_between(before: MatchingBlock, behind: MatchingBlock) -> int:
    """Characters between two blocks that have a counterpart: none if they were inserted or deleted."""
    return min(
        behind.old_start - before.old_start - before.length, behind.new_start - before.new_start - before.length
    )


def _between_words(blocks: Sequence[MatchingBlock], old: str, new: str) -> list[MatchingBlock]:
    """Move insertions and deletions to where a sentence or a word ends, if they can be moved.

    From "It fell." to "It fell. It burnt." the shortest script may insert "fell. It burnt" or ". It burnt".
    """
    moved = [*blocks, MatchingBlock(len(old), len(new), 0)]
    for number, behind in enumerate(moved):
        before = moved[number - 1] if number else MatchingBlock(0, 0, 0)
        gap = Gap(
            before.old_start + before.length, behind.old_start, before.new_start + before.length, behind.new_start
        )
        inserted = gap.old_start == gap.old_end
        if inserted == (gap.new_start == gap.new_end):
            continue
        text, start, end = (new, *gap[2:]) if inserted else (old, *gap[:2])
        # A block may vanish only at the border of both texts: elsewhere two gaps would become one.
        left = before.length - (number > 1 or before[:2] != (0, 0))
        right = behind.length - (number < len(moved) - 2 or behind.old_start + behind.length != len(old))
        shift = _best_shift(text, start, end, max(left, 0), max(right, 0))
        if number:
            moved[number - 1] = before._replace(length=before.length + shift)
        moved[number] = MatchingBlock(behind.old_start + shift, behind.new_start + shift, behind.length - shift)
    return [block for block in moved if block.length > 0]


def _best_shift(text: str, start: int, end: int, left: int, right: int) -> int:
    """How far ``text[start:end]`` is best moved to the left (negative) or right, where the text stays the same."""
    shifts = [0]
    for shift in range(1, min(left, _FARTHEST) + 1):
        if text[start - shift] != text[end - shift]:
            break
        shifts.append(-shift)
    for shift in range(min(right, _FARTHEST)):
        if text[start + shift] != text[end + shift]:
            break
        shifts.append(shift + 1)
    return max(
        shifts, key=lambda shift: (_border(text, start + shift) + _border(text, end + shift), -abs(shift), shift)
    )


def _border(text: str, place: int) -> int:
    """How likely it is that somebody began or ended an insertion at a place."""
    if place in (0, len(text)):
        return 5
    before, behind = text[place - 1], text[place]
    if before in "\r\n" or behind in "\r\n":
        return 4
    if behind.isspace() and place > 1 and not before.isalnum():
        return 3
    if before.isspace() or behind.isspace():
        return 2
    return int(not (before.isalnum() and behind.isalnum()))
