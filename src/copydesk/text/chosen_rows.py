"""Rows of ``documents`` with other edits: text, spans and counts of the chosen text. Needs numpy alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from copydesk.errors import EditError, InputError
from copydesk.text.alignment import Alignment
from copydesk.text.differing_edits import alignment_between
from copydesk.text.edit_choice import EditChoice, Otherwise, chosen_text, edit_choice, refuse_unknown_rules
from copydesk.text.edited_text import EditedText, revert
from copydesk.text.edits import ComposedEdit, EditPart

#: Columns that were computed from the published text: of another text they say nothing.
MEASURED = (
    *("language_score", "language_share", "languages", "words", "mean_word_length", "symbol_word_ratio"),
    *("alpha_word_ratio", "stop_words", "bullet_line_ratio", "ellipsis_line_ratio"),
    *("dup_paragraph_frac", "dup_paragraph_char_frac", "dup_line_frac", "dup_line_char_frac"),
    *(f"top_{n}_gram_frac" for n in range(2, 5)),
    *(f"dup_{n}_gram_frac" for n in range(5, 11)),
    *("terminal_punct_lines", "curly_brackets", "lorem_ipsum", "javascript_lines", "policy_lines"),
    *("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio", "duplicate_kind", "benchmark_overlap"),
)
_NEEDED = ("tiers", "parts", "otherwise")
Row = Mapping[str, Any]
Span = tuple[int, int]


class ChosenDocument(NamedTuple):
    """A document with the chosen edits.

    Attributes
    ----------
    edited : EditedText
        The raw text, the chosen text and the edits between them.
    alignment : Alignment
        ``to_clean`` maps spans of the published text to spans of the chosen one.
    sentences : list of (int, int)
        Spans in the chosen text.
    """

    edited: EditedText
    alignment: Alignment
    sentences: list[Span]


def choose_edits(edits: Iterable[Row], choice: object) -> ChooseEdits:
    """Return a function for ``Dataset.map`` that gives rows of ``documents`` the text with other edits.

    It needs numpy alone, and works on rows wherever they were loaded from; ``copydesk.load`` does the same for a
    release.

    Parameters
    ----------
    edits : iterable of mapping
        The rows of the table ``edits`` of the same dataset, all splits that are mapped.
    choice : str, list of str or None
        ``safe``: the edits of safe rules alone; a list such as ``["-read-more", "-hard-wrap"]``: all but those of
        these rules; None: the raw text.

    Returns
    -------
    callable
        Of a row of ``documents`` the columns that change: ``text`` and ``text_sha256``; ``sentences``, ``flags``,
        ``blocks`` and ``passages``, mapped; ``characters``, ``paragraphs`` and ``sentence_count``, counted. Columns
        that were computed from the published text are None. It raises InputError where the choice is not known for a
        document, EditError where rows do not fit together.

    Raises
    ------
    InputError
        If the choice is none, or names a rule that neither copydesk nor an edit has.

    Examples
    --------
    >>> part = {"step": 0, "start": 0, "end": 2, "replacement": " ", "rule": "spaces", "confidence": 1.0}
    >>> edit = {"doc_id": "a", "raw_start": 3, "raw_end": 5, "start": 3, "end": 4, "before": "  ", "after": " "}
    >>> edit |= {"rules": ["spaces"], "tiers": ["safe"], "confidence": 1.0, "applied": True, "parts": [part]}
    >>> row = {"doc_id": "a", "text": "one two", "sentences": [{"start": 0, "end": 7}]}
    >>> choose = choose_edits([edit | {"otherwise": []}], ["-spaces"])
    >>> choose(row)["text"], choose(row)["sentences"]
    ('one  two', [{'start': 0, 'end': 8}])
    """
    return ChooseEdits(edits, choice)


class ChooseEdits:
    """The function that :func:`choose_edits` returns."""

    def __init__(self, edits: Iterable[Row], choice: object) -> None:
        self.choice = edit_choice(choice)
        self._rows: dict[str, list[Row]] = {}
        rules: set[str] = set()
        for row in edits:
            if row["applied"]:
                self._rows.setdefault(row["doc_id"], []).append(row)
                rules.update(row["rules"])
        refuse_unknown_rules(self.choice, rules)

    def __call__(self, row: Row) -> dict[str, Any]:
        """The columns of a row of ``documents`` that change."""
        chosen = choose(row, self._rows.get(row["doc_id"], ()), self.choice)
        return changed_columns(row, chosen)


def choose(row: Row, edits: Sequence[Row], choice: EditChoice) -> ChosenDocument:
    """A document with the chosen edits.

    Parameters
    ----------
    row : mapping
        The row of ``documents``, of which ``doc_id``, ``text`` and ``sentences`` are read.
    edits : sequence of mapping
        Its applied edits: rows of ``edits``, in order.
    choice : EditChoice

    Raises
    ------
    InputError
        If the choice is not known for this document (see :func:`~copydesk.text.edit_choice.chosen_text`), or the rows
        are those of an older release.
    EditError
        If the edits do not fit the text.
    """
    where = f"document {row['doc_id']!r}"
    for name in _NEEDED if edits and choice.kind != "raw" else ():
        if name not in edits[0]:
            raise InputError(
                f"edits: {where}: the table edits has no column {name!r}, because an older copydesk made it; only "
                "None, the raw text, can be chosen"
            )
    tiers = {rule: tier for edit in edits for rule, tier in zip(edit["rules"], edit.get("tiers", ()), strict=False)}
    recorded = [
        Otherwise(**{**place, "rules": tuple(place["rules"])})
        for edit in edits
        for place in edit.get("otherwise", ())
    ]
    try:
        published = _published(row["text"], edits)
        chosen = chosen_text(published, choice, tiers, recorded, where)
    except EditError as error:
        raise EditError(f"{where}: its edits do not fit its text: {error}") from None
    alignment = alignment_between(published, chosen)
    spans = [(span["start"], span["end"]) for span in row["sentences"]]
    return ChosenDocument(chosen, alignment, _sentences(spans, alignment, chosen.text))


def changed_columns(row: Row, chosen: ChosenDocument) -> dict[str, Any]:
    """The columns of a row of ``documents`` that change, of those that the row has."""
    text = chosen.edited.text
    columns: dict[str, Any] = {
        "text": text,
        "sentences": [{"start": start, "end": end} for start, end in chosen.sentences],
        "characters": len(text),
        "paragraphs": sum(1 for line in text.split("\n") if line.strip()),
        "sentence_count": len(chosen.sentences),
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        **{name: _mapped(row[name], chosen.alignment) for name in ("flags", "passages") if name in row},
        **({"blocks": _blocks(row["blocks"], chosen.alignment, len(text))} if "blocks" in row else {}),
        **dict.fromkeys(MEASURED),
    }
    return {name: value for name, value in columns.items() if name in row}


def _published(text: str, edits: Sequence[Row]) -> EditedText:
    """A published text with its edits, from rows."""
    fields = [name for name in ComposedEdit._fields if name not in ("rules", "parts")]
    composed = [
        ComposedEdit(
            **{name: edit[name] for name in fields},
            rules=tuple(edit["rules"]),
            parts=tuple(EditPart(**part) for part in edit.get("parts", ())),
        )
        for edit in edits
    ]
    published = EditedText(revert(text, composed))
    published.text, published.edits = text, tuple(composed)
    return published


def _to_chosen(spans: Sequence[Span], alignment: Alignment) -> list[Span]:
    starts, ends = (np.array([span[side] for span in spans], dtype=np.int64) for side in range(2))
    return list(zip(*(places.tolist() for places in alignment.to_clean(starts, ends)), strict=True))


def _mapped(rows: Sequence[Row], alignment: Alignment) -> list[dict[str, Any]]:
    """Spans with what is said about them; those of which nothing is left are gone."""
    spans = _to_chosen([(row["start"], row["end"]) for row in rows], alignment)
    return [{**row, "start": start, "end": end} for row, (start, end) in zip(rows, spans, strict=True) if start < end]


def _blocks(rows: Sequence[Row], alignment: Alignment, length: int) -> list[dict[str, Any]]:
    """Blocks without gaps: what came back between two belongs to the first of them."""
    starts = [0, *(start for start, _ in _to_chosen([(row["start"], row["end"]) for row in rows], alignment)[1:])]
    bounds = pairwise((*starts, length)) if rows else ()
    return [
        {**row, "start": start, "end": end} for row, (start, end) in zip(rows, bounds, strict=True) if start < end
    ]


def _sentences(published: Sequence[Span], alignment: Alignment, text: str) -> list[Span]:
    """The sentences of the published text in the chosen one.

    A sentence keeps its characters. Where its end lies within what changed, it takes all of that. What came back
    between two belongs to the one that it stands beside in a line: to the next one if no space is between them, else
    to the one before. Whole lines that came back are sentences of their own. So every character but white space is
    in one sentence, as before.
    """
    sentences: list[Span] = []
    position = 0
    for start, end in _to_chosen(published, alignment):
        start = max(start, position)  # noqa: PLW2901
        if text[start:end].strip():
            start = _fill(sentences, text, position, start, has_next=True)  # noqa: PLW2901
            start, end = _stripped(text, start, end)  # noqa: PLW2901
            sentences.append((start, end))
            position = end
    _fill(sentences, text, position, len(text), has_next=False)
    return sentences


def _fill(sentences: list[Span], text: str, start: int, end: int, *, has_next: bool) -> int:
    """Give the characters between two sentences to one of them, or to new ones; return where the next one starts."""
    if not text[start:end].strip():
        return end
    lines: list[Span] = []
    for held in text[start:end].split("\n"):
        lines.append((start, start + len(held)))
        start += len(held) + 1
    next_start = end
    if has_next and _stripped(text, *lines[-1])[0] < end:
        beside_both = len(lines) == 1 and bool(sentences)
        if not beside_both or not text[end - 1].isspace():
            next_start = _stripped(text, *lines.pop())[0]
    for number, line in enumerate(lines):
        first, last = _stripped(text, *line)
        if first < last and number == 0 and sentences:
            sentences[-1] = sentences[-1][0], last
        elif first < last:
            sentences.append((first, last))
    return next_start


def _stripped(text: str, start: int, end: int) -> Span:
    """A span without the white space at its ends."""
    held = text[start:end]
    return start + len(held) - len(held.lstrip()), start + len(held.rstrip())
