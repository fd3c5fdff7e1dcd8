"""The last step of a release: the annotated git tag. Until it exists, there is no release."""

from __future__ import annotations

from pathlib import Path

from copydesk.errors import ReleaseError
from copydesk.releases.release_tags import tag_of
from copydesk.releases.write import CommittedRelease
from copydesk.revisions.git import git


def tag_release(root: Path, committed: CommittedRelease) -> str:
    """Tag the commit of a release and return the name of the tag; if the commit has that tag already, it stays.

    Raises
    ------
    ReleaseError
        If the tag exists on another commit: it is never moved.
    """
    tag, commit = tag_of(committed.version), committed.commit
    if git(root, "tag", "--list", tag):  # perhaps made by this release before it was killed
        tagged_commit = git(root, "rev-parse", f"{tag}^{{commit}}").strip()
        if tagged_commit != commit:
            raise ReleaseError(
                f"{root}: {tag} exists already, on {tagged_commit[:12]} and not on {commit[:12]}, and stays; to "
                f"give up this release and make the next one, run git reset --keep {commit[:12]}~1 and dvc checkout, "
                "then copydesk release again"
            )
    else:
        git(root, "tag", "--annotate", tag, commit, "--message", f"corpus {committed.version}", own=True)
    return tag
