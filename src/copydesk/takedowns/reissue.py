"""Reissue a release without a document: a commit on top of the release's commit, made without a checkout.

The data are filtered, not built again: the rows of all other documents stay as they were released.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import yaml

from copydesk.core.atomic_files import write_json
from copydesk.core.escaping import git_line, markdown
from copydesk.core.hand_written import LABEL_FOLDER
from copydesk.core.json_schema import PACKAGED
from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import read_listing
from copydesk.dataset.metrics import Metrics, write_plots
from copydesk.dataset.public_export import write_part
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.releases.changelog import add_section
from copydesk.releases.params_file import set_corpus_settings
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import Release
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_storages import DATA, DvcStorages, put_folder, put_listing
from copydesk.revisions.git import git
from copydesk.revisions.git_history import commit_on, read_git_objects
from copydesk.revisions.revision import open_revision
from copydesk.store.last_build import LISTING, SHARED
from copydesk.tables.table import TABLES
from copydesk.takedowns.lines_about import SIDECARS, LinesAbout, holds_lines_about
from copydesk.takedowns.object_search import SearchResult, document_ids_in
from copydesk.takedowns.occurrences import AffectedVersion, data_listing_at, dvc_files_at

Files = dict[str, bytes | None]


class Reissue(NamedTuple):
    """A release to reissue without a document.

    ``version`` and ``commit`` are those of the release; ``new_version`` replaces it. ``affected`` is its data with
    the document, ``search`` the result of the search, ``ledger_row`` the document's line in the ledger.
    """

    version: str
    commit: str
    new_version: str
    affected: AffectedVersion
    search: SearchResult
    ledger_row: dict[str, Any]

    @property
    def reference(self) -> str:
        """The git reference that keeps the new commit until it is tagged."""
        return f"refs/copydesk/recut/{self.version}"

    @property
    def message(self) -> str:
        """The message of the new commit and of its tag; a run after a kill recognises the commit by it."""
        takedown = git_line(self.ledger_row["doc_id"])
        return f"corpus {self.new_version}\n\nReplaces: {self.version}\nTakedown: {takedown}\n"


def count_remaining_documents(root: Path, storages: DvcStorages, reissue: Reissue) -> int:
    """The number of documents that the release keeps.

    Raises
    ------
    ReleaseError
        If a file with its documents is missing everywhere or damaged, so that the remaining ones cannot be counted.
    """
    doc_ids: set[str] = set()
    for path, oid in storages.listing(data_listing_at(root, reissue.commit)).items():
        if path.startswith("documents/"):
            ids = document_ids_in(storages.read(oid))
            if not ids:
                raise ReleaseError(
                    f"corpus@v{reissue.version}: {FOLDER}/data/{path}: object {oid} is damaged in "
                    f"{', '.join(storage.name for storage in storages.with_object(oid))}; restore it with dvc push "
                    "from a clone that has it, then run it again"
                )
            doc_ids |= ids
    return len(doc_ids - reissue.affected.ids)


def commit_reissue(root: Path, storages: DvcStorages, reissue: Reissue) -> str:
    """Make the commit of the new release, and add its data to DVC's cache; return the commit's hash.

    Raises
    ------
    ReleaseError
        If the old release cannot be read, or cannot be described by this version of copydesk.
    """
    names = [n for n in git(root, "ls-tree", "-r", "-z", "--name-only", reissue.commit).split("\0") if n]
    contents = read_git_objects(root, [f"{reissue.commit}:{name}" for name in names])
    old_files = dict(zip(names, contents, strict=True))
    with scratch("recut", root / "build") as work:
        files = _changed_files(root, storages, reissue, old_files, work)
    head = git(root, "rev-parse", "HEAD").strip()
    # Today's remotes: the settings of the release may name a remote that no longer exists.
    files[".dvc/config"] = next(read_git_objects(root, [f"{head}:.dvc/config"]))
    return commit_on(root, reissue.reference, reissue.commit, reissue.message, files)


def _changed_files(
    root: Path, storages: DvcStorages, reissue: Reissue, old_files: Mapping[str, bytes | None], work: Path
) -> Files:
    """Contents of all files that differ in the new commit; None for a file that is removed."""
    old_release = fetch_release(Release(str(root.resolve()), reissue.version, reissue.commit), work / "past")
    schemas = _schemas(old_files, work)
    params = work / "params.yaml"
    params.write_bytes(old_files.get("params.yaml") or b"")
    date = git(root, "log", "-1", "--format=%cs", reissue.commit).strip()
    stated = {"version": reissue.new_version, "commit": reissue.commit, "date": date}
    quoted = {"version": reissue.new_version, "commit": f'"{reissue.commit}"', "date": f'"{date}"'}
    set_corpus_settings(params, quoted)
    settings = open_revision(root, reissue.commit).params
    settings = {**settings, "corpus": {**settings["corpus"], **stated}}
    out = work / "out"
    out.mkdir()
    metrics = _write_dataset(reissue, old_release, out, settings, schemas)
    data = {p.relative_to(out / "data").as_posix(): p for p in sorted(out.glob("data/*/*"))}
    oid, size = put_folder(storages.cache, data)
    files: Files = {
        name: None for name in old_files if name.startswith(f"{FOLDER}/") and not name.endswith(".gitignore")
    }
    written = {p.relative_to(out).as_posix(): p for p in sorted(out.rglob("*")) if p.is_file()}
    files |= {f"{FOLDER}/{name}": p.read_bytes() for name, p in written.items() if not name.startswith("data/")}
    files["params.yaml"] = params.read_bytes()
    if "reports/metrics.json" in old_files:
        summary = json.dumps(metrics.summary, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        files["reports/metrics.json"] = summary.encode()
    if any(name.startswith("reports/plots/") for name in old_files):
        write_plots(work / "plots", metrics)
        files |= {f"reports/plots/{p.name}": p.read_bytes() for p in sorted((work / "plots").iterdir())}
    files["CHANGELOG.md"] = _changelog(root, old_files.get("CHANGELOG.md"), reissue).encode()
    outs: dict[str, dict[str, Any]] = {
        DATA: {"md5": oid, "size": size, "nfiles": len(data)},
        SHARED: _no_shards(storages, work),
    }
    files |= _inputs_in_git(reissue, old_files)
    for name, content, tracked in _inputs_in_dvc(root, storages, reissue, list(old_files)):
        files[name] = content
        outs |= tracked
    for name, content in files.items():
        if content is not None:
            outs[name] = {"md5": _md5(content), "size": len(content)}
    files["dvc.lock"] = _updated_lock(old_files.get("dvc.lock"), outs, stated)
    return files


def _no_shards(storages: DvcStorages, work: Path) -> dict[str, Any]:
    """The output with finished shards, emptied: whoever builds the new release computes them again."""
    listing = work / LISTING
    write_json(listing, {})
    oid, size = put_folder(storages.cache, {LISTING: listing})
    return {"md5": oid, "size": size, "nfiles": 1}


def _write_dataset(
    reissue: Reissue, old_release: Path, out: Path, settings: dict[str, Any], schemas: Path
) -> Metrics:
    """Write the dataset without the document."""
    listing = read_listing(old_release)
    removed = reissue.affected.ids
    values = json.dumps({"takedown": reissue.ledger_row["doc_id"], "replaces": reissue.version}, ensure_ascii=False)
    dropped = [
        *(row for row in listing["dropped"] if row["doc_id"] not in removed),
        *({"doc_id": i, "reason": "takedown", "values": values, "source": None} for i in sorted(removed)),
    ]
    withheld = [doc_id for doc_id in listing["withheld"] if doc_id not in removed]
    try:
        kept_ids = _kept_ids(old_release, listing, removed)
        return write_part(old_release, out, settings, schemas, kept_ids, dropped, withheld)
    except (CopydeskError, LookupError, TypeError, AttributeError) as error:
        raise ReleaseError(
            f"corpus@v{reissue.version}: its tables cannot be described by this version of copydesk ({error!r}); run "
            "the purge with the one that made the release"
        ) from error


def _schemas(old_files: Mapping[str, bytes | None], work: Path) -> Path:
    """The folder of the release's schemas; that of the package if the release has none."""
    schemas = {
        PurePosixPath(name).name: data for name, data in old_files.items() if name.startswith("schemas/") and data
    }
    if not schemas:
        return PACKAGED
    folder = work / "schemas"
    folder.mkdir()
    for name, data in schemas.items():
        (folder / name).write_bytes(data)
    return folder


def _kept_ids(old_release: Path, listing: Mapping[str, Any], removed: frozenset[str]) -> dict[str, set[str]]:
    """The ids of the documents that the release keeps, by table."""
    kept_ids = {}
    for name in TABLES:
        paths = listing["tables"].get(name, {"files": {}})["files"]
        columns = (pq.read_table(old_release / path, columns=["doc_id"])["doc_id"] for path in paths)
        kept_ids[name] = set[str]().union(*(column.unique().to_pylist() for column in columns)) - removed
    return kept_ids


def _changelog(root: Path, changelog: bytes | None, reissue: Reissue) -> str:
    date = git(root, "log", "-1", "--format=%cs", reissue.commit).strip()
    lines = [
        f"## [{reissue.new_version}] - {date}",
        "### Removed",
        f"- {markdown(reissue.ledger_row['doc_id'])}, which was taken down. This release replaces {reissue.version}, "
        "which is withdrawn; all other documents are unchanged.",
    ]
    return add_section(changelog.decode() if changelog is not None else None, "\n\n".join(lines) + "\n")


def _inputs_in_git(reissue: Reissue, old_files: Mapping[str, bytes | None]) -> Files:
    """The files in git that the document leaves: seeds, and what people wrote about it; the ledger has its line."""
    removed, search = reissue.affected.ids, reissue.search
    inputs = {name: data for name, data in old_files.items() if data is not None}
    records, about = search.records.with_ids(removed), LinesAbout(removed, search.file_hashes)
    files: Files = {}
    for name, data in inputs.items():
        remaining: bytes | None = data
        if holds_lines_about(name):
            remaining = about.removed_from(data)
        elif name.startswith("seeds/"):
            is_document = PurePosixPath(name).stem in removed or _sha256(data) in search.file_hashes
            remaining = None if is_document else records.file_without(name, data)
        if remaining != data:
            files[name] = remaining
    if any(name.startswith("seeds/") for name in inputs):
        ledger = inputs.get("seeds/takedowns.jsonl")
        written = _with_line(ledger, reissue.ledger_row)
        files |= {"seeds/takedowns.jsonl": written} if written != ledger else {}
    return files


def _inputs_in_dvc(
    root: Path, storages: DvcStorages, reissue: Reissue, names: list[str]
) -> Iterator[tuple[str, bytes | None, dict[str, dict[str, Any]]]]:
    """The .dvc files of seeds and labels that the document leaves, each with the outputs that changed.

    Folders and single files may be tracked; the content is None where a single file is the document.
    """
    removed, delivered_files = reissue.affected.ids, reissue.search.delivered_files
    about = LinesAbout(removed, reissue.search.file_hashes)
    for name, outs in dvc_files_at(root, reissue.commit, names):
        changed: dict[str, dict[str, Any]] = {}
        is_document = False
        for out in outs:
            path, oid = str(PurePosixPath(name).parent / out["path"]), out["md5"]
            if path == "seeds" and oid.endswith(".dir"):
                out["md5"], out["nfiles"] = _seeds_folder_without(storages, reissue, oid)
                out.pop("size", None)
            elif path == LABEL_FOLDER and oid.endswith(".dir"):
                out["md5"] = _labels_folder_without(storages, reissue, oid, about)
                out.pop("size", None)
            elif oid in delivered_files and holds_lines_about(path):
                remaining = about.removed_from(storages.read(oid))
                out["md5"] = _add_object(storages, path, remaining, reissue.search.records.build)
                out["size"] = len(remaining)
            else:
                is_document |= path.startswith("seeds/") and (
                    PurePosixPath(path).stem in removed or oid in delivered_files
                )
                continue
            changed[path] = {key: out[key] for key in ("md5", "size", "nfiles") if key in out}
        if is_document:
            yield name, None, {}
        elif changed:
            yield name, yaml.safe_dump({"outs": outs}, sort_keys=False).encode(), changed


def _seeds_folder_without(storages: DvcStorages, reissue: Reissue, listing: str) -> tuple[str, int]:
    """A folder of seeds that DVC tracks, without the document and with its line in the ledger.

    Returns the hash of the object that lists its files, and the number of files.
    """
    removed, delivered_files = reissue.affected.ids, reissue.search.delivered_files
    old_objects = storages.listing(listing)
    oids = {
        path: oid
        for path, oid in old_objects.items()
        if PurePosixPath(path).stem not in removed and oid not in delivered_files
    }
    records = reissue.search.records.with_ids(removed)
    for path, oid in old_objects.items():
        if oid in delivered_files and PurePosixPath(path).stem not in removed:
            delivered = storages.read(oid)
            remaining = records.file_without(path, delivered)
            if remaining is not None and remaining != delivered:
                oids[path] = _add_object(storages, path, remaining, records.build)
    about = LinesAbout(removed, reissue.search.file_hashes)
    edits: dict[str, Callable[[bytes], bytes]] = {
        **dict.fromkeys((name for name in SIDECARS if name in old_objects), about.removed_from),
        "takedowns.jsonl": lambda data: _with_line(data, reissue.ledger_row),
    }
    for name, edit in edits.items():
        data = storages.read(old_objects[name]) if name in old_objects else b""
        oids[name] = _add_object(storages, name, edit(data), records.build)
    return put_listing(storages.cache, [{"md5": oid, "relpath": path} for path, oid in oids.items()]), len(oids)


def _labels_folder_without(storages: DvcStorages, reissue: Reissue, listing: str, about: LinesAbout) -> str:
    """A folder of labels that DVC tracks, without the labels on the document: the object that lists its files."""
    oids = storages.listing(listing)
    for path, oid in oids.items():
        if oid in reissue.search.delivered_files:
            remaining = about.removed_from(storages.read(oid))
            oids = {**oids, path: _add_object(storages, path, remaining, reissue.search.records.build)}
    return put_listing(storages.cache, [{"md5": oid, "relpath": path} for path, oid in oids.items()])


def _add_object(storages: DvcStorages, path: str, data: bytes, build: Path | None) -> str:
    """Add an object to the cache; return its hash."""
    name = PurePosixPath(path).name
    with scratch("seeds", build) as folder:
        (folder / name).write_bytes(data)
        put_folder(storages.cache, {name: folder / name})
    return _md5(data)


def _with_line(ledger: bytes | None, row: dict[str, Any]) -> bytes:
    lines = LinesAbout({row["doc_id"]}, ()).removed_from(ledger or b"")
    return (lines if not lines or lines.endswith(b"\n") else lines + b"\n") + (
        json.dumps(row, ensure_ascii=False).encode() + b"\n"
    )


def _updated_lock(lock: bytes | None, outs: Mapping[str, Mapping[str, Any]], stated: Mapping[str, str]) -> bytes:
    """dvc.lock with the hashes of the written files; if the text of seeds changed, DVC reports outdated stages."""
    lock_file = yaml.safe_load(lock or b"")
    for stage in lock_file["stages"].values():
        for entry in (*stage.get("deps", ()), *stage.get("outs", ())):
            if entry["path"] in outs:
                entry.pop("size", None)
                entry.update(outs[entry["path"]])
        corpus = stage.get("params", {}).get("params.yaml", {}).get("corpus")
        if isinstance(corpus, dict) and "version" in corpus:
            corpus.update(stated)
    return yaml.safe_dump(lock_file, sort_keys=False, allow_unicode=True).encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
