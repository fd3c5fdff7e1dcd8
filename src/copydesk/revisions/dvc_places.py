"""DVC's objects: the places that hold them, and which of them a revision's data consists of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import dvc_settings, own_settings
from copydesk.revisions.dvc_objects import cache_odb, listing_of, open_object, remote_odb

DATA = "corpus/data"
CACHE = "cache"


class Place(NamedTuple):
    """A cache or a remote: its name, DVC's view of it, and the hashes of the objects that lie there."""

    name: str
    odb: Any
    oids: frozenset[str]


class Places(NamedTuple):
    """Every place that DVC is told of: the cache first, then the remotes; and why some could not be looked into.

    ``default`` is the name of the default remote, None where there is none.
    """

    seen: list[Place]
    unseen: dict[str, str]
    default: str | None

    @property
    def cache(self) -> Any:
        """DVC's view of the local cache."""
        return self.seen[0].odb

    @property
    def oids(self) -> list[str]:
        """The objects that lie anywhere, sorted."""
        return sorted(set().union(*(place.oids for place in self.seen)))

    def of(self, oid: str) -> list[Place]:
        """The places that hold an object."""
        return [place for place in self.seen if oid in place.oids]

    def read(self, oid: str) -> bytes:
        """Bytes of an object, from the first place that can give it.

        Raises
        ------
        ReleaseError
            If none can.
        """
        said = "it is in no place"
        for place in self.of(oid):
            try:
                with open_object(place.odb, oid) as file:
                    return file.read()
            except Exception as error:  # remotes of every kind raise errors of every kind
                said = f"{place.name}: {type(error).__name__}: {error}"
        raise ReleaseError(f"object {oid} cannot be read ({said}); restore it, or remove it if nothing needs it")

    def listing(self, oid: str) -> dict[str, str]:
        """What a folder consists of: hashes of objects by path; empty where the list of them is lost."""
        return listing_of(self.read(oid), oid) if self.of(oid) else {}


@contextmanager
def open_places(root: Path, *, own: bool = False) -> Iterator[Places]:
    """Look into the cache and all remotes of a repository.

    Parameters
    ----------
    root : Path
        The repository's folder.
    own : bool
        Whether all of ``.dvc/config`` is obeyed, since the repository is the user's own; else it may be a stranger's.

    Raises
    ------
    ReleaseError
        If there is no DVC repository, or its cache cannot be read.
    """
    settings = own_settings(root) if own else dvc_settings(root)
    seen, unseen = [], {}
    for name in ("", *sorted(settings.remotes)):
        called = f"remote {name}" if name else CACHE
        try:
            odb = remote_odb(settings, name) if name else cache_odb(settings)
            seen.append(Place(called, odb, _listed(odb)))
        except NotImplementedError:
            unseen[called] = "this kind of remote cannot list its objects"
        except ReleaseError as error:
            unseen[called] = str(error)
        except Exception as error:  # remotes of every kind raise errors of every kind
            unseen[called] = f"{type(error).__name__}: {error}"
    if CACHE in unseen:
        raise ReleaseError(f"{root}: DVC's cache cannot be read: {unseen[CACHE]}")
    yield Places(seen, unseen, settings.default)


def _listed(odb: Any) -> frozenset[str]:
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


def push(cache: Any, target: Place, oids: Iterable[str]) -> None:
    """Copy objects from the cache to another place, lists of files last: who finds one takes the folder for whole.

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
        except Exception as error:  # remotes of every kind raise errors of every kind
            said = f"{type(error).__name__}: {error}"
            raise ReleaseError(
                f"{target.name}: object {oid} cannot be written ({said}); nothing was removed; run it again"
            ) from None
