"""White space: which kind, how much, and where it was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule

_ODD = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_RUN = re.compile(f"[ {_ODD}]+")
_END = re.compile("[a-z][a-z][.?!][A-Z][a-z]")
_SPACE = re.compile(r"\s")


def _spaces(text: str) -> Iterator[Found]:
    for run in _RUN.finditer(text):
        start, end = run.span()
        at_edge = start == 0 or end == len(text) or text[start - 1] == "\n" or text[end] == "\n"
        wanted = "" if at_edge else " "
        if run.group() != wanted:
            yield Found(start, end, wanted)


def _missing_after_sentence(text: str) -> Iterator[Found]:
    for joint in _END.finditer(text):
        position = joint.start() + 3
        if not _is_address(text, position):
            yield Found(position, position, " ", 0.9)


def _is_address(text: str, position: int, reach: int = 100) -> bool:
    """Whether the run of characters around a position looks like a web address, a path or code."""
    before = _SPACE.split(text[max(0, position - reach) : position])[-1]
    after = _SPACE.split(text[position : position + reach], maxsplit=1)[0]
    token = before + after
    return any(sign in token for sign in ("/", "@", "_", "\\", "(", "=", "www."))


RULES = (
    Rule(
        "spaces",
        "safe",
        # One that is not a plain space, two of any, or one at the edge of a line.
        r"[\t\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]|  | \n|\n | \z|\A ",
        _spaces,
        repairs=("Kiev\u00a0said.  He \n left\t", "Kiev said. He\nleft"),
        leaves="Kiev said. He\n\nleft",
    ),
    Rule(
        "missing-space",
        "probable",
        "[a-z][a-z][.?!][A-Z][a-z]",
        _missing_after_sentence,
        repairs=("the outcome of the war?Russia does not", "the outcome of the war? Russia does not"),
        leaves="see https://example.org/war?Russia=1 and a U.S.-led force",
    ),
)
