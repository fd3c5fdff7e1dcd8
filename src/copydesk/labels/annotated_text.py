"""What all formats of annotation tools have in common: a text with marks, and how tools count characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from copydesk.text import Offsets

#: Words, and characters of punctuation by themselves; combining marks stay with their letter.
_PUNCTUATION = (
    r"!-/:-@\[-`{-~\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3011\uff01-\uff0f"
)
_TOKEN = re.compile(rf"[^\s{_PUNCTUATION}]+|\S")


class Mark(NamedTuple):
    """A label on ``text[start:end]`` of a record, in code points.

    Attributes
    ----------
    start, end, label
        The span and its label.
    more : mapping
        Further fields of the label.
    note : str
        What the tool is to show beside it.
    quotes : tuple of (int, str)
        Words that the file says stand at these offsets, to be compared with the text.
    """

    start: int
    end: int
    label: str
    more: Mapping[str, Any] = {}
    note: str = ""
    quotes: tuple[tuple[int, str], ...] = ()


class TextRecord(NamedTuple):
    """A document, or a sentence of it, as a tool shows it.

    Attributes
    ----------
    where : str
        Its place in the file it was read from, for messages.
    doc_id, text_sha256 : str
        The document, and the hash of its whole clean text; empty if the file does not say.
    text : str or None
        The text that was annotated, if the file holds it.
    start : int
        Where the text begins in the clean text of the document.
    sentences : list of pairs of int
        The sentences of the text, if they are known.
    marks : list of Mark
        In order of position.
    """

    where: str
    doc_id: str
    text_sha256: str
    text: str | None
    start: int
    sentences: list[tuple[int, int]]
    marks: list[Mark]


class RecordProblem(NamedTuple):
    """A record, or a mark of it, that cannot be read: where it stands, what was found, what was expected."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class UnreadableRecord(Exception):
    """Raised while a record is read; its message says what was found and what was expected."""


class Utf16Offsets:
    """Offsets in UTF-16 code units, as JavaScript counts: a character beyond U+FFFF counts as two.

    >>> offsets = Utf16Offsets("a𝒳b")
    >>> offsets.units(2), offsets.code_points(3)
    (3, 2)
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _units(self) -> Offsets:
        characters = np.frombuffer(self._text.encode("utf-32-le"), "<u4")
        return np.concatenate(([0], np.cumsum(1 + (characters > 0xFFFF), dtype=np.int64)))

    def units(self, offset: int) -> int:
        """Code units before an offset in code points."""
        return int(self._units[offset])

    def code_points(self, units: int) -> int:
        """The offset in code points; an :class:`UnreadableRecord` is raised for one outside or within a character."""
        at = int(np.searchsorted(self._units, units))
        if at == len(self._units) or self._units[at] != units:
            raise UnreadableRecord(
                f"offset {units:,} in UTF-16 code units; expected the border of a character of the text, which has "
                f"{self._units[-1]:,}"
            )
        return at


def value_of(row: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """A value of a JSON object; an :class:`UnreadableRecord` is raised if it is missing or of another type."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        expected = " or ".join(_NAMES.get(known, known.__name__) for known in kinds)
        found = "nothing" if value is None else _NAMES.get(type(value), type(value).__name__)
        raise UnreadableRecord(f"{name}: expected {expected}; found {found}")
    return value


_NAMES = {
    str: "a string",
    int: "a whole number",
    list: "a list",
    dict: "an object",
    float: "a number",
    bool: "a boolean",
}


def tokens_of(record: TextRecord) -> Iterator[tuple[int, int]]:
    """Spans of the words and signs of a text, cut at its marks, so that each mark covers whole ones."""
    text = record.text or ""
    cuts = iter(sorted({edge for mark in record.marks for edge in (mark.start, mark.end)}))
    cut = next(cuts, len(text))
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        while cut <= start and cut < len(text):
            cut = next(cuts, len(text))
        while start < cut < end:
            yield start, cut
            start, cut = cut, next(cuts, len(text))
        yield start, end


def trimmed_marks(record: TextRecord) -> list[Mark]:
    """The marks without white space at their edges, for formats of words; one of white space alone is left out."""
    text = record.text or ""
    marks = []
    for mark in record.marks:
        words = text[mark.start : mark.end]
        start, end = mark.start + len(words) - len(words.lstrip()), mark.end - len(words) + len(words.rstrip())
        if start < end:
            marks.append(mark._replace(start=start, end=end))
    return marks


def blank_marks(record: TextRecord) -> list[RecordProblem]:
    """A problem for each mark on white space alone, which formats of words cannot express."""
    text = record.text or ""
    return [
        RecordProblem(record.doc_id, f"[{mark.start}, {mark.end}) {mark.label}: on white space alone; it is left out")
        for mark in record.marks
        if text[mark.start : mark.end].isspace()
    ]


def labels_of(records: Iterable[TextRecord]) -> list[str]:
    """The labels that are used, sorted."""
    return sorted({mark.label for record in records for mark in record.marks})
