"""Move the junctions between runs of the article to the boundaries of blocks, and drop accidental matches.

Alignment compares letters and does not see blocks. Where the page has text between two runs that the article lacks,
the junction can often be moved without changing a letter: in ``rain. | A sponsor | After`` the first ``A`` or the
second may belong to the article. As diff tools move a change to the beginning of a line, this module moves a junction
to the boundary of a block. A few letters that match by chance, in a block whose rest is not wanted, are dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from copydesk.webpages.text_alignment import Codes, Run, common
from copydesk.webpages.visible_text import CELL, LINE, PARAGRAPH, Visible

#: What separates two characters, from a tag to the end of a paragraph; nothing is 0.
_TAG, _SPACE = 1, 2
_CELL, _BLOCK = CELL + _SPACE, LINE + _SPACE
#: Largest number of characters that trafilatura may rewrite: those of the page are kept.
_REWRITTEN = 16
#: Longest run that may match by chance, in characters.
_FEW = 12
#: Largest move of a junction in characters, which keeps the time linear.
_FARTHEST = 4096

Breaks = NDArray[np.int8]


def breaks(page: Visible) -> Breaks:
    """Return how strongly each solid character is separated from the one before: shape (n + 1,) for n characters."""
    places = np.flatnonzero(page.solid)
    level = np.maximum.reduceat(page.level, np.concatenate(([0], places + 1)))
    between = np.full(len(places) + 1, _SPACE, dtype=np.int8)
    apart = page.end[places[:-1]] != page.start[places[1:]]
    between[1:-1] = np.where(np.diff(places) > 1, _SPACE, np.where(apart, _TAG, 0))
    separation = np.where(level > 0, level + _SPACE, between)
    separation[[0, -1]] = PARAGRAPH + _SPACE
    return separation


def settled(runs: list[Run], text: Codes, parts: Breaks) -> list[Run]:
    """Move each junction of two runs that are adjacent in the article to the strongest break of the page.

    Parameters
    ----------
    runs : list of Run
        The aligned runs, in order.
    text : array of shape (n,)
        The code points of the page's solid characters.
    parts : array of shape (n + 1,)
        The breaks between them, see :func:`breaks`.
    """
    moved: list[Run] = []
    for following in runs:
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
    """Return by how many characters to move a junction. A run absorbs another if the break there is as strong."""
    end, far = _end(before).place, min(before.length, _FARTHEST)
    back = common(text[end - far : end][::-1], text[run.place - far : run.place][::-1])
    if back == before.length and parts[run.place - back] >= parts[before.place]:
        return -back
    far = min(run.length, _FARTHEST)
    forth = common(text[end : end + far], text[run.place : run.place + far])
    if forth == run.length and parts[end + forth] >= parts[_end(run).place]:
        return forth
    # Whole blocks should be left out. The beginning of the next run counts more than the end of this one.
    ends, begins = (parts[at - back : at + forth + 1] for at in (end, run.place))
    worth = (ends + begins) * 8 + begins
    return int(np.flatnonzero(worth == worth.max())[-1]) - back


def without_shreds(runs: list[Run], article_length: int, parts: Breaks) -> list[Run]:
    """Drop ends of runs that are a few characters of a block of which nothing else is aligned.

    Only next to a part of the article that was not aligned.
    """
    kept = []
    for before, run, following in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        end = _end(run)
        inside = parts[run.place + 1 : end.place]
        joined = before and rewritten(before, run, parts), following and rewritten(run, following, parts)
        head = tail = 0
        if run.start > (_end(before).start if before else 0) and not joined[0] and parts[run.place] < _BLOCK:
            head = _ragged(inside, run.length)
        if (
            end.start < (following.start if following else article_length)
            and not joined[1]
            and parts[end.place] < _BLOCK
        ):
            tail = _ragged(inside[::-1], run.length)
        if head + tail < run.length:
            kept.append(Run(run.start + head, run.place + head, run.length - head - tail))
        elif any(joined):
            kept.append(run)
    return kept


def _ragged(inside: Breaks, length: int) -> int:
    """Return the number of characters before the first end of a block in a run; 0 if they are more than a few."""
    ends = np.flatnonzero(inside[:_FEW] >= _BLOCK)
    whole = length if length <= _FEW else 0
    return int(ends[0]) + 1 if len(ends) else whole


def rewritten(before: Run, run: Run, parts: Breaks) -> bool:
    """Return whether, within a block, the page has other characters for a small part of the article."""
    start, place, _ = _end(before)
    missing, in_page = run.start - start, run.place - place
    return 0 < in_page <= _REWRITTEN + 2 * missing and missing > 0 and parts[place : run.place + 1].max() < _CELL


def _end(run: Run) -> Run:
    """Return the empty run at the end of a run."""
    return Run(run.start + run.length, run.place + run.length, 0)
