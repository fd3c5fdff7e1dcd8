"""Purge: past releases without a document that was taken down, and no object left that holds it.

The order is such that it can be killed anywhere and run again: each release that holds the document is cut again,
pushed, proved from outside and tagged; then the old one is withdrawn; only when that is done for all of them are
objects removed; and at the end everything is searched again. What was done is told by tags and by what is left.
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
from copydesk.core.progress import say
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.readers.document_listing import list_documents
from copydesk.readers.seed_files import list_seeds
from copydesk.releases.load import tagged
from copydesk.releases.prove import verify_fresh_clone
from copydesk.releases.upstream import Known, known_releases, push_withdrawals, refuse_unknown_releases, tag_of
from copydesk.releases.withdrawals import tag_message
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_places import CACHE, DATA, Places, open_places, push
from copydesk.revisions.git import git
from copydesk.revisions.git_history import contents
from copydesk.takedowns.occurrences import Holdings, data_of, holdings, needed_at
from copydesk.takedowns.reissue import Recut, make, remaining
from copydesk.takedowns.takedown import document_of, ledger_of


class Plan(NamedTuple):
    """What a purge would do.

    ``recuts`` are the releases that are cut again, oldest first, ``emptied`` those of which nothing would be left and
    that are withdrawn without a replacement; ``kept`` are objects that only hold what another release needs.
    """

    doc_id: str
    recuts: list[Recut]
    emptied: list[Recut]
    held: Holdings
    kept: frozenset[str]

    @property
    def doomed(self) -> list[str]:
        """Objects to remove; those by which the others are known come last."""
        return sorted(self.held.objects.keys() - self.kept, key=lambda oid: (oid in self.held.late, oid))


class Purged(NamedTuple):
    """What came of a purge: the new version of each withdrawn release, what was searched, what is wrong.

    ``pushed`` are the tags that were pushed, by git remote.
    """

    replaced: dict[str, str | None]
    removed: int
    searched: int
    problems: list[str]
    pushed: dict[str, list[str]]


def plan(root: Path, places: Places, doc_id: str) -> Plan:
    """Find out what has to be done, and refuse what would break the project.

    Raises
    ------
    ReleaseError
        If releases are unknown here, the document is not in the ledger, the working tree is not clean or still holds
        it, or releases have to be cut again and there is no default remote to prove them from.
    """
    _refuse_unless_known(root)
    project = Project.open(root)
    row = ledger_of(project).get(doc_id)
    if row is None:
        raise ReleaseError(
            f"{project.seeds / 'takedowns.jsonl'}: no line for {doc_id!r}; first say why, with copydesk takedown "
            f"{doc_id} --reason ..., then dvc repro and commit"
        )
    if row.get("withdrawn"):
        raise ReleaseError(
            f"{project.seeds / 'takedowns.jsonl'}: the takedown of {doc_id!r} was withdrawn; take it down again first"
        )
    dirty = git(root, "status", "--porcelain", own=True)
    if dirty:
        raise ReleaseError(f"{root}: the working tree is not clean; commit or take back:\n{dirty.rstrip()}")
    held = holdings(root, places, doc_id)
    _refuse_while_it_is_here(root, project, places, held, doc_id)
    commits, withdrawn = tagged(str(root.resolve()))
    _refuse_unlisted(root, places, {version: commits[version] for version in commits.keys() - withdrawn})
    recuts: list[Recut] = []
    emptied: list[Recut] = []
    versions = set(commits)
    for version, state in held.releases.items():
        if version in withdrawn:
            continue
        begun = _begun(root, version, doc_id, commits)
        recut = Recut(version, commits[version], begun or _free(version, versions), state, held.sought, row)
        if remaining(root, places, recut):
            recuts.append(recut)
            versions.add(recut.new)
        else:
            emptied.append(recut)
    if recuts and not places.default:
        raise ReleaseError(
            f"{root}: no default DVC remote to prove a release from; dvc remote add --default NAME URL"
        )
    if recuts and (why := places.unseen.get(f"remote {places.default}")):
        raise ReleaseError(f"{root}: the default DVC remote {places.default} cannot be looked into: {why}")
    live = [commit for version, commit in commits.items() if version not in withdrawn | held.releases.keys()]
    needed = {oid for commit in live for oid in places.listing(data_of(root, commit)).values()}
    kept = frozenset((needed | needed_at(root, places, "HEAD")) & (held.objects.keys() - held.sought.objects.keys()))
    return Plan(doc_id, recuts, emptied, held, kept)


def purge(root: Path, doc_id: str, agreed: Plan | None = None) -> Purged:
    """Do what :func:`plan` says, and search everything again.

    Parameters
    ----------
    root : Path
        A git and DVC repository laid out as this one is.
    doc_id : str
        A document of the ledger.
    agreed : Plan, optional
        What was planned for it; else it is planned here.

    Raises
    ------
    ReleaseError
        As for :func:`plan`, or if a release cannot be cut again, pushed or proved; nothing is removed then.
    """
    root = root.resolve()
    with open_places(root, own=True) as places:
        todo = agreed or plan(root, places, doc_id)
        replaced: dict[str, str | None] = {}
        for recut in todo.recuts:
            _cut_again(root, places, recut)
            replaced[recut.version] = recut.new
        for recut in todo.emptied:
            _withdraw(root, recut, None)
            replaced[recut.version] = None
        _forget_what_is_tagged(root)
        pushed = push_withdrawals(root, _refuse_unless_known(root))
        removed, problems = _remove(places, todo)
    with open_places(root, own=True) as places:
        problems += [f"{name}: not searched: {why}" for name, why in places.unseen.items()]
        left = holdings(root, places, doc_id)
        problems += list(_left(places, left, todo.kept))
        problems += [f"{oid}: still in {p.name}" for oid in todo.doomed for p in places.of(oid)]
    return Purged(replaced, removed, left.sought.searched, list(dict.fromkeys(problems)), pushed)


def _refuse_unless_known(root: Path) -> Known:
    """Refuse where there may be releases that are unknown here: their objects would pass for leavings."""
    known = known_releases(root, own=True)
    refuse_unknown_releases(root, known)
    if known.shallow:
        raise ReleaseError(f"{root}: this clone is shallow and lacks past data; run {known.fetch_command()}")
    return known


def _refuse_unlisted(root: Path, places: Places, commits: dict[str, str]) -> None:
    """Refuse where nobody can say which objects a release consists of."""
    for version, commit in commits.items():
        oid = data_of(root, commit)
        if not oid or not places.of(oid):
            tag, lost = tag_of(version), f"object {oid} is in no place" if oid else f"its dvc.lock has no {DATA}"
            raise ReleaseError(
                f"{root}: {tag}: the list of its files cannot be read ({lost}), so nobody knows which objects it "
                "needs; run dvc push --all-tags in a clone that has them, or withdraw it with git tag --annotate "
                f"'{tag}!' {tag}"
            )


def _refuse_while_it_is_here(root: Path, project: Project, places: Places, held: Holdings, doc_id: str) -> None:
    advice = "remove it, run dvc repro and commit"
    for path in sorted(p for p in project.seeds.rglob("*") if p.is_file()):
        if path.stem == doc_id or sha256_file(path) in held.sought.files:
            raise ReleaseError(f"{path}: this seed is the document that was taken down; {advice}")
    seeds, _ = list_seeds(project.seeds, project.params["ingest"]["max_bytes"])
    listed, _ = list_documents(project.seeds, seeds, project.build, project.params["ingest"], project.schemas)
    for row in listed.select(["doc_id", "path", "sha256"]).to_pylist():
        if row["doc_id"] == doc_id or row["sha256"] in held.sought.files:
            raise ReleaseError(f"{project.seeds}: {row['path']} is the document that was taken down; {advice}")
    dropped = project.reports / "dropped.jsonl"
    for row in read_json_lines(dropped) if dropped.is_file() else ():
        if row["reason"] == "takedown" and json.loads(row["values"]).get("takedown") == doc_id:
            raise ReleaseError(f"{dropped}: the seed of {row['doc_id']} has the text that was taken down; {advice}")
    here = needed_at(root, places, "HEAD") & held.sought.objects.keys()
    if document_of(project.corpus, doc_id) is not None or here:
        raise ReleaseError(f"{project.corpus}: the current corpus still holds {doc_id!r}; run dvc repro and commit")


def _free(version: str, taken: set[str]) -> str:
    """The next patch of a version's minor line that is above all that there are."""
    line = version.rpartition(".")[0]
    patches = [int(v.rpartition(".")[2]) for v in taken if v.rpartition(".")[0] == line]
    return f"{line}.{max(patches) + 1}"


def _begun(root: Path, version: str, doc_id: str, commits: dict[str, str]) -> str | None:
    """The new version that a purge which was killed had made for a release, if it can still have it."""
    reference = f"refs/copydesk/recut/{version}"
    found = git(root, "for-each-ref", "--format=%(objectname)%00%(contents)", reference)
    commit, _, message = found.partition("\0")
    if not commit or f"\nTakedown: {git_line(doc_id)}\n" not in message:
        return None
    (listing,) = contents(root, [f"{commit}:{FOLDER}/manifest.json"])
    new: str = json.loads(listing or b"{}").get("version", "")
    return new if commits.get(new, commit) == commit else None


def _cut_again(root: Path, places: Places, recut: Recut) -> None:
    """Make, push, prove and tag the new release, then withdraw the old one; what is done stays done."""
    commits, _ = tagged(str(root))
    known = git(root, "for-each-ref", "--format=%(objectname)", recut.reference).strip()
    begun = known if known and _begun(root, recut.version, recut.row["doc_id"], commits) == recut.new else None
    commit = begun or make(root, places, recut)
    if recut.new not in commits:
        new = needed_at(root, _again(places), commit)
        old = set(places.listing(data_of(root, recut.commit)).values())
        for place in places.seen[1:]:
            if place.name == f"remote {places.default}" or place.oids & old:
                push(places.cache, place, {oid for oid in new if places.cache.exists(oid)})
        problems = verify_fresh_clone(root, commit, recut.new, None)
        if problems:
            raise ReleaseError(f"{recut.new}: what came back from the remote is not what was pushed: {problems[0]}")
        git(root, "tag", "--annotate", "--message", recut.message, tag_of(recut.new), commit, own=True)
        say(f"takedown: {tag_of(recut.new)} replaces {recut.version}")
    _withdraw(root, recut, recut.new)


def _forget_what_is_tagged(root: Path) -> None:
    """Remove the references that kept new releases until they were tagged."""
    for version in tagged(str(root))[1]:
        git(root, "update-ref", "-d", f"refs/copydesk/recut/{version}")


def _again(places: Places) -> Places:
    """The same places, with what was added to the cache since they were looked into."""
    cache = places.seen[0]
    return places._replace(seen=[cache._replace(oids=frozenset(cache.odb.all())), *places.seen[1:]])


def _withdraw(root: Path, recut: Recut, new: str | None) -> None:
    message = tag_message(recut.version, recut.row["doc_id"], new)
    git(root, "tag", "--annotate", "--message", message, f"{tag_of(recut.version)}!", recut.commit, own=True)
    say(f"takedown: {recut.version} is withdrawn")


def _remove(places: Places, todo: Plan) -> tuple[int, list[str]]:
    """Remove objects, finished shards and kept releases; return how many, and what could not be removed."""
    from dvc_data.hashfile.db import get_index

    removed, problems = 0, []
    for path in (*todo.held.folders, *todo.held.left):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed += 1
    for stored in todo.held.store:
        stored.delete()
        removed += 1
    # What tells of copies goes last: after a kill, the next run knows by it what else is theirs.
    for oid in sorted(todo.doomed, key=todo.held.sought.objects.__contains__):
        for place in reversed(places.of(oid)):
            try:
                with suppress(FileNotFoundError):
                    place.odb.delete(oid)
                removed += 1
            except Exception as error:  # remotes of every kind raise errors of every kind
                said = f"{type(error).__name__}: {error}"
                problems.append(
                    f"{oid}: {place.name} does not remove it ({said}); remove it there, then run it again"
                )
    for place in places.seen:
        if place.name != CACHE:
            get_index(place.odb).clear()  # DVC notes what it believes to be there
    return removed, problems


def _left(places: Places, left: Holdings, kept: frozenset[str]) -> Iterator[str]:
    """What a search still finds."""
    for oid in left.objects.keys() - kept:
        yield f"{oid}: still in {', '.join(place.name for place in places.of(oid))}"
    yield from (f"{path}: still there" for path in [*left.store, *left.folders, *left.left])
    yield from (f"not searched: {problem}" for problem in left.sought.unreadable)
