"""Raw and clean text side by side, line by line, with edits, suggestions, flags and sentences."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from copydesk.markup.html import Html, joined, tag
from copydesk.report.corpus_view import Document, Row
from copydesk.report.rules_page import deleted, spelled

#: Characters shown of a text: more would make browsers slow.
LONGEST = 300_000
_TIP = 80  # characters of an edit shown in its tooltip


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


def side_by_side(document: Document) -> Html:
    """Rows of two cells; a row ends at a line feed that both texts have, or that an edit inserts."""
    clean = _Clean(document)
    raw = document.raw["text"]
    language = document.row["language"]
    rows: list[tuple[list[Html], list[Html]]] = [([], [])]
    for stretch in stretches(document):
        if stretch.raw_start >= LONGEST:
            break
        if stretch.edit is not None:
            rows[-1][0].append(_raw_edit(stretch.edit))
            rows[-1][1].append(clean.edit(stretch))
            if "\n" in stretch.edit["after"]:
                rows.append(([], []))
            continue
        start = stretch.start
        for line in io.StringIO(raw[stretch.raw_start : min(stretch.raw_end, LONGEST)]):
            rows[-1][0].append(tag("span", line))
            rows[-1][1].append(clean.same(start, start + len(line)))
            start += len(line)
            if line.endswith("\n"):
                rows.append(([], []))
    rows[-1][1].append(clean.rest())
    head = tag("div", tag("h3", "Raw"), tag("h3", "Clean"), class_="pair heads")
    shown = (_row(left, right, language) for left, right in rows if _has_text(left) or _has_text(right))
    more = len(raw) - LONGEST
    note = tag("p", f"{more:,} more characters of the raw text are not shown.", class_="quiet") if more > 0 else None
    return tag("div", head, *shown, note, class_="sides")


def tip(edit: Row) -> str:
    """The tooltip of an edit."""
    before, after = (_brief(edit[name]) for name in ("before", "after"))
    change = f"inserts “{after}”" if not before else f"deletes “{before}”" if not after else f"“{before}” → “{after}”"
    kind = "" if edit["applied"] else "suggestion, "
    return f"{kind}{' + '.join(edit['rules'])} · {edit['tier']} · confidence {edit['confidence']:.2f} · {change}"


def _row(left: list[Html], right: list[Html], language: str | None) -> Html:
    sides = (
        tag("div", *side, class_=name, dir="auto", lang=language) for side, name in ((left, "raw"), (right, "clean"))
    )
    return tag("div", *sides, class_="pair")


def _has_text(side: list[Html]) -> bool:
    return any(part.startswith("<a") or part.removeprefix("<span>").removesuffix("</span>").strip() for part in side)


def _raw_edit(edit: Row) -> Html:
    what = deleted(edit["before"][:LONGEST]) or tag("del", class_="empty")
    return _anchor(edit, what, "raw")


def _anchor(edit: Row, what: Html, side: str) -> Html:
    number = edit["index"]
    return tag(
        "a",
        what,
        id=f"{side}-{number}",
        class_=f"edit {edit['tier']}",
        href=f"#edit-{number}",
        data_tip=tip(edit),
        aria_label=f"edit {number}: {tip(edit)}",
    )


def _brief(text: str) -> str:
    shown = spelled(text).replace("⏎\n", "⏎")
    return shown if len(shown) <= _TIP else f"{shown[: _TIP // 2]}…{shown[-_TIP // 2 :]}"


def _caret(mark: _Mark) -> Html:
    """The position of a suggested insertion."""
    return tag("span", tag("span", mark.tip, class_="hidden"), class_="empty")


class _Clean:
    """The clean text, cut where sentences, flags and suggestions begin and end."""

    def __init__(self, document: Document) -> None:
        self._text = document.row["text"]
        self._sentences = {sentence["start"]: sentence["index"] for sentence in document.sentences}
        flags = (
            _Mark(flag["start"], flag["end"], "flag", number, f"flag: {flag['kind']}")
            for number, flag in enumerate(document.row["flags"])
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
                yield tag("sup", self._sentences[low] + 1, class_="sentence", aria_hidden="true")
            if low in self._insertions:
                yield self._mark(self._insertions[low], _caret(self._insertions[low]), linked)
            # Inside an edit white space is made visible.
            text = tag("span", self._text[low:high] if linked else spelled(self._text[low:high]))
            # Links cannot be nested: of marks that overlap, only the first is a link.
            over = self._marked[number]
            for depth in reversed(range(len(over))):
                text = self._mark(over[depth], text, linked and not depth)
            yield text
            number += 1

    def _mark(self, mark: _Mark, text: Html, linked: bool) -> Html:
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
