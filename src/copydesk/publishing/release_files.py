"""The files of a release as they are published, with the hash of each file and of the rows of each table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from copydesk.dataset.manifest import NAME, PROOFS, read_listing, read_manifest
from copydesk.dataset.rows_by_split import split_of
from copydesk.errors import ReleaseError
from copydesk.releases.release_tags import Release
from copydesk.revisions.dataset_tree import FOLDER
from copydesk.revisions.git_history import read_git_objects

CARD = "README.md"


@dataclass(frozen=True)
class ReleaseFile:
    """A file of a release: its path in the dataset, its local copy, its hash and its size in bytes."""

    path: str
    source: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class ReleaseFiles:
    """A release that was fetched and verified.

    Attributes
    ----------
    version : str
        Without the leading ``v`` of tags and folders.
    folder : Path
        The local copy.
    files : list of ReleaseFile
        In the order of writing: data, descriptions, card, manifest. So the manifest exists only if all others do.
    logical : dict
        Logical hash by table and split, from ``manifest.json``.
    data : dict
        Paths of the files by table and split, in order.
    """

    version: str
    folder: Path
    files: list[ReleaseFile]
    logical: dict[str, dict[str, str]]
    data: dict[str, dict[str, list[str]]]

    @property
    def name(self) -> str:
        """The version with the leading ``v``."""
        return f"v{self.version}"

    @property
    def size(self) -> int:
        """Size of all files together, in bytes."""
        return sum(file.size for file in self.files)


def release_files(release: Release, folder: Path, scratch: Path) -> ReleaseFiles:
    """List the files and hashes of a release.

    Parameters
    ----------
    release : Release
        The release, as its tag names it.
    folder : Path
        Its local copy.
    scratch : Path
        An empty folder, for signatures and the statement, which are in git and not in ``folder``.
    """
    hashes = read_manifest(folder)
    names = sorted(hashes, key=lambda name: (not name.startswith("data/"), name == CARD, name))
    files = [ReleaseFile(name, folder / name, hashes[name], (folder / name).stat().st_size) for name in names]
    last_files = [folder / NAME]
    proofs = read_git_objects(Path(release.repo), [f"{release.commit}:{FOLDER}/{name}" for name in PROOFS])
    for name, content in zip(PROOFS, proofs, strict=True):
        if content is not None:
            (scratch / name).write_bytes(content)
            last_files.insert(0, scratch / name)
    files += [
        ReleaseFile(p.name, p, hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_size) for p in last_files
    ]
    tables = read_listing(folder)["tables"]
    logical = {
        table: {split: entry["logical_sha256"] for split, entry in t["splits"].items()} for table, t in tables.items()
    }
    data: dict[str, dict[str, list[str]]] = {}
    for table, listed in tables.items():
        for path in sorted(listed["files"]):
            if path not in hashes:
                raise ReleaseError(f"{release}: manifest.json lists {path}, but {NAME} does not; do not publish it")
            split = split_of(path)
            data.setdefault(table, {}).setdefault(split, []).append(path)
    return ReleaseFiles(release.version, folder, files, logical, data)


def refuse_other_rows(address: str, table: str, hashes: dict[str, str], release: ReleaseFiles) -> None:
    """Refuse rows that were read back and are not those of the release.

    Raises
    ------
    ReleaseError
        Naming the table and the split.
    """
    for split, expected in release.logical[table].items():
        if hashes.get(split) != expected:
            raise ReleaseError(
                f"{address}: table {table}, split {split}: the rows read back have the logical hash "
                f"{hashes.get(split, '(no rows)')}, expected {expected} as in manifest.json; do not use this copy, "
                "and find out what changed it"
            )
