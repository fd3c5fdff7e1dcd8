"""Hashes of many files, remembered from build to build by what the file system says about each.

As git does it: a file whose size, times and inode are those it had when it was hashed is taken to have the bytes it
had then. A file that was changed within a second of being hashed is hashed again the next time, since its times might
not tell; so is every file when the clock stands before its times.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.atomic_files import read_whole, replacing
from copydesk.readers.seed_files import SEEDS, Stamp

#: Nanoseconds after a change until its time tells it from the next.
SETTLED = 10**9
_SOME = 20_000  # files whose names are Python's strings at a time
_KNOWN = pa.schema([*(SEEDS.field(name) for name in ("path", *Stamp._fields)), ("sha256", pa.string())])


def hashes_of(folder: Path, seeds: pa.Table, known: Path) -> pa.Array:
    """SHA-256 of each seed below a folder, null for one that cannot be read.

    Parameters
    ----------
    folder : Path
    seeds : pa.Table of ``SEEDS``, n rows
    known : Path
        A file that remembers the hashes; written anew if any is new. It may be deleted at any time.

    Returns
    -------
    pa.Array of string, shape (n,)
    """
    seeds = seeds.select(["path", *Stamp._fields])
    before = _read(known, folder)
    now = time.time_ns()
    hashes = _remembered(seeds, before)
    unknown = pc.indices_nonzero(pc.is_null(hashes))
    found = [
        pa.array([_sha256(f"{folder}/{path}") for path in seeds["path"].take(some).to_pylist()], pa.string())
        for some in (unknown.slice(at, _SOME) for at in range(0, len(unknown), _SOME))
    ]
    if found:
        hashes = pc.replace_with_mask(hashes, pc.is_null(hashes), pa.concat_arrays(found))
    changed = pc.max_element_wise(seeds["modified"], seeds["changed"])
    after = seeds.append_column("sha256", hashes)
    after = after.filter(pc.and_(pc.is_valid(hashes), pc.less(changed, now - SETTLED))).combine_chunks()
    if not after.equals(before):
        with replacing(known) as file:
            pq.write_table(after.replace_schema_metadata({"folder": str(folder.resolve())}), file)
    return hashes


def _remembered(seeds: pa.Table, before: pa.Table) -> pa.Array:
    """The hashes of seeds that are as they were; null for the others."""
    places = pc.index_in(seeds["path"], before["path"])
    as_it_was = pc.is_valid(places)
    for name in Stamp._fields:
        same = pc.equal(seeds[name], before[name].take(places))
        as_it_was = pc.and_(as_it_was, pc.fill_null(same, False))
    return pc.if_else(as_it_was, before["sha256"].take(places), None).combine_chunks()


def _read(known: Path, folder: Path) -> pa.Table:
    try:
        rows = pq.read_table(known)
        if rows.schema.metadata[b"folder"].decode() == str(folder.resolve()):
            return rows.select(_KNOWN.names).replace_schema_metadata(None).cast(_KNOWN).combine_chunks()
    except (OSError, pa.ArrowException, KeyError, TypeError, UnicodeDecodeError):
        pass  # it is made again
    return _KNOWN.empty_table()


def _sha256(path: str) -> str | None:
    try:
        return hashlib.sha256(read_whole(path)).hexdigest()
    except OSError:
        return None
