"""The third step of a release: push its data, fetch it as a stranger would, and verify the result."""

from __future__ import annotations

from pathlib import Path

from copydesk.core.atomic_files import write_text
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.errors import ReleaseError
from copydesk.proofs.problem import Problem
from copydesk.proofs.sigstore_bundles import NOBODY, OwnSigners
from copydesk.releases.check import refuse_incomplete_history
from copydesk.releases.dvc_push import push_data
from copydesk.releases.verify import verify
from copydesk.releases.write import CommittedRelease
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.dvc_storages import DATA
from copydesk.revisions.git import git
from copydesk.validation import validate


def prove_release(root: Path, committed: CommittedRelease, remote: str | None, signers: OwnSigners = NOBODY) -> None:
    """Push the data of a committed release, verify it from a fresh clone, and look for other releases again.

    Parameters
    ----------
    root : Path
    committed : CommittedRelease
    remote : str or None
        DVC remote; the default one if None.
    signers : OwnSigners
        Whose signatures of manifest and statement must come back.

    Raises
    ------
    ReleaseError
        If the data cannot be pushed, comes back with other bytes twice, or another clone released meanwhile.
    """
    try:
        _push_until_proved(root, committed, remote, signers)
        _refuse_overtaken(root, committed)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\n{committed.version} is committed and not tagged, so it is no release yet; solve this, then "
            "run copydesk release again: it continues from here"
        ) from error


def verify_fresh_clone(
    root: Path,
    commit: str,
    version: str,
    remote: str | None,
    signers: OwnSigners = NOBODY,
) -> list[Problem]:
    """Fetch a release as a stranger would, from the remote alone into a fresh clone; check hashes and configurations.

    Return the files that came back with other bytes.

    Raises
    ------
    ReleaseError
        If the release cannot be fetched, or its dataset is invalid.
    """
    with scratch("release", root / "build") as folder:
        clone = folder / "clone"
        git(None, "clone", "--quiet", "--no-hardlinks", "--", str(root), str(clone))
        git(clone, "checkout", "--quiet", "--detach", commit)
        local_config = root / ".dvc" / "config.local"
        if local_config.is_file():  # it may contain the credentials of a remote
            write_text(clone / ".dvc" / "config.local", local_config.read_text("utf-8"))
        run_dvc(clone, "cache", "dir", "--local", str(folder / "cache"))
        run_dvc(clone, "pull", *([f"--remote={remote}"] if remote else []), DATA)
        allowed_signers = None
        if signers.line is not None:
            allowed_signers = folder / "signers"
            write_text(allowed_signers, signers.line)
        verification = verify(clone, allowed_signers=allowed_signers, sigstore=signers.sigstore)
        if not verification.ok:
            return verification.problems
        report = validate(clone / "corpus", clone / "schemas", mapped=True)
        if not report.ok:
            raise ReleaseError(f"{version}: the dataset that the remote returned is invalid: {report.findings[0]}")
    say(f"release: {version} was fetched from the remote, verified and loaded")
    return []


def _push_until_proved(
    root: Path,
    committed: CommittedRelease,
    remote: str | None,
    signers: OwnSigners,
) -> None:
    """Push the data and verify them; objects that came back damaged are pushed a second time, not a third."""
    version, commit = committed
    say("release: pushing the data to the DVC remote")
    push_data(root, remote)
    say("release: fetching it from there into a fresh clone, to verify and load it")
    problems = verify_fresh_clone(root, commit, version, remote, signers)
    if problems:
        say(f"release: {problems[0]}; pushing it again")
        push_data(root, remote, damaged=[problem.file for problem in problems])
        problems = verify_fresh_clone(root, commit, version, remote, signers)
    if problems:
        raise ReleaseError(f"{version}: the remote returned other bytes than were pushed: {problems[0]}")


def _refuse_overtaken(root: Path, committed: CommittedRelease) -> None:
    """Read the releases of the git remotes again, because minutes have passed since the first check."""
    try:
        refuse_incomplete_history(root, releasing=committed.version)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\nif another clone has made this release in the meantime, first give this one up with "
            f"git reset --keep {committed.commit[:12]}~1 and dvc checkout"
        ) from None
