"""Whole lines that are not the article, and repeated lines.

A line is judged by its words (:mod:`~copydesk.cleaning.rules.boilerplate_patterns`), its position and its neighbours.
A line whose words are certain is removed anywhere; another one only before or after the article, or next to a certain
one, and elsewhere its removal is suggested. The first line may be a headline: it is kept, unless its pattern rules
that out. A text of nothing but such lines is left as it is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import count as numbers_from
from itertools import takewhile
from typing import NamedTuple

from copydesk.cleaning.rule import Found, Rule
from copydesk.cleaning.rules import boilerplate_patterns as patterns
from copydesk.cleaning.rules.line_scan import _SHORTEST, _Line, _lines
from copydesk.cleaning.rules.repeated_lines import _duplicates
from copydesk.language.blocks import WORDS
from copydesk.language.names_and_dates import BIOGRAPHY, LONGEST

#: How many lines at each edge of a text may be outside the article, and how many others may stand among them.
_EDGE_LINES = 16
_HEADLINES, _HEADLINE_LENGTH = 3, 200
_LAST_LINES, _LAST_LENGTH = 2, 160
_BIOGRAPHY_LINES = 8
_SHORT = 160
#: Dates that a page states of its article: when it was published, and changed.
_DATES = 2
#: So many addresses with at most so many lines from one to the next are a list.
_LIST_LENGTH, _LIST_STEP = 3, 4


class _Match(NamedTuple):
    line: _Line
    kind: str
    where: str
    first: bool


class _Judged(NamedTuple):
    removed: tuple[_Match, ...]
    suggested: tuple[_Match, ...]

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.removed or self.suggested)


_NOTHING = _Judged((), ())


def _judged_alone(line: str) -> tuple[str, str, bool] | None:
    """The kind of a line by its words, where such lines are removed, and whether the first line may be one.

    None for a line of the article. Long lines are paragraphs, or markup.
    """
    length = len(line)
    if length < _SHORTEST or length > LONGEST or (length > 400 and line[0] not in "<["):
        return None
    words = line.strip(" \t")
    return _judged_words(words) if len(words) > _SHORT else _judged_short(words)


@lru_cache(maxsize=16384)
def _judged_short(words: str) -> tuple[str, str, bool] | None:
    """The same of a short line, remembered: such lines stand in many texts, and a text is judged several times."""
    return _judged_words(words)


def _judged_words(words: str) -> tuple[str, str, bool] | None:
    if not words:
        return None
    if judged := patterns.judged_by_words(words):
        return judged
    kind, where = "", "any"
    if len(words) < 300 and "CLICK" in words and patterns.SHOUTED.fullmatch(words):
        kind = "read-more"
    elif patterns.credit_start(words) is not None or patterns.DATED_PHOTO.match(words):
        kind = "photo-credit"
    elif len(words) < 400 and "contribut" in words and patterns.CONTRIBUTED.fullmatch(words):
        kind, where = "contact", "tail"
    elif len(words) < 140 and ("@" in words or ".com/" in words) and patterns.is_address(words):
        kind = "contact"
    elif date := patterns.date_line(words):
        stamped, dated, rest = date
        kind, where = "date-line", "edge" if stamped and dated else "head" if not rest or dated else ""
    return (kind, where, kind in {"date-line", "contact"}) if kind and where else None


def _judge(text: str) -> _Judged:
    return _judge_lines(text) if _may_hold_any(text) else _NOTHING


def _may_hold_any(text: str) -> bool:
    """Whether there is a line to judge: most texts have none, neither by its words nor a biography at their end."""
    lines = text.split("\n")
    if any(map(_judged_alone, lines)):
        return True
    last = [line for line in lines if line and not line.isspace()][-_BIOGRAPHY_LINES:]
    return any(len(line) <= LONGEST and _is_about_author(line.strip(" \t")) for line in last)


def _judge_lines(text: str) -> _Judged:
    matches: list[_Match] = []
    head: list[tuple[_Line, _Match | None]] = []
    tail: deque[tuple[_Line, _Match | None]] = deque(maxlen=_EDGE_LINES)
    count = 0
    for line in _lines(text):
        judged = _judged_alone(text[line.start : line.end])
        match = _Match(line, *judged) if judged else None
        if match is not None:
            matches.append(match)
        if count < _EDGE_LINES:
            head.append((line, match))
        tail.append((line, match))
        count += 1
    biographies = _biographies(text, list(tail))
    matches = _merged(matches, biographies)
    if not matches or len(matches) == count:
        return _NOTHING
    top = _zone(head, _HEADLINES, _HEADLINE_LENGTH)
    known = {m.line.number for m in biographies}
    bottom = _zone(
        [(line, match or (biographies[0] if line.number in known else None)) for line, match in reversed(tail)],
        _LAST_LINES,
        _LAST_LENGTH,
    )
    last_head = max(top, default=-1)
    first_tail = min(bottom, default=count)
    matches = [_without_sentence(text, m) if m.line.number == count - 1 else m for m in matches]
    matches = _without_lists(text, matches)
    sure = {m.line.number for m in matches if m.where == "any"}
    # A chronicle has dates between its entries; then all dates belong to the article, also the first.
    date_lines = [m for m in matches if m.kind == "date-line" and m.where == "head"]
    is_chronicle = len(date_lines) > _DATES or sum(m.line.number > last_head for m in date_lines) > 1
    removed: list[_Match] = []
    suggested: list[_Match] = []
    for match in matches:
        number = match.line.number
        in_head, in_tail = number <= last_head, number >= first_tail
        goes = {
            "any": True,
            "edge": in_head or in_tail or number - 1 in sure or number + 1 in sure,
            "head": in_head and not (match.kind == "date-line" and is_chronicle),
            "tail": in_tail,
        }[match.where]
        if number == 0 and not match.first:
            continue
        (removed if goes else suggested).append(match)
    removed = _merged(removed, _names(text, head, removed, last_head))
    if len(removed) == count:
        removed = []
    return _Judged(tuple(removed), tuple(m for m in suggested if m.kind != "date-line"))


def _without_sentence(text: str, match: _Match) -> _Match:
    """The credit alone, where the last line of a text is a sentence of the article and its owner."""
    line = match.line
    words = text[line.start : line.end].strip(" \t")
    at = patterns.credit_start(words) if match.kind == "photo-credit" else None
    end = patterns.sentence_before_copyright(words, at) if at else 0
    start = text.index(words, line.start) + end
    return match._replace(line=line._replace(start=start, before=start)) if end else match


def _without_lists(text: str, matches: list[_Match]) -> list[_Match]:
    """All but the addresses that stand in even steps, as in a list of members: these are content."""
    addresses: dict[str, set[int]] = {}
    for match in matches:
        if match.kind == "contact" and "@" in text[match.line.start : match.line.end]:
            addresses.setdefault(match.where, set()).add(match.line.number)
    listed: set[int] = set()
    for known in addresses.values():
        for number in known:
            for step in range(1, _LIST_STEP + 1):
                # Looked at once, from the first line of a list.
                if number - step not in known:
                    of_list = list(takewhile(known.__contains__, numbers_from(number, step)))
                    listed.update(of_list if len(of_list) >= _LIST_LENGTH else ())
    return [match for match in matches if match.line.number not in listed] if listed else matches


def _zone(lines: list[tuple[_Line, _Match | None]], most: int, longest: int) -> set[int]:
    """Numbers of the lines between an edge of the text and the article."""
    zone: set[int] = set()
    other = 0
    for line, match in lines:
        if match is None:
            other += 1
            if other > most or line.end - line.start > longest:
                break
        zone.add(line.number)
    return zone


def _merged(matches: list[_Match], more: list[_Match]) -> list[_Match]:
    taken = {m.line.number for m in more}
    return sorted([m for m in matches if m.line.number not in taken] + more) if more else matches


def _names(text: str, head: list[tuple[_Line, _Match | None]], removed: list[_Match], last: int) -> list[_Match]:
    """Lines at the top that are only a name, next to a date line or a byline: the author."""
    marks = {m.line.number for m in removed if m.kind in {"date-line", "byline"}}
    bylines = []
    for line, match in head:
        if match is None and 0 < line.number <= last and line.end - line.start <= 100:
            words = text[line.start : line.end].strip(" \t")
            # What follows a date that opens the text is its headline.
            near = line.number + 1 in marks or (line.number > 1 and line.number - 1 in marks)
            if near and patterns.PERSON.fullmatch(words):
                bylines.append(_Match(line, "byline", "head", False))
    return bylines


def _biographies(text: str, tail: list[tuple[_Line, _Match | None]]) -> list[_Match]:
    """Lines about the author at the end of a text, with nothing of the article after them."""
    biographies: list[_Match] = []
    previous = -1
    for line, match in tail[-_BIOGRAPHY_LINES:]:
        if _is_biography(text, line, follows=previous == line.number - 1):
            biographies.append(_Match(line, "author-biography", "tail", False))
            previous = line.number
        elif match is None and line.end - line.start > _LAST_LENGTH:
            biographies = []
    return biographies


def _is_biography(text: str, line: _Line, follows: bool) -> bool:
    if line.number == 0 or line.end - line.start > LONGEST:
        return False
    words = text[line.start : line.end].strip(" \t")
    if follows and patterns.BIOGRAPHY_MORE.fullmatch(words):
        return True
    about = _is_about_author(words)
    return about is not None and (about.re is not BIOGRAPHY or not _is_mentioned(text, about["name"], line))


def _is_about_author(words: str) -> re.Match[str] | None:
    """What shows that a line is about an author: its beginning, or else a name and what the person does."""
    return patterns.BIOGRAPHY_HEAD.fullmatch(words) or BIOGRAPHY.match(words)


def _is_mentioned(text: str, name: str, line: _Line) -> bool:
    """Whether the article mentions a person: then a line about them belongs to it."""
    surname = name.rsplit(" ", 1)[-1]
    at = text.find(surname, 0, line.before)
    for _ in range(4):
        if at < 0:
            return False
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        if end - start > 80 + len(name):
            return True
        at = text.find(surname, at + 1, line.before)
    return True


def delete_lines(text: str, lines: Iterable[_Line]) -> Iterator[tuple[int, int, int]]:
    """The spans of lines to delete: each with the line breaks before it, at the top of the text with those after.

    Yields the place of each line among those given, and its span.
    """
    opening = 0
    for place, line in enumerate(lines):
        if line.number == opening == place:
            opening += 1
            after = line.end
            while after < len(text) and text[after] in "\n \t":
                after += 1
            yield place, line.start, text.rfind("\n", line.end, after) + 1
        else:
            yield place, line.before, line.end


def _of_kind(kind: str, text: str, judged: _Judged) -> Iterable[Found]:
    """Deletions of the lines of one kind that may be removed."""
    matches = tuple(match for match in judged.removed if match.kind == kind)
    return _deletions(text, matches) if matches else ()


def _deletions(text: str, matches: tuple[_Match, ...]) -> Iterator[Found]:
    for place, start, end in delete_lines(text, (match.line for match in matches)):
        yield Found(start, end, "", 0.95 if matches[place].where == "any" else 0.85)


def _weak(text: str, judged: _Judged) -> Iterator[Found]:
    for _, start, end in delete_lines(text, (match.line for match in judged.suggested)):
        yield Found(start, end, "", 0.5)


def _rule(kind: str, repairs: tuple[str, str], leaves: str) -> Rule:
    return Rule(kind, "probable", None, partial(_of_kind, kind), repairs, leaves, analyse=_judge, kinds=WORDS)


_END = "He will not return to the town where it began, he told the paper."

RULES = (
    _rule(
        "page-element",
        (f"{_END}\nSkip to main content\nHis friends do not believe it.", f"{_END}\nHis friends do not believe it."),
        f"{_END}\nComments by the minister made it worse, as comments do.",
    ),
    _rule(
        "read-more",
        (f"{_END}\nRead more: Why gas prices are falling again", _END),
        f"{_END}\nRead more than one paper if you want to know what happened.",
    ),
    _rule(
        "subscribe",
        (f"{_END}\nSubscribe to our newsletter and never miss a story.", _END),
        f"{_END}\nSubscribe to a theory for long enough and the facts begin to bend.",
    ),
    _rule(
        "photo-credit",
        (f"{_END}\n(Image credit: Metro Herald)", _END),
        f"{_END}\nPhotos of the scene show that the roof was gone by then.",
    ),
    _rule(
        "byline",
        (f"By Marta Kowalczyk, Staff Writer\n{_END}", _END),
        f"By Tuesday Marta Kowalczyk had left.\n{_END}",
    ),
    _rule(
        "date-line",
        (f"A town votes\nPublished November 20, 2019 at 9:45 am\n{_END}", f"A town votes\n{_END}"),
        f"{_END}\nOn November 20, 2019, he came back.",
    ),
    _rule(
        "author-biography",
        (f"{_END}\nLeila Haddad is a senior reporter at InfoPress, where she covers defence.", _END),
        f"{_END}\nHis wife is a senior reporter and was not surprised.",
    ),
    _rule(
        "contact",
        (f"{_END}\n(Reporting by Tom Ashworth; editing by Elena Petrova)", _END),
        f"{_END}\nContact with the island was lost on Friday.",
    ),
    _rule(
        "source-line",
        ("in a more dangerous world.”\nSource: Today IT", "in a more dangerous world.”"),
        "He named one.\nSource: the minister himself, who denied it.",
    ),
    _rule(
        "share",
        (f"{_END}\nShare on Facebook Share on Twitter Share via Email", _END),
        f"{_END}\nShares fell by a tenth on Monday.",
    ),
    _rule(
        "copyright",
        (f"{_END}\n© 2023 Metro Herald. All rights reserved.", _END),
        f"{_END}\nCopyright law does not protect a fact.",
    ),
    _rule(
        "advertisement",
        (f"{_END}\nADVERTISEMENT\nHis friends do not believe it.", f"{_END}\nHis friends do not believe it."),
        f"{_END}\nAdvertisements for the party were everywhere.",
    ),
    Rule(
        "duplicate-line",
        "probable",
        None,
        _duplicates,
        repairs=(f"{_END}\n{_END}\nHis friends do not believe it.", f"{_END}\nHis friends do not believe it."),
        leaves="“No,” he said.\nShe asked again.\n“No,” he said.",
        kinds=WORDS,
    ),
    Rule(
        "boilerplate-line",
        "suggest",
        None,
        _weak,
        repairs=(
            "\n".join([f"{_END} Nobody asked him. " * 4] * 3 + ["Watch: How the town voted"] + [_END * 3] * 4),
            "\n".join([f"{_END} Nobody asked him. " * 4] * 3 + [_END * 3] * 4),
        ),
        leaves=f"{_END}\nWatch the town for a day and you will see.\n{_END} Nobody asked.",
        analyse=_judge,
        kinds=WORDS,
    ),
)
