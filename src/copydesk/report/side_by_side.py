"""Raw and clean text side by side, line by line, with edits, suggestions, flags and sentences.

A line that is the same in both stands there once, and a long text that was cut is folded: a page grows with the text.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Container, Iterator
from typing import NamedTuple

from copydesk.markup.html import Html, escaped, joined, tag
from copydesk.report.corpus_view import Document, Row
from copydesk.report.rules_page import deleted, spelled

#: Characters shown of a text: more would make browsers slow.
LONGEST = 300_000
_TIP = 80  # characters of an edit shown in its tooltip
FLAGS = 50  # flags shown of a document
_FOLDED = 400  # characters; longer cuts are folded
_CUT = (1500, 500)  # characters of a folded cut that are shown, from its start and its end


class Stretch(NamedTuple):
    """A span of the raw text and the span of the clean text that it became, either unchanged or by an edit."""

    raw_start: int
    raw_end: int
    start: int
    end: int
    edit: Row | None


class _Mark(NamedTuple):
    """A span of the clean text with a flag or a suggestion."""

    start: int
    end: int
    kind: str
    number: int
    tip: str


def stretches(document: Document) -> Iterator[Stretch]:
    """Divide both texts into consecutive stretches that cover them completely."""
    raw_at = at = 0
    for edit in document.edits:
        if not edit["applied"]:
            continue
        if edit["raw_start"] > raw_at:
            yield Stretch(raw_at, edit["raw_start"], at, edit["start"], None)
        yield Stretch(edit["raw_start"], edit["raw_end"], edit["start"], edit["end"], edit)
        raw_at, at = edit["raw_end"], edit["end"]
    if raw_at < len(document.raw["text"]):
        yield Stretch(raw_at, len(document.raw["text"]), at, len(document.row["text"]), None)


def side_by_side(
    document: Document, listed: Container[int] | None = None, *, in_one: bool = False, longest: int = LONGEST
) -> Html:
    """Rows of two cells; a row ends at a line feed that both texts have, or that an edit inserts.

    Parameters
    ----------
    document : Document
    listed : container of int, optional
        Numbers of the edits and suggestions with a row on the page: these are linked to it. None: all.
    in_one : bool
        Whether to show both texts in one column, deletions and insertions one after another: half as long.
    longest : int
        Characters of the raw text to show.
    """
    if listed is None:
        listed = range(len(document.edits))
    clean = _Clean(document, listed)
    raw = document.raw["text"]
    rows: list[_Sides] = [_Sides([], [], [])]
    for stretch in stretches(document):
        if stretch.raw_start >= longest:
            break
        if stretch.edit is not None:
            rows[-1].change(_raw_edit(stretch.edit, linked=stretch.edit["index"] in listed), clean.edit(stretch))
            if "\n" in stretch.edit["after"]:
                rows.append(_Sides([], [], []))
            continue
        start = stretch.start
        for line in io.StringIO(raw[stretch.raw_start : min(stretch.raw_end, longest)]):
            rows[-1].keep(escaped(line), clean.same(start, start + len(line)))
            start += len(line)
            if line.endswith("\n"):
                rows.append(_Sides([], [], []))
    rows[-1].keep(Html(""), clean.rest())
    head = tag("div", tag("h3", "Raw"), tag("h3", "Clean"), class_="pair heads")
    if in_one:
        head = tag("p", "Both texts in one: what was deleted stands before what was inserted.", class_="quiet")
    shown = (row.render(in_one=in_one) for row in rows if _has_text(row.raw) or _has_text(row.clean))
    more = len(raw) - longest
    note = tag("p", f"{more:,} more characters of the raw text are not shown.", class_="quiet") if more > 0 else None
    return tag("div", head, *shown, note, class_="sides", lang=document.row["language"])


def tip(edit: Row) -> str:
    """The tooltip of an edit."""
    before, after = (_brief(edit[name]) for name in ("before", "after"))
    change = f"inserts “{after}”" if not before else f"deletes “{before}”" if not after else f"“{before}” → “{after}”"
    kind = "" if edit["applied"] else "suggestion, "
    return f"{kind}{' + '.join(edit['rules'])} · {edit['tier']} · confidence {edit['confidence']:.2f} · {change}"


class _Sides(NamedTuple):
    """A row: its raw text, its clean text, and both in one, where unchanged text stands once."""

    raw: list[Html]
    clean: list[Html]
    both: list[Html]

    def keep(self, raw: Html, clean: Html) -> None:
        """Add unchanged text."""
        for side, text in zip(self, (raw, clean, clean), strict=True):
            side.append(text)

    def change(self, raw: Html, clean: Html) -> None:
        """Add an edit."""
        self.raw.append(raw)
        self.clean.append(clean)
        self.both.extend((raw, clean))

    def render(self, *, in_one: bool) -> Html:
        """The row; a line that no edit concerns stands there once."""
        if in_one or len(self.both) == len(self.clean):
            return tag("div", *self.both, class_="both clean")
        return tag("div", tag("div", *self.raw, class_="raw"), tag("div", *self.clean, class_="clean"), class_="pair")


def _has_text(side: list[Html]) -> bool:
    return any(part.strip() for part in side)


def _raw_edit(edit: Row, *, linked: bool) -> Html:
    before = edit["before"]
    number = edit["index"] if linked else None
    if len(before) <= _FOLDED:
        what = deleted(before)
        return _anchor(edit, what or tag("del", class_="empty"), "raw") if linked else what or Html("")
    head, tail = _CUT
    more = len(before) - head - tail
    cut = before if more <= 0 else f"{before[:head]} … {more:,} characters … {before[-tail:]}"
    summary = tag("summary", f"{len(before):,} characters cut by {' + '.join(edit['rules'])}")
    name = None if number is None else f"raw-{number}"
    return tag("details", summary, deleted(cut), id=name, class_=f"edit {edit['tier']} cut")


def _anchor(edit: Row, what: Html, side: str) -> Html:
    """A linked mark. The script gives the mark in the raw text the tooltip of its twin."""
    number = edit["index"]
    return tag(
        "a",
        what,
        id=f"{side}-{number}",
        class_=f"edit {edit['tier']}",
        href=f"#edit-{number}",
        data_tip=tip(edit) if side == "clean" else None,
        aria_label=None if edit["before" if side == "raw" else "after"].strip() else f"edit {number}",
    )


def _brief(text: str) -> str:
    shown = spelled(text).replace("⏎\n", "⏎")
    return shown if len(shown) <= _TIP else f"{shown[: _TIP // 2]}…{shown[-_TIP // 2 :]}"


def _caret(mark: _Mark) -> Html:
    """The position of a suggested insertion."""
    return tag("span", tag("span", mark.tip, class_="hidden"), class_="empty")


class _Clean:
    """The clean text, cut where sentences, flags and suggestions begin and end."""

    def __init__(self, document: Document, listed: Container[int]) -> None:
        self._listed = listed
        self._text = document.row["text"]
        self._sentences = {sentence["start"]: sentence["index"] for sentence in document.sentences}
        flags = (
            _Mark(flag["start"], flag["end"], "flag", number, f"flag: {flag['kind']}")
            for number, flag in enumerate(document.row["flags"][:FLAGS])
        )
        suggestions = (
            _Mark(edit["start"], edit["end"], "suggestion", edit["index"], tip(edit))
            for edit in document.edits
            if not edit["applied"]
        )
        marks = sorted((*flags, *suggestions))
        self._insertions = {mark.start: mark for mark in marks if mark.start == mark.end}
        self._cuts = sorted({0, len(self._text), *self._sentences, *(at for mark in marks for at in mark[:2])})
        self._marked = self._spread([mark for mark in marks if mark.start < mark.end])
        self._rendered: set[tuple[str, int]] = set()

    def _spread(self, marks: list[_Mark]) -> list[list[_Mark]]:
        """For each part between two cuts, the marks that cover it."""
        over: list[list[_Mark]] = []
        running: list[_Mark] = []
        following = 0
        for cut in self._cuts:
            while following < len(marks) and marks[following].start <= cut:
                running.append(marks[following])
                following += 1
            running = [mark for mark in running if mark.end > cut]
            over.append(list(running))
        return over

    def same(self, start: int, end: int) -> Html:
        """Render unchanged text."""
        return joined(self._parts(start, end, linked=True))

    def edit(self, stretch: Stretch) -> Html:
        """Render the text that an edit inserted."""
        edit = stretch.edit
        assert edit is not None
        parts = list(self._parts(stretch.start, min(stretch.end, stretch.start + LONGEST), linked=False))
        if edit["index"] not in self._listed:
            return tag("ins", *parts) if edit["after"] else Html("")
        what = tag("ins", *parts) if edit["after"] else tag("ins", class_="empty")
        return _anchor(edit, what, "clean")

    def rest(self) -> Html:
        """Render the suggestion after the last character, if there is one."""
        place = self._insertions.get(len(self._text))
        return self._mark(place, _caret(place), linked=True) if place else Html("")

    def _parts(self, start: int, end: int, linked: bool) -> Iterator[Html]:
        if start >= end:
            return
        number = bisect_left(self._cuts, start)
        number -= self._cuts[number] > start
        while self._cuts[number] < end:
            low, high = max(start, self._cuts[number]), min(end, self._cuts[number + 1])
            if low in self._sentences:
                yield tag("sup", self._sentences[low] + 1)
            if low in self._insertions:
                yield self._mark(self._insertions[low], _caret(self._insertions[low]), linked)
            # Inside an edit white space is made visible.
            text = escaped(self._text[low:high] if linked else spelled(self._text[low:high]))
            # Links cannot be nested: of marks that overlap, only the first is a link.
            over = self._marked[number]
            for depth in reversed(range(len(over))):
                text = self._mark(over[depth], text, linked and not depth)
            yield text
            number += 1

    def _mark(self, mark: _Mark, text: Html, linked: bool) -> Html:
        if mark.kind == "suggestion" and mark.number not in self._listed:
            return tag("mark", text if mark.start < mark.end else tag("span", class_="empty"), class_=mark.kind)
        place = (mark.kind, mark.number)
        first = place not in self._rendered
        self._rendered.add(place)
        row = f"edit-{mark.number}" if mark.kind == "suggestion" else f"flag-{mark.number}"
        return tag(
            "a" if linked else "mark",
            text,
            class_=mark.kind,
            id=f"{mark.kind}-at-{mark.number}" if first else None,
            href=f"#{row}" if linked else None,
            data_tip=mark.tip,
            aria_description=mark.tip if linked else None,
        )
