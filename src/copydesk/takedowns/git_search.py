"""Find the seed files in git's history that contain a document, and the files with labels on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from copydesk.revisions.git import git
from copydesk.revisions.git_history import read_git_objects
from copydesk.takedowns.delivered_records import DeliveredRecords
from copydesk.takedowns.lines_about import LinesAbout, holds_lines_about


class Blob(NamedTuple):
    """A file in git's history that contains a document, and the commits that added or removed it, newest first."""

    sha: str
    path: str
    commits: list[str]


def blobs_with_document(root: Path, doc_id: str, records: DeliveredRecords) -> tuple[list[Blob], list[str]]:
    """Find files in the history of branches and tags that contain a document.

    They do by their SHA-256, their name in seeds/, a record in seeds/, or a line that people wrote about them.

    Returns
    -------
    blobs : list of Blob
    not_searched : list of str
        Files that may contain it and were not searched; one message each.
    """
    objects = ("--objects", "--filter=object:type=blob", "--filter-provided-objects")
    listed = git(root, "rev-list", "--all", "HEAD", *objects).split("\n")
    paths = {sha: path for sha, _, path in (line.partition(" ") for line in listed if line)}
    paths |= {sha: path for sha, path in _seeds(root) if sha in paths}  # a blob may have paths outside seeds/ too
    about = LinesAbout(records.ids, records.hashes)
    blobs, other_seeds = [], []
    for (sha, name), content in zip(paths.items(), read_git_objects(root, paths), strict=True):
        path = PurePosixPath(name)
        is_seed, data = path.parts[:1] == ("seeds",), content or b""
        by_name = is_seed and path.stem == doc_id
        by_bytes = hashlib.sha256(data).hexdigest() in records.hashes
        has_lines = holds_lines_about(name) and about.are_in(data)
        if by_name or by_bytes or has_lines or (is_seed and records.numbers(name, data)):
            log = ("log", "--all", "HEAD", "--full-history", "--format=%H", f"--find-object={sha}")
            blobs.append(Blob(sha, str(path), git(root, *log).split()))
        elif is_seed and path.suffix != ".dvc":
            other_seeds.append(name)
    return sorted(blobs, key=lambda blob: (blob.path, blob.sha)), list(records.not_searched(other_seeds))


def _seeds(root: Path) -> Iterator[tuple[str, str]]:
    """Hashes and paths of all files that were ever seeds."""
    log = ("log", "--all", "HEAD", "--full-history", "--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "-z")
    fields = iter(git(root, *log, "--", "seeds").split("\0"))
    for head in fields:
        if head.strip():  # an empty one separates two commits
            yield head.split()[3], next(fields)
