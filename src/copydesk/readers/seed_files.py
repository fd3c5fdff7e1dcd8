"""List the files in a folder of seeds: documents and files of records, with their order and ids."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.atomic_files import explained, leads_out, sha256_file
from copydesk.errors import BuildError
from copydesk.readers import READERS, record_readers, split_name

#: Hand-written files in the folder of seeds that are not seeds.
SIDECARS = frozenset({"sources.jsonl", "benchmarks.jsonl", "takedowns.jsonl", "decisions.jsonl"})
#: What the signatures of other corpora are called, which `copydesk signatures` fetches; they are no seeds.
SIGNATURES_ENDING = ".signatures.parquet"
_BATCH = 4_000  # files to hold as Python objects at a time


class Stamp(NamedTuple):
    """Metadata of a file in the file system: bytes, times in nanoseconds, inode. It changes with the content."""

    size: int
    modified: int
    changed: int
    inode: int


class Seed(NamedTuple):
    """A file of records. ``path`` is relative, with forward slashes."""

    path: str
    stamp: Stamp


#: Rows of :func:`list_seeds`: files with one document or with records. A file of records has no id.
SEEDS = pa.schema([("path", pa.string()), ("doc_id", pa.string()), *((name, pa.int64()) for name in Stamp._fields)])


def seed_of(seeds: pa.Table, place: int) -> Seed:
    """Return a row of ``SEEDS`` as a Seed."""
    path, *stamp = (seeds[name][place].as_py() for name in ("path", *Stamp._fields))
    return Seed(path, Stamp(*stamp))


class Refusal(NamedTuple):
    """A file or record that was refused, and why: a row of ``reports/quarantine.jsonl``."""

    path: str
    reason: str
    detail: str


def list_seeds(folder: Path, max_bytes: int, signatures: list[str] | None = None) -> tuple[pa.Table, list[Refusal]]:
    """List the seeds in a folder in the order of their paths, and the files refused without reading them.

    Duplicate ids are found later, by ``document_listing``, because a record may have one of them.

    Names that begin with a dot are ignored, as in other tools; any other file is a seed, a sidecar or a refusal. The
    order is that of the paths' UTF-8 bytes, independent of the file system.

    Parameters
    ----------
    folder : Path
    max_bytes : int
        The largest file with one document.
    signatures : list of str, optional
        The paths of signatures of other corpora are added to it.

    Returns
    -------
    seeds : pa.Table of ``SEEDS``
    refusals : list of Refusal

    Raises
    ------
    BuildError
        If the folder is missing or unreadable.
    """
    if not folder.is_dir():
        raise BuildError(f"{folder}: no such folder; expected a folder of seeds")
    home = folder.resolve()
    files = _without_signatures(walk(folder), [] if signatures is None else signatures)
    tables = [SEEDS.empty_table()]
    refusals: list[tuple[bytes, Refusal]] = []
    while batch := list(islice(files, _BATCH)):
        # All names are tested at once, which is faster: is any of them unusual, or not in the form of an id?
        names = " ".join([path for path, _ in batch])
        ordinary = not _is_strange(names) and unicodedata.is_normalized("NFC", names)
        rows: list[tuple[Any, ...]] = []
        for path, entry in batch:
            if isinstance(entry, OSError):
                refusals.append((os.fsencode(path), _closed(folder, path, entry)))
                continue
            stem, dot, ending = entry.name.rpartition(".")
            if ordinary and dot + ending in READERS and entry.is_file(follow_symlinks=False):
                status = _status(entry)
                if status is not None and status.st_size <= max_bytes:
                    rows.append((path, stem, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
                    continue
            row = _row_or_refusal(home, path, entry, max_bytes)
            if isinstance(row, Refusal):
                refusals.append((os.fsencode(path), row))
            else:
                rows.append(row)
        columns = zip(*rows, strict=True) if rows else ([] for _ in SEEDS)
        tables.append(pa.table([pa.array(c, f.type) for c, f in zip(columns, SEEDS, strict=True)], SEEDS))
    seeds = pa.concat_tables(tables)
    tables.clear()
    return seeds.take(pc.sort_indices(seeds["path"])).combine_chunks(), [refusal for _, refusal in sorted(refusals)]


def _without_signatures(
    files: Iterator[tuple[str, os.DirEntry[str] | OSError]], signatures: list[str]
) -> Iterator[tuple[str, os.DirEntry[str] | OSError]]:
    """The files but sidecars and signatures; the paths of the latter are added to a list."""
    for path, entry in files:
        if not path.endswith(SIGNATURES_ENDING):
            if path not in SIDECARS:
                yield path, entry
        elif not isinstance(entry, OSError):
            signatures.append(path)


def list_seed(folder: Path, path: str, max_bytes: int) -> pa.Table:
    """List one file in a folder of seeds, by its relative path; empty if it is no seed or would be refused."""
    place = folder / path
    with os.scandir(place.parent) as entries:
        same_name = [entry for entry in entries if entry.name == place.name]
    ignored = path in SIDECARS or path.endswith(SIGNATURES_ENDING) or any(p[:1] == "." for p in path.split("/"))
    rows = [] if ignored else [_row_or_refusal(folder.resolve(), path, entry, max_bytes) for entry in same_name]
    listed = [row for row in rows if not isinstance(row, Refusal)]
    columns = zip(*listed, strict=True) if listed else ([] for _ in SEEDS)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, SEEDS, strict=True)], SEEDS)


def signature_files(folder: Path) -> list[str]:
    """List the signatures of other corpora in a folder of seeds, by their relative paths, sorted."""
    names = ((name, entry) for name, entry in walk(folder) if name.endswith(SIGNATURES_ENDING))
    return sorted(name for name, entry in names if not isinstance(entry, OSError))


def signature_hashes(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """Return the SHA-256 of each of these files; None for what is no readable file, or a link out of the project."""
    return {_as_text(name): _hash_inside(folder / name, folder.parent) for name in sorted(names)}


def _hash_inside(path: Path, root: Path) -> str | None:
    try:
        return sha256_file(path) if path.is_file() and not leads_out(path, root) else None
    except OSError:
        return None


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None  # deleted just now; _row_or_refusal refuses it


def walk(folder: Path) -> Iterator[tuple[str, os.DirEntry[str] | OSError]]:
    """Yield the files below a folder, and errors of unreadable folders, with their relative paths, in any order.

    Names that begin with a dot are ignored. Folders may be nested as deeply as the system allows.
    """
    folders: list[tuple[str, str]] = [("", str(folder))]
    while folders:
        base, place = folders.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((f"{base}{entry.name}/", entry.path))
                    else:
                        yield base + entry.name, entry
        except OSError as error:
            yield base, error


def _closed(folder: Path, path: str, error: OSError) -> Refusal:
    """Return the refusal of an unreadable folder; raise if it is the folder of the seeds itself."""
    if not path:
        raise BuildError(explained(error, folder, "read")) from None
    return Refusal(_as_text(path.rstrip("/")), "unreadable", f"{error.strerror}; expected a folder that can be read")


def _as_text(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _row_or_refusal(
    home: Path, path: str, entry: os.DirEntry[str], max_bytes: int
) -> tuple[str, str | None, int, int, int, int] | Refusal:
    """Return a row of ``SEEDS``, or a refusal."""
    stem, ending = split_name(entry.name)
    # Composed form: some file systems store names decomposed, and the id must be the same.
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
            problem = _refused_name(ending, path, doc_id)
    except OSError as error:
        problem = ("unreadable", f"{error.strerror}; expected a file that can be read")
    if problem is None and stamp.size > max_bytes and ending not in record_readers():
        limit = f"at most {max_bytes:,} (params.yaml: ingest.max_bytes)"
        problem = ("too-large", f"{stamp.size:,} bytes, {limit}; split the file")
    if problem is not None:
        return Refusal(_as_text(path), *problem)
    return path, None if ending in record_readers() else doc_id, *stamp


def _leads_inside(home: Path, link: Path) -> bool:
    return link.exists() and link.resolve().is_relative_to(home)


def _refused_name(ending: str, path: str, doc_id: str) -> tuple[str, str] | None:
    if path.rpartition("/")[2] in SIDECARS:
        return "unknown-format", "a file of this name is not a seed; expected it at the top of the folder"
    if ending not in READERS and ending not in record_readers():
        return (
            "unknown-format",
            f"no reader for the ending {ending!r}; convert the file, or add a reader",
        )
    if _is_strange(path):
        return "bad-name", "the name is not UTF-8, or contains a control character or a backslash; rename the file"
    if not doc_id or len(doc_id) > 255:
        return "bad-name", f"a stem of {len(doc_id)} characters, expected 1 to 255; rename the file"
    return None


def refused_id(doc_id: str) -> str | None:
    """Return why an id of a record cannot be the id of a document; None if it can."""
    if not doc_id or len(doc_id) > 255:
        return f"{len(doc_id)} characters, expected 1 to 255"
    if _is_strange(doc_id) or "/" in doc_id:
        return "a slash, a backslash, a control character or an unpaired surrogate; expected an id without"
    return None


def _is_strange(name: str) -> bool:
    # A printable name has no control characters; a test of each character would be slow for many files.
    return "\\" in name or (
        not name.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    )
