"""The first step of a release: check that the repository is ready, and compute the next version. Writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Diff
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.git_remotes import refuse_behind_branch
from copydesk.releases.kept_splits import refuse_moves
from copydesk.releases.preconditions import refuse_broken_contract, refuse_unlicensed
from copydesk.releases.release_tags import release_versions, tag_of, withdrawn_versions
from copydesk.releases.upstream import known_releases, refuse_releases_outside, refuse_unknown_releases
from copydesk.releases.versions import Level, Version, next_version
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.dvc_config import unprovable_remote
from copydesk.revisions.git import git
from copydesk.revisions.lost_takedowns import refuse_lost_takedowns
from copydesk.revisions.revision import open_revision
from copydesk.validation import validate


class PlannedRelease(NamedTuple):
    """The version of the next release, and how it differs from the last one; None for the first release."""

    version: str
    diff: Diff | None


def check_release(
    root: Path, at_least: Level, *, remote: str | None = None, allow_moves: bool = False
) -> PlannedRelease:
    """Refuse a repository that is not ready for a release; compute the version from what changed.

    ``remote`` is the DVC remote for the data, by default the default one; ``allow_moves`` says whether documents may
    be in other splits than in the last release.

    Raises
    ------
    ReleaseError
        Naming the obstacle, what was found and what to do.
    """
    if problem := unprovable_remote(root, remote):
        raise ReleaseError(f"{root}: {problem}")
    refuse_incomplete_history(root)
    refuse_behind_branch(root)
    _refuse_unready_corpus(root)
    last_version = next(reversed(release_versions(str(root))), None)
    changes = None
    if last_version is not None:
        changes = diff(open_revision(root, tag_of(last_version), own=True), open_revision(root))
        if not allow_moves:
            refuse_moves(root, last_version, changes)
    refuse_broken_contract(root, last_version or "", changes)
    version = next_version(Version.parse(last_version) if last_version is not None else None, changes, at_least)
    withdrawn = withdrawn_versions(str(root))
    while str(version) in withdrawn:  # the newest releases were withdrawn, and nothing replaces them
        version = version.raised("major")
    if changes is not None and changes.empty:
        raise ReleaseError(f"{root}: nothing differs from {last_version}; there is nothing to release")
    return PlannedRelease(str(version), changes)


def refuse_incomplete_history(root: Path, releasing: str | None = None) -> None:
    """Refuse if a git remote lists a release that this clone lacks, or that HEAD does not contain.

    ``releasing`` is the version of the release in progress, if it is committed; it has no tag yet.
    """
    known = known_releases(root, releasing=releasing, own=True)
    refuse_unknown_releases(root, known)
    refuse_releases_outside(root, known)


def _refuse_unready_corpus(root: Path) -> None:
    modified_files = git(root, "status", "--porcelain", own=True)
    if modified_files:
        raise ReleaseError(f"{root}: the working tree is not clean; commit or undo:\n{modified_files.rstrip()}")
    refuse_lost_takedowns(root)
    stale_stages = json.loads(run_dvc(root, "status", "--json") or "{}")
    if stale_stages:
        raise ReleaseError(
            f"{root}: the pipeline is stale ({', '.join(sorted(stale_stages))}); run dvc repro and commit"
        )
    project = Project.open(root)
    alarms = project.reports / "alarms.jsonl"
    if alarms.is_file() and alarms.read_text("utf-8").strip():
        raise ReleaseError(
            f"{alarms}: a source loses more documents than select.alarm allows; check them, then raise the limit"
        )
    report = validate(project.corpus, project.schemas)
    if not report.ok:
        listed = "\n".join(f"  {finding}" for finding in report.findings[:5])
        raise ReleaseError(
            f"{project.corpus}: {plural(len(report.findings), 'violation')}; see copydesk validate:\n{listed}"
        )
    say(f"release: licenses: {refuse_unlicensed(project)}")
