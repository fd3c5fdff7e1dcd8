"""White space: which kind, how much, and where there should be none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import PROSE, WORDS, Blocks

_ODD = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# Runs that are not one plain space between two characters of a line.
_RUN = re.compile(f" [ {_ODD}]+|[{_ODD}][ {_ODD}]*|\\A |(?<=\n) | (?=\n)| \\Z")
_BEFORE_MARK = re.compile(" (?<=[^\\s] )[,.;:!?،؛؟]")
_BEHIND_MARK = " \n\"'”’)]"
_FRENCH_TOO = ";:!?"
#: Languages that set these marks off.
_SET_OFF = frozenset({"fr", "br"})


def _spaces(text: str) -> Iterator[Found]:
    for run in _RUN.finditer(text):
        start, end = run.span()
        at_edge = start == 0 or end == len(text) or text[start - 1] == "\n" or text[end] == "\n"
        wanted = "" if at_edge else " "
        if run.group() != wanted:
            yield Found(start, end, wanted)


def _before_mark(text: str, blocks: Blocks) -> Iterator[Found]:
    # A text that sets most of these off, as French does, means to.
    set_off = sum(text.count(f" {mark}") for mark in _FRENCH_TOO)
    kept = _FRENCH_TOO if 2 * set_off > sum(map(text.count, _FRENCH_TOO)) else ""
    for match in _BEFORE_MARK.finditer(text):
        start, end = match.span()
        mark = text[end - 1]
        before, behind = text[start - 1], text[end : end + 1]
        # ".5", ".com", "...", ":)" and the like begin something; a lone mark behind a word ends it.
        if mark in kept or (behind and behind not in _BEHIND_MARK):
            continue
        if mark in ":;" and behind == ")" and not text[end + 1 : end + 2].strip():
            continue  # a smiley
        if mark in _FRENCH_TOO and blocks.at(start).language in _SET_OFF:
            continue
        # "List . and .. too": no sentence ends before a small letter.
        if (
            mark == "."
            and text[start - 2 : start - 1] != "."
            and (following := text[end : end + 2])
            and following[-1:].islower()
            and following[0] == " "
        ):
            continue
        if before.isalnum() or before in "”’\"')]%":
            yield Found(start, start + 1, "")


RULES = (
    Rule(
        "spaces",
        "safe",
        # One that is not a plain space, two of any, or one at the edge of a line.
        r"[\t\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]|  | \n|\n | \z|\A ",
        _spaces,
        repairs=("Kiev\u00a0said.  He \n left\t", "Kiev said. He\nleft"),
        leaves="Kiev said. He\n\nleft",
        kinds=PROSE | {"list", "transcript"},
    ),
    Rule(
        "space-before-mark",
        "safe",
        "[^ \n] [,.;:!?،؛؟]",
        _before_mark,
        repairs=("the participation of this team , he said .", "the participation of this team, he said."),
        leaves="a .22 rifle, the .NET runtime, wait ... and « vraiment ! »",
        kinds=WORDS,
        needs_blocks=True,
    ),
)
