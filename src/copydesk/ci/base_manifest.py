"""What a corpus was before a change: the hashes that a validation need not look behind again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from copydesk.dataset.manifest import LISTING
from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result
from copydesk.revisions.revision import Revision, commit_of

#: Where a default branch is looked for, the first that is there.
_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def base_listing(project: Path, corpus: Path, rev: str | None = None) -> dict[str, Any]:
    """The ``manifest.json`` of a corpus at a revision; empty where there was none yet.

    Parameters
    ----------
    project : Path
        The project's folder, in a git repository.
    corpus : Path
        The dataset's folder, below it.
    rev : str, optional
        The revision; where HEAD left the default branch if not given.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or the corpus lies outside the project.
    """
    commit = commit_of(project, rev) if rev else _left(project)
    try:
        path = corpus.resolve().relative_to(project.resolve()).as_posix()
    except ValueError:
        raise ReleaseError(f"{corpus}: not below {project}; --changed compares a corpus with its own past") from None
    text = Revision(project.resolve(), rev or commit, commit).text(f"{path}/{LISTING}")
    try:
        listing = json.loads(text or "{}")
    except ValueError:
        return {}  # what it says of files is not known, so all are looked at
    return listing if isinstance(listing, dict) else {}


def _left(project: Path) -> str:
    """The commit at which HEAD left the default branch."""
    for branch in _BRANCHES:
        done = git_result(project, "merge-base", "HEAD", branch)
        if done.returncode == 0:
            return done.stdout.decode().strip()
    raise ReleaseError(
        f"{project}: no default branch: none of {', '.join(_BRANCHES)} has a past in common with HEAD; "
        "name a revision with --against, or fetch the whole history"
    )
