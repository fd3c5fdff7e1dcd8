"""Releases in a folder of this or another machine, or in a bucket: each below its version, whole or not there at all.

Addresses never change: ``FOLDER/v1.2.0/data/...`` is written once. Where a folder can be renamed a release is written
under another name and then renamed; in a bucket its manifest is written last, once all else was read back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from copydesk.core.atomic_files import copy_hashed
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.publishing.release_files import FetchedRelease, File, refuse_other_rows
from copydesk.tables.logical_hash import logical_hash

_BLOCK = 1 << 20
_LOCAL = frozenset({"file", "local"})
#: File systems in which a folder gets another name at once.
_RENAMING = _LOCAL | {"ssh", "sftp"}
#: Beside what fsspec's own settings say: check the host's key as ssh does, and do not wait for a dead host.
_SSH: dict[str, Any] = {"known_hosts": (), "connect_timeout": 30}
_VERSION = re.compile(r"v(\d+\.\d+\.\d+)")

Result = TypeVar("Result")


class Folder:
    """A folder of releases.

    Parameters
    ----------
    to : str
        A path, or a URL that fsspec can write to.

    Raises
    ------
    ReleaseError
        If there is no file system of that kind, or it cannot be reached.
    """

    def __init__(self, to: str) -> None:
        self._to = to.rstrip("/") if to.strip("/") else to
        self._files, self._root = self._asked(self._opened)
        kinds = self._files.protocol
        self._kinds = {kinds} if isinstance(kinds, str) else set(kinds)

    def shown(self, release: FetchedRelease) -> str:
        """Where a release is there; without the password that a URL may hold."""
        return f"{_without_password(self._to)}/{release.name}"

    def versions(self) -> set[str]:
        """Versions of the releases that are there."""
        paths = self._asked(lambda: self._files.ls(self._root, detail=False, refresh=True))
        found = (_VERSION.fullmatch(str(path).rstrip("/").rpartition("/")[2]) for path in paths)
        return {match[1] for match in found if match}

    def put(self, release: FetchedRelease) -> bool:
        """Write a release, read it back, and only then give it its name.

        Returns
        -------
        bool
            Whether all of it was there before.

        Raises
        ------
        ReleaseError
            If another one is there under this version, what came back is not what was sent, or the place fails;
            run again, it sends what is missing.
        """
        target = f"{self._root}/{release.name}"
        if self._asked(lambda: self._files.exists(f"{target}/{NAME}")):
            self._check(target, release, release.files)
            return True
        renaming = bool(self._kinds & _RENAMING)
        work = f"{self._root}/.{release.name}.part" if renaming else target
        *others, manifest = release.files
        for file in others:
            self._send(work, file)
        self._check(work, release, others)
        self._send(work, manifest)
        if renaming:
            self._asked(lambda: self._rename(work, target))
        return False

    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        kind = self._to.partition("://")[0] if "://" in self._to else "file"
        to = self._to if kind != "file" or "://" in self._to else str(Path(self._to).absolute())
        options = _SSH if kind in ("ssh", "sftp") else {}
        files, root = url_to_fs(to, skip_instance_cache=True, **options)  # another would remember what it listed
        return files, str(root)

    def _send(self, work: str, file: File) -> None:
        """Write a file unless it is there as it should be, from a time before."""
        path = f"{work}/{file.path}"

        def send() -> None:
            if self._files.exists(path):
                if self._files.info(path)["size"] == file.size and self._hash(path) == file.sha256:
                    return
                self._files.rm_file(path)
            if self._kinds & _LOCAL:
                copy_hashed(file.source, Path(path))  # which also puts it on disk
            else:
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(file.source), path)

        self._asked(send)

    def _check(self, folder: str, release: FetchedRelease, files: list[File]) -> None:
        """Read everything back: the bytes of each file, and the rows of each table."""
        self._files.invalidate_cache()
        place = self.shown(release)
        found = self._asked(lambda: {str(path) for path in self._files.find(folder)})
        for path in sorted(found - {f"{folder}/{file.path}" for file in release.files}):
            raise ReleaseError(f"{place}: {path} is no file of the release; remove it, or choose another folder")
        for file in files:
            path = f"{folder}/{file.path}"
            came = f"sha256 {self._asked(partial(self._hash, path))}" if path in found else "nothing"
            if came != f"sha256 {file.sha256}":
                raise ReleaseError(
                    f"{place}: {file.path}: found {came}, expected sha256 {file.sha256}; what is published under a "
                    f"version never changes: find out who wrote it; remove {folder} if it is not what was released"
                )
        for table, splits in release.data.items():
            hashes = {split: self._asked(partial(self._rows, folder, paths)) for split, paths in splits.items()}
            refuse_other_rows(place, table, hashes, release)

    def _rows(self, folder: str, paths: list[str]) -> str:
        import pyarrow.dataset as pd

        return logical_hash(pd.dataset([f"{folder}/{path}" for path in paths], filesystem=self._files))

    def _hash(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._files.open(path, "rb") as reader:
            while block := reader.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def _rename(self, work: str, target: str) -> None:
        if self._kinds & _LOCAL:
            Path(work).rename(target)
        else:
            self._files.mv(work, target)

    def _asked(self, question: Callable[[], Result]) -> Result:
        """What the file system answers; what it complains of, in a line."""
        try:
            return question()
        except ReleaseError:
            raise
        except Exception as error:  # file systems of every kind raise errors of every kind
            said = f"{type(error).__name__}: {error}".replace(self._to, _without_password(self._to))
            advice = "see to it and run it again: what has arrived is not sent twice"
            if isinstance(error, ImportError):
                advice = "install it: s3fs for buckets, sshfs for other machines"
            raise ReleaseError(f"{_without_password(self._to)}: cannot be written to ({said}); {advice}") from None


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1@", url)
