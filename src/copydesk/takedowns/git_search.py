"""Seed files in the history of git that hold a document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from copydesk.revisions.git import git
from copydesk.revisions.git_history import contents
from copydesk.takedowns.delivered_records import Deliveries


class Blob(NamedTuple):
    """A file in git's history that holds a document, and the commits that brought or removed it, newest first."""

    sha: str
    path: str
    commits: list[str]


def holding_blobs(root: Path, doc_id: str, deliveries: Deliveries) -> list[Blob]:
    """Files in the history of branches and tags that hold a document: by SHA-256, name in seeds/, or as a record."""
    only = ("--objects", "--filter=object:type=blob", "--filter-provided-objects")
    listed = git(root, "rev-list", "--all", "HEAD", *only).split("\n")
    blobs = {sha: path for sha, _, path in (line.partition(" ") for line in listed if line)}
    blobs |= {sha: path for sha, path in _seeds(root) if sha in blobs}  # where a blob has names elsewhere too
    found = []
    for (sha, name), content in zip(blobs.items(), contents(root, blobs), strict=True):
        path = PurePosixPath(name)
        seed, data = path.parts[:1] == ("seeds",), content or b""
        by_name = seed and path.stem == doc_id
        by_bytes = hashlib.sha256(data).hexdigest() in deliveries.hashes
        if by_name or by_bytes or (seed and deliveries.numbers(name, data)):
            log = ("log", "--all", "HEAD", "--full-history", "--format=%H", f"--find-object={sha}")
            found.append(Blob(sha, str(path), git(root, *log).split()))
    return sorted(found, key=lambda blob: (blob.path, blob.sha))


def _seeds(root: Path) -> Iterator[tuple[str, str]]:
    """Hashes and paths of all files that ever were seeds."""
    shown = ("--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "-z")
    told = iter(git(root, "log", "--all", "HEAD", "--full-history", *shown, "--", "seeds").split("\0"))
    for head in told:
        if head.strip():  # else it parts two commits
            yield head.split()[3], next(told)
