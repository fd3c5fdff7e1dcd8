"""A clone of a release with its inputs: from git, and from DVC where a repository keeps seeds or labels there.

The repository may be a stranger's. Of it no hook, filter or script runs, no link leads out of the clone, and from
``.dvc/config`` only kind and address of the remote are used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
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
from copydesk.revisions.git_history import read_git_objects
from copydesk.takedowns.occurrences import dvc_files_at

_LINK, _PROGRAM = "120000", "100755"
_BLOCK = 1 << 20
_LARGEST_LIST = 1 << 28  # bytes: two million files


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
        listed = _Bounded()
        self.copy(oid, listed)
        return listing_of(listed.getvalue(), oid)


class _Bounded(BytesIO):
    """Bytes in memory, of which a server must not send without an end."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > _LARGEST_LIST:
            raise OSError(f"a list of files of more than {_LARGEST_LIST:,} bytes")
        return super().write(data)


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
            if not isinstance(out, dict) or not isinstance(out.get("path"), str):
                raise ReleaseError(f"{name}: not a file of DVC: an output without a path")
            path, oid = PurePosixPath(name).parent / out["path"], str(out.get("md5", ""))
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
    name = path.as_posix()
    if "\0" in name or name.encode("utf-8", "ignore").decode() != name:
        raise ReleaseError(f"{name!r}: DVC tracks a path that no file can have; it is not fetched")
    return name


def clone_with_inputs(root: Path, commit: str, clone: Path) -> None:
    """Clone a repository at a commit, and fetch the inputs that DVC keeps.

    Raises
    ------
    ReleaseError
        If the clone has a link that leads out of it, or an input cannot be fetched.
    """
    options = ("--quiet", "--no-checkout", "--no-recurse-submodules", "--template=")
    git(None, "clone", *options, "--", str(root), str(clone))
    git(clone, "update-ref", "--no-deref", "HEAD", commit)
    git(clone, "read-tree", commit)
    _write_files(clone, commit)
    reader = DvcReader(root, commit)
    for wanted in dvc_inputs(root, commit, reader):
        path = clone / wanted.path
        if not path.parent.resolve().is_relative_to(clone.resolve()) or path.is_symlink():
            raise ReleaseError(f"{wanted.path}: a link leads out of the repository; it is not followed")
        with replacing(path) as file:
            reader.copy(wanted.oid, file)


def _write_files(clone: Path, commit: str) -> None:
    """Write the files of a commit as git stores them: a checkout would run filters that the repository chooses.

    Raises
    ------
    ReleaseError
        If a link leads out of the clone.
    """
    entries = [entry.partition("\t") for entry in git(clone, "ls-tree", "-r", "-z", commit).split("\0")[:-1]]
    blobs = [(attributes.split(), path) for attributes, _, path in entries if attributes.split()[1] == "blob"]
    blobs.sort(key=lambda blob: blob[0][0] == _LINK)  # links last, so that no file is written through one
    contents = read_git_objects(clone, [oid for (_, _, oid), _ in blobs])
    for ((mode, _, _), path), content in zip(blobs, contents, strict=True):
        target = clone / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == _LINK:
            target.symlink_to(os.fsdecode(content or b""))
            if leads_out(target, clone):
                raise ReleaseError(f"{path}: a link leads out of the repository at {commit[:12]}; it is not followed")
        else:
            target.write_bytes(content or b"")
            target.chmod(0o755 if mode == _PROGRAM else 0o644)
