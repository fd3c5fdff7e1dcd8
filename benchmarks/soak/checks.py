"""What a soak checks: the corpus in the working tree, and every release that was ever cut."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.dataset
from desk import Desk
from model import Row

from copydesk.dataset.manifest import NAME, STATEMENT
from copydesk.pipeline import STAGES
from copydesk.project import Project
from copydesk.releases.load import load
from copydesk.releases.verify import parse_manifest, verify
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_storages import DATA
from copydesk.text import ComposedEdit, revert


def raw_problems(found: list[dict[str, object]], wanted: dict[str, Row]) -> list[str]:
    """Where rows of the table raw differ from what the model says."""
    got = {str(row["doc_id"]): (row["path"], row["sha256"], row["text"]) for row in found}
    want = {doc_id: (row.path, row.sha256, row.text) for doc_id, row in wanted.items()}
    differing = sorted(i for i in got.keys() | want.keys() if got.get(i) != want.get(i))
    twice = [] if len(found) == len(got) else ["a document stands there twice"]
    return twice + [f"{i}: found {got.get(i)}, expected {want.get(i)}" for i in differing]


class Checks:
    """What is known of the releases, so that looking at all of them after each step is cheap.

    What a release consists of is read from git once, and the tags must not move; its objects are hashed again after
    each step, wherever they lie.
    """

    def __init__(self, desk: Desk, scratch: Path) -> None:
        self._desk, self._scratch = desk, scratch
        self._commits: dict[str, str] = {}
        self._objects: dict[str, dict[str, str]] = {}  # of each version: SHA-256 by MD5
        self.counts = {"objects_hashed": 0, "verified": 0, "loaded": 0, "built_from_nothing": 0}

    def corpus(self) -> None:
        """The corpus holds the documents of the model, and their clean texts give back the raw ones."""
        wanted, root = self._desk.rows, self._desk.root / "corpus" / "data"
        tables = {t: pyarrow.dataset.dataset(root / t).to_table().to_pylist() for t in ("raw", "documents")}
        assert not (problems := raw_problems(tables["raw"], wanted)), problems
        edits: dict[str, list[ComposedEdit]] = {}
        rows = pyarrow.dataset.dataset(root / "edits").to_table().to_pylist() if (root / "edits").exists() else []
        for row in rows:
            if row["applied"]:
                edit = ComposedEdit(**{name: row[name] for name in ComposedEdit._fields})
                edits.setdefault(row["doc_id"], []).append(edit)
        for row in tables["documents"]:
            known = wanted[row["doc_id"]]
            assert revert(row["text"], edits.get(row["doc_id"], [])) == known.text, row["doc_id"]
            assert row["duplicate_group"] == known.first_copy, (row["doc_id"], row["duplicate_group"], known)
            for name, value in json.loads(known.source or "{}").items():
                assert row[name] == value, (row["doc_id"], name, row[name], value)

    def releases(self) -> None:
        """Each release has its tag, at its commit, and all of its data is in the cache and in the remote."""
        desk = self._desk
        listed = desk.git("for-each-ref", "--format=%(refname:short) %(objecttype) %(*objectname)", "refs/tags")
        tags = {
            name: commit for name, kind, commit in (line.split() for line in listed.splitlines()) if kind == "tag"
        }
        assert set(tags) == {f"corpus@v{version}" for version in desk.releases}, tags
        for version in desk.releases:
            commit = tags[f"corpus@v{version}"]
            assert self._commits.setdefault(version, commit) == commit, f"{version} has moved"
            if version not in self._objects:
                self._objects[version] = self._objects_of(commit)
        for place in (desk.root / ".dvc" / "cache", desk.remote):
            seen: dict[str, str] = {}
            for version, objects in self._objects.items():
                for oid, sha256 in objects.items():
                    if oid not in seen:
                        data = (place / "files" / "md5" / oid[:2] / oid[2:]).read_bytes()
                        seen[oid] = hashlib.sha256(data).hexdigest()
                    assert seen[oid] == sha256, f"{version}: {oid} in {place} is damaged"
            self.counts["objects_hashed"] += len(seen)

    def _objects_of(self, commit: str) -> dict[str, str]:
        desk = self._desk
        listing = outs_of(desk.git("show", f"{commit}:dvc.lock"), commit)[DATA]
        path = desk.remote / "files" / "md5" / listing[:2] / listing[2:]
        manifest = parse_manifest(f"{desk.git('show', f'{commit}:corpus/{NAME}')}\n".encode(), commit)
        rows = {f"data/{row['relpath']}": row["md5"] for row in json.loads(path.read_bytes())}
        assert rows.keys() == {name for name in manifest if name.startswith("data/")}
        return {oid: manifest[name] for name, oid in rows.items()} | {
            listing: hashlib.sha256(path.read_bytes()).hexdigest()
        }

    def verified(self, version: str) -> None:
        """`copydesk verify` finds nothing wrong with a release, neither in the cache nor in the remote."""
        for remote in (False, True):
            found = verify(self._desk.root, f"corpus@v{version}", remote=remote)
            assert found.ok, (version, remote, found.problems)
        self.counts["verified"] += 1

    def loaded(self, version: str) -> None:
        """`copydesk.load` gives the rows that the release was cut from, fetched anew."""
        cache = self._scratch / "releases"
        rows = load("raw", version=version, repo=self._desk.root, split="train", cache=cache, streaming=True)
        problems = raw_problems(list(rows), self._desk.releases[version][1])
        assert not problems, (version, problems)
        shutil.rmtree(cache)
        self.counts["loaded"] += 1

    def from_nothing(self) -> None:
        """A build from nothing makes the same bytes."""
        root = self._scratch / "from-nothing"
        shutil.rmtree(root, ignore_errors=True)
        for name in ("seeds", "schemas"):
            shutil.copytree(self._desk.root / name, root / name)
        shutil.copy(self._desk.root / "params.yaml", root)
        for name, run in STAGES.items():
            if name != "validate":
                run(Project.open(root))
        there, here = self._desk.root / "corpus", root / "corpus"
        names = {p.relative_to(here).as_posix() for p in here.rglob("*") if p.is_file()}
        found = {p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file()}
        found -= {".gitignore", STATEMENT}  # a release writes the statement
        assert found == names, found ^ names
        for name in sorted(names):
            assert (there / name).read_bytes() == (here / name).read_bytes(), name
        self.counts["built_from_nothing"] += 1
