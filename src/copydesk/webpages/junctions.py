"""Where one run of the article ends and the next begins: at the end and the beginning of blocks, if that can be.

Matching knows letters and no blocks. Where the page has text between two runs that the article has not, the junction
can often be moved without changing a letter: of ``rain. | A sponsor | After`` the first ``A`` or the second may be
the article's. As tools that show differences move theirs to the beginning of a line, this one is moved to that of a
block. What was found by chance, a few letters within a block of which the rest is not wanted, is dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from copydesk.webpages.text_alignment import Codes, Run, common
from copydesk.webpages.visible_text import CELL, LINE, PARAGRAPH, Visible

#: What lies between two characters, from a tag to the end of a paragraph; nothing is 0.
_TAG, _SPACE = 1, 2
_CELL, _BLOCK = CELL + _SPACE, LINE + _SPACE
#: A few characters that the page has otherwise than trafilatura says: those of the page are kept.
_REWRITTEN = 16
#: Characters that may be found somewhere by chance.
_FEW = 12
#: How far a junction is moved at most, so that this takes linear time.
_FARTHEST = 4096

Breaks = NDArray[np.int8]


def breaks(page: Visible) -> Breaks:
    """What lies before each solid character of a page, and behind the last: the more it parts them, the higher."""
    places = np.flatnonzero(page.solid)
    level = np.maximum.reduceat(page.level, np.concatenate(([0], places + 1)))
    between = np.full(len(places) + 1, _SPACE, dtype=np.int8)
    apart = page.end[places[:-1]] != page.start[places[1:]]
    between[1:-1] = np.where(np.diff(places) > 1, _SPACE, np.where(apart, _TAG, 0))
    found = np.where(level > 0, level + _SPACE, between)
    found[[0, -1]] = PARAGRAPH + _SPACE
    return found


def settled(found: list[Run], text: Codes, parts: Breaks) -> list[Run]:
    """Move each junction of two runs, between which the article has nothing, to where the page parts most."""
    moved: list[Run] = []
    for following in found:
        run = following
        while moved and run.length and _end(moved[-1]).start == run.start:
            before = moved.pop()
            by = _best(before, run, text, parts)
            run = Run(run.start + by, run.place + by, run.length - by)
            if before.length + by:
                moved.append(before._replace(length=before.length + by))
                break
        if run.length:
            moved.append(run)
    return moved


def _best(before: Run, run: Run, text: Codes, parts: Breaks) -> int:
    """By how many characters a junction is moved. A run takes all of another, if the page parts as much there."""
    end, far = _end(before).place, min(before.length, _FARTHEST)
    back = common(text[end - far : end][::-1], text[run.place - far : run.place][::-1])
    if back == before.length and parts[run.place - back] >= parts[before.place]:
        return -back
    far = min(run.length, _FARTHEST)
    forth = common(text[end : end + far], text[run.place : run.place + far])
    if forth == run.length and parts[end + forth] >= parts[_end(run).place]:
        return forth
    # What is left out should be blocks as a whole; more than where it ends counts where the next run begins.
    ends, begins = (parts[at - back : at + forth + 1] for at in (end, run.place))
    worth = (ends + begins) * 8 + begins
    return int(np.flatnonzero(worth == worth.max())[-1]) - back


def without_shreds(found: list[Run], wanted: int, parts: Breaks) -> list[Run]:
    """Drop a few characters of a block in which nothing else is wanted.

    Only beside something of the article that was not found; ``wanted`` is the article's length.
    """
    kept = []
    for before, run, following in zip([None, *found], found, [*found[1:], None], strict=False):
        end = _end(run)
        inside = parts[run.place + 1 : end.place]
        joined = before and rewritten(before, run, parts), following and rewritten(run, following, parts)
        head = tail = 0
        if run.start > (_end(before).start if before else 0) and not joined[0] and parts[run.place] < _BLOCK:
            head = _ragged(inside, run.length)
        if end.start < (following.start if following else wanted) and not joined[1] and parts[end.place] < _BLOCK:
            tail = _ragged(inside[::-1], run.length)
        if head + tail < run.length:
            kept.append(Run(run.start + head, run.place + head, run.length - head - tail))
        elif any(joined):
            kept.append(run)
    return kept


def _ragged(inside: Breaks, length: int) -> int:
    """How many characters of a run lie before the first end of a block in it; 0 if they are more than a few."""
    ends = np.flatnonzero(inside[:_FEW] >= _BLOCK)
    whole = length if length <= _FEW else 0
    return int(ends[0]) + 1 if len(ends) else whole


def rewritten(before: Run, run: Run, parts: Breaks) -> bool:
    """Whether the page has a few characters of its own for some of the article, within a block."""
    start, place, _ = _end(before)
    missing, theirs = run.start - start, run.place - place
    return 0 < theirs <= _REWRITTEN + 2 * missing and missing > 0 and parts[place : run.place + 1].max() < _CELL


def _end(run: Run) -> Run:
    """The empty run behind a run."""
    return Run(run.start + run.length, run.place + run.length, 0)
