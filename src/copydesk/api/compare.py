"""Compare two revisions of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from copydesk.differences.diff_model import Diff
    from copydesk.revisions.revision import Revision


def diff(old: str, new: str | None = None, *, root: Path | str = ".") -> Diff:
    """Compare two revisions of a corpus document by document, as ``copydesk diff`` does.

    Past revisions are read from DVC's cache or remote; the working tree is not touched.

    Parameters
    ----------
    old : str
        A git revision, such as ``corpus@v1.0.0`` or ``HEAD~1``.
    new : str, optional
        Another one; default: the working tree.
    root : path
        The repository of the corpus.

    Returns
    -------
    Diff
        Ids of the documents that were added, removed, changed or moved to another split, and the causes.

    Raises
    ------
    InputError
        If an argument is of the wrong type.
    ReleaseError
        If git does not know a revision, there is no corpus at it, or its data cannot be read.

    Examples
    --------
    >>> changes = diff("corpus@v1.0.0", "HEAD", root="my-corpus")  # doctest: +SKIP
    >>> changes.added, [(change.doc_id, change.causes) for change in changes.changed]  # doctest: +SKIP
    (['article-7'], [('article-2', ('rule spaces',))])
    """
    from copydesk.differences.diff import diff as compare

    return compare(*_revisions(old, new, root))


def changes(table: str, old: str, new: str | None = None, *, root: Path | str = ".") -> pa.Table:
    """Return the rows of a table that differ between two revisions, as ``copydesk changes`` does.

    Whoever keeps something made from the rows, such as an index of embeddings, makes it anew for these alone. Only
    files that differ are read.

    Parameters
    ----------
    table : str
        ``documents``, ``sentences``, ``raw`` or ``edits``.
    old : str
        A git revision, such as ``corpus@v1.0.0`` or ``HEAD~1``.
    new : str, optional
        Another one; default: the working tree.
    root : path
        The repository of the corpus.

    Returns
    -------
    pyarrow.Table
        The columns of the table in the new revision, and before them ``_change_type``, as in Delta's change feed:
        ``insert`` and ``delete`` for a row that only the new or only the old revision has, ``update_preimage`` and
        ``update_postimage``, one after the other, for a row that differs. A row is known by ``doc_id``, a sentence by
        ``sentence_id``, an edit by ``doc_id`` and ``index``. Sorted by document.

    Raises
    ------
    InputError
        If an argument is of the wrong type, or there is no such table.
    ReleaseError
        If git does not know a revision, there is no corpus at it, its data cannot be read, or a column has another
        type.

    Examples
    --------
    >>> rows = changes("sentences", "corpus@v1.0.0", "corpus@v2.0.0", root="my-corpus")  # doctest: +SKIP
    >>> rows.group_by("_change_type").aggregate([([], "count_all")])  # doctest: +SKIP
    """
    if not isinstance(table, str):
        raise InputError(f"table: expected the name of a table; found {type(table).__name__}")
    from copydesk.differences.changed_rows import changed_rows

    return changed_rows(table, *_revisions(old, new, root))


def _revisions(old: str, new: str | None, root: Path | str) -> tuple[Revision, Revision]:
    for name, value, optional in (("old", old, False), ("new", new, True)):
        if not (isinstance(value, str) or (optional and value is None)):
            expected = "a git revision such as 'HEAD~1'" + (", or None" if optional else "")
            raise InputError(f"{name}: expected {expected}; found {type(value).__name__}")
    from copydesk.revisions.revision import open_revision

    return open_revision(Path(root), old), open_revision(Path(root), new)
