"""Push the corpus's data to a DVC remote so that it is complete there, whatever DVC assumes.

DVC assumes that a folder is complete if the remote has the list of its files, trusts a write-protected file in its
cache, and never overwrites an object of the remote. So objects are hashed before they are pushed, objects that the
remote lost are pushed again, and objects that came back damaged are overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.core.progress import say
from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_command import run_dvc

_AGAIN = "then run copydesk release again"


class CachedObject(NamedTuple):
    """An object of DVC: the MD5 of its bytes, its path in the cache, and its file in the working tree.

    ``file`` is None for the list of a folder's files.
    """

    oid: str
    cached: Path
    file: Path | None


def push_data(root: Path, remote: str | None, damaged: Collection[str] = ()) -> None:
    """Push the outputs of the pipeline, and push again what the remote has lost or damaged.

    Parameters
    ----------
    root : Path
        The repository.
    remote : str or None
        DVC remote; the default one if None.
    damaged : collection of str
        Files of the dataset that came back from the remote with other bytes; they are overwritten there.

    Raises
    ------
    ReleaseError
        If DVC's cache is damaged and the working tree cannot repair it, or the remote cannot be reached.
    """
    from dvc.repo import Repo  # type: ignore[import-untyped]

    with Repo(str(root)) as repo:
        objects = [entry for out in repo.index.outs for entry in _objects(repo.cache.local, out)]
        for entry in objects:
            _mend(entry)
    run_dvc(root, "push", *([f"--remote={remote}"] if remote else []))
    with Repo(str(root)) as repo:
        remote_odb = repo.cloud.get_remote_odb(remote)
        damaged_oids = {entry.oid for entry in objects if entry.file in {root / "corpus" / name for name in damaged}}
        try:
            oids = {entry.oid for entry in objects}
            missing_oids = oids - set(remote_odb.oids_exist(sorted(oids)))
            for oid in sorted(missing_oids | damaged_oids):
                remote_odb.add(repo.cache.local.oid_to_path(oid), repo.cache.local.fs, oid, check_exists=False)
        except Exception as error:  # DVC remotes raise backend-specific exceptions
            reason = f"{type(error).__name__}: {error}"
            address = remote_odb.fs.unstrip_protocol(remote_odb.path)
            raise ReleaseError(f"{address}: cannot be pushed to ({reason})") from error


def _objects(cache: Any, out: Any) -> list[CachedObject]:
    """The objects of an output: of its file, or for a folder the list of its files and the files."""
    if not out.hash_info or not out.use_cache:
        return []
    oid = str(out.hash_info.value)
    cached, path = Path(cache.oid_to_path(oid)), Path(out.fs_path)
    if not out.hash_info.isdir:
        return [CachedObject(oid, cached, path)]
    if not cached.is_file() or not _has_hash(cached, oid):
        cached.unlink(missing_ok=True)
        raise ReleaseError(f"{cached}: DVC's list of the files in {path} is lost; run dvc commit --force, {_AGAIN}")
    rows = json.loads(cached.read_text("utf-8"))
    files = [CachedObject(row["md5"], Path(cache.oid_to_path(row["md5"])), path / row["relpath"]) for row in rows]
    return [CachedObject(oid, cached, None), *files]


def _mend(entry: CachedObject) -> None:
    """Restore an object of the cache from the working tree, if it is lost or its bytes do not match its name."""
    if entry.file is None or (entry.cached.is_file() and _has_hash(entry.cached, entry.oid)):
        return
    if not entry.file.is_file() or not _has_hash(entry.file, entry.oid):
        raise ReleaseError(
            f"{entry.cached}: DVC's copy of {entry.file} is damaged or lost, and so is the file; delete both, run "
            f"dvc repro (or dvc pull, if it was pushed before), {_AGAIN}"
        )
    say(f"release: {entry.cached} was damaged or lost; restored from {entry.file}")
    with replacing(entry.cached) as file:
        file.write(entry.file.read_bytes())
    entry.cached.chmod(0o444)  # DVC write-protects its cache


def _has_hash(path: Path, oid: str) -> bool:
    md5 = partial(hashlib.md5, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, md5).hexdigest() == oid.removesuffix(".dir")
