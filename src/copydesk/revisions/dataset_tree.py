"""The files of a dataset, read from a folder, from a git revision, or from the DVC remote."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from copydesk.core.atomic_files import leads_out
from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import dvc_settings, own_settings
from copydesk.revisions.dvc_objects import cache_odb, listing_of, open_object, outs_of, remote_odb
from copydesk.revisions.git import error_output, git, git_result

FOLDER = "corpus"
TAG = re.compile(r"corpus@v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))")
_REGULAR = ("100644", "100755")


class Tree(Protocol):
    """The files of a dataset, in a folder or elsewhere."""

    def names(self) -> set[str]:
        """Paths of all files, relative to the folder."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""


class FolderTree:
    """The dataset's folder on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> set[str]:
        """Paths of all files, relative to the folder."""
        paths = (p for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir())
        return {p.relative_to(self.path).as_posix() for p in paths}

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        path = self.path / name
        if leads_out(path, self.path):
            raise OSError("a link that leads out of the folder, which is not followed")
        return path.open("rb")


class CommitTree:
    """The dataset's folder at a git revision: small files from git, data from DVC's cache or remote.

    From DVC's files at the revision only the names and hashes of outputs are read: opened by DVC itself, these files
    could name programs, other repositories and other addresses.

    Parameters
    ----------
    root : Path
        The repository's folder.
    commit : str
        Hash of the commit.
    storages : sequence of callables
        Return DVC's object databases of the cache and of remotes, which are read in this order.
    remote : str, optional
        Name of the remote among them.
    """

    def __init__(
        self, root: Path, commit: str, storages: Sequence[Callable[[], Any]], remote: str | None = None
    ) -> None:
        self.remote = remote
        self._listing_error = ""
        self._root, self._storages = root, storages
        self._blobs: dict[str, tuple[str, str]] = {}
        for entry in git(root, "ls-tree", "-r", "-z", commit, "--", f"./{FOLDER}/").split("\0")[:-1]:
            attributes, _, path = entry.partition("\t")
            mode, _, blob = attributes.split()
            self._blobs[path.removeprefix(f"{FOLDER}/")] = (mode, blob)
        lock = git_result(root, "show", f"{commit}:./dvc.lock")
        outs = outs_of(lock.stdout if lock.returncode == 0 else None, f"{root} at {commit[:12]}")
        self._objects = {
            path.removeprefix(f"{FOLDER}/"): oid for path, oid in outs.items() if path.startswith(f"{FOLDER}/")
        }

    @cached_property
    def _data(self) -> dict[str, str]:
        """Hashes of objects by path; none for a folder whose list of files is lost or damaged."""
        data: dict[str, str] = {}
        for path, oid in self._objects.items():
            if oid.endswith(".dir"):
                data |= {f"{path}/{name}": file_oid for name, file_oid in self._listing(oid).items()}
            else:
                data[path] = oid
        return data

    def _listing(self, oid: str) -> dict[str, str]:
        reason = f"object {oid}, the list of the files, is missing or damaged"
        for open_storage in self._storages:
            try:
                with open_object(open_storage(), oid) as file:
                    listing = file.read()
                if hashlib.md5(listing, usedforsecurity=False).hexdigest() == oid.removesuffix(".dir"):
                    return listing_of(listing, oid)
            except FileNotFoundError:
                continue
            except Exception as error:  # DVC remotes raise backend-specific exceptions
                reason = first_line_of(error)
        self._listing_error = reason
        return {}

    def names(self) -> set[str]:
        """Paths of all files, relative to the folder; data files only if DVC can list them."""
        return {*self._blobs, *self._data}

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        if name in self._blobs:
            mode, blob = self._blobs[name]
            if mode not in _REGULAR:
                raise OSError("a link, which is not followed")
            result = git_result(self._root, "cat-file", "blob", blob)
            if result.returncode:
                raise OSError(error_output(result))
            return BytesIO(result.stdout)
        if name not in self._data:
            raise OSError(self._listing_error) if self._listing_error else FileNotFoundError(name)
        return self._object(self._data[name])

    def oid(self, name: str) -> str | None:
        """The hash of the object of a data file; None if there is none."""
        return self._data.get(name)

    def _object(self, oid: str) -> BinaryIO:
        last_error: Exception = FileNotFoundError(oid)
        for open_storage in self._storages:
            try:
                return open_object(open_storage(), oid)
            except FileNotFoundError:
                continue
            except Exception as error:  # DVC remotes raise backend-specific exceptions
                last_error = error
        raise last_error


def tree_at(
    root: Path, commit: str, *, remote: bool = False, origin: str | None = None, own: bool = False
) -> CommitTree:
    """The dataset at a commit of a repository, whose working tree is not touched.

    Parameters
    ----------
    root : Path
        The repository's folder.
    commit : str
        Hash of the commit.
    remote : bool
        Read the data from the DVC remote alone, not from the local cache.
    origin : str, optional
        For a clone that copydesk made: the address it was cloned from.
    own : bool
        Whether the repository is the user's own, so that all of ``.dvc/config`` applies; else it may be a stranger's.

    Raises
    ------
    ReleaseError
        If DVC's settings or its lock file at that commit cannot be read, or ``remote`` is set and there is no remote
        that may be used.
    """
    settings = own_settings(root) if own else dvc_settings(root, commit, origin)
    storages = [] if remote else [cache(partial(cache_odb, settings))]
    if settings.default:
        storages.append(cache(partial(remote_odb, settings, settings.default)))
        if remote:
            storages[0]()  # raises an error if it may not be used
    elif remote:
        advice = "set one with dvc remote add --default, and commit .dvc/config"
        raise ReleaseError(f"{root}: no default DVC remote at {commit[:12]}; {advice}")
    return CommitTree(root, commit, storages, settings.default)


def read_dataset_file(tree: Tree, name: str, where: str) -> bytes:
    """Read a file of the dataset that git tracks; ``where`` names the dataset in messages.

    Raises
    ------
    ReleaseError
        If there is no such file, or it cannot be read.
    """
    try:
        with tree.open(name) as file:
            return file.read()
    except FileNotFoundError:
        raise ReleaseError(f"{where}: {name}: no such file; expected a dataset that copydesk built") from None
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{where}: {name}: cannot be read ({error})") from None


def first_line_of(error: Exception) -> str:
    """The first line of an error's message."""
    return str(error).partition("\n")[0] or type(error).__name__
