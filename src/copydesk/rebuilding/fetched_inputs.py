"""A clone of a release with its inputs: from git, and from DVC where a repository keeps seeds or labels there.

The repository may be a stranger's. Of it no hook, filter or script runs, no link leads out of the clone, and from
``.dvc/config`` only kind and address of the remote are used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from copydesk.core.atomic_files import leads_out, replacing
from copydesk.errors import ReleaseError
from copydesk.proofs.build_inputs import INPUTS
from copydesk.revisions.dataset_tree import first_line_of
from copydesk.revisions.dvc_config import dvc_settings
from copydesk.revisions.dvc_objects import cache_odb, listing_of, open_object, remote_odb
from copydesk.revisions.git import git
from copydesk.takedowns.occurrences import dvc_files_at

_LINK = "120000"
_BLOCK = 1 << 20


class DvcInput(NamedTuple):
    """An input that DVC keeps: its path in the repository, and the MD5 of its bytes."""

    path: str
    oid: str


class DvcReader:
    """Reads objects from the cache of a repository, or else from its default remote at a commit."""

    def __init__(self, root: Path, commit: str) -> None:
        settings = dvc_settings(root, commit)
        storages: list[Callable[[], Any]] = [cache(partial(cache_odb, settings))]
        if settings.default:
            storages.append(cache(partial(remote_odb, settings, settings.default)))
        self._storages: Sequence[Callable[[], Any]] = storages

    def copy(self, oid: str, target: Any) -> None:
        """Write the bytes of an object to a file.

        Raises
        ------
        ReleaseError
            If no storage has it with the bytes of its name.
        """
        reason = "it is in no storage"
        for open_storage in self._storages:
            target.seek(0)
            target.truncate()
            digest = hashlib.md5(usedforsecurity=False)
            try:
                with open_object(open_storage(), oid) as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        target.write(block)
            except Exception as error:  # DVC remotes raise backend-specific exceptions
                reason = first_line_of(error)
                continue
            if digest.hexdigest() == oid.removesuffix(".dir"):
                return
            reason = "it has other bytes there"
        raise ReleaseError(f"object {oid}: cannot be fetched ({reason}); push it from a clone that has it: dvc push")

    def listing(self, oid: str) -> dict[str, str]:
        """The files of a folder: hashes of objects by path."""
        listed = BytesIO()
        self.copy(oid, listed)
        return listing_of(listed.getvalue(), oid)


def dvc_inputs(root: Path, commit: str, reader: DvcReader) -> list[DvcInput]:
    """The inputs that the .dvc files of a commit name, sorted by path.

    Raises
    ------
    ReleaseError
        If a .dvc file or a list of files cannot be read, or a path leads out of the repository.
    """
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    inputs = []
    for name, outs in dvc_files_at(root, commit, listed):
        for out in outs:
            path, oid = PurePosixPath(name).parent / str(out["path"]), str(out.get("md5", ""))
            if not _is_input(path):
                continue
            if oid.endswith(".dir"):
                inputs += [DvcInput(_safe(path / inner), md5) for inner, md5 in reader.listing(oid).items()]
            else:
                inputs.append(DvcInput(_safe(path), oid))
    return sorted(inputs)


def _is_input(path: PurePosixPath) -> bool:
    return bool(path.parts) and path.parts[0] in INPUTS


def _safe(path: PurePosixPath) -> str:
    if path.is_absolute() or ".." in path.parts or not _is_input(path):
        raise ReleaseError(f"{path}: DVC tracks a path that leads out of the repository; it is not fetched")
    return path.as_posix()


def clone_with_inputs(root: Path, commit: str, clone: Path) -> None:
    """Clone a repository at a commit, and fetch the inputs that DVC keeps.

    Raises
    ------
    ReleaseError
        If the clone has a link that leads out of it, or an input cannot be fetched.
    """
    options = ("--quiet", "--no-checkout", "--no-recurse-submodules", "--template=")
    git(None, "clone", *options, "--", str(root), str(clone))
    git(clone, "checkout", "--quiet", "--detach", commit)
    for link in _links(clone, commit):
        if leads_out(clone / link, clone):
            raise ReleaseError(f"{link}: a link leads out of the repository at {commit[:12]}; it is not followed")
    reader = DvcReader(root, commit)
    for wanted in dvc_inputs(root, commit, reader):
        path = clone / wanted.path
        if not path.parent.resolve().is_relative_to(clone.resolve()) or path.is_symlink():
            raise ReleaseError(f"{wanted.path}: a link leads out of the repository; it is not followed")
        with replacing(path) as file:
            reader.copy(wanted.oid, file)


def _links(root: Path, commit: str) -> Iterator[str]:
    for entry in git(root, "ls-tree", "-r", "-z", commit).split("\0")[:-1]:
        attributes, _, path = entry.partition("\t")
        if attributes.startswith(_LINK):
            yield path
