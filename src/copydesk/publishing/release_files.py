"""A release as it is published: exactly its files, each with its hash, and the hashes of its rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from copydesk.dataset.manifest import NAME, SIGNATURE, read_listing, read_manifest
from copydesk.errors import ReleaseError
from copydesk.releases.release_tags import Release
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.git import git

CARD = "README.md"


@dataclass(frozen=True)
class File:
    """A file of a release: its path in the dataset, where it lies now, its hash and size."""

    path: str
    source: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class FetchedRelease:
    """A release that was fetched and checked.

    Attributes
    ----------
    version : str
        Without the ``v`` that tags and folders have before it.
    folder : Path
        Where it lies on this machine.
    files : list of File
        Data first, then what describes it, the card last but one, the manifest last: who finds the manifest finds
        the rest.
    logical : dict
        For each table the logical hash of each split, as ``manifest.json`` has them.
    data : dict
        For each table the paths of each split's files, in order.
    """

    version: str
    folder: Path
    files: list[File]
    logical: dict[str, dict[str, str]]
    data: dict[str, dict[str, list[str]]]

    @property
    def name(self) -> str:
        """The version as tags and folders have it."""
        return f"v{self.version}"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def describe_release(release: Release, folder: Path, scratch: Path) -> FetchedRelease:
    """Describe a release.

    Parameters
    ----------
    release : Release
        As its tag names it.
    folder : Path
        Where it was fetched to.
    scratch : Path
        An empty folder, for its signature, which lies in git.
    """
    hashes = read_manifest(folder)
    names = sorted(hashes, key=lambda name: (not name.startswith("data/"), name == CARD, name))
    files = [File(name, folder / name, hashes[name], (folder / name).stat().st_size) for name in names]
    beside = [folder / NAME]
    if git(release.repo, "ls-tree", "--name-only", release.commit, f"{FOLDER}/{SIGNATURE}").strip():
        (scratch / SIGNATURE).write_text(git(release.repo, "show", f"{release.commit}:{FOLDER}/{SIGNATURE}"))
        beside.insert(0, scratch / SIGNATURE)
    files += [File(p.name, p, hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_size) for p in beside]
    tables = read_listing(folder)["tables"]
    logical = {table: {s: found["logical_sha256"] for s, found in t["splits"].items()} for table, t in tables.items()}
    data: dict[str, dict[str, list[str]]] = {}
    for table, listed in tables.items():
        for path in sorted(listed["files"]):
            if path not in hashes:
                raise ReleaseError(f"{release}: manifest.json lists {path}, which {NAME} does not; do not publish it")
            split = path.rpartition("/")[2].partition("-")[0]
            data.setdefault(table, {}).setdefault(split, []).append(path)
    return FetchedRelease(release.version, folder, files, logical, data)


def refuse_other_rows(place: str, table: str, found: dict[str, str], release: FetchedRelease) -> None:
    """Refuse rows that came back from a place and are not those of the release.

    Raises
    ------
    ReleaseError
        Naming the table and the split.
    """
    for split, expected in release.logical[table].items():
        if found.get(split) != expected:
            raise ReleaseError(
                f"{place}: table {table}, split {split}: logical hash {found.get(split, 'of nothing')} of the rows "
                f"that came back, expected {expected} as in manifest.json; do not hand it on, and ask its host why"
            )
