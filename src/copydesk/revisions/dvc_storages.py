"""DVC's storages, which are the cache and the remotes: list, read and write their objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import dvc_settings, own_settings
from copydesk.revisions.dvc_objects import cache_odb, listing_of, open_object, remote_odb
from copydesk.store.installed_from import require_build

DATA = "corpus/data"
CACHE = "cache"


class DvcStorage(NamedTuple):
    """The cache or a remote: its name, DVC's object database for it, and the hashes of its objects."""

    name: str
    odb: Any
    oids: frozenset[str]


class DvcStorages(NamedTuple):
    """The cache and all remotes of a repository.

    ``readable`` are the storages whose objects could be listed, the cache first. ``unreadable`` has the reason for
    each other storage, by name. ``default`` is the name of the default remote, None if there is none.
    """

    readable: list[DvcStorage]
    unreadable: dict[str, str]
    default: str | None

    @property
    def cache(self) -> Any:
        """DVC's object database for the local cache."""
        return self.readable[0].odb

    @property
    def oids(self) -> list[str]:
        """The hashes of all objects, sorted."""
        return sorted(set().union(*(storage.oids for storage in self.readable)))

    def with_object(self, oid: str) -> list[DvcStorage]:
        """The storages that contain an object."""
        return [storage for storage in self.readable if oid in storage.oids]

    def read(self, oid: str) -> bytes:
        """Bytes of an object, from the first storage that can read it.

        Raises
        ------
        ReleaseError
            If no storage can read it.
        """
        reason = "it is in no storage"
        for storage in self.with_object(oid):
            try:
                with open_object(storage.odb, oid) as file:
                    return file.read()
            except Exception as error:  # DVC remotes raise backend-specific exceptions
                reason = f"{storage.name}: {type(error).__name__}: {error}"
        raise ReleaseError(f"object {oid} cannot be read ({reason}); restore it, or remove it if nothing needs it")

    def listing(self, oid: str) -> dict[str, str]:
        """The files of a folder: hashes of objects by path; empty if the object that lists them is lost."""
        return listing_of(self.read(oid), oid) if self.with_object(oid) else {}


@contextmanager
def open_storages(root: Path, *, own: bool = False) -> Iterator[DvcStorages]:
    """List the objects in the cache and all remotes of a repository.

    Parameters
    ----------
    root : Path
        The repository's folder.
    own : bool
        Whether the repository is the user's own, so that all of ``.dvc/config`` applies; else it may be a stranger's.

    Raises
    ------
    ReleaseError
        If there is no DVC repository, or its cache cannot be read.
    """
    require_build("to search DVC's cache and remotes")
    settings = own_settings(root) if own else dvc_settings(root)
    readable, unreadable = [], {}
    for remote in ("", *sorted(settings.remotes)):
        name = f"remote {remote}" if remote else CACHE
        try:
            odb = remote_odb(settings, remote) if remote else cache_odb(settings)
            readable.append(DvcStorage(name, odb, _oids(odb)))
        except NotImplementedError:
            unreadable[name] = "this kind of remote cannot list its objects"
        except ReleaseError as error:
            unreadable[name] = str(error)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            unreadable[name] = f"{type(error).__name__}: {error}"
    if CACHE in unreadable:
        raise ReleaseError(f"{root}: DVC's cache cannot be read: {unreadable[CACHE]}")
    yield DvcStorages(readable, unreadable, settings.default)


def _oids(odb: Any) -> frozenset[str]:
    try:
        return frozenset(odb.all())
    except FileNotFoundError:  # nothing was ever pushed there
        return frozenset()


def put_folder(odb: Any, files: Mapping[str, Path]) -> tuple[str, int]:
    """Add files to a cache, and the object that lists them; return the list's hash and the size of all files."""
    from dvc_data.hashfile.hash import file_md5

    rows = []
    for name, path in files.items():
        oid = file_md5(str(path), odb.fs)
        odb.add(str(path), odb.fs, oid)
        rows.append({"md5": oid, "relpath": name})
    return put_listing(odb, rows), sum(path.stat().st_size for path in files.values())


def put_listing(odb: Any, rows: Iterable[dict[str, str]]) -> str:
    """Add the object that lists the files of a folder to a cache, and return its hash."""
    from dvc_data.hashfile.tree import Tree

    tree = Tree.from_list(list(rows), hash_name="md5")
    tree.digest()
    odb.add(tree.path, tree.fs, tree.oid)
    return str(tree.oid)


def copy_objects(cache: Any, target: DvcStorage, oids: Iterable[str]) -> None:
    """Copy objects from the cache to another storage, lists last: DVC assumes that a folder with a list is complete.

    Raises
    ------
    ReleaseError
        If an object cannot be written.
    """
    for oid in sorted(oids, key=lambda oid: (oid.endswith(".dir"), oid)):
        if oid in target.oids:
            continue
        try:
            target.odb.add(cache.oid_to_path(oid), cache.fs, oid)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            reason = f"{type(error).__name__}: {error}"
            raise ReleaseError(
                f"{target.name}: object {oid} cannot be written ({reason}); nothing was removed; run it again"
            ) from None
