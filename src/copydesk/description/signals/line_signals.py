"""Signals about the lines of texts: bullets, ellipses, terminal marks, short lines, phrases of web pages."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.description.signals.text_batch import Batch, Counts, Flags, Lines, Ratios, ratio
from copydesk.description.signals.tokens import Offsets, code_points

_SHORT = 30  # code points of a short line in FineWeb
_C4_MARKS = np.frombuffer(b".?!\"'", dtype=np.uint8)
_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_CITATION_SECOND = np.zeros(256, dtype=bool)  # the second character of a citation: a digit of any script, and so on
_CITATION_SECOND[[*b"0123456789]ec", *range(0x80, 0x100)]] = True
_CITATION_RE2 = r"\[\p{Nd}*\]|\[edit\]|\[citation needed\]"
_POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
# The phrases in a text whose ASCII letters are in lower case. The kelvin sign is the only other character that
# str.lower converts to an ASCII letter.
_PHRASES = "|".join(("javascript", "lorem ipsum", *_POLICY)).replace("k", "[k\u212a]")
# The terminal marks of FineWeb as in datatrove: first and last code points of ranges.
_TERMINAL_RUNS = """
    21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e 1735-1736 17d4-17d6
    17d9-17da 1803 1809 1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 2e2e
    2e3c 2e53-2e54 3002 a4ff a60e-a60f a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb fe52
    fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 10f55-10f59 10f86-10f89 11047-11048 110be-110c1 11141-11143 111c5-111c6
    111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 1173c-1173e 11944
    11946 11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 16a6e-16a6f 16af5 16b37-16b38 16b44 16e98 1bc9f
    1da88
"""
#: The code points themselves.
TERMINAL = np.concatenate(
    [
        np.arange(int(first, 16), int(last or first, 16) + 1)
        for first, _, last in (run.partition("-") for run in _TERMINAL_RUNS.split())
    ]
)


def line_signals(batch: Batch) -> dict[str, Counts | Flags | Ratios]:
    """Compute the signals about lines.

    Returns
    -------
    dict of arrays, each of shape (n,)
        Lines as from str.splitlines: ``bullet_line_ratio`` (begin with ``•`` or ``-``) and
        ``ellipsis_line_ratio`` (end with ``...`` or ``…``) of Gopher; ``terminal_punct_lines`` (share that end with
        ``.``, ``?``, ``!``, ``"`` or ``'`` and not with ``...``, without citations such as ``[1]``),
        ``curly_brackets``, ``lorem_ipsum``, ``javascript_lines`` and ``policy_lines`` (counts) of C4.
        Lines as from ``text.split("\\n")``, only those with words: ``line_punct_ratio``
        (end with a terminal mark of any language), ``short_line_ratio`` (30 characters at most) and ``list_ratio``
        (line breaks for each word) of FineWeb.
    """
    split = batch.split_lines.spoken()
    lines = batch.lines.spoken()
    total = batch.split_lines.counts
    spoken = batch.tally(lines.rows)
    going_on = np.searchsorted(batch.continued, lines.ends) - np.searchsorted(batch.continued, lines.starts)
    short = lines.ends - lines.starts - going_on <= _SHORT
    bullets = split.rows[_begin_with_bullet(batch, split)]
    ellipsis, terminal = _ends(batch, split)
    return {
        "bullet_line_ratio": ratio(batch.tally(bullets), total),
        "ellipsis_line_ratio": ratio(batch.tally(split.rows[ellipsis]), total),
        "terminal_punct_lines": ratio(batch.tally(split.rows[terminal]), total),
        "curly_brackets": batch.occurrences(np.flatnonzero(batch.tokens.data == ord("{"))) > 0,
        **_phrases(batch),
        "line_punct_ratio": ratio(batch.tally(lines.rows[_end_with_mark(batch, lines)]), spoken),
        "short_line_ratio": ratio(batch.tally(lines.rows[short]), spoken),
        "list_ratio": ratio(batch.lines.counts - 1, batch.words),
    }


def _begin_with_bullet(batch: Batch, lines: Lines) -> Flags:
    starts = batch.tokens.starts[lines.first]
    bullet: Flags = np.logical_and.reduce([batch.data[starts + at] == byte for at, byte in enumerate("•".encode())])
    bullet |= batch.data[starts] == ord("-")
    return bullet


def _ends(batch: Batch, lines: Lines) -> tuple[Flags, Flags]:
    """Which lines end in an ellipsis (Gopher), and which in a terminal mark but not in three full stops (C4)."""
    starts, ends = batch.tokens.starts[lines.behind - 1], batch.tokens.ends[lines.behind - 1]
    tail = np.stack([batch.data[ends - back] for back in (3, 2, 1)])
    tail[(ends - starts) < np.array([[3], [2], [1]])] = 0  # before the last word of the line
    stops = (tail == ord(".")).all(axis=0)
    ellipsis = (tail == np.frombuffer("…".encode(), dtype=np.uint8)[:, None]).all(axis=0)
    terminal = np.isin(tail[2], _C4_MARKS) & ~stops
    for line in np.flatnonzero(
        (tail == ord("]")).any(axis=0)
    ):  # without the citation, the line may end in the mark before it
        start = batch.tokens.starts[lines.first[line]]
        bare = _CITATION.sub("", batch.data[start : ends[line]].tobytes().decode())
        terminal[line] = bare.endswith((".", "?", "!", '"', "'")) and not bare.endswith("...")
    either: Flags = stops | ellipsis
    return either, terminal


def _end_with_mark(batch: Batch, lines: Lines) -> Flags:
    """Which lines end in a terminal mark without white space after it (FineWeb)."""
    leads = lines.ends - 1
    for _ in range(3):
        leads = leads - (batch.data[leads] & 0xC0 == 0x80)
    marks: Flags = np.isin(code_points(batch.data, leads), TERMINAL)
    return marks


def _phrases(batch: Batch) -> dict[str, Counts | Flags]:
    """Phrases of C4, searched line by line in the few texts that have one."""
    lorem = np.zeros(len(batch.texts), dtype=bool)
    javascript, policy = np.zeros((2, len(batch.texts)), dtype=np.int64)
    for row in _texts_with_phrases(batch):
        for line in batch.texts[int(row)].as_py().splitlines():
            bare = _CITATION.sub("", line.strip()).lower()
            lorem[row] |= "lorem ipsum" in bare
            javascript[row] += "javascript" in bare
            policy[row] += any(phrase in bare for phrase in _POLICY)
    return {"lorem_ipsum": lorem, "javascript_lines": javascript, "policy_lines": policy}


def _texts_with_phrases(batch: Batch) -> Offsets:
    lower = pc.ascii_lower(batch.texts)
    has_phrase = _has_phrase(lower)
    brackets = np.flatnonzero(batch.tokens.data == ord("["))
    brackets = brackets[_CITATION_SECOND[batch.data[brackets + 1]]]
    cited = np.flatnonzero(batch.occurrences(brackets))
    if len(cited):  # without the citations there may be a phrase
        has_phrase[cited] |= _has_phrase(pc.replace_substring_regex(lower.take(pa.array(cited)), _CITATION_RE2, ""))
    return np.flatnonzero(has_phrase)


def _has_phrase(texts: pa.Array) -> Flags:
    return np.array(pc.match_substring_regex(texts, _PHRASES), dtype=bool)
