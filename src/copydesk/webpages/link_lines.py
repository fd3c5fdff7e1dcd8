"""Lines of an article that are nothing but a link: related stories, which extractors leave among the paragraphs."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from copydesk.webpages.html_tokens import tokens
from copydesk.webpages.visible_text import LINE, Visible

#: Elements in which a line that is a link belongs to the article: headlines, and terms that are explained.
_CONTENT = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "table", "dl", "pre", "blockquote"))
#: Least characters of prose, without white space, beside which such lines are not what the page is about.
_PROSE = 1_000
#: Largest share of the article that they may make up. More of them are an index, which is content.
_MOST = 0.3
#: Longest such line, in characters without white space: a longer one is a paragraph that is a link as a whole.
_LONGEST = 160
_REFERENCE = re.compile(r"[\s\"'/]href[\s=>]", re.IGNORECASE)
_ADDRESS = re.compile(r"://|www\.|@\w")


def link_lines(html: str, page: Visible, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which kept characters of a page are in lines that are nothing but links; none in a page without prose.

    Parameters
    ----------
    html : str
    page : Visible, of n characters
    kept : array of bool, shape (n,)
        The visible characters of the article.
    """
    linked, content = _inside(html, page)
    link_lines = np.zeros(len(kept), dtype=np.bool_)
    breaks = [0, *np.flatnonzero(page.level >= LINE).tolist(), len(kept)]
    for start, end in pairwise(breaks):
        of_line = kept[start:end]
        size = int(of_line.sum())
        if not 0 < size <= _LONGEST or not linked[start:end][of_line].all() or content[start:end].any():
            continue
        if not _ADDRESS.search(page.text, start, end):  # which the article gives its reader
            link_lines[start:end] = of_line
    prose = int((kept & ~link_lines & ~content).sum())
    count = int(link_lines.sum())
    return link_lines if prose >= _PROSE and count <= _MOST * (prose + count) else np.zeros_like(link_lines)


def _inside(html: str, page: Visible) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which characters are in a link, and which in an element where a link is content."""
    spans: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    since: dict[bool, int] = {}
    inside = {True: 0, False: 0}
    for token in tokens(html):
        is_link = token.name == "a"
        if token.kind not in ("open", "close") or not (is_link or token.name in _CONTENT):
            continue
        if is_link and token.kind == "open" and not _REFERENCE.search(html, token.start, token.end):
            continue  # an anchor, which leads nowhere
        if token.kind == "open":
            if not inside[is_link]:
                since[is_link] = token.start
            inside[is_link] = 1 if is_link else inside[is_link] + 1  # links do not nest
        elif inside[is_link]:
            inside[is_link] -= 1
            if not inside[is_link]:
                spans[is_link].append((since[is_link], token.end))
    linked, content = (_within(page, spans[is_link]) for is_link in (True, False))
    return linked, content


def _within(page: Visible, spans: list[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which characters of a page lie in spans of the HTML, which are in order and apart."""
    edges = np.array([place for span in spans for place in span], dtype=np.int64)
    within: NDArray[np.bool_] = np.searchsorted(edges, page.start, side="right") % 2 == 1
    return within
