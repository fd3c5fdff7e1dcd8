"""Cut a release: check, compute the version, write, commit, push, prove from outside, and only then tag.

The tag is the release: until it is there, nothing is one. A note in ``build/release.json`` says how far a release
came; run again after a crash, it takes back what was written before the commit, or goes on behind it.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import write_json, write_text
from copydesk.core.journal import journaled, note_written
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import SIGNATURE
from copydesk.differences.diff import diff
from copydesk.differences.model import Diff
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.project import Project
from copydesk.releases.changelog import section, with_section
from copydesk.releases.dvc_push import push
from copydesk.releases.load import versions, withdrawn
from copydesk.releases.params_file import set_in_corpus
from copydesk.releases.preconditions import refuse_broken_contract, refuse_unlicensed
from copydesk.releases.signing import allowing, sign
from copydesk.releases.take_back import WRITTEN, journal_of, keep, take_back
from copydesk.releases.upstream import (
    known_releases,
    push_command,
    refuse_behind_branch,
    refuse_releases_outside,
    refuse_unknown_releases,
    tag_of,
)
from copydesk.releases.verify import Problem, verify
from copydesk.releases.versions import Level, Version, following
from copydesk.revisions.git import git, git_environment
from copydesk.revisions.lost_takedowns import refuse_lost_takedowns
from copydesk.revisions.revision import open_revision
from copydesk.validation import validate


class Release(NamedTuple):
    """A release, or what it would be."""

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
    key: Path | None = None,
) -> Release:
    """Cut the next release of the corpus in a repository.

    Parameters
    ----------
    root : Path
        A git and DVC repository laid out as this one is.
    at_least : str
        ``patch``, ``minor`` or ``major``: may raise the version that the data ask for, and never lowers it.
    remote : str, optional
        DVC remote; the default one otherwise.
    dry_run : bool
        Whether only to check and to say what the release would be.
    key : Path, optional
        An SSH key to sign the manifest with; the proof then asks for its signature.

    Raises
    ------
    ReleaseError
        Naming what is in the way, what was found and what to do; nothing is tagged then.
    """
    root = root.resolve()
    signers = allowing(key) if key is not None else None  # first, since a key may be missing or locked
    with _alone(root):
        return _release(root, at_least, remote, dry_run, key, signers)


def _release(  # noqa: PLR0917  (what ``release`` was given)
    root: Path, at_least: Level, remote: str | None, dry_run: bool, key: Path | None, signers: str | None
) -> Release:
    note = root / "build" / "release.json"
    begun = _resumed(root, note) if not dry_run else None
    if begun is None:
        _refuse_unless_known(root)
        refuse_behind_branch(root)
        _refuse_unless_ready(root)
        last, gone = versions(str(root)), withdrawn(str(root))
        found = diff(open_revision(root, tag_of(last[-1]), own=True), open_revision(root)) if last else None
        refuse_broken_contract(root, last[-1] if last else "", found)
        version = following(Version.parse(last[-1]) if last else None, found, at_least)
        while str(version) in gone:  # which is so where the newest releases were withdrawn and nothing replaces them
            version = version.raised("major")
        if found is not None and found.empty:
            raise ReleaseError(f"{root}: nothing differs from {last[-1]}; there is nothing to release")
        if dry_run:
            return Release(str(version), tag_of(str(version)), None, found)
        begun = _written(root, note, str(version), found, key)
    version_text, commit = begun
    try:
        _publish(root, commit, version_text, remote, signers)
        _refuse_overtaken(root, commit, version_text)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\n{version_text} is committed and not tagged, so it is no release yet; see to this, then run "
            f"copydesk release again: it goes on from here"
        ) from error
    _tag(root, commit, version_text)
    _forget(root, note)
    say(f"release: {tag_of(version_text)}; push it with {push_command(root, [tag_of(version_text)], branch=True)}")
    return Release(version_text, tag_of(version_text), commit, None)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock of releases: it is the system's, so that a killed release leaves none behind."""
    path = root / "build" / "release.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReleaseError(f"{root}: another release is at work here; wait until it ends") from None
        yield


def _refuse_unless_known(root: Path, cutting: str | None = None) -> None:
    """Refuse where the git remotes have releases that are unknown here, or that HEAD does not contain."""
    known = known_releases(root, cutting=cutting, own=True)
    refuse_unknown_releases(root, known)
    refuse_releases_outside(root, known)


def _refuse_overtaken(root: Path, commit: str, version: str) -> None:
    """Ask the git remotes once more, now that the release is committed and proved: that took minutes."""
    try:
        _refuse_unless_known(root, cutting=version)
    except ReleaseError as error:
        raise ReleaseError(
            f"{error}\nif another clone has released in the meantime, first give this release up with "
            f"git reset --keep {commit[:12]}~1 and dvc checkout"
        ) from None


def _refuse_unless_ready(root: Path) -> None:
    dirty = git(root, "status", "--porcelain", own=True)
    if dirty:
        raise ReleaseError(f"{root}: the working tree is not clean; commit or take back:\n{dirty.rstrip()}")
    refuse_lost_takedowns(root)
    stale = json.loads(_run(root, "dvc", "status", "--json") or "{}")
    if stale:
        raise ReleaseError(f"{root}: the pipeline is stale ({', '.join(sorted(stale))}); run dvc repro and commit")
    project = Project.open(root)
    alarms = project.reports / "alarms.jsonl"
    if alarms.is_file() and alarms.read_text("utf-8").strip():
        raise ReleaseError(f"{alarms}: a source loses more documents than select.alarm allows; look, then raise it")
    report = validate(project.corpus, project.schemas)
    if not report.ok:
        first = "\n".join(f"  {finding}" for finding in report.findings[:5])
        raise ReleaseError(f"{project.corpus}: {len(report.findings)} violations; see copydesk validate:\n{first}")
    refuse_unlicensed(project)


def _resumed(root: Path, note: Path) -> tuple[str, str] | None:
    """What a release that was killed had come to: its commit, or nothing after what it wrote was taken back."""
    if not note.is_file():
        return None
    version, base = _noted(note)
    _unlock(root)
    head = git(root, "rev-parse", "HEAD").strip()
    message = git(root, "log", "-1", "--format=%s").strip()
    if head != base and message == _message(version):
        say(f"release: going on with {version} at {head[:12]}")
        return version, head
    edited: list[str] = []
    if head == base:
        say(f"release: taking back what the unfinished release {version} wrote")
        edited = take_back(root, _run)
    _forget(root, note)
    if edited:
        listed = ", ".join(edited)
        raise ReleaseError(
            f"{root}: edited since the unfinished release {version} began: {listed}; these files stay as they are, "
            "copies lie in build/edited-*, and the rest is taken back; commit them, or take them back with git "
            "checkout -- FILE, then run copydesk release again"
        )
    return None


def _noted(note: Path) -> tuple[str, str]:
    """Version and base of a release that was begun."""
    try:
        known = json.loads(note.read_text("utf-8"))
        return str(Version.parse(known["version"])), str(known["base"])
    except (ValueError, LookupError, TypeError, CopydeskError) as error:
        raise ReleaseError(
            f"{note}: not what a release notes ({type(error).__name__}: {error}), so what that release wrote is not "
            f"known; look at git status, take back what is not yours among {', '.join(WRITTEN)} with git checkout -- "
            "FILE, delete the note, run dvc checkout, then copydesk release again"
        ) from None


def _forget(root: Path, note: Path) -> None:
    """Remove the notes of a release that is done or taken back."""
    note.unlink(missing_ok=True)
    journal_of(root).unlink(missing_ok=True)


def _unlock(root: Path) -> None:
    """Remove DVC's note of who reads and writes what if a kill left it half written: DVC would refuse everything."""
    from dvc.exceptions import DvcException  # type: ignore[import-untyped]
    from dvc.repo import Repo  # type: ignore[import-untyped]

    with suppress(DvcException), Repo(str(root)) as repo, repo.lock:  # without the lock somebody may be writing it
        note = Path(repo.tmp_dir, "rwlock")
        try:
            json.loads(note.read_bytes() if note.is_file() else b"{}")
        except ValueError:
            say(f"release: {note} was left half written; removed")
            note.unlink()


def _written(root: Path, note: Path, version: str, found: Diff | None, key: Path | None) -> tuple[str, str]:
    """Write the version, build with it, sign, write the changelog, commit; return version and commit."""
    base = git(root, "rev-parse", "HEAD").strip()
    keep(root)
    try:
        with journaled(journal_of(root)):
            write_json(note, {"version": version, "base": base})
            date = git(root, "log", "-1", "--format=%cs").strip()
            # Quoted: without quotes a date is no text, and a hash of digits alone is none either.
            set_in_corpus(root / "params.yaml", {"version": version, "commit": f'"{base}"', "date": f'"{date}"'})
            _run(root, "dvc", "repro")
            note_written(root / "dvc.lock")
            # A signature that was there is that of another manifest.
            (root / "corpus" / SIGNATURE).unlink(missing_ok=True)
            if key is not None:
                sign(root / "corpus", key)
            changelog = root / "CHANGELOG.md"
            known = changelog.read_text("utf-8") if changelog.is_file() else None
            write_text(changelog, with_section(known, section(version, date, found)))
        git(root, "add", "--", *(name for name in WRITTEN if (root / name).exists()), own=True)
        git(root, "commit", "--quiet", "--message", _message(version), hooks=True)
    except BaseException:
        take_back(root, _run)
        _forget(root, note)
        raise
    return version, git(root, "rev-parse", "HEAD").strip()


def _message(version: str) -> str:
    return f"Release {tag_of(version)}"


def _publish(root: Path, commit: str, version: str, remote: str | None, signers: str | None) -> None:
    """Push the data and prove that it arrived; what came back damaged is pushed a second time, and no third."""
    push(root, remote, _run)
    problems = prove(root, commit, version, remote, signers)
    if problems:
        say(f"release: {problems[0]}; pushing it again")
        push(root, remote, _run, damaged=[problem.file for problem in problems])
        problems = prove(root, commit, version, remote, signers)
    if problems:
        raise ReleaseError(f"{version}: what came back from the remote is not what was pushed: {problems[0]}")


def _tag(root: Path, commit: str, version: str) -> None:
    tag = tag_of(version)
    if git(root, "tag", "--list", tag):
        there = git(root, "rev-parse", f"{tag}^{{commit}}").strip()
        if there != commit:
            raise ReleaseError(
                f"{root}: {tag} is there already, at {there[:12]} and not at {commit[:12]}, and stays; to give up "
                f"this release and cut the next one, run git reset --keep {commit[:12]}~1 and dvc checkout, then "
                "copydesk release again"
            )
        return  # by a release that was killed right behind it
    git(root, "tag", "--annotate", tag, commit, "--message", f"corpus {version}", own=True)


def prove(root: Path, commit: str, version: str, remote: str | None, signers: str | None = None) -> list[Problem]:
    """Fetch the release as a stranger would: a fresh clone, the remote alone, every hash, every configuration.

    Returns the files that came back with other bytes.
    """
    with scratch("release", root / "build") as folder:
        clone = folder / "clone"
        git(None, "clone", "--quiet", "--no-hardlinks", "--", str(root), str(clone))
        git(clone, "checkout", "--quiet", "--detach", commit)
        local = root / ".dvc" / "config.local"
        if local.is_file():  # where a remote's credentials are
            write_text(clone / ".dvc" / "config.local", local.read_text("utf-8"))
        _run(clone, "dvc", "cache", "dir", "--local", str(folder / "cache"))
        data = "corpus/data"
        _run(clone, "dvc", "pull", *([f"--remote={remote}"] if remote else []), data)
        allowed = None
        if signers is not None:
            allowed = folder / "signers"
            write_text(allowed, signers)
        checked = verify(clone, allowed_signers=allowed)
        if not checked.ok:
            return checked.problems
        report = validate(clone / "corpus", clone / "schemas", mapped=True)
        if not report.ok:
            raise ReleaseError(f"{version}: what came back from the remote does not hold: {report.findings[0]}")
    say(f"release: {version} was fetched from the remote, verified and loaded")
    return []


def _run(root: Path, *command: str) -> str:
    """Run DVC, which lies beside the Python that runs this."""
    environment = {**git_environment(own=True), "DVC_NO_ANALYTICS": "1"}
    environment.pop("PYTHONSAFEPATH", None)  # scripts of the pipeline may use each other
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-800:]
        raise ReleaseError(f"{root}: {' '.join(command[:3])} failed with status {done.returncode}: {said}")
    return done.stdout
