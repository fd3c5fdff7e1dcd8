"""The parts of a difference between two revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.differences.schema_changes import SchemaChange


class Pair(NamedTuple):
    """A count in the old and in the new revision."""

    old: int
    new: int


class Delta(NamedTuple):
    """How many rows of a document were added and removed."""

    added: int = 0
    removed: int = 0


class RowCounts(NamedTuple):
    """How many rows of a table were added, removed and changed."""

    added: int = 0
    removed: int = 0
    changed: int = 0


_NO_ROWS = RowCounts()


class Move(NamedTuple):
    """A document that moved to another split."""

    doc_id: str
    old: str
    new: str


class Rename(NamedTuple):
    """A document whose file has another name: the same bytes under another id."""

    old: str
    new: str


class Change(NamedTuple):
    """A document that both revisions have and that differs.

    ``columns`` are the columns of documents that differ (``text_sha256`` instead of the text, which is not compared),
    ``tables`` the other tables whose rows for the document differ. Sentences are counted by text, edits by what they
    replace.
    """

    doc_id: str
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    causes: tuple[str, ...]
    sentences: Delta
    edits: Delta
    old_split: str
    new_split: str


class Parameter(NamedTuple):
    """A setting that differs, named ``section.key``; None if a revision does not have it."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Diff:
    """What changed between two revisions; documents are sorted by id.

    Attributes
    ----------
    old, new : str
        The two revisions.
    added, removed : list of str
        Ids of documents that only the new, or only the old revision has, and that were not renamed.
    dropped : dict of str to str
        For removed documents that the new build left out: the condition that left them out.
    moved : list of Move
        Documents that are in another split: ``doc_id``, ``old``, ``new``.
    changed : list of Change
        Documents that differ: ``doc_id``, ``columns``, ``tables``, ``causes``, and counts of sentences and edits.
    sources, languages : dict of str to Pair
        Documents by source and by language, in the old and in the new revision.
    complete : bool
        Whether all files could be read. If not, ``sources`` and ``languages`` count only the files that differ; the
        difference between old and new is right in both cases.
    tables : dict of str to Pair
        Rows of each table; empty if the listing of a revision does not count rows.
    schemas : list of SchemaChange
        Columns that were added, removed or changed.
    parameters : list of Parameter
        Settings that differ: ``name``, ``old``, ``new``.
    labels : RowCounts
        How many labels were added, removed and changed, also those of documents that were added or removed.
    renamed : list of Rename
        Documents whose row is there under another id, and otherwise the same: ``old``, ``new``, by the old one.

    Examples
    --------
    See :func:`copydesk.diff`, which returns it.
    """

    old: str
    new: str
    added: list[str]
    removed: list[str]
    dropped: dict[str, str]
    moved: list[Move]
    changed: list[Change]
    sources: dict[str, Pair]
    languages: dict[str, Pair]
    complete: bool
    tables: dict[str, Pair]
    schemas: list[SchemaChange]
    parameters: list[Parameter]
    labels: RowCounts = _NO_ROWS
    renamed: Sequence[Rename] = ()

    @property
    def empty(self) -> bool:
        """Whether no document, label, schema or setting differs."""
        documents = self.added or self.removed or self.renamed or self.changed
        return not (documents or self.schemas or self.parameters or any(self.labels))
