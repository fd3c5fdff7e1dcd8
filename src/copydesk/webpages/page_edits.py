"""The edits that turn a page into its article, and the parts of the article that could not be aligned."""

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
from copydesk.webpages.link_lines import link_lines
from copydesk.webpages.marked_kinds import MarkedKind, marked_kinds
from copydesk.webpages.page_rights import Statement
from copydesk.webpages.text_alignment import Run, codes, matching_runs
from copydesk.webpages.trafilatura_article import article
from copydesk.webpages.visible_text import CELL, LINE, PARAGRAPH, Visible, solid, visible

#: The names of the rules of these edits.
MARKUP, REFERENCE, BOILERPLATE = "html-markup", "html-reference", "html-boilerplate"
#: Least share of the article's characters that must be aligned with the page.
_LEAST = 0.5
_BETWEEN = {CELL: " ", LINE: "\n", PARAGRAPH: "\n\n"}


class Page(NamedTuple):
    """The result of reading a page.

    Attributes
    ----------
    edits : list of Edit
        The edits that turn the HTML into the text of the article.
    aligned : float
        Share of the characters of trafilatura's text, without white space, that were aligned with the page.
    missing : list of (int, int)
        Spans of the HTML in which a part of that text is missing.
    stated : dict
        Metadata of the page, named as in sources.jsonl: value, start and end in the HTML, or None if not there.
    kinds : list of MarkedKind
        The spans of the HTML whose elements say that they hold code, a table or a list.
    rights : list of Statement
        What the page says of the rights to mine its text.
    """

    edits: list[Edit]
    aligned: float
    missing: list[tuple[int, int]]
    stated: dict[str, tuple[str, int | None, int | None]]
    kinds: list[MarkedKind]
    rights: list[Statement]


def read_page(html: str) -> Page:
    """Find the article of a page.

    Raises
    ------
    UnreadableError
        With reason ``no-article`` or ``too-large``.
    """
    without = without_strays(html)
    extracted = article(without)
    edits, aligned, missing = article_edits(without, extracted.text)
    edits += _replaced(html, edits) if without != html else []
    stated = {name: _placed(html, value) for name, value in extracted.stated.items()}
    return Page(edits, aligned, missing, stated, marked_kinds(without), extracted.rights)


def _replaced(html: str, edits: list[Edit]) -> list[Edit]:
    """Return edits that replace stray bytes in kept text by U+FFFD, because their meaning is unknown."""
    deleted = sorted((edit.start, edit.end) for edit in edits)
    places = (match.start() for match in STRAYS.finditer(html))
    kept = (
        at for at in places if all(end <= at for _, end in deleted[: bisect_right(deleted, (at, len(html)))][-1:])
    )
    return [Edit(at, at + 1, "\ufffd", REFERENCE) for at in kept]


def _placed(html: str, value: str) -> tuple[str, int | None, int | None]:
    start = html.find(value)
    return (value, start, start + len(value)) if start >= 0 else (value, None, None)


def article_edits(html: str, text: str) -> tuple[list[Edit], float, list[tuple[int, int]]]:
    """Align the text of an article with its page; return edits, share and missing spans, see :class:`Page`.

    Raises
    ------
    UnreadableError
        With reason ``no-article``, if too little of the text can be aligned.
    """
    page = visible(html)
    places = np.flatnonzero(page.solid)
    wanted, page_text = _solid(text, solid(text)), _solid(page.text, page.solid)
    parts = breaks(page)
    runs = settled(matching_runs(wanted, page_text), codes(page_text), parts)
    runs = without_shreds(runs, len(wanted), parts)
    count = sum(run.length for run in runs)
    aligned = round(count / max(1, len(wanted)), 4)
    if not count or aligned < _LEAST:
        detail = f"of the article that trafilatura extracts, {aligned:.0%} could be aligned with the page"
        raise UnreadableError("no-article", f"{detail}, at least {_LEAST:.0%} expected; deliver its text as .txt")
    kept = np.zeros(len(page.text), dtype=np.bool_)
    missing = []
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        kept[places[run.place : run.place + run.length]] = True
        if following is None:
            break
        last, first = int(places[run.place + run.length - 1]), int(places[following.place])
        if rewritten(run, following, parts):
            kept[last + 1 : first] = page.solid[last + 1 : first]
        elif any(map(str.isalnum, wanted[run.start + run.length : following.start])):
            missing.append((int(page.start[last]), int(page.end[first])))
    missing += [(int(page.start[places[at]]), int(page.end[places[at]])) for at in _open_ends(wanted, runs)]
    kept &= ~link_lines(html, page, kept & page.solid)
    return list(_edits(html, page, kept, aligned)), aligned, sorted(missing)


def _open_ends(wanted: str, runs: list[Run]) -> Iterator[int]:
    """Yield the first aligned character if text before it is missing, the last if text after it is missing."""
    first, last = runs[0], runs[-1]
    if any(map(str.isalnum, wanted[: first.start])):
        yield first.place
    if any(map(str.isalnum, wanted[last.start + last.length :])):
        yield last.place + last.length - 1


def _solid(text: str, seen: NDArray[np.bool_]) -> str:
    return codes(text)[seen].tobytes().decode("utf-32-le", "surrogatepass")


def _edits(html: str, page: Visible, kept: NDArray[np.bool_], aligned: float) -> Iterator[Edit]:
    """Yield deletions before, between and after the kept characters, and replacements of kept references."""
    # Of a reference that stands for two characters both are kept or none.
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
    # The second character of such a reference is not in a gap.
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
    """Return the text between two kept characters."""
    level = int(page.level[last + 1 : first + 1].max())
    if level:
        return _BETWEEN[level]
    text = page.text[last + 1 : first]
    if not boilerplate and page.literal[last + 1 : first].any():
        return text
    # Invisible characters stay within a word; the rule "invisible" treats them.
    unbroken = not any(map(str.isspace, text))
    return "" if unbroken and boilerplate else text if unbroken else " "
