"""Characters that encode nothing, or encode it wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from copydesk.cleaning.rule import Found, Rule

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

_BREAKS = re.compile("\r\n?|[\v\f\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff]")
_FIELD = re.compile("[ \t]+")


def _line_ends(text: str) -> Iterator[Found]:
    return (Found(m.start(), m.end(), "\n") for m in _BREAKS.finditer(text))


def _invisible(text: str) -> Iterator[Found]:
    return (Found(m.start(), m.end(), "") for m in _INVISIBLE.finditer(text))


@cache
def _config() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    # What ftfy would do beyond its heuristics of decoding rewrites good text: curly quotes, full-width
    # letters, composed letters, line ends.
    return TextFixerConfig(
        unescape_html=True,
        remove_terminal_escapes=False,
        fix_latin_ligatures=True,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


def _misdecoded(text: str) -> Iterator[Found]:
    from ftfy import fix_text_segment

    start = 0
    for line in text.split("\n"):
        if not line.isascii() or "&" in line:
            fixed = fix_text_segment(line, _config())
            if fixed != line:
                yield from _differences(line, fixed, start)
        start += len(line) + 1


def _differences(before: str, after: str, offset: int) -> Iterator[Found]:
    """Field by field where both have the same number of fields, else the part between what is common."""
    gaps, fields, fixed = list(_FIELD.finditer(before)), _FIELD.split(before), _FIELD.split(after)
    if len(fields) == len(fixed) and [m.group() for m in gaps] == _FIELD.findall(after):
        starts = [0, *(m.end() for m in gaps)]
    else:
        starts, fields, fixed = [0], [before], [after]
    for start, old, new in zip(starts, fields, fixed, strict=True):
        if old != new:
            head = _common(old, new)
            tail = _common(old[head:][::-1], new[head:][::-1])
            yield Found(offset + start + head, offset + start + len(old) - tail, new[head : len(new) - tail])


def _common(one: str, other: str) -> int:
    """Length of the longest common beginning."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


RULES = (
    Rule(
        "line-end",
        "safe",
        r"[\r\v\f\x{2028}\x{2029}]",
        _line_ends,
        repairs=("one\r\ntwo\rthree", "one\ntwo\nthree"),
        leaves="one\n\ntwo",
    ),
    # Before the invisible characters go: ftfy needs the control characters among them as evidence.
    Rule(
        "mojibake",
        "safe",
        r"&[#A-Za-z]|[\x{80}-\x{9f}ŒœÃÂ\x{fb00}-\x{fb06}]|[^\x00-\x7f][^\x00-\x7f]",
        _misdecoded,
        repairs=("The ministerâ€™s cafÃ© &amp; bar", "The minister’s café & bar"),
        leaves="“Überraschung” — naïve café, AT&T, ￼",
    ),
    Rule(
        "invisible",
        "safe",
        r"[\x00-\x08\x0e-\x1f\x7f\x{ad}\x{200b}\x{2060}\x{feff}]",
        _invisible,
        repairs=("infra\u00adstructure\u200b\x00", "infrastructure"),
        # A zero-width joiner holds an emoji together.
        leaves="👩\u200d💻 and \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
)
