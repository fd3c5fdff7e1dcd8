"""A folder of seeds: which files are documents, in which order, under which id."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import BuildError
from copydesk.readers import CONTAINERS, READERS, split_name

#: Hand-written files that lie among the seeds and are not seeds.
SIDECARS = frozenset({"sources.jsonl", "benchmarks.jsonl", "takedowns.jsonl", "decisions.jsonl"})


class Stamp(NamedTuple):
    """What the file system says about a file: all of it stays the same while its bytes do."""

    size: int
    modified: int
    changed: int
    inode: int


class Seed(NamedTuple):
    """A file that may become a document, or whose records may. ``path`` is relative, with forward slashes."""

    doc_id: str
    path: str
    stamp: Stamp
    holds_records: bool = False

    @property
    def size(self) -> int:
        """In bytes."""
        return self.stamp.size


class Refusal(NamedTuple):
    """A file that may not, and why (a row of ``reports/quarantine.jsonl``)."""

    path: str
    reason: str
    detail: str


def list_seeds(folder: Path, max_bytes: int) -> tuple[list[Seed], list[Refusal]]:
    """List the seeds below a folder in the order of their paths, and what was refused without being read.

    Names that begin with a dot are passed over, as every tool does; everything else is either a seed, a
    sidecar or a refusal. The order is that of the paths' UTF-8 bytes, whatever the file system's.

    Raises
    ------
    BuildError
        If the folder is not there.
    """
    if not folder.is_dir():
        raise BuildError(f"{folder}: no such folder; expected a folder of seeds")
    home = folder.resolve()
    seeds: list[Seed] = []
    refusals: list[Refusal] = []
    owners: dict[str, str] = {}
    for path, entry in sorted(_walk(folder, ""), key=lambda found: os.fsencode(found[0])):
        refusal = _judged(home, path, entry, max_bytes, owners)
        if isinstance(refusal, Refusal):
            refusals.append(refusal)
        else:
            if not refusal.holds_records:
                owners[refusal.doc_id] = path
            seeds.append(refusal)
    return seeds, refusals


def _walk(folder: Path | str, base: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = base + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{path}/")
            elif path not in SIDECARS:
                yield path, entry


def _judged(home: Path, path: str, entry: os.DirEntry[str], max_bytes: int, owners: dict[str, str]) -> Seed | Refusal:
    stem, ending = split_name(entry.name)
    # Composed form: a name must not make two ids because one system stores it decomposed.
    doc_id = unicodedata.normalize("NFC", stem)
    problem: tuple[str, str] | None
    stamp = Stamp(0, 0, 0, 0)
    try:
        if entry.is_symlink() and not _leads_inside(home, Path(entry.path)):
            problem = ("outside", "a symbolic link that leaves the folder or leads nowhere; copy the file instead")
        elif not stat.S_ISREG((status := entry.stat()).st_mode):
            problem = ("not-a-file", "expected a regular file")
        else:
            stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            problem = _refused_name(ending, path, doc_id, owners)
    except OSError as error:
        problem = ("unreadable", f"{error.strerror}; expected a file that can be read")
    if problem is None and stamp.size > max_bytes and ending not in CONTAINERS:
        limit = f"at most {max_bytes:,} (params.yaml: ingest.max_bytes)"
        problem = ("too-large", f"{stamp.size:,} bytes, {limit}; split the file")
    if problem is not None:
        return Refusal(os.fsencode(path).decode("utf-8", "backslashreplace"), *problem)
    return Seed(doc_id, path, stamp, ending in CONTAINERS)


def _leads_inside(home: Path, link: Path) -> bool:
    return link.exists() and link.resolve().is_relative_to(home)


def _refused_name(ending: str, path: str, doc_id: str, owners: dict[str, str]) -> tuple[str, str] | None:
    if path.rpartition("/")[2] in SIDECARS:
        return "unknown-format", "a file of this name is no seed; expected it at the top of the folder"
    if ending not in READERS and ending not in CONTAINERS:
        return "unknown-format", f"ending {ending or '(none)'!r}, expected one of {sorted({*READERS, *CONTAINERS})}"
    if _is_strange(path):
        return "bad-name", "the name is not UTF-8, or holds a control character or a backslash; rename the file"
    if not doc_id or len(doc_id) > 255:
        return "bad-name", f"a stem of {len(doc_id)} characters, expected 1 to 255; rename the file"
    if doc_id in owners and ending not in CONTAINERS:
        return "duplicate-id", f"id {doc_id!r} belongs to {owners[doc_id]}; rename one of them"
    return None


def refused_id(doc_id: str) -> str | None:
    """Why a record's id cannot be that of a document; None if it can."""
    if not doc_id or len(doc_id) > 255:
        return f"{len(doc_id)} characters, expected 1 to 255"
    if _is_strange(doc_id) or "/" in doc_id:
        return "a slash, a backslash, a control character or half a character; expected an id without"
    return None


def _is_strange(name: str) -> bool:
    # What is printable holds no control characters; asking each character takes long for many files.
    return "\\" in name or (
        not name.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    )
