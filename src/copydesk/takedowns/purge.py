"""Purge: reissue past releases without a document that was taken down, and delete every object that contains it.

The order makes it safe to kill a purge anywhere and run it again. Each release that contains the document is reissued
without it, pushed, proved from a fresh clone and tagged; then the old release is withdrawn. Objects are deleted only
after this is done for all releases. At the end everything is searched again. Progress is recorded in git tags and in
the objects that remain.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import read_json_lines, sha256_file
from copydesk.core.escaping import git_line
from copydesk.core.plugins import load_plugins
from copydesk.core.progress import say
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.readers.document_listing import list_documents
from copydesk.readers.seed_files import list_seeds
from copydesk.releases.prove import verify_fresh_clone
from copydesk.releases.release import only_release
from copydesk.releases.release_tags import tag_of, tagged_releases
from copydesk.releases.upstream import KnownReleases, known_releases, push_withdrawals, refuse_unknown_releases
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_storages import CACHE, DATA, DvcStorages, copy_objects, open_storages
from copydesk.revisions.git import git
from copydesk.revisions.git_history import read_git_objects
from copydesk.revisions.withdrawals import withdrawal_message
from copydesk.takedowns.lines_about import LinesAbout, remove_lines
from copydesk.takedowns.occurrences import Occurrences, data_listing_at, find_occurrences, objects_needed_by
from copydesk.takedowns.reissue import Reissue, commit_reissue, count_remaining_documents
from copydesk.takedowns.takedown import document_of, ledger_of


class PurgePlan(NamedTuple):
    """What a purge would do.

    ``reissues`` are the releases to reissue, oldest first. ``without_replacement`` are releases of which nothing
    would remain; they are withdrawn and not replaced. ``objects_to_keep`` contain only rows of exact copies, and
    another release needs them.
    """

    doc_id: str
    reissues: list[Reissue]
    without_replacement: list[Reissue]
    occurrences: Occurrences
    objects_to_keep: frozenset[str]

    @property
    def objects_to_delete(self) -> list[str]:
        """Objects to delete, in a safe order: those needed to find the others come last."""
        oids = self.occurrences.objects.keys() - self.objects_to_keep
        return sorted(oids, key=lambda oid: (oid in self.occurrences.delete_last, oid))


class PurgeResult(NamedTuple):
    """The result of a purge.

    ``replaced`` has the new version of each withdrawn release, or None. ``deleted`` is the number of deleted copies,
    ``objects_read`` the number of objects that the last search read. ``problems`` are messages about objects that
    could not be deleted or searched. ``pushed`` has the tags that were pushed, by git remote.
    """

    replaced: dict[str, str | None]
    deleted: int
    objects_read: int
    problems: list[str]
    pushed: dict[str, list[str]]


def plan_purge(root: Path, storages: DvcStorages, doc_id: str) -> PurgePlan:
    """Plan a purge; refuse if the repository is not in a safe state.

    Raises
    ------
    ReleaseError
        If this clone lacks releases, the document is not in the ledger, the working tree is not clean or still
        contains it, or releases have to be reissued and there is no default remote to prove them from.
    """
    _refuse_incomplete_clone(root)
    project = Project.open(root)
    load_plugins(project.plugins)  # their readers read files of records that may contain the document
    ledger_row = ledger_of(project).get(doc_id)
    if ledger_row is None:
        raise ReleaseError(
            f"{project.seeds / 'takedowns.jsonl'}: no line for {doc_id!r}; first say why, with copydesk takedown "
            f"{doc_id} --reason ..., then dvc repro and commit"
        )
    if ledger_row.get("withdrawn"):
        raise ReleaseError(
            f"{project.seeds / 'takedowns.jsonl'}: the takedown of {doc_id!r} was withdrawn; take it down again first"
        )
    modified_files = git(root, "status", "--porcelain", own=True)
    if modified_files:
        raise ReleaseError(f"{root}: the working tree is not clean; commit or undo:\n{modified_files.rstrip()}")
    occurrences = find_occurrences(root, storages, doc_id)
    _refuse_document_in_working_tree(root, project, storages, occurrences, doc_id)
    commits, withdrawn = tagged_releases(str(root.resolve()))
    _refuse_unlisted_data(root, storages, {version: commits[version] for version in commits.keys() - withdrawn})
    reissues: list[Reissue] = []
    without_replacement: list[Reissue] = []
    taken_versions = set(commits)
    for version, affected in occurrences.releases.items():
        if version in withdrawn:
            continue
        new_version = _version_begun(root, version, doc_id, commits) or _next_patch(version, taken_versions)
        reissue = Reissue(version, commits[version], new_version, affected, occurrences.search, ledger_row)
        if count_remaining_documents(root, storages, reissue):
            reissues.append(reissue)
            taken_versions.add(new_version)
        else:
            without_replacement.append(reissue)
    if reissues and not storages.default:
        raise ReleaseError(
            f"{root}: no default DVC remote to prove a release from; dvc remote add --default NAME URL"
        )
    if reissues and (reason := storages.unreadable.get(f"remote {storages.default}")):
        raise ReleaseError(f"{root}: the default DVC remote {storages.default} cannot be searched: {reason}")
    unaffected = [
        commit for version, commit in commits.items() if version not in withdrawn | occurrences.releases.keys()
    ]
    needed = {oid for commit in unaffected for oid in storages.listing(data_listing_at(root, commit)).values()}
    needed |= objects_needed_by(root, storages, "HEAD")
    with_copies_alone = occurrences.objects.keys() - occurrences.search.objects.keys()
    return PurgePlan(doc_id, reissues, without_replacement, occurrences, frozenset(needed & with_copies_alone))


def purge(root: Path, doc_id: str, agreed: PurgePlan | None = None) -> PurgeResult:
    """Carry out the plan of :func:`plan_purge`, then search everything again.

    Parameters
    ----------
    root : Path
        A git and DVC repository laid out as this one is.
    doc_id : str
        A document of the ledger.
    agreed : PurgePlan, optional
        The plan that the user agreed to; a new one otherwise.

    Raises
    ------
    ReleaseError
        As for :func:`plan_purge`, or if a release cannot be reissued, pushed or proved; nothing is deleted then.
        Also if another release or purge is running in the same folder.
    """
    root = root.resolve()
    with only_release(root):
        _remove_locks_of_killed_git(root)
        return _purge(root, doc_id, agreed)


def _remove_locks_of_killed_git(root: Path) -> None:
    """Remove the locks of our own references: whoever holds the lock of releases is the only one to write them."""
    references = Path(root, git(root, "rev-parse", "--git-path", "refs/copydesk").strip())
    for lock in references.rglob("*.lock"):
        lock.unlink()


def _purge(root: Path, doc_id: str, agreed: PurgePlan | None) -> PurgeResult:
    with open_storages(root, own=True) as storages:
        plan = agreed or plan_purge(root, storages, doc_id)
        replaced: dict[str, str | None] = {}
        for reissue in plan.reissues:
            _reissue(root, storages, reissue)
            replaced[reissue.version] = reissue.new_version
        for reissue in plan.without_replacement:
            _withdraw_release(root, reissue, None)
            replaced[reissue.version] = None
        _delete_references_of_reissues(root)
        pushed = push_withdrawals(root, _refuse_incomplete_clone(root))
        deleted, problems = _delete_occurrences(storages, plan)
    with open_storages(root, own=True) as storages:
        problems += [f"{name}: not searched: {reason}" for name, reason in storages.unreadable.items()]
        remaining = find_occurrences(root, storages, doc_id)
        problems += list(_remaining_problems(storages, remaining, plan.objects_to_keep))
        problems += [
            f"{oid}: still in {storage.name}"
            for oid in plan.objects_to_delete
            for storage in storages.with_object(oid)
        ]
    return PurgeResult(replaced, deleted, remaining.search.objects_read, list(dict.fromkeys(problems)), pushed)


def _refuse_incomplete_clone(root: Path) -> KnownReleases:
    """Refuse a clone that may lack releases, because it would mistake their objects for unused ones."""
    known = known_releases(root, own=True)
    refuse_unknown_releases(root, known)
    if known.shallow:
        raise ReleaseError(f"{root}: this clone is shallow and lacks past data; run {known.fetch_command()}")
    return known


def _refuse_unlisted_data(root: Path, storages: DvcStorages, commits: dict[str, str]) -> None:
    """Refuse if the list of a release's objects is lost."""
    for version, commit in commits.items():
        oid = data_listing_at(root, commit)
        if not oid or not storages.with_object(oid):
            tag = tag_of(version)
            reason = f"object {oid} is in no storage" if oid else f"its dvc.lock has no {DATA}"
            raise ReleaseError(
                f"{root}: {tag}: the list of its files cannot be read ({reason}), so it is not known which objects "
                "it needs; run dvc push --all-tags in a clone that has them, or withdraw it with git tag --annotate "
                f"'{tag}!' {tag}"
            )


def _refuse_document_in_working_tree(
    root: Path, project: Project, storages: DvcStorages, occurrences: Occurrences, doc_id: str
) -> None:
    advice = "remove it, run dvc repro and commit"
    file_hashes = occurrences.search.file_hashes
    for path in sorted(p for p in project.seeds.rglob("*") if p.is_file()):
        if path.stem == doc_id or sha256_file(path) in file_hashes:
            raise ReleaseError(f"{path}: this seed is the document that was taken down; {advice}")
    seeds, _ = list_seeds(project.seeds, project.params["ingest"]["max_bytes"])
    documents, _ = list_documents(project.seeds, seeds, project.build, project.params["ingest"], project.schemas)
    for row in documents.select(["doc_id", "path", "sha256"]).to_pylist():
        if row["doc_id"] == doc_id or row["sha256"] in file_hashes:
            raise ReleaseError(f"{project.seeds}: {row['path']} is the document that was taken down; {advice}")
    for path in remove_lines(project, LinesAbout({doc_id}, file_hashes), dry_run=True):
        raise ReleaseError(
            f"{path}: has lines about the document that was taken down; remove them, run dvc repro and commit"
        )
    dropped = project.reports / "dropped.jsonl"
    for row in read_json_lines(dropped) if dropped.is_file() else ():
        if row["reason"] == "takedown" and json.loads(row["values"]).get("takedown") == doc_id:
            raise ReleaseError(f"{dropped}: the seed of {row['doc_id']} has the text that was taken down; {advice}")
    objects_here = objects_needed_by(root, storages, "HEAD") & occurrences.search.objects.keys()
    if document_of(project.corpus, doc_id) is not None or objects_here:
        raise ReleaseError(
            f"{project.corpus}: the current corpus still contains {doc_id!r}; run dvc repro and commit"
        )


def _next_patch(version: str, taken_versions: set[str]) -> str:
    """The next patch number of a version's minor line, above all existing ones."""
    line = version.rpartition(".")[0]
    patches = [int(taken.rpartition(".")[2]) for taken in taken_versions if taken.rpartition(".")[0] == line]
    return f"{line}.{max(patches) + 1}"


def _version_begun(root: Path, version: str, doc_id: str, commits: dict[str, str]) -> str | None:
    """The new version that a killed purge made for a release, unless another release has that version now."""
    reference = f"refs/copydesk/recut/{version}"
    listed = git(root, "for-each-ref", "--format=%(objectname)%00%(contents)", reference)
    commit, _, message = listed.partition("\0")
    if not commit or f"\nTakedown: {git_line(doc_id)}\n" not in message:
        return None
    (listing,) = read_git_objects(root, [f"{commit}:{FOLDER}/manifest.json"])
    new_version: str = json.loads(listing or b"{}").get("version", "")
    return new_version if commits.get(new_version, commit) == commit else None


def _reissue(root: Path, storages: DvcStorages, reissue: Reissue) -> None:
    """Make, push, prove and tag the new release, then withdraw the old one; finished steps are not repeated."""
    commits, _ = tagged_releases(str(root))
    version_begun = _version_begun(root, reissue.version, reissue.ledger_row["doc_id"], commits)
    commit = git(root, "for-each-ref", "--format=%(objectname)", reissue.reference).strip()
    if not commit or version_begun != reissue.new_version:
        commit = commit_reissue(root, storages, reissue)
    if reissue.new_version not in commits:
        new_objects = objects_needed_by(root, _with_present_cache(storages), commit)
        old_objects = set(storages.listing(data_listing_at(root, reissue.commit)).values())
        for storage in storages.readable[1:]:
            if storage.name == f"remote {storages.default}" or storage.oids & old_objects:
                copy_objects(storages.cache, storage, {oid for oid in new_objects if storages.cache.exists(oid)})
        problems = verify_fresh_clone(root, commit, reissue.new_version, None)
        if problems:
            raise ReleaseError(
                f"{reissue.new_version}: the remote returned other bytes than were pushed: {problems[0]}"
            )
        git(root, "tag", "--annotate", "--message", reissue.message, tag_of(reissue.new_version), commit, own=True)
        say(f"takedown: {tag_of(reissue.new_version)} replaces {reissue.version}")
    _withdraw_release(root, reissue, reissue.new_version)


def _delete_references_of_reissues(root: Path) -> None:
    """Delete the references that kept the commits of reissued releases until they were tagged."""
    for version in tagged_releases(str(root))[1]:
        git(root, "update-ref", "-d", f"refs/copydesk/recut/{version}")


def _with_present_cache(storages: DvcStorages) -> DvcStorages:
    """The same storages, with the objects that were added to the cache since it was listed."""
    cache = storages.readable[0]
    return storages._replace(readable=[cache._replace(oids=frozenset(cache.odb.all())), *storages.readable[1:]])


def _withdraw_release(root: Path, reissue: Reissue, new_version: str | None) -> None:
    message = withdrawal_message(reissue.version, reissue.ledger_row["doc_id"], new_version)
    git(root, "tag", "--annotate", "--message", message, f"{tag_of(reissue.version)}!", reissue.commit, own=True)
    say(f"takedown: {reissue.version} is withdrawn")


def _delete_occurrences(storages: DvcStorages, plan: PurgePlan) -> tuple[int, list[str]]:
    """Delete objects, finished shards and cached releases; return the number of copies, and error messages."""
    from dvc_data.hashfile.db import get_index

    deleted, problems = 0, []
    for path in (*plan.occurrences.kept_releases, *plan.occurrences.leftovers):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        deleted += 1
    for stored in plan.occurrences.shards:
        stored.delete()
        deleted += 1
    # Objects that the search finds go last: after a kill, the next run finds objects of copies through them.
    for oid in sorted(plan.objects_to_delete, key=plan.occurrences.search.objects.__contains__):
        for storage in reversed(storages.with_object(oid)):
            try:
                with suppress(FileNotFoundError):
                    storage.odb.delete(oid)
                deleted += 1
            except Exception as error:  # DVC remotes raise backend-specific exceptions
                reason = f"{type(error).__name__}: {error}"
                problems.append(
                    f"{oid}: {storage.name} did not delete it ({reason}); delete it there, then run the purge again"
                )
    for storage in storages.readable:
        if storage.name != CACHE:
            get_index(storage.odb).clear()  # DVC's cached list of the objects of a remote
    return deleted, problems


def _remaining_problems(
    storages: DvcStorages, remaining: Occurrences, objects_to_keep: frozenset[str]
) -> Iterator[str]:
    """Yield a message for each occurrence that the last search still finds, and for each object it could not read."""
    for oid in remaining.objects.keys() - objects_to_keep:
        yield f"{oid}: still in {', '.join(storage.name for storage in storages.with_object(oid))}"
    paths = [*remaining.shards, *remaining.kept_releases, *remaining.leftovers]
    yield from (f"{path}: still there" for path in paths)
    yield from (f"not searched: {problem}" for problem in remaining.search.unreadable)
