"""A release cut again without a document: a commit on top of the release's own, made without a checkout.

The data are filtered, not built again: the rows of all other documents stay as they were released.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import yaml

from copydesk.core.escaping import git_line, markdown
from copydesk.core.json_schema import PACKAGED
from copydesk.core.scratch import scratch
from copydesk.dataset.manifest import read_listing
from copydesk.dataset.metrics import write_plots
from copydesk.dataset.public_export import write_part
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.releases.changelog import with_section
from copydesk.releases.load import Release, fetch
from copydesk.releases.params_file import set_in_corpus
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.dvc_places import DATA, Places, put_folder, put_listing
from copydesk.revisions.git import git
from copydesk.revisions.git_history import commit_on, contents
from copydesk.revisions.revision import open_revision
from copydesk.tables.table import PUBLISHED
from copydesk.takedowns.object_search import Sought, ids_in
from copydesk.takedowns.occurrences import State, data_of, tracked_by_dvc

Files = dict[str, bytes | None]


class Recut(NamedTuple):
    """A release that is to be cut again: its version and commit, the new version, what it holds of the document.

    ``sought`` is the search that found it, ``row`` the ledger's line.
    """

    version: str
    commit: str
    new: str
    state: State
    sought: Sought
    row: dict[str, Any]

    @property
    def reference(self) -> str:
        """What the new commit is kept under until it is tagged."""
        return f"refs/copydesk/recut/{self.version}"

    @property
    def message(self) -> str:
        """The new commit's message, and that of its tag; a run after a kill knows its own work by it."""
        return f"corpus {self.new}\n\nReplaces: {self.version}\nTakedown: {git_line(self.row['doc_id'])}\n"


def remaining(root: Path, places: Places, recut: Recut) -> int:
    """How many documents the release keeps.

    Raises
    ------
    ReleaseError
        If a file of its documents is missing everywhere, or damaged: nobody can say then what is left of it.
    """
    found: set[str] = set()
    for path, oid in places.listing(data_of(root, recut.commit)).items():
        if path.startswith("documents/"):
            ids = ids_in(places.read(oid))
            if not ids:
                raise ReleaseError(
                    f"corpus@v{recut.version}: {FOLDER}/data/{path}: object {oid} is damaged in "
                    f"{', '.join(place.name for place in places.of(oid))}; restore it with dvc push from a clone "
                    "that has it, then run it again"
                )
            found |= ids
    return len(found - recut.state.ids)


def make(root: Path, places: Places, recut: Recut) -> str:
    """Make the commit of the new release, and put its data into DVC's cache; return the commit's hash.

    Raises
    ------
    ReleaseError
        If the old release cannot be read, or cannot be described by this version of copydesk.
    """
    names = [n for n in git(root, "ls-tree", "-r", "-z", "--name-only", recut.commit).split("\0") if n]
    read = dict(zip(names, contents(root, [f"{recut.commit}:{name}" for name in names]), strict=True))
    with scratch("recut", root / "build") as work:
        files = _written(root, places, recut, read, work)
    head = git(root, "rev-parse", "HEAD").strip()
    # Where the data lie is told by today's settings: those of the release may name a remote that is no more.
    files[".dvc/config"] = next(contents(root, [f"{head}:.dvc/config"]))
    return commit_on(root, recut.reference, recut.commit, recut.message, files)


def _written(root: Path, places: Places, recut: Recut, read: Mapping[str, bytes | None], work: Path) -> Files:
    """Contents of all files that differ in the new commit."""
    past = fetch(Release(str(root.resolve()), recut.version, recut.commit), work / "past")
    schemas = _schemas(read, work)
    params = work / "params.yaml"
    params.write_bytes(read.get("params.yaml") or b"")
    date = git(root, "log", "-1", "--format=%cs", recut.commit).strip()
    stated = {"version": recut.new, "commit": recut.commit, "date": date}
    set_in_corpus(params, {"version": recut.new, "commit": f'"{recut.commit}"', "date": f'"{date}"'})
    settings = open_revision(root, recut.commit).params
    settings = {**settings, "corpus": {**settings["corpus"], **stated}}
    listing = read_listing(past)
    why = {"takedown": recut.row["doc_id"], "replaces": recut.version}
    gone = sorted(recut.state.ids)
    dropped = [
        *(row for row in listing["dropped"] if row["doc_id"] not in recut.state.ids),
        *(
            {"doc_id": i, "reason": "takedown", "values": json.dumps(why, ensure_ascii=False), "source": None}
            for i in gone
        ),
    ]
    withheld = [doc_id for doc_id in listing["withheld"] if doc_id not in recut.state.ids]
    out = work / "out"
    out.mkdir()
    try:
        metrics = write_part(past, out, settings, schemas, _kept(past, listing, recut.state.ids), dropped, withheld)
    except (CopydeskError, LookupError, TypeError, AttributeError) as error:
        raise ReleaseError(
            f"corpus@v{recut.version}: its tables cannot be described by this version of copydesk ({error!r}); run "
            "the purge with the one that made the release"
        ) from error
    data = {p.relative_to(out / "data").as_posix(): p for p in sorted(out.glob("data/*/*"))}
    oid, size = put_folder(places.cache, data)
    files: Files = {name: None for name in read if name.startswith(f"{FOLDER}/") and not name.endswith(".gitignore")}
    written = {p.relative_to(out).as_posix(): p for p in sorted(out.rglob("*")) if p.is_file()}
    files |= {f"{FOLDER}/{name}": p.read_bytes() for name, p in written.items() if not name.startswith("data/")}
    files["params.yaml"] = params.read_bytes()
    if "reports/metrics.json" in read:
        text = json.dumps(metrics.summary, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        files["reports/metrics.json"] = text.encode()
    if any(name.startswith("reports/plots/") for name in read):
        write_plots(work / "plots", metrics)
        files |= {f"reports/plots/{p.name}": p.read_bytes() for p in sorted((work / "plots").iterdir())}
    files["CHANGELOG.md"] = _changelog(root, read.get("CHANGELOG.md"), recut).encode()
    outs: dict[str, dict[str, Any]] = {DATA: {"md5": oid, "size": size, "nfiles": len(data)}}
    _take_from_seeds(root, places, recut, read, files, outs)
    for name, content in files.items():
        if content is not None:
            outs[name] = {"md5": _md5(content), "size": len(content)}
    files["dvc.lock"] = _locked(read.get("dvc.lock"), outs, stated)
    return files


def _schemas(read: Mapping[str, bytes | None], work: Path) -> Path:
    own = {PurePosixPath(name).name: data for name, data in read.items() if name.startswith("schemas/") and data}
    if not own:
        return PACKAGED
    folder = work / "schemas"
    folder.mkdir()
    for name, data in own.items():
        (folder / name).write_bytes(data)
    return folder


def _kept(past: Path, listing: Mapping[str, Any], ids: frozenset[str]) -> dict[str, set[str]]:
    kept = {}
    for name in PUBLISHED:
        paths = listing["tables"].get(name, {"files": {}})["files"]
        found = (pq.read_table(past / path, columns=["doc_id"])["doc_id"].unique().to_pylist() for path in paths)
        kept[name] = set[str]().union(*found) - ids
    return kept


def _changelog(root: Path, known: bytes | None, recut: Recut) -> str:
    date = git(root, "log", "-1", "--format=%cs", recut.commit).strip()
    lines = [
        f"## [{recut.new}] - {date}",
        "### Removed",
        f"- {markdown(recut.row['doc_id'])}, which was taken down. This release replaces {recut.version}, which is "
        "withdrawn; all other documents are as they were there.",
    ]
    return with_section(known.decode() if known is not None else None, "\n\n".join(lines) + "\n")


def _take_from_seeds(  # noqa: PLR0917  (reads from two places, writes to two)
    root: Path,
    places: Places,
    recut: Recut,
    read: Mapping[str, bytes | None],
    files: Files,
    outs: dict[str, dict[str, Any]],
) -> None:
    """Remove the document from the seeds and from what is known of them, and write it into the ledger.

    Seeds lie in git, or in DVC: as a folder or file by file.
    """
    in_git = {name: data for name, data in read.items() if name.startswith("seeds/") and data is not None}
    deliveries = recut.sought.deliveries.also(recut.state.ids)
    for name, data in in_git.items():
        if PurePosixPath(name).stem in recut.state.ids or _sha256(data) in recut.sought.files:
            files[name] = None
        elif (left := deliveries.without(name, data)) != data:
            files[name] = left
    ours = {"seeds/sources.jsonl": _without(in_git.get("seeds/sources.jsonl"), recut.state.ids)}
    if in_git:
        ours["seeds/takedowns.jsonl"] = _with_line(in_git.get("seeds/takedowns.jsonl"), recut.row)
    files |= {name: data for name, data in ours.items() if data is not None and data != in_git.get(name)}
    for name, rows in tracked_by_dvc(root, recut.commit, list(read)):
        changed = False
        for out in rows:
            path = str(PurePosixPath(name).parent / out["path"])
            if path == "seeds" and out["md5"].endswith(".dir"):
                out["md5"], out["nfiles"] = _relisted(places, recut, out["md5"])
                out.pop("size", None)
                outs[path] = {"md5": out["md5"], "nfiles": out["nfiles"]}
                changed = True
            elif path.startswith("seeds/") and (
                PurePosixPath(path).stem in recut.state.ids or out["md5"] in recut.sought.plain
            ):
                files[name] = None
        if changed:
            files[name] = yaml.safe_dump({"outs": rows}, sort_keys=False).encode()


def _relisted(places: Places, recut: Recut, listing: str) -> tuple[str, int]:
    """The list of a folder of seeds without the document, and with its line in the ledger."""
    known = places.listing(listing)
    kept = {
        path: oid
        for path, oid in known.items()
        if PurePosixPath(path).stem not in recut.state.ids and oid not in recut.sought.plain
    }
    deliveries = recut.sought.deliveries.also(recut.state.ids)
    for path, oid in known.items():
        if oid in recut.sought.plain and PurePosixPath(path).stem not in recut.state.ids:
            delivered = places.read(oid)
            left = deliveries.without(path, delivered)
            if left is not None and left != delivered:
                kept[path] = _put(places, path, left, deliveries.build)
    edits: dict[str, Callable[[bytes | None], bytes | None]] = {
        "sources.jsonl": lambda data: _without(data, recut.state.ids),
        "takedowns.jsonl": lambda data: _with_line(data, recut.row),
    }
    for name, edit in edits.items():
        data = edit(places.read(kept[name]) if name in kept else None)
        if data is not None:
            kept[name] = _put(places, name, data, deliveries.build)
    return put_listing(places.cache, [{"md5": oid, "relpath": path} for path, oid in kept.items()]), len(kept)


def _put(places: Places, path: str, data: bytes, build: Path | None) -> str:
    """Add an object to the cache; return its hash."""
    name = PurePosixPath(path).name
    with scratch("seeds", build) as folder:
        (folder / name).write_bytes(data)
        put_folder(places.cache, {name: folder / name})
    return _md5(data)


def _without(lines: bytes | None, ids: frozenset[str]) -> bytes | None:
    """JSON lines without those about some documents."""
    if lines is None:
        return None
    return b"\n".join(line for line in lines.split(b"\n") if not line.strip() or _id(line) not in ids)


def _id(line: bytes) -> Any:
    try:
        return json.loads(line).get("doc_id")
    except (ValueError, AttributeError):
        return None


def _with_line(ledger: bytes | None, row: dict[str, Any]) -> bytes:
    known = _without(ledger, frozenset({row["doc_id"]})) or b""
    return (known if not known or known.endswith(b"\n") else known + b"\n") + (
        json.dumps(row, ensure_ascii=False).encode() + b"\n"
    )


def _locked(lock: bytes | None, outs: Mapping[str, Mapping[str, Any]], stated: Mapping[str, str]) -> bytes:
    """dvc.lock with the hashes of what was written; where the text of seeds changed, DVC will say so."""
    whole = yaml.safe_load(lock or b"")
    for stage in whole["stages"].values():
        for entry in (*stage.get("deps", ()), *stage.get("outs", ())):
            if entry["path"] in outs:
                entry.pop("size", None)
                entry.update(outs[entry["path"]])
        corpus = stage.get("params", {}).get("params.yaml", {}).get("corpus")
        if isinstance(corpus, dict) and "version" in corpus:
            corpus.update(stated)
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True).encode()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
