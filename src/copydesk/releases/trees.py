"""Where a corpus lies: in a folder, at a git revision, in the DVC remote."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from copydesk.errors import ReleaseError
from copydesk.revisions.partial_clone import fetch_missing

FOLDER = "corpus"
TAG = re.compile(r"corpus@v((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))")


class Tree(Protocol):
    """The dataset's folder, wherever it lies."""

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
        found = (p for p in self.path.rglob("*") if p.is_symlink() or not p.is_dir())
        return {p.relative_to(self.path).as_posix() for p in found}

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return (self.path / name).open("rb")


class CommitTree:
    """The dataset's folder at a git revision: small files from git, data from DVC's cache or remote."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def names(self) -> set[str]:
        """Paths of all files, relative to the folder; of the data only what DVC can list."""
        root = f"/{FOLDER}"
        try:
            found = self._system.find(root)
        except Exception:  # the list of objects is lost; each file of it will be missed when it is opened
            found = [info["name"] for info in self._system.ls(root, detail=True) if info["type"] == "file"]
        return {str(name).removeprefix(f"{root}/") for name in found}

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return cast(BinaryIO, self._system.open(f"/{FOLDER}/{name}", "rb"))


@contextmanager
def tree_at(root: Path, commit: str, *, remote: bool = False) -> Iterator[CommitTree]:
    """Read the dataset at a commit of a repository, without touching its working tree.

    Parameters
    ----------
    root : Path
        The repository's folder.
    commit : str
        Hash of the commit.
    remote : bool
        Read the data from the DVC remote alone, and not from the local cache.

    Raises
    ------
    ReleaseError
        If the folder has no DVC at that commit, or ``remote`` is asked for and none is configured.
    """
    from dvc.api import DVCFileSystem  # type: ignore[import-untyped]

    fetch_missing(root, commit)
    with tempfile.TemporaryDirectory(prefix="copydesk-dvc-") as own:
        # DVC remembers listings of folders in its site cache and would not miss one that the remote lost.
        config: dict[str, Any] = {"core": {"site_cache_dir": str(Path(own, "site"))}}
        if remote:
            config["cache"] = {"dir": str(Path(own, "cache"))}  # empty
        system = DVCFileSystem(str(root.absolute()), rev=commit, config=config)
        try:
            name = system.repo.config["core"].get("remote")
        except Exception as error:  # whatever may be wrong with a repository's settings
            said = f"{type(error).__name__}: {error}"
            raise ReleaseError(f"{root}: DVC cannot open the repository at {commit[:12]}: {said}") from error
        try:
            if remote and not name:
                advice = "set one with dvc remote add --default, and commit .dvc/config"
                raise ReleaseError(f"{root}: no default DVC remote at {commit[:12]}; {advice}")
            yield CommitTree(system)
        finally:
            system.close()


def read_small(tree: Tree, name: str, where: str) -> bytes:
    """Read a file of the dataset that lies in git."""
    try:
        with tree.open(name) as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{where}: {name}: cannot be read ({error}); is this a corpus made by copydesk?") from None
