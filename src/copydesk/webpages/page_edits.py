"""A page becomes its article: edits of the HTML, and what could not be found in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.core.stray_bytes import STRAYS, without_strays
from copydesk.errors import UnreadableError
from copydesk.text import Edit
from copydesk.webpages.junctions import breaks, rewritten, settled, without_shreds
from copydesk.webpages.text_alignment import Run, codes, matching_runs
from copydesk.webpages.trafilatura_article import article
from copydesk.webpages.visible_text import CELL, LINE, PARAGRAPH, Visible, solid, visible

#: The rules under which the edits stand in the ledger.
MARKUP, REFERENCE, BOILERPLATE = "html-markup", "html-reference", "html-boilerplate"
#: Share of the article's characters that must be found in the page.
_LEAST = 0.5
_BETWEEN = {CELL: " ", LINE: "\n", PARAGRAPH: "\n\n"}


class Page(NamedTuple):
    """What is made of a page.

    Attributes
    ----------
    edits : list of Edit
        What leaves the article of the HTML.
    aligned : float
        Share of the characters of trafilatura's text, white space aside, that were found in the page in their order.
    missing : list of (int, int)
        Between which characters of the HTML something of that text should stand that was not found.
    stated : dict
        What the page says of itself, named as in sources.jsonl, and where that stands in the HTML, if it does.
    """

    edits: list[Edit]
    aligned: float
    missing: list[tuple[int, int]]
    stated: dict[str, tuple[str, int | None, int | None]]


def read_page(html: str) -> Page:
    """Find the article of a page.

    Raises
    ------
    UnreadableError
        With reason ``no-article`` or ``too-large``.
    """
    shown = without_strays(html)
    told = article(shown)
    edits, aligned, missing = article_edits(shown, told.text)
    edits += _replaced(html, edits) if shown != html else []
    return Page(edits, aligned, missing, {name: _placed(html, value) for name, value in told.stated.items()})


def _replaced(html: str, edits: list[Edit]) -> list[Edit]:
    """Edits of the stray bytes in what is kept: what they should be cannot be known, and is flagged as that."""
    gone = sorted((edit.start, edit.end) for edit in edits)
    places = (match.start() for match in STRAYS.finditer(html))
    kept = (at for at in places if all(end <= at for _, end in gone[: bisect_right(gone, (at, len(html)))][-1:]))
    return [Edit(at, at + 1, "\ufffd", REFERENCE) for at in kept]


def _placed(html: str, value: str) -> tuple[str, int | None, int | None]:
    start = html.find(value)
    return (value, start, start + len(value)) if start >= 0 else (value, None, None)


def article_edits(html: str, text: str) -> tuple[list[Edit], float, list[tuple[int, int]]]:
    """The edits that leave of a page the text of its article, as far as it is found there; see :class:`Page`.

    Raises
    ------
    UnreadableError
        With reason ``no-article``, if too little of the text is found.
    """
    page = visible(html)
    places = np.flatnonzero(page.solid)
    wanted, theirs = _solid(text, solid(text)), _solid(page.text, page.solid)
    parts = breaks(page)
    found = without_shreds(settled(matching_runs(wanted, theirs), codes(theirs), parts), len(wanted), parts)
    count = sum(run.length for run in found)
    aligned = round(count / max(1, len(wanted)), 4)
    if not count or aligned < _LEAST:
        detail = f"of the article that trafilatura finds, {aligned:.0%} stand in the page in that order"
        raise UnreadableError("no-article", f"{detail}, at least {_LEAST:.0%} expected; deliver its text as .txt")
    kept = np.zeros(len(page.text), dtype=np.bool_)
    missing = []
    for run, following in zip(found, [*found[1:], None], strict=True):
        kept[places[run.place : run.place + run.length]] = True
        if following is None:
            break
        last, first = int(places[run.place + run.length - 1]), int(places[following.place])
        if rewritten(run, following, parts):
            kept[last + 1 : first] = page.solid[last + 1 : first]
        elif any(map(str.isalnum, wanted[run.start + run.length : following.start])):
            missing.append((int(page.start[last]), int(page.end[first])))
    missing += [(int(page.start[places[at]]), int(page.end[places[at]])) for at in _open_ends(wanted, found)]
    return list(_edits(html, page, kept, aligned)), aligned, sorted(missing)


def _open_ends(wanted: str, found: list[Run]) -> Iterator[int]:
    """The first character that was found if something before it was not, the last if something behind it was not."""
    first, last = found[0], found[-1]
    if any(map(str.isalnum, wanted[: first.start])):
        yield first.place
    if any(map(str.isalnum, wanted[last.start + last.length :])):
        yield last.place + last.length - 1


def _solid(text: str, seen: NDArray[np.bool_]) -> str:
    return codes(text)[seen].tobytes().decode("utf-32-le", "surrogatepass")


def _edits(html: str, page: Visible, kept: NDArray[np.bool_], aligned: float) -> Iterator[Edit]:
    """Deletions before, between and behind the characters that are kept, and references among these."""
    # Of a reference to two characters both are kept or none.
    narrow = np.flatnonzero(page.start == page.end)
    kept[narrow - 1] |= kept[narrow]
    kept[narrow] = kept[narrow - 1]
    wide = kept & (page.start < page.end)
    for at in np.flatnonzero(wide & (page.end - page.start > 1)).tolist():
        start, end = int(page.start[at]), int(page.end[at])
        stop = at + 2 if at + 1 < len(kept) and page.start[at + 1] == page.end[at + 1] else at + 1
        yield Edit(start, end, page.text[at:stop], REFERENCE)
    dropped = np.concatenate(([0], np.cumsum(page.solid & ~kept)))
    held = np.flatnonzero(wide)
    # The second character of a reference to two stands in no gap.
    double = np.append(page.start == page.end, False)[held + 1] if len(held) else held
    before = np.concatenate(([-1], held + double))
    behind = np.concatenate((held, [len(kept)]))
    starts = np.concatenate(([0], page.end[held]))
    ends = np.concatenate((page.start[held], [len(html)]))
    for gap in np.flatnonzero(starts < ends).tolist():
        start, end = int(starts[gap]), int(ends[gap])
        last, first = int(before[gap]), int(behind[gap])
        boilerplate = dropped[max(last, 0)] < dropped[first]
        inside = last >= 0 and first < len(kept)
        wanted = _between(page, last, first, boilerplate) if inside else ""
        if html[start:end] != wanted:
            yield Edit(start, end, wanted, BOILERPLATE if boilerplate else MARKUP, aligned if boilerplate else 1.0)


def _between(page: Visible, last: int, first: int, boilerplate: bool) -> str:
    """What stands between two characters that are kept."""
    level = int(page.level[last + 1 : first + 1].max())
    if level:
        return _BETWEEN[level]
    text = page.text[last + 1 : first]
    if not boilerplate and page.literal[last + 1 : first].any():
        return text
    # Characters that cannot be seen stay in a word; the rule "invisible" looks at them.
    unbroken = not any(map(str.isspace, text))
    return "" if unbroken and boilerplate else text if unbroken else " "
