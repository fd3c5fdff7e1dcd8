"""Characters that encode nothing, or encode it wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from copydesk.cleaning.rule import Found, Rule
from copydesk.language.blocks import WORDS, Blocks

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

_BREAKS = re.compile("\r\n?|[\u2028\u2029]")
# The colours of a terminal go as a whole. A soft hyphen at the end of a line is needed to make its word whole.
_INVISIBLE = re.compile(
    "\x1b\\[[0-9;]{0,20}[A-Za-z]|\u00ad(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MARKS = "\u200e\u200f"
_FIELD = re.compile("[ \t]+")
# ftfy changes a text only if it contains an entity, a C1 control, a ligature, a letter with which misread bytes
# begin, or two adjacent characters outside ASCII that are not both plain typography.
_SUSPECT = "[\x80-\x9fŒœÃÂ\ufb00-\ufb06]|[^\x00-\x7f“”‘’–—…][^\x00-\x7f]|[^\x00-\x7f][^\x00-\x7f“”‘’–—…]"
# One that was escaped again, once or more, is decoded at once: "&amp;quot;".
_REFERENCE = re.compile(r"&(?:amp;)*+(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});|&(?:amp;)++")
_SUSPECT_LINE = re.compile(_SUSPECT)
_SCANNED_HYPHEN = re.compile(r"[^\W\d_]¬\s*$")
_WIDE = re.compile("[\uff01-\uff5e\u3002\u3001]")
# Letters beside which a full-width character is at home: ideographs, kana, hangul.
_EAST_ASIAN = re.compile("[\u1100-\u11ff\u2e80-\u2fdf\u3041-\u30ff\u3105-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_EAST_ASIAN_LANGUAGES = frozenset({"zh", "ja", "ko", "yue"})
_FOLLOWED_BY_SPACE = ",.;:!?)"


def _line_ends(text: str) -> Iterator[Found]:
    return (Found(m.start(), m.end(), "\n") for m in _BREAKS.finditer(text))


def _invisible(text: str) -> Iterator[Found]:
    # Direction marks are needed in Hebrew and Arabic, and have no effect elsewhere.
    kept = _MARKS if _RIGHT_TO_LEFT.search(text) else ""
    return (Found(m.start(), m.end(), "") for m in _INVISIBLE.finditer(text) if m.group() not in kept)


@cache
def _config() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    # Beyond its decoding heuristics ftfy would rewrite good text: curly quotes, full-width letters,
    # composed letters, line ends.
    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=True,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


_LOST_BYTE = re.compile(r"â€ (?=\S)")
#: Stands for "â€" while a line is decoded: a sign for private use.
_EITHER = "\ue0ff"


def _misdecoded(text: str) -> Iterator[Found]:
    from ftfy import fix_text_segment

    start = 0
    for line in text.split("\n"):
        if _SUSPECT_LINE.search(line) and _EITHER not in line:
            # "Groß¬": the sign at a line's end is the hyphen of a scan, and not the second byte of a letter.
            hyphen = _SCANNED_HYPHEN.search(line)
            body = line[: hyphen.start() + 1] if hyphen else line
            fixed = fix_text_segment(_with_lost_byte(body), _config()).replace(_EITHER, "â€")
            if fixed != body:
                yield from _differences(body, fixed, start)
        start += len(line) + 1


def _with_lost_byte(line: str) -> str:
    """A line whose "â€ " is a closing quote again: its last byte was lost. A dagger has another space behind it.

    Without an opening quote in the line it may be either; then a sign stands for it that no rule reads.
    """
    return _LOST_BYTE.sub("â€\x9d " if "â€œ" in line else f"{_EITHER} ", line)


def _nothing(text: str) -> tuple[Found, ...]:
    return ()


def _references(text: str) -> Iterator[Found]:
    matches = list(_REFERENCE.finditer(text))
    if not matches:  # AT&T: the library is imported where it is needed
        return
    from ftfy.fixes import unescape_html

    for match in matches:
        character, previous = match.group(), ""
        while character != previous:
            character, previous = unescape_html(character), character
        if character != match.group():
            yield Found(match.start(), match.end(), character)


def _differences(before: str, after: str, offset: int) -> Iterator[Found]:
    """Field by field if both have the same number of fields; otherwise the part between the common ends."""
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


def _full_width(text: str, blocks: Blocks) -> Iterator[Found]:
    """Full-width characters in lines of Latin text; in East Asian text they are correct."""
    checked = -1  # the end of the last line that was checked
    at_home = False
    for match in _WIDE.finditer(text):
        start, end = match.span()
        if start > checked:
            begin = text.rfind("\n", max(0, checked), start) + 1
            checked = text.find("\n", end)
            checked = len(text) if checked < 0 else checked
            if not text[begin:start].strip():  # the mark may end the line above
                begin = text.rfind("\n", 0, max(0, begin - 1)) + 1
            east_asian = blocks.at(start).language in _EAST_ASIAN_LANGUAGES
            at_home = east_asian or _EAST_ASIAN.search(text, begin, checked) is not None
        if at_home:
            continue
        narrow = {"\u3002": ".", "\u3001": ","}.get(match.group()) or chr(ord(match.group()) - 0xFEE0)
        following = text[end : end + 1]
        number = following.isdigit() and text[start - 1 : start].isdigit()
        if narrow in _FOLLOWED_BY_SPACE and not number and (following.isalnum() or following in ("“", "‘", "(")):
            narrow += " "
        yield Found(start, end, narrow)


RULES = (
    Rule(
        "line-end",
        "safe",
        r"[\r\x{2028}\x{2029}]",
        _line_ends,
        repairs=("one\r\ntwo\rthree", "one\ntwo\nthree"),
        leaves="one\n\ntwo",
    ),
    Rule(
        "character-reference",
        "safe",
        "&[#A-Za-z]",
        _references,
        repairs=("The café &amp; bar said &quot;no&quot;", 'The café & bar said "no"'),
        leaves="AT&T; R&D; &c; if (a &b; c)",
        # The references of a page are decoded already: what looks like one is text about it.
        find_in_pages=_nothing,
    ),
    # Before the invisible characters go: ftfy needs the control characters among them as evidence.
    Rule(
        "mojibake",
        "safe",
        _SUSPECT,
        _misdecoded,
        repairs=("The ministerâ€™s cafÃ©", "The minister’s café"),
        leaves="“Überraschung” — naïve café, AT&T, ￼",
    ),
    Rule(
        "invisible",
        "safe",
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x{ad}\x{200b}\x{200e}\x{200f}\x{2060}\x{feff}]",
        _invisible,
        repairs=("infra\u00adstructure\u200b\x00", "infrastructure"),
        # A zero-width joiner holds an emoji together.
        leaves="👩\u200d💻 and \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
    Rule(
        "full-width",
        "safe",
        "[\uff01-\uff5e\u3002\u3001]",
        _full_width,
        repairs=(
            "The prime minister said，after the talks， that he ＡＧＲＥＥＤ。",
            "The prime minister said, after the talks, that he AGREED.",
        ),
        leaves="He said 你好，世界。 and left",
        kinds=WORDS,
        needs_blocks=True,
    ),
)
