"""Make a release in four steps: check, write, prove, tag. The tag is the release: without it there is none.

A note in ``build/release.json`` records the progress. After a crash the next run undoes the files that were written
before the commit, or continues after it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from copydesk.core.progress import say
from copydesk.dataset.manifest import NAME
from copydesk.differences.diff_model import Diff
from copydesk.errors import ReleaseError
from copydesk.proofs.signing import allowed_signers_line
from copydesk.proofs.sigstore_bundles import OwnSigners, SigstoreSigning
from copydesk.releases.check import check_release
from copydesk.releases.git_remotes import push_advice
from copydesk.releases.prove import prove_release
from copydesk.releases.release_tags import tag_of
from copydesk.releases.resume import resume_release
from copydesk.releases.tag import tag_release
from copydesk.releases.undo import delete_notes
from copydesk.releases.versions import Level
from copydesk.releases.write import write_release


class ReleaseResult(NamedTuple):
    """The release; after a ``dry_run`` the one that would be made, whose ``commit`` is None.

    ``diff`` is the difference from the last release; only a dry run of a later release has it.
    """

    version: str
    tag: str
    commit: str | None
    diff: Diff | None


def release(
    root: Path,
    *,
    at_least: Level = "patch",
    remote: str | None = None,
    dry_run: bool = False,
    allow_moves: bool = False,
    key: Path | None = None,
    sigstore: SigstoreSigning | None = None,
) -> ReleaseResult:
    """Make the next release of the corpus in a repository.

    Parameters
    ----------
    root : Path
        A git and DVC repository laid out as this one is.
    at_least : str
        ``patch``, ``minor`` or ``major``: may raise the version that is computed from the data, never lowers it.
    remote : str, optional
        DVC remote; the default one otherwise.
    dry_run : bool
        Whether only to check, and to return the release that would be made.
    allow_moves : bool
        Whether documents may be in other splits than in the last release.
    key : Path, optional
        An SSH key to sign the manifest and the statement of provenance with; the proof then requires its signature.
    sigstore : SigstoreSigning, optional
        Sign both with Sigstore, beside the key or without one; the proof then requires its bundles.

    Raises
    ------
    ReleaseError
        Naming the obstacle, what was found and what to do; nothing is tagged then.
    """
    root = root.resolve()
    line = allowed_signers_line(key) if key is not None else None  # first, because a key may be missing or locked
    if sigstore is not None:
        sigstore.check()
    with only_release(root):
        committed = None if dry_run else resume_release(root)
        if committed is None:
            planned = check_release(root, at_least, remote=remote, allow_moves=allow_moves)
            if dry_run:
                return ReleaseResult(planned.version, tag_of(planned.version), None, planned.diff)
            committed = write_release(root, planned, key, sigstore)
        expected = sigstore.signer_of(root / "corpus", NAME) if sigstore is not None else None
        prove_release(root, committed, remote, OwnSigners(line, expected))
        tag = tag_release(root, committed)
        delete_notes(root)
        say(f"release: {tag}; {push_advice(root, [tag], branch=True)}")
        return ReleaseResult(committed.version, tag, committed.commit, None)


@contextmanager
def only_release(root: Path) -> Iterator[None]:
    """Hold the lock of releases. It is a lock of the operating system, so a killed release leaves none behind.

    Raises
    ------
    ReleaseError
        If another release or purge holds it.
    """
    path = root / "build" / "release.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(f"{root}: another release or purge is running here; wait until it ends") from None
        yield
