"""Begin a merge with the drivers of this copydesk, whether or not the clone has them in its configuration."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from copydesk.core.escaping import git_line
from copydesk.errors import ReleaseError
from copydesk.merging.drivers import settings_of_this_process
from copydesk.revisions.git import error_output, git, git_result


class Outcome(NamedTuple):
    """Whether nothing is left to do, and what git said."""

    finished: bool
    said: str


def merge_revision(root: Path, rev: str) -> Outcome:
    """Merge a revision into the working tree and the index; nothing is committed, except by a fast-forward.

    Raises
    ------
    ReleaseError
        If git does not know the revision, or refuses, for example because of changes that are not committed.
    """
    parsed = git_result(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if parsed.returncode:
        raise ReleaseError(f"{root}: {rev!r}: no such branch, tag or commit; run git fetch")
    commit = parsed.stdout.decode().strip()
    before = git(root, "rev-parse", "HEAD").strip()
    message = f"Merge {git_line(rev)}"
    merged = git_result(
        root, "merge", "--no-commit", "-m", message, commit, own=True, settings=settings_of_this_process()
    )
    begun = git_result(root, "rev-parse", "--verify", "--quiet", "MERGE_HEAD").returncode == 0
    if merged.returncode and not begun:
        raise ReleaseError(f"{root}: git merge {rev}: {error_output(merged)}")
    if begun:
        return Outcome(False, "")
    moved = git(root, "rev-parse", "HEAD").strip() != before
    return Outcome(True, "fast-forward; run dvc checkout" if moved else "already up to date")
