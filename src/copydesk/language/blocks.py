"""Kinds of text: which parts of a document are prose, verse, code, tables or lists, and in which language.

Cleaning asks before it edits, since what repairs prose destroys code and tables. Marks of form are cheap and decide
most; code is told from prose by a linear model, see :mod:`copydesk.language.code_lines`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.language.code_lines import may_have_code, score, signs_of_code
from copydesk.language.detection import language_of
from copydesk.language.english_words import looks_english
from copydesk.language.foreign_paragraphs import language_of_paragraph

Kind = Literal["prose", "verse", "code", "configuration", "table", "list", "transcript", "scan"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Kinds whose lines are sentences or parts of sentences.
WORDS: frozenset[Kind] = frozenset({"prose", "verse", "list", "transcript", "scan"})

#: Running text, whose lines are nothing but the width of a page.
PROSE: frozenset[Kind] = frozenset({"prose", "scan"})

#: What a text has that may be anything but prose, as RE2 understands it.
_FORM = r"[{}<>=\\|;$^_`\[\]\t]|  |--|::|\(\)|\A[ #%@*•·–—-]|\n[ #%@*•·–—-]|\n\S*[/.:)]|[^\n]\n[^\n]{1,120}(?:\n|\z)"

#: A longer line is a paragraph by itself, whatever stands below.
_LONG = 120
#: Log-odds in hundredths above which a paragraph is code; of one line alone the evidence must be stronger.
_CODE, _CODE_ALONE, _MOST = 60, 120, 300
#: Log-odds above which lines are verse, and characters of its widest line.
_VERSE, _WIDEST_VERSE = 2.0, 80
_MOST_LINES = 60  # lines of a paragraph that are scored

_GAP = re.compile(r"(?<=\S)(?<![.!?:;,])(?:\t| {2})[ \t]*(?=\S)|(?<=\S) {3,}(?=\S)|(?<=\S) ?\|(?= ?\S)")
_BULLET = re.compile(r"\s*(?:[-*+•·▪◦‣–—]\s+\S|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s+\S)")
_ADDRESS = re.compile(r"\s*(?:\S+://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|~?/[\w./-]+)\s*")
_SETTING = re.compile(r"\s*(?:[\w.\-\"'@/]+\s*[:=]|\[\[?[\w.:\"' -]+\]\]?\s*$|[#;]|[\w-]+ [\w./:,@-]+;?\s*$)")
_BRACKETS = re.compile(r"[(){}]|;\s*$")
_BARE_BRACKETS = re.compile(r"\s*[(){}\[\]]+[,;]?\s*")
_SPEAKER = re.compile(r"([^\W\d_][\w.'’ -]{0,28}):\s+\S")
_ENDS = re.compile(r"[.!?…。？！۔।:][\"'”’»)\]]*\s*$")
_PAUSES = re.compile(r"[,;:—–-]\s*$")
_SCANNED = re.compile(r"[^\W\d_]¬\s*$")
_LETTER = re.compile(r"[^\W_]|[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u0670\u0900-\u0dff\u0e31-\u0ebc]")
_PLAIN = re.compile(r"[^\W\d_]+(?:[ ,.'’-]+[^\W\d_]+)*[.,:]?\s*")


_PLAIN_KIND: Kind = "prose"
_NO_SPAN: tuple[int, int, Kind] = (1 << 62, 1 << 62, "prose")
_NO_EDIT = (1 << 62, 1 << 62, 0)


class Block(NamedTuple):
    """A part of a text of one kind, in one language.

    Attributes
    ----------
    start, end : int
        The span, in code points; blocks follow each other without gaps.
    kind : str
        One of ``KINDS``.
    language : str or None
        ISO 639 code; None where no language is clear.
    """

    start: int
    end: int
    kind: Kind
    language: str | None


class _Paragraph(NamedTuple):
    start: int
    lines: list[str]


class Blocks:
    """The blocks of a text, by position."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self._starts = [block.start for block in blocks]

    def at(self, position: int) -> Block:
        """The block of a position; of the end of a block it is the next one."""
        return self.blocks[max(0, bisect_right(self._starts, position) - 1)]

    def in_language(self, language: str) -> Blocks:
        """The same blocks, all in one language."""
        return Blocks([block._replace(language=language) for block in self.blocks])

    def overlaid(self, spans: Sequence[tuple[int, int, Kind]]) -> Blocks:
        """The same blocks, but for spans whose kind is known otherwise, in order; of two at a place the first."""
        blocks: list[Block] = []
        remaining = iter([*((s, e, k) for s, e, k in spans if s < e), _NO_SPAN])
        start, end, kind = next(remaining)
        for block in self.blocks:
            at = block.start
            while at < block.end:
                while end <= at:  # it was overlapped by the one before
                    start, end, kind = next(remaining)
                is_inside = start <= at
                stop = min(block.end, end if is_inside else start)
                piece = Block(at, stop, kind if is_inside else block.kind, block.language)
                if blocks and blocks[-1][2:] == piece[2:]:
                    blocks[-1] = blocks[-1]._replace(end=stop)
                else:
                    blocks.append(piece)
                at = stop
        return Blocks(blocks or self.blocks)

    def after(self, edits: Iterable[tuple[int, int, int]]) -> Blocks:
        """The same blocks when spans were replaced: start, end and length of the replacement of each, in order."""
        moved = iter(edits)
        start, end, length = next(moved, _NO_EDIT)
        shift = 0
        blocks: list[Block] = []
        for block in self.blocks:
            while end <= block.end and (start, end, length) != _NO_EDIT:
                shift += length - (end - start)
                start, end, length = next(moved, _NO_EDIT)
            new_end = max(blocks[-1].end if blocks else 0, min(start, block.end) + shift)
            blocks.append(block._replace(start=blocks[-1].end if blocks else 0, end=new_end))
        return Blocks(blocks)


def find_blocks(text: str, language: str | None = None) -> Blocks:
    """Divide a text into blocks.

    Parameters
    ----------
    text : str
    language : str, optional
        Language of the text, if it is known; it is detected otherwise.

    Examples
    --------
    >>> find_blocks("He said that it would rain all day.\\n\\nfor x in rows:\\n    print(x)\\n").blocks
    (Block(start=0, end=37, kind='prose', language='en'), Block(start=37, end=65, kind='code', language='en'))
    """
    paragraphs = list(_paragraphs(text))
    main = language or language_of_any(text)
    blocks: list[Block] = []
    start, current = 0, (_PLAIN_KIND, main)
    last = main
    for number, (paragraph, kind) in enumerate(zip(paragraphs, _kinds(text, paragraphs), strict=True)):
        if kind in WORDS:
            last = _language("\n".join(paragraph.lines), main)
        if number and (kind, last) != current:
            blocks.append(Block(start, paragraph.start, *current))
            start = paragraph.start
        current = kind, last
    return Blocks([*blocks, Block(start, len(text), *current)])


def plain_prose(texts: pa.Array, known: Sequence[Blocks | None] = ()) -> list[bool]:
    """For each text of a column, whether it is prose and nothing else; ``known`` are the blocks that were found.

    >>> plain_prose(pa.array(["He said so; she laughed.", "for x in rows:\\n    print(x)\\n"]))
    [True, False]
    """
    may_be_more = pc.match_substring_regex(texts, _FORM)
    prose = [not is_marked for is_marked in may_be_more.to_pylist()]
    for number in [number for number, is_prose in enumerate(prose) if not is_prose]:
        if known and (blocks := known[number]):
            kinds = [block.kind for block in blocks.blocks]
        else:
            text = texts[number].as_py()
            kinds = _kinds(text, list(_paragraphs(text)))
        prose[number] = all(kind == _PLAIN_KIND for kind in kinds)
    return prose


def language_of_any(text: str) -> str | None:
    """The language of a text; of one that is too short for the model, English if its words are English ones."""
    return language_of(text) or ("en" if looks_english(text) else None)


def _language(paragraph: str, main: str | None) -> str | None:
    """The language of a paragraph if it can be told from it; that of the text where it is no other one."""
    if main is None:
        return language_of(paragraph)
    return language_of_paragraph(paragraph, main)


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    """Runs of lines without an empty one; a long line is one by itself."""
    start = 0
    lines: list[str] = []
    position = 0
    for line in text.split("\n"):
        alone = len(line) > _LONG
        if lines and (alone or not line or line.isspace()):
            yield _Paragraph(start, lines)
            lines = []
        if alone:
            yield _Paragraph(position, [line])
        elif line and not line.isspace():
            if not lines:
                start = position
            lines.append(line)
        position += len(line) + 1
    if lines:
        yield _Paragraph(start, lines)


def _kinds(text: str, paragraphs: Sequence[_Paragraph]) -> list[Kind]:
    labels = Counter([m[1] for p in paragraphs for line in p.lines if ":" in line and (m := _SPEAKER.match(line))])
    speakers = frozenset(name for name, count in labels.items() if count > 1)
    signs = signs_of_code(text)
    scores = [_score(paragraph.lines, signs) for paragraph in paragraphs]
    kinds: list[Kind] = []
    for number, (paragraph, own) in enumerate(zip(paragraphs, scores, strict=True)):
        beside = sum(max(0, score) for score in scores[max(0, number - 1) : number + 2]) - own if own > 0 else 0
        kinds.append(_kind(paragraph.lines, own + beside // 4, speakers))
    _find_verse(paragraphs, kinds)
    return kinds


def _score(lines: Sequence[str], signs: Sequence[str]) -> int:
    """Mean of the lines' log-odds of being code, in hundredths; of one line alone exact only above 0."""
    if not may_have_code(lines[:_MOST_LINES], signs):
        return -_MOST
    if len(lines) == 1 and (own := score(lines[0], 0)) <= 0:  # most paragraphs that have a sign
        return own
    scores = [_line_score(line) for line in lines[:_MOST_LINES]]
    return sum(scores) // len(scores)


def _line_score(line: str) -> int:
    """Log-odds of a line, within limits; words without any sign are at most no evidence."""
    if _PLAIN.fullmatch(line):
        return -_MOST if line.count(" ") > 4 else min(0, score(line))
    return max(-_MOST, min(_MOST, score(line, -_MOST)))


def _kind(lines: Sequence[str], code_score: int, speakers: frozenset[str]) -> Kind:
    count = len(lines)
    if count == 1 and not speakers and code_score <= _CODE_ALONE:  # most paragraphs
        return _kind_alone(lines[0])
    if speakers and 5 * sum(bool((m := _SPEAKER.match(line)) and m[1] in speakers) for line in lines) >= 2 * count:
        return "transcript"
    if count > 1 and 5 * sum(map(_has_gap, lines)) >= 3 * count:
        return "table"
    if (
        count > 1
        and code_score > -_MOST
        and 3 * len(_LETTER.findall("".join(lines))) < sum(len(line.strip()) for line in lines)
    ):
        return "table" if any(map(str.isdigit, "".join(lines))) else "code"  # a drawing
    if code_score > (_CODE if count > 1 else _CODE_ALONE):
        addresses = sum(bool(_ADDRESS.fullmatch(line)) for line in lines)
        if 2 * addresses <= count:
            return _code_or_configuration(lines)
    return _list_or_prose(lines)


def _list_or_prose(lines: Sequence[str]) -> Kind:
    kinds = list(map(_kind_alone, lines))
    if 5 * kinds.count("list") >= 2 * len(lines):
        return "list"
    return "scan" if any("¬" in line and _SCANNED.search(line) for line in lines) else "prose"


def _kind_alone(line: str) -> Kind:
    """The kind of a line that is neither code nor part of a table."""
    if _BULLET.match(line) or _ADDRESS.fullmatch(line):
        return "list"
    return "scan" if "¬" in line and _SCANNED.search(line) else "prose"


def _code_or_configuration(lines: Sequence[str]) -> Kind:
    bare = sum(bool(_BARE_BRACKETS.fullmatch(line)) for line in lines)
    settings = sum(bool(_SETTING.match(line)) and not _BRACKETS.search(line) for line in lines)
    return "configuration" if settings and 3 * settings >= 2 * (len(lines) - bare) else "code"


def _has_gap(line: str) -> bool:
    """Whether a line has columns."""
    return ("  " in line or "\t" in line or "|" in line) and _GAP.search(line) is not None


def _is_torn(line: str) -> bool:
    """Whether a line ends in a hyphen."""
    return line.rstrip()[-1:] in ("-", "\u2010") and line.rstrip()[-2:-1].isalpha()


def _share(pattern: re.Pattern[str], lines: Iterable[str]) -> int:
    """How many lines a pattern matches in."""
    return sum(bool(pattern.search(line)) for line in lines)


def _may_be_verse(lines: Sequence[str]) -> bool:
    """Whether two lines or more are short enough for verse, and do not break words, nor end where sentences do."""
    if max(map(len, lines)) > _WIDEST_VERSE:
        return False
    if any(_is_torn(one) and two[:1].islower() for one, two in pairwise(lines)):
        return False
    return 2 * _share(_ENDS, lines[:-1]) <= len(lines) - 1 or len(lines) == 2


def _verse_score(lines: Sequence[str]) -> float:
    """How much the lines look like verse: a sum of log-odds.

    A formatter fills each line but the last; a poet ends lines before the width, at pauses, and the last one too.
    """
    stripped = [line.strip() for line in lines]
    width = max(map(len, stripped))
    total = 1.2 if len(stripped[-1]) >= 0.75 * width else -1.0
    for one, two in pairwise(stripped):
        fits = len(one) + 1 + len(two.split(" ", 1)[0]) <= width
        pauses = bool(_PAUSES.search(one) or _ENDS.search(one))
        total += (1.2 if fits else -0.2) + (0.8 if pauses else -0.35)
    capitals = sum(line.lstrip(" \"'“”«—–-¿¡")[:1].isupper() for line in stripped)
    return total + (1.0 if 5 * capitals >= 4 * len(lines) and len(lines) > 2 else 0.0)


def _find_verse(paragraphs: Sequence[_Paragraph], kinds: list[Kind]) -> None:
    """Mark what is verse among prose; stanzas are evidence for each other."""
    scores = {
        number: _verse_score(paragraph.lines)
        for number, (paragraph, kind) in enumerate(zip(paragraphs, kinds, strict=True))
        if len(paragraph.lines) > 1 and kind == "prose" and _may_be_verse(paragraph.lines)
    }
    total = sum(scores.values())
    for number, own in scores.items():
        others = (total - own) / (len(scores) - 1) if len(scores) > 1 else 0.0
        if own + 2 * others > _VERSE and (len(paragraphs[number].lines) > 2 or len(scores) > 1):
            kinds[number] = "verse"
