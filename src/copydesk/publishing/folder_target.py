"""Publish releases to a folder of this or another machine, or to a bucket: one folder for each version.

``FOLDER/v1.2.0/data/...`` is written once and never changes. If the file system can rename folders, a release is
written under another name and then renamed. In a bucket its manifest is written last, after all other files were read
back. So a release is either complete or not there.
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
from copydesk.publishing.release_files import ReleaseFile, ReleaseFiles, refuse_other_rows
from copydesk.tables.logical_hash import logical_hash

_BLOCK = 1 << 20
_LOCAL = frozenset({"file", "local"})
#: File systems that can rename a folder in one step.
_RENAMING = _LOCAL | {"ssh", "sftp"}
#: In addition to the settings of fsspec: check the host key as ssh does, and give up on a dead host.
_SSH: dict[str, Any] = {"known_hosts": (), "connect_timeout": 30}
_VERSION = re.compile(r"v(\d+\.\d+\.\d+)")

Result = TypeVar("Result")


class FolderTarget:
    """A folder with a subfolder for each release.

    Parameters
    ----------
    to : str
        A path, or a URL that fsspec can write to.

    Raises
    ------
    ReleaseError
        If fsspec has no such file system, or it cannot be reached.
    """

    def __init__(self, to: str) -> None:
        self._to = to.rstrip("/") if to.strip("/") else to
        self._files, self._root = self._call(self._opened)
        kinds = self._files.protocol
        self._kinds = {kinds} if isinstance(kinds, str) else set(kinds)

    def address(self, release: ReleaseFiles) -> str:
        """The address of a release, without the password that a URL may contain."""
        return f"{_without_password(self._to)}/{release.name}"

    def versions(self) -> set[str]:
        """The published versions."""
        paths = self._call(lambda: self._files.ls(self._root, detail=False, refresh=True))
        matches = (_VERSION.fullmatch(str(path).rstrip("/").rpartition("/")[2]) for path in paths)
        return {match[1] for match in matches if match}

    def put(self, release: ReleaseFiles) -> bool:
        """Write a release and read it back; only then does it get its name.

        Returns
        -------
        bool
            Whether it had already been published.

        Raises
        ------
        ReleaseError
            If the folder has another release under this version, a file read back differs from what was written, or
            the file system fails. Run it again: it writes only what is missing.
        """
        target = f"{self._root}/{release.name}"
        if self._call(lambda: self._files.exists(f"{target}/{NAME}")):
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
            self._call(lambda: self._rename(work, target))
        return False

    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        kind = self._to.partition("://")[0] if "://" in self._to else "file"
        to = self._to if kind != "file" or "://" in self._to else str(Path(self._to).absolute())
        options = _SSH if kind in ("ssh", "sftp") else {}
        files, root = url_to_fs(
            to, skip_instance_cache=True, **options
        )  # a cached instance would return old listings
        return files, str(root)

    def _send(self, work: str, file: ReleaseFile) -> None:
        """Write a file, unless an earlier run wrote it."""
        path = f"{work}/{file.path}"

        def send() -> None:
            if self._files.exists(path):
                if self._files.info(path)["size"] == file.size and self._hash(path) == file.sha256:
                    return
                self._files.rm_file(path)
            if self._kinds & _LOCAL:
                copy_hashed(file.source, Path(path))  # which also syncs it to disk
            else:
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._files.put_file(str(file.source), path)

        self._call(send)

    def _check(self, folder: str, release: ReleaseFiles, files: list[ReleaseFile]) -> None:
        """Read everything back and compare: the bytes of each file, the rows of each table."""
        self._files.invalidate_cache()
        address = self.address(release)
        existing = self._call(lambda: {str(path) for path in self._files.find(folder)})
        for path in sorted(existing - {f"{folder}/{file.path}" for file in release.files}):
            raise ReleaseError(f"{address}: {path} is not part of the release; remove it, or choose another folder")
        for file in files:
            path = f"{folder}/{file.path}"
            found = f"sha256 {self._call(partial(self._hash, path))}" if path in existing else "no file"
            if found != f"sha256 {file.sha256}":
                raise ReleaseError(
                    f"{address}: {file.path}: found {found}, expected sha256 {file.sha256}; a published version "
                    f"never changes: find out who wrote this, and remove {folder} if it is not the release"
                )
        for table, splits in release.data.items():
            hashes = {split: self._call(partial(self._rows, folder, paths)) for split, paths in splits.items()}
            refuse_other_rows(address, table, hashes, release)

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

    def _call(self, request: Callable[[], Result]) -> Result:
        """Call the file system; turn any error into a one-line ReleaseError."""
        try:
            return request()
        except ReleaseError:
            raise
        except Exception as error:  # fsspec raises backend-specific exceptions
            message = f"{type(error).__name__}: {error}".replace(self._to, _without_password(self._to))
            advice = "fix this and run it again: files that arrived are not sent again"
            if isinstance(error, ImportError):
                advice = "install it: s3fs for buckets, sshfs for other machines"
            raise ReleaseError(f"{_without_password(self._to)}: cannot be written to ({message}); {advice}") from None


def _without_password(url: str) -> str:
    return re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1@", url)
