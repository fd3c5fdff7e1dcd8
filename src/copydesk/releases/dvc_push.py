"""Pushing the corpus's data to a DVC remote so that it is whole there, whatever DVC believes.

DVC takes a folder for whole when the list of its files is at the remote, trusts a file in its cache that is
write-protected, and never writes over an object that is there. So what is pushed is hashed before, what the remote
lost is pushed again, and what came back damaged is written over.
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


class Object(NamedTuple):
    """A file as DVC keeps it: under the MD5 of its bytes."""

    oid: str
    kept: Path
    file: Path | None  # in the working tree; None for the list of a folder's files


def push(root: Path, remote: str | None, damaged: Collection[str] = ()) -> None:
    """Push what the pipeline made, and push again what the remote has lost or damaged.

    Parameters
    ----------
    root : Path
        The repository.
    remote : str or None
        DVC remote; the default one if None.
    damaged : collection of str
        Files of the dataset that came back from the remote with other bytes: they are written over.

    Raises
    ------
    ReleaseError
        If DVC's cache is damaged and the working tree cannot mend it, or the remote cannot be reached.
    """
    from dvc.repo import Repo  # type: ignore[import-untyped]

    with Repo(str(root)) as repo:
        objects = [found for out in repo.index.outs for found in _objects(repo.cache.local, out)]
        for one in objects:
            _mend(one)
    run_dvc(root, "push", *([f"--remote={remote}"] if remote else []))
    with Repo(str(root)) as repo:
        there = repo.cloud.get_remote_odb(remote)
        bad = {one.oid for one in objects if one.file in {root / "corpus" / name for name in damaged}}
        try:
            absent = {one.oid for one in objects} - set(there.oids_exist(sorted({one.oid for one in objects})))
            for oid in sorted(absent | bad):
                there.add(repo.cache.local.oid_to_path(oid), repo.cache.local.fs, oid, check_exists=False)
        except Exception as error:  # remotes of every kind raise errors of every kind
            said = f"{type(error).__name__}: {error}"
            raise ReleaseError(f"{there.fs.unstrip_protocol(there.path)}: cannot be pushed to ({said})") from error


def _objects(cache: Any, out: Any) -> list[Object]:
    """The objects of an output: its file, or the list of its files and each of them."""
    if not out.hash_info or not out.use_cache:
        return []
    oid = str(out.hash_info.value)
    kept, place = Path(cache.oid_to_path(oid)), Path(out.fs_path)
    if not out.hash_info.isdir:
        return [Object(oid, kept, place)]
    if not kept.is_file() or not _is(kept, oid):
        kept.unlink(missing_ok=True)
        raise ReleaseError(f"{kept}: DVC's list of the files in {place} is lost; run dvc commit --force, {_AGAIN}")
    rows = json.loads(kept.read_text("utf-8"))
    files = [Object(row["md5"], Path(cache.oid_to_path(row["md5"])), place / row["relpath"]) for row in rows]
    return [Object(oid, kept, None), *files]


def _mend(one: Object) -> None:
    """See that an object in the cache is what it is named after; if not, take it from the working tree."""
    if one.file is None or (one.kept.is_file() and _is(one.kept, one.oid)):
        return
    if not one.file.is_file() or not _is(one.file, one.oid):
        raise ReleaseError(
            f"{one.kept}: DVC's copy of {one.file} is damaged or lost, and so is the file; delete both, run dvc "
            f"repro (or dvc pull, if it was pushed before), {_AGAIN}"
        )
    say(f"release: {one.kept} was damaged or lost; mended from {one.file}")
    with replacing(one.kept) as file:
        file.write(one.file.read_bytes())
    one.kept.chmod(0o444)  # as DVC protects what it keeps


def _is(path: Path, oid: str) -> bool:
    md5 = partial(hashlib.md5, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, md5).hexdigest() == oid.removesuffix(".dir")
