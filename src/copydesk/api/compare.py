"""Compare two revisions of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.errors import InputError

if TYPE_CHECKING:
    from copydesk.differences.diff_model import Diff


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
    for name, value, optional in (("old", old, False), ("new", new, True)):
        if not (isinstance(value, str) or (optional and value is None)):
            expected = "a git revision such as 'HEAD~1'" + (", or None" if optional else "")
            raise InputError(f"{name}: expected {expected}; found {type(value).__name__}")
    from copydesk.differences.diff import diff as compare
    from copydesk.revisions.revision import open_revision

    folder = Path(root)
    return compare(open_revision(folder, old), open_revision(folder, new))
