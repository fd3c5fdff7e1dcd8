"""A folder of seeds: which files are documents, in which order, under which id."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import BuildError
from copydesk.readers import READERS

#: Hand-written files that lie among the seeds and are not seeds.
SIDECARS = frozenset({"sources.jsonl", "benchmarks.jsonl", "takedowns.jsonl", "decisions.jsonl"})


class Seed(NamedTuple):
    """A file that may become a document. ``path`` is relative to the folder, with forward slashes."""

    doc_id: str
    path: str
    size: int


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
    for path in sorted(_walk(folder), key=os.fsencode):
        refusal = _judged(folder, home, path, max_bytes, owners)
        if isinstance(refusal, Refusal):
            refusals.append(refusal)
        else:
            owners[refusal.doc_id] = path
            seeds.append(refusal)
    return seeds, refusals


def _walk(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        base = Path(here).relative_to(folder)
        links = [name for name in folders if Path(here, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".") and name not in links]
        for name in [*files, *links]:
            path = (base / name).as_posix()
            if not name.startswith(".") and path not in SIDECARS:
                yield path


def _judged(folder: Path, home: Path, path: str, max_bytes: int, owners: dict[str, str]) -> Seed | Refusal:
    file = folder / path
    # Composed form: a name must not make two ids because one system stores it decomposed.
    doc_id = unicodedata.normalize("NFC", file.stem)
    problem: tuple[str, str] | None
    size = 0
    try:
        if file.is_symlink() and not (file.exists() and file.resolve().is_relative_to(home)):
            problem = ("outside", "a symbolic link that leaves the folder or leads nowhere; copy the file instead")
        elif not stat.S_ISREG((status := file.stat()).st_mode):
            problem = ("not-a-file", "expected a regular file")
        else:
            size = status.st_size
            problem = _refused_name(file, path, doc_id, owners)
    except OSError as error:
        problem = ("unreadable", f"{error.strerror}; expected a file that can be read")
    if problem is None and size > max_bytes:
        limit = f"at most {max_bytes:,} (params.yaml: ingest.max_bytes)"
        problem = ("too-large", f"{size:,} bytes, {limit}; split the file")
    if problem is not None:
        return Refusal(os.fsencode(path).decode("utf-8", "backslashreplace"), *problem)
    return Seed(doc_id, path, size)


def _refused_name(file: Path, path: str, doc_id: str, owners: dict[str, str]) -> tuple[str, str] | None:
    if file.suffix.lower() not in READERS:
        return "unknown-format", f"ending {file.suffix or '(none)'!r}, expected one of {sorted(READERS)}"
    if any(unicodedata.category(c) in ("Cc", "Cs") or c == "\\" for c in path):
        return "bad-name", "the name is not UTF-8, or holds a control character or a backslash; rename the file"
    if not doc_id or len(doc_id) > 255:
        return "bad-name", f"a stem of {len(doc_id)} characters, expected 1 to 255; rename the file"
    if doc_id in owners:
        return "duplicate-id", f"id {doc_id!r} belongs to {owners[doc_id]}; rename one of them"
    return None
