"""Where a document still occurs: in which releases and commits, objects, finished shards, and in git itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa

from copydesk.core.scratch import leftovers
from copydesk.dataset.manifest import NAME
from copydesk.description.duplicates.minhash import normalised, text_keys
from copydesk.errors import ReleaseError
from copydesk.project import RECEIPTS, Project
from copydesk.releases.release_cache import kept_folder, rows_folder
from copydesk.releases.release_tags import tagged_releases
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_storages import DATA, DvcStorages
from copydesk.revisions.git import git
from copydesk.revisions.git_history import dvc_tracked_names, file_versions, read_git_objects
from copydesk.store.backend import StoredObject
from copydesk.takedowns.delivered_records import plugins_ever_named
from copydesk.takedowns.git_search import Blob, blobs_with_document
from copydesk.takedowns.object_search import SearchResult, SearchTarget, document_ids_in, search_objects
from copydesk.takedowns.takedown import document_of, ledger_of

_TABLES_WITH_HASHES = ("documents", "raw")


class AffectedVersion(NamedTuple):
    """A version of the data that contains the document.

    ``commits`` have these data. ``ids`` are the id of the document and those of its exact copies in them. ``shards``
    are the hashes of the objects that contain any of these documents, by path.
    """

    commits: list[str]
    ids: frozenset[str]
    shards: dict[str, str]


class Occurrences(NamedTuple):
    """Everything that contains a document.

    Attributes
    ----------
    releases : dict
        Affected releases by version; a withdrawn one is affected as long as an object of it exists.
    withdrawn : set of str
        Versions that were withdrawn.
    other_versions : list of AffectedVersion
        Affected data of commits that are not a release.
    objects : dict
        DVC's objects by hash, each with its paths.
    delete_last : frozenset of str
        Objects to delete last: tables whose content lists which other objects hold the document.
    shards : list of StoredObject
        Finished shards, in ``build/store`` and in other stores.
    kept_releases : list of Path
        Releases that ``copydesk.load`` cached on this machine.
    blobs : list of Blob
        Files in git's history.
    search : SearchResult
        The search with these results.
    leftovers : tuple of Path
        Folders and half-written files of killed commands, which may contain the document.
    """

    releases: dict[str, AffectedVersion]
    withdrawn: set[str]
    other_versions: list[AffectedVersion]
    objects: dict[str, list[str]]
    delete_last: frozenset[str]
    shards: list[StoredObject]
    kept_releases: list[Path]
    blobs: list[Blob]
    search: SearchResult
    leftovers: tuple[Path, ...] = ()


def search_target(project: Project, doc_id: str) -> SearchTarget:
    """Return a document's hashes from the ledger, else from the current corpus, else only its id."""
    row = ledger_of(project).get(doc_id)
    if row is not None:
        return SearchTarget(doc_id, frozenset({row["raw_sha256"]}), frozenset({row["text_key"]}))
    document = document_of(project.corpus, doc_id)
    if document is None:
        return SearchTarget(doc_id, frozenset(), frozenset())
    keys = text_keys(normalised(pa.array([document["text"]]))).to_pylist()
    return SearchTarget(doc_id, frozenset({document["raw_sha256"]}), frozenset(keys))


def find_occurrences(root: Path, storages: DvcStorages, doc_id: str) -> Occurrences:
    """Search everything for a document.

    Raises
    ------
    ReleaseError
        If the repository or its history cannot be read.
    """
    project = Project.open(root)
    target = search_target(project, doc_id)
    scratch_folders = leftovers(project.build)
    ingest = project.params["ingest"]
    names, plugins = dvc_tracked_names(root), plugins_ever_named(root)
    search = search_objects(storages, project.stores, target, names, ingest, build=project.build, plugins=plugins)
    blobs, files_not_searched = blobs_with_document(root, doc_id, search.records)
    search.unreadable.extend(files_not_searched)
    search.unreadable.extend(
        f"{folder.path}: a command is at work there; run this again when it has ended"
        for folder in scratch_folders
        if folder.in_use
    )
    commits, withdrawn = tagged_releases(str(root.resolve()))
    commits_by_data: dict[str, list[str]] = {}
    for lock, lock_commits in file_versions(root, "dvc.lock").items():
        if oid := outs_of(lock, lock_commits[-1][:12]).get(DATA):
            commits_by_data.setdefault(oid, []).extend(lock_commits)
    data_of_version = {version: data_listing_at(root, commit) for version, commit in commits.items()}
    affected_data: dict[str, AffectedVersion] = {}
    objects_of_copies: set[str] = set()
    for oid in {*commits_by_data, *data_of_version.values()} - {""}:
        affected = _affected_version(storages, search, oid, doc_id)
        if affected is not None:
            affected_data[oid] = affected._replace(commits=commits_by_data.get(oid, []))
            objects_of_copies |= {shard for shard in affected.shards.values() if shard not in search.objects}
    releases = {version: affected_data[oid] for version, oid in data_of_version.items() if oid in affected_data}
    released_data = {data_of_version[version] for version in releases}
    ids = frozenset[str]().union(*(affected.ids for affected in affected_data.values()))
    return Occurrences(
        dict(sorted(releases.items(), key=lambda item: tuple(map(int, item[0].split("."))))),
        withdrawn,
        [affected for oid, affected in sorted(affected_data.items()) if oid not in released_data],
        _paths_of_objects(storages, {*search.objects, *objects_of_copies}),
        frozenset(search.objects.keys() - search.delivered_files),
        _shards_in_stores(project, search, ids),
        list(_kept_releases(root, {version: commits[version] for version in {*releases, *withdrawn}})),
        blobs,
        search,
        (
            *(folder.path for folder in scratch_folders if not folder.in_use),
            *_half_written_files(project, storages),
        ),
    )


def data_listing_at(root: Path, commit: str) -> str:
    """Return the hash of the object that lists the data files of a commit; empty if it has none."""
    (lock,) = read_git_objects(root, [f"{commit}:dvc.lock"])
    return outs_of(lock, commit[:12]).get(DATA, "")


def _affected_version(
    storages: DvcStorages, search: SearchResult, listing: str, doc_id: str
) -> AffectedVersion | None:
    objects = storages.listing(listing)
    ids_by_table = (search.objects.get(oid) for path, oid in objects.items() if path.startswith(_TABLES_WITH_HASHES))
    ids = frozenset({doc_id}).union(*(ids for ids in ids_by_table if ids))
    shards = {path: oid for path, oid in objects.items() if search.objects.get(oid, frozenset()) & ids}
    copies = ids - {doc_id}
    # The search finds a copy with other bytes by its text. Tables without text are searched here, for its ids.
    for path, oid in objects.items() if copies else ():
        if path not in shards and storages.with_object(oid) and document_ids_in(storages.read(oid)) & copies:
            shards[path] = oid
    return AffectedVersion([], ids, shards) if shards else None


def _paths_of_objects(storages: DvcStorages, oids: set[str]) -> dict[str, list[str]]:
    paths: dict[str, set[str]] = {oid: set() for oid in sorted(oids)}
    for listing in storages.oids:
        if listing.endswith(".dir"):
            for path, oid in storages.listing(listing).items():
                if oid in paths:
                    paths[oid].add(path)
    return {oid: sorted(paths_of_oid) for oid, paths_of_oid in paths.items()}


def _shards_in_stores(project: Project, search: SearchResult, ids: frozenset[str]) -> list[StoredObject]:
    """Return finished shards that contain the document, and unused ones that contain only ids of its copies."""
    if not ids:
        return sorted(search.shards, key=str)
    needed = "".join(path.read_text("utf-8") for path in sorted(project.build.glob(f"*/{RECEIPTS}")))

    def ids_in_shard(stored: StoredObject) -> set[str]:
        passed_over = stored in search.shards or PurePosixPath(stored.name).name in needed
        return set() if passed_over else document_ids_in(stored.read())

    shards_of_copies = [
        stored for store in search.stores for stored, shard_ids in store.each_object(ids_in_shard) if shard_ids & ids
    ]
    return sorted([*search.shards, *shards_of_copies], key=str)


def _kept_releases(root: Path, commits: Mapping[str, str]) -> Iterator[Path]:
    for version, commit in commits.items():
        (manifest,) = read_git_objects(root, [f"{commit}:{FOLDER}/{NAME}"])
        if manifest is not None:
            folder = kept_folder(version, manifest)
            yield from filter(Path.is_dir, (folder, rows_folder(folder)))


def _half_written_files(project: Project, storages: DvcStorages) -> Iterator[Path]:
    """Return files that a killed copydesk or DVC was writing, in the project and in storages on this machine."""
    local = (Path(storage.odb.path) for storage in storages.readable if storage.odb.fs.protocol == "local")
    for folder in (project.build, project.corpus / "data", *local):
        yield from sorted(path for path in folder.rglob(".*.tmp") if path.is_file())


def objects_needed_by(root: Path, storages: DvcStorages, commit: str) -> set[str]:
    """Return every object of a commit's data, and of everything else that DVC tracks there."""
    names = git(root, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    oids = set(outs_of(next(read_git_objects(root, [f"{commit}:dvc.lock"])), commit[:12]).values())
    for _, outs in dvc_files_at(root, commit, names):
        oids |= {out["md5"] for out in outs if "md5" in out}
    return oids | {oid for out in oids if out.endswith(".dir") for oid in storages.listing(out).values()}


def dvc_files_at(root: Path, commit: str, names: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the .dvc files of a commit, each with the outputs that it tracks."""
    import yaml

    dvc_files = [name for name in names if name.endswith(".dvc")]
    contents = read_git_objects(root, [f"{commit}:{name}" for name in dvc_files])
    for name, content in zip(dvc_files, contents, strict=True):
        try:
            yield name, list(yaml.safe_load(content or b"")["outs"])
        except (yaml.YAMLError, LookupError, TypeError, RecursionError) as error:
            raise ReleaseError(f"{commit[:12]}: {name}: not a file of DVC: {error!r}") from None
