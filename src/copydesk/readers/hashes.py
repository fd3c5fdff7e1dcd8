"""Hashes of many files, remembered from build to build by what the file system says about each.

As git does it: a file whose size, times and inode are those it had when it was hashed is taken to have the bytes it
had then. A file that was changed within a second of being hashed is hashed again the next time, since its times might
not tell; so is every file when the clock stands before its times.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.files import replacing
from copydesk.readers.folder import Seed, Stamp

#: Nanoseconds after a change until its time tells it from the next.
SETTLED = 10**9


def hashes_of(folder: Path, seeds: Sequence[Seed], known: Path) -> list[str | None]:
    """SHA-256 of each seed below a folder, None for one that cannot be read.

    Parameters
    ----------
    folder : Path
    seeds : sequence of Seed
    known : Path
        A file that remembers the hashes; written anew if any is new. It may be deleted at any time.
    """
    before = _read(known, folder)
    now = time.time_ns()
    hashes = [before.get((seed.path, seed.stamp)) or _sha256(folder / seed.path) for seed in seeds]
    after = {
        (seed.path, seed.stamp): sha256
        for seed, sha256 in zip(seeds, hashes, strict=True)
        if sha256 is not None and max(seed.stamp.modified, seed.stamp.changed) < now - SETTLED
    }
    if after != before:
        _write(known, folder, after)
    return hashes


def _read(known: Path, folder: Path) -> dict[tuple[str, Stamp], str]:
    try:
        rows = pq.read_table(known)
        if rows.schema.metadata[b"folder"].decode() != str(folder.resolve()):
            return {}
        paths, hashes, *stamps = (rows[name].to_pylist() for name in ("path", "sha256", *Stamp._fields))
    except (OSError, pa.ArrowException, KeyError, TypeError, UnicodeDecodeError):
        return {}  # it is made again
    files = zip(paths, map(Stamp, *stamps), strict=True)
    return dict(zip(files, hashes, strict=True))


def _write(known: Path, folder: Path, hashes: dict[tuple[str, Stamp], str]) -> None:
    columns = {
        "path": [path for path, _ in hashes],
        "sha256": list(hashes.values()),
        **{name: [stamp[number] for _, stamp in hashes] for number, name in enumerate(Stamp._fields)},
    }
    with replacing(known) as file:
        pq.write_table(pa.table(columns).replace_schema_metadata({"folder": str(folder.resolve())}), file)


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
