"""Compare one document in two revisions: its text word by word, its columns, its edits."""

from __future__ import annotations

import difflib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.differences.causes import edit_identity
from copydesk.differences.row_differences import ChangedShards, Row, common_shards
from copydesk.errors import ReleaseError
from copydesk.revisions.revision import Revision

#: Characters up to which texts are compared word by word.
_LARGEST = 200_000
_WORD = re.compile(r"\S+\s*|\s+")


class TextPiece(NamedTuple):
    """A piece of a text: ``kind`` is equal, insert, delete or replace."""

    kind: str
    old: str
    new: str


@dataclass(frozen=True)
class TextDiff:
    """The difference of one document: its text piece by piece, its columns and its edits.

    The text of a revision without the document is None.
    """

    doc_id: str
    old_text: str | None
    new_text: str | None
    pieces: list[TextPiece]
    columns: dict[str, tuple[Any, Any]]
    edits_added: list[Row]
    edits_removed: list[Row]


def document_diff(old: Revision, new: Revision, doc_id: str) -> TextDiff:
    """Compare one document: its text word by word, or line by line if it is long, its columns and its edits.

    Raises
    ------
    ReleaseError
        If neither revision has the document, or a shard cannot be read.
    """
    was, now = _document_rows(old, new, "documents", doc_id)
    if not was and not now:
        raise ReleaseError(f"{doc_id}: no such document, neither in {old.name} nor in {new.name}")
    before, after = (rows[0] if rows else {} for rows in (was, now))
    names = [name for name in {**before, **after} if name not in ("doc_id", "text")]
    lost, won = _document_rows(old, new, "edits", doc_id)
    return TextDiff(
        doc_id,
        before.get("text"),
        after.get("text"),
        compare_texts(before.get("text", ""), after.get("text", "")),
        {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)},
        _without(won, lost),
        _without(lost, won),
    )


def _document_rows(old: Revision, new: Revision, table: str, doc_id: str) -> tuple[list[Row], list[Row]]:
    """Rows of a document in both revisions, from shards that differ, else from one that both have."""
    rows_of_sides = [side.rows([doc_id]).get(doc_id, []) for side in ChangedShards.of(old, new, table)]
    if not any(rows_of_sides):
        rows = ChangedShards(new, common_shards(old, new, table)).rows([doc_id]).get(doc_id, [])
        return rows, rows
    return rows_of_sides[0], rows_of_sides[1]


def _without(rows: list[Row], others: list[Row]) -> list[Row]:
    """Rows that are not among some others; rows that differ only in offsets count as the same."""
    unmatched = Counter(map(edit_identity, others))
    kept = []
    for row in rows:
        if unmatched[edit_identity(row)]:
            unmatched[edit_identity(row)] -= 1
        else:
            kept.append(row)
    return kept


def compare_texts(old: str, new: str) -> list[TextPiece]:
    """The difference of two texts, piece by piece; the pieces joined are the old text, and the new text.

    Lines are compared first, then the words of those that differ, unless they are longer than 200,000 characters.
    """
    pieces: list[TextPiece] = []
    for piece in _pieces(list(io.StringIO(old)), list(io.StringIO(new))):
        if piece.kind == "replace" and len(piece.old) + len(piece.new) <= _LARGEST:
            pieces += _pieces(_WORD.findall(piece.old), _WORD.findall(piece.new))
        else:
            pieces.append(piece)
    return pieces


def _pieces(old: list[str], new: list[str]) -> Iterator[TextPiece]:
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(None, old, new).get_opcodes():
        yield TextPiece(kind, "".join(old[start:end]), "".join(new[other_start:other_end]))
