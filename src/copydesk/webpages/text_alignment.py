"""Where the characters of one text stand in another that holds them in the same order, more or less.

Runs that occur once in both texts are found first, long ones before short ones; of those the heaviest chain that is
in order in both is kept, then the gaps are filled in the same way. All of it takes the time of sorting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Lengths of the runs that are looked for, each in the gaps that the one before it leaves.
_UNIQUE = (32, 16, 8)
#: Length of the runs that are looked for in what is near, and how near that is.
_SHORT, _NEAR = 4, 512
#: Length of the runs that are looked for among those that occur more than once.
_REPEATED = 16
#: A gap that is looked for as a whole, and the longest text that it is looked for in.
_SMALL, _SURROUNDING = 64, 4096
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Codes = NDArray[np.uint32]


class Run(NamedTuple):
    """``wanted[start:start + length] == text[place:place + length]``."""

    start: int
    place: int
    length: int


class _Gap(NamedTuple):
    start: int
    end: int
    place: int
    stop: int


def matching_runs(wanted: str, text: str) -> list[Run]:
    """Find a text in another: runs in order, without overlap in either, none of which could be longer.

    >>> matching_runs("A short article.", "Home | A short article. | Imprint")
    [Run(start=0, place=7, length=16)]
    """
    match = _Matching(wanted, text)
    for length in _UNIQUE:
        match.fill(match.unique, length)
    match.fill(match.repeated, _REPEATED)
    match.fill(match.near, _SHORT)
    match.fill(match.whole, 1)
    return match.found


class _Matching:
    def __init__(self, wanted: str, text: str) -> None:
        self._wanted, self._text = wanted, text
        self._codes = codes(wanted), codes(text)
        self.found: list[Run] = []

    def fill(self, look: Callable[[_Gap, int], list[Run]], length: int) -> None:
        """Look for runs in every gap, then let all runs grow into what is left of it."""
        grown: list[Run] = []
        for gap, following in self._gaps():
            inside = look(gap, length) if min(gap.end - gap.start, gap.stop - gap.place) >= length else []
            for run in [*inside, *following]:
                self._append(grown, run)
        if grown:
            last = grown[-1]
            start, place = last.start + last.length, last.place + last.length
            more = common(self._codes[0][start:], self._codes[1][place:])
            grown[-1] = last._replace(length=last.length + more)
        self.found = grown

    def _gaps(self) -> Iterator[tuple[_Gap, list[Run]]]:
        """What lies before each run, with the run; and behind the last."""
        start = place = 0
        for run in self.found:
            yield _Gap(start, run.start, place, run.place), [run]
            start, place = run.start + run.length, run.place + run.length
        yield _Gap(start, len(self._wanted), place, len(self._text)), []

    def _append(self, grown: list[Run], run: Run) -> None:
        wanted, text = self._codes
        start = place = 0
        if grown:
            last = grown[-1]
            start, place = last.start + last.length, last.place + last.length
            more = common(wanted[start : run.start], text[place : run.place])
            grown[-1] = last._replace(length=last.length + more)
            start, place = start + more, place + more
        back = common(wanted[start : run.start][::-1], text[place : run.place][::-1])
        run = Run(run.start - back, run.place - back, run.length + back)
        if grown and (start, place) == (run.start, run.place):
            grown[-1] = grown[-1]._replace(length=grown[-1].length + run.length)
        else:
            grown.append(run)

    def unique(self, gap: _Gap, length: int) -> list[Run]:
        """The heaviest chain of runs that occur once in both sides of a gap."""
        ours, theirs = self._hashes(gap, length)
        mine, my_place, my_count = np.unique(ours, return_index=True, return_counts=True)
        other, place, count = np.unique(theirs, return_index=True, return_counts=True)
        _, left, right = np.intersect1d(
            mine[my_count == 1], other[count == 1], assume_unique=True, return_indices=True
        )
        starts, places = my_place[my_count == 1][left], place[count == 1][right]
        order = np.argsort(starts)
        starts, places = starts[order], places[order]
        if not len(starts):
            return []
        fresh = np.flatnonzero((np.diff(starts) != 1) | (np.diff(places) != 1)) + 1
        firsts = np.concatenate(([0], fresh))
        lengths = np.diff(np.concatenate((firsts, [len(starts)]))) + length - 1
        found = [
            Run(gap.start + start, gap.place + place, size)
            for start, place, size in zip(
                starts[firsts].tolist(), places[firsts].tolist(), lengths.tolist(), strict=True
            )
        ]
        return _trimmed(_chain([run for run in found if self._holds(run)]))

    def near(self, gap: _Gap, length: int) -> list[Run]:
        """The same in a small gap."""
        return self.unique(gap, length) if gap.end - gap.start + gap.stop - gap.place <= _NEAR else []

    def repeated(self, gap: _Gap, length: int) -> list[Run]:
        """Runs that occur more than once, each at its first place behind the one before it."""
        ours, theirs = self._hashes(gap, length)
        order = np.argsort(theirs, kind="stable")
        ordered = theirs[order]
        lows = np.searchsorted(ordered, ours, side="left").tolist()
        highs = np.searchsorted(ordered, ours, side="right").tolist()
        places = order.tolist()
        wanted, text = self._codes
        found: list[Run] = []
        at = behind = 0
        while at < len(lows):
            which = bisect_left(places, behind, lows[at], highs[at])
            if which == highs[at]:
                at += 1
                continue
            start, place = gap.start + at, gap.place + places[which]
            size = common(wanted[start : gap.end], text[place : gap.stop])
            if size:
                found.append(Run(start, place, size))
            at, behind = at + max(size, 1), places[which] + size
        return found

    def whole(self, gap: _Gap, _: int) -> list[Run]:
        """A small gap, where it stands as a whole and once in what is near."""
        size = gap.end - gap.start
        if size > _SMALL or gap.stop - gap.place > _SURROUNDING:
            return []
        piece = self._wanted[gap.start : gap.end]
        place = self._text.find(piece, gap.place, gap.stop)
        once = place >= 0 and self._text.find(piece, place + 1, gap.stop) < 0
        return [Run(gap.start, place, size)] if once else []

    def _hashes(self, gap: _Gap, length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        wanted, text = self._codes
        return _hashed(wanted[gap.start : gap.end], length), _hashed(text[gap.place : gap.stop], length)

    def _holds(self, run: Run) -> bool:
        return self._wanted[run.start : run.start + run.length] == self._text[run.place : run.place + run.length]


def codes(text: str) -> Codes:
    """The code points of a text: shape (len(text),)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _hashed(codes: Codes, length: int) -> NDArray[np.uint64]:
    """A hash of each run of a length that is a power of two: shape (n,) in, (n - length + 1,) out."""
    hashes = codes.astype(np.uint64) * _FACTOR
    size = 1
    while size < length:
        hashes ^= hashes >> np.uint64(29)
        hashes = hashes[:-size] * _FACTOR + hashes[size:]
        size *= 2
    return hashes


def common(one: Codes, other: Codes) -> int:
    """Length of the longest common beginning."""
    size = min(len(one), len(other))
    step, at = 64, 0
    while at < size:  # in growing steps: it is mostly short
        stop = min(size, at + step)
        differ = one[at:stop] != other[at:stop]
        if differ.any():
            return at + int(differ.argmax())
        at, step = stop, step * 4
    return size


def _chain(found: list[Run]) -> list[Run]:
    """Of runs in order of their start the heaviest selection that is in order of their place too."""
    if len(found) < 2:
        return found
    ranks = {place: rank for rank, place in enumerate(sorted(run.place for run in found), start=1)}
    best: list[tuple[int, int]] = [(0, -1)] * (len(found) + 1)  # a Fenwick tree of weights and the runs they end in
    weights: list[int] = []
    before: list[int] = []
    for number, run in enumerate(found):
        rank = ranks[run.place]
        weight, last = 0, -1
        at = rank - 1
        while at:
            if best[at][0] > weight:
                weight, last = best[at]
            at &= at - 1
        weights.append(weight + run.length)
        before.append(last)
        at = rank
        while at <= len(found):
            if best[at][0] < weights[-1]:
                best[at] = weights[-1], number
            at += at & -at
    chain = []
    at = max(range(len(found)), key=weights.__getitem__)
    while at >= 0:
        chain.append(found[at])
        at = before[at]
    return chain[::-1]


def _trimmed(chain: list[Run]) -> list[Run]:
    """The same, where one overlaps the one before it without its beginning."""
    apart: list[Run] = []
    start = place = 0
    for run in chain:
        over = max(start - run.start, place - run.place, 0)
        if over < run.length:
            apart.append(Run(run.start + over, run.place + over, run.length - over))
            start, place = run.start + run.length, run.place + run.length
    return apart
