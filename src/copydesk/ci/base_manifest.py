"""The base manifest for ``--changed``: files whose hashes are in it are not validated again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from copydesk.dataset.manifest import LISTING
from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result
from copydesk.revisions.revision import Revision, commit_of

#: Names of the default branch; the first that exists is used.
_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def base_listing(project: Path, corpus: Path, rev: str | None = None) -> dict[str, Any]:
    """Read the ``manifest.json`` of a corpus at a revision; empty if there was none yet.

    Parameters
    ----------
    project : Path
        The project's folder, in a git repository.
    corpus : Path
        The dataset's folder, below it.
    rev : str, optional
        The revision; default: the commit at which HEAD left the default branch.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or the corpus lies outside the project.
    """
    commit = commit_of(project, rev) if rev else _branch_point(project)
    try:
        path = corpus.resolve().relative_to(project.resolve()).as_posix()
    except ValueError:
        raise ReleaseError(
            f"{corpus}: not below {project}; --changed compares a corpus with its own history"
        ) from None
    text = Revision(project.resolve(), rev or commit, commit).text(f"{path}/{LISTING}")
    try:
        listing = json.loads(text or "{}")
    except ValueError:
        return {}  # an unreadable manifest vouches for no file, so all are checked
    return listing if isinstance(listing, dict) else {}


def _branch_point(project: Path) -> str:
    """The commit at which HEAD left the default branch."""
    for branch in _BRANCHES:
        merge_base = git_result(project, "merge-base", "HEAD", branch)
        if merge_base.returncode == 0:
            return merge_base.stdout.decode().strip()
    raise ReleaseError(
        f"{project}: no default branch: none of {', '.join(_BRANCHES)} shares history with HEAD; name a revision "
        "with --against, or fetch the whole history"
    )
