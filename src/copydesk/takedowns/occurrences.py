"""Where a document still lies: in which releases and commits, objects, finished shards, and in git itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.core.scratch import leftovers
from copydesk.dataset.manifest import NAME
from copydesk.description.duplicates.minhash import normalised, text_keys
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.releases.load import kept_folder, tagged
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_places import DATA, Places
from copydesk.revisions.git import git
from copydesk.revisions.git_history import contents, tracked_names, versions_of
from copydesk.store.backend import StoredObject
from copydesk.takedowns.git_search import Blob, holding_blobs
from copydesk.takedowns.object_search import Sought, Wanted, ids_in, search
from copydesk.takedowns.takedown import document_of, ledger_of

_TABLES_THAT_TELL = ("documents", "raw")


class State(NamedTuple):
    """The data of a commit that hold the document.

    ``ids`` are the document's id and those of its exact copies there, ``shards`` the hashes of the objects that hold
    any of them, by path.
    """

    commits: list[str]
    ids: frozenset[str]
    shards: dict[str, str]


class Holdings(NamedTuple):
    """Everything that holds a document.

    Attributes
    ----------
    releases : dict
        State by version; those that were withdrawn too, while an object of theirs is left.
    withdrawn : set of str
        Versions that were withdrawn.
    others : list of State
        Commits that are no release.
    objects : dict
        The names of each of DVC's objects, by its hash.
    late : frozenset of str
        Objects that must go last: tables that tell by themselves that they hold it, and which others do.
    store : list of StoredObject
        Finished shards, in ``build/store`` and wherever else they lie.
    folders : list of Path
        Releases that ``copydesk.load`` keeps on this machine.
    blobs : list of Blob
        Files in git's history.
    sought : Sought
        The search that all this comes from.
    left : tuple of Path
        Folders and half-written files that killed commands left behind, which may hold it.
    """

    releases: dict[str, State]
    withdrawn: set[str]
    others: list[State]
    objects: dict[str, list[str]]
    late: frozenset[str]
    store: list[StoredObject]
    folders: list[Path]
    blobs: list[Blob]
    sought: Sought
    left: tuple[Path, ...] = ()


def wanted_of(project: Project, doc_id: str) -> Wanted:
    """What to look for: the ledger's hashes of a document, or those of the current corpus, or its id alone."""
    row = ledger_of(project).get(doc_id)
    if row is not None:
        return Wanted(doc_id, frozenset({row["raw_sha256"]}), frozenset({row["text_key"]}))
    found = document_of(project.corpus, doc_id)
    if found is None:
        return Wanted(doc_id, frozenset(), frozenset())
    keys = text_keys(normalised(pa.array([found["text"]]))).to_pylist()
    return Wanted(doc_id, frozenset({found["raw_sha256"]}), frozenset(keys))


def holdings(root: Path, places: Places, doc_id: str) -> Holdings:
    """Search everything for a document.

    Raises
    ------
    ReleaseError
        If the repository or its history cannot be read.
    """
    project = Project.open(root)
    wanted = wanted_of(project, doc_id)
    left = leftovers(project.build)
    ingest = project.params["ingest"]
    sought = search(places, project.stores, wanted, tracked_names(root), ingest, build=project.build)
    at_work = (folder.path for folder in left if folder.in_use)
    sought.unreadable.extend(
        f"{path}: a command is at work there; run this again when it has ended" for path in at_work
    )
    commits, withdrawn = tagged(str(root.resolve()))
    states: dict[str, list[str]] = {}
    for lock, known in versions_of(root, "dvc.lock").items():
        if oid := outs_of(lock, known[-1][:12]).get(DATA):
            states.setdefault(oid, []).extend(known)
    derived: dict[str, frozenset[str]] = {}
    held = {}
    for oid in {*states, *(data_of(root, commit) for commit in commits.values())} - {""}:
        state = _state(places, sought, oid, doc_id)
        if state is not None:
            held[oid] = state._replace(commits=states.get(oid, []))
            derived |= {shard: state.ids for shard in state.shards.values() if shard not in sought.objects}
    releases = {v: held[oid] for v, commit in commits.items() if (oid := data_of(root, commit)) in held}
    released = {data_of(root, commits[version]) for version in releases}
    objects = _names(places, {*sought.objects, *derived})
    ids = frozenset[str]().union(*(state.ids for state in held.values()))
    return Holdings(
        dict(sorted(releases.items(), key=lambda item: tuple(map(int, item[0].split("."))))),
        withdrawn,
        [state for oid, state in sorted(held.items()) if oid not in released],
        objects,
        frozenset(sought.objects.keys() - sought.plain),
        _in_stores(project, sought, ids),
        list(_kept(root, {v: commits[v] for v in {*releases, *withdrawn}})),
        holding_blobs(root, doc_id, sought.deliveries),
        sought,
        (*(folder.path for folder in left if not folder.in_use), *_half_written(project, places)),
    )


def data_of(root: Path, commit: str) -> str:
    """The hash of the list of data files at a commit; empty where it has none."""
    (lock,) = contents(root, [f"{commit}:dvc.lock"])
    return outs_of(lock, commit[:12]).get(DATA, "")


def _state(places: Places, sought: Sought, oid: str, doc_id: str) -> State | None:
    shards = places.listing(oid)
    telling = [sought.objects.get(shard) for path, shard in shards.items() if path.startswith(_TABLES_THAT_TELL)]
    ids = frozenset({doc_id}).union(*(found for found in telling if found))
    found = {path: shard for path, shard in shards.items() if sought.objects.get(shard, frozenset()) & ids}
    copies = ids - {doc_id}
    # Of a copy in other bytes the texts tell, and no edit does.
    for path, shard in shards.items() if copies else ():
        if path not in found and places.of(shard) and ids_in(places.read(shard)) & copies:
            found[path] = shard
    return State([], ids, found) if found else None


def _names(places: Places, oids: set[str]) -> dict[str, list[str]]:
    names: dict[str, set[str]] = {oid: set() for oid in sorted(oids)}
    for listing in places.oids:
        if listing.endswith(".dir"):
            for path, oid in places.listing(listing).items():
                if oid in names:
                    names[oid].add(path)
    return {oid: sorted(found) for oid, found in names.items()}


def _in_stores(project: Project, sought: Sought, ids: frozenset[str]) -> list[StoredObject]:
    """Finished shards that hold it: by what is in them; those that hold only ids of copies if no build needs them."""
    if not ids:
        return sorted(sought.store, key=str)
    needed = "".join(path.read_text("utf-8") for path in sorted(project.build.glob("*.jsonl")))

    def others(stored: StoredObject) -> set[str]:
        left_alone = stored in sought.store or PurePosixPath(stored.name).name in needed
        return set() if left_alone else ids_in(stored.read())

    found = [stored for store in sought.stores for stored, held in store.each_object(others) if held & ids]
    return sorted([*sought.store, *found], key=str)


def _kept(root: Path, commits: Mapping[str, str]) -> Iterator[Path]:
    for version, commit in commits.items():
        (manifest,) = contents(root, [f"{commit}:{FOLDER}/{NAME}"])
        if manifest is not None and (folder := kept_folder(version, manifest)).is_dir():
            yield folder


def _half_written(project: Project, places: Places) -> Iterator[Path]:
    """Files that copydesk or DVC was writing when it was killed, in the project and in places on this machine."""
    local = (Path(place.odb.path) for place in places.seen if place.odb.fs.protocol == "local")
    for folder in (project.build, project.corpus / "data", *local):
        yield from sorted(path for path in folder.rglob(".*.tmp") if path.is_file())


def needed_at(root: Path, places: Places, commit: str) -> set[str]:
    """Every object that a commit's data and what else DVC tracks there consist of."""
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    outs = set(outs_of(next(contents(root, [f"{commit}:dvc.lock"])), commit[:12]).values())
    for _, rows in tracked_by_dvc(root, commit, listed):
        outs |= {out["md5"] for out in rows if "md5" in out}
    return outs | {oid for out in outs if out.endswith(".dir") for oid in places.listing(out).values()}


def tracked_by_dvc(root: Path, commit: str, names: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The .dvc files of a commit, each with what it tracks."""
    import yaml

    files = [name for name in names if name.endswith(".dvc")]
    for name, content in zip(files, contents(root, [f"{commit}:{name}" for name in files]), strict=True):
        try:
            yield name, list(yaml.safe_load(content or b"")["outs"])
        except (yaml.YAMLError, LookupError, TypeError, RecursionError) as error:
            raise ReleaseError(f"{commit[:12]}: {name}: not what DVC writes: {error!r}") from None
