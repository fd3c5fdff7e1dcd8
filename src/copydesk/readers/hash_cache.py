"""A cache of file hashes, valid as long as the metadata of a file in the file system does not change.

As in git, a file with the same size, times and inode as when it was hashed is assumed to have the same bytes. A file
that changed less than a second before it was hashed is hashed again the next time, because its times might not show a
later change; so is a file whose times are in the future.
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

#: Nanoseconds after which a later change is certain to have another time.
SETTLED = 10**9
_BATCH = 4_000  # file names to hold as Python strings at a time
_GROUP_ROWS = 1 << 14  # so that little is encoded at a time
_CACHED = pa.schema([*(SEEDS.field(name) for name in ("path", *Stamp._fields)), ("sha256", pa.string())])


def hashes_of(folder: Path, seeds: pa.Table, cache: Path) -> pa.Array:
    """Return the SHA-256 of each seed in a folder, null for an unreadable file.

    Parameters
    ----------
    folder : Path
    seeds : pa.Table of ``SEEDS``, n rows
    cache : Path
        The cache file, rewritten if a hash changes. It may be deleted at any time.

    Returns
    -------
    pa.Array of string, shape (n,)
    """
    seeds = seeds.select(["path", *Stamp._fields])
    cached = _read(cache, folder)
    now = time.time_ns()
    hashes = _cached_hashes(seeds, cached)
    unknown = pc.indices_nonzero(pc.is_null(hashes))
    computed = [
        pa.array([_sha256(f"{folder}/{path}") for path in seeds["path"].take(batch).to_pylist()], pa.string())
        for batch in (unknown.slice(at, _BATCH) for at in range(0, len(unknown), _BATCH))
    ]
    if computed:
        all_computed = pa.concat_arrays(computed)
        computed.clear()
        hashes = pc.replace_with_mask(hashes, pc.is_null(hashes), all_computed) if len(cached) else all_computed
        del all_computed
    changed = pc.max_element_wise(seeds["modified"], seeds["changed"])
    after = seeds.append_column("sha256", hashes)
    after = after.filter(pc.and_(pc.is_valid(hashes), pc.less(changed, now - SETTLED))).combine_chunks()
    if not after.equals(cached):
        with replacing(cache) as file:
            after = after.replace_schema_metadata({"folder": str(folder.resolve())})
            pq.write_table(after, file, row_group_size=_GROUP_ROWS)
    return hashes


def _cached_hashes(seeds: pa.Table, cached: pa.Table) -> pa.Array:
    """Return the cached hashes of unchanged seeds, null for the others."""
    places = pc.index_in(seeds["path"], cached["path"])
    unchanged = pc.is_valid(places)
    for name in Stamp._fields:
        same = pc.equal(seeds[name], cached[name].take(places))
        unchanged = pc.and_(unchanged, pc.fill_null(same, False))
    return pc.if_else(unchanged, cached["sha256"].take(places), None).combine_chunks()


def _read(cache: Path, folder: Path) -> pa.Table:
    try:
        rows = pq.read_table(cache)
        if rows.schema.metadata[b"folder"].decode() == str(folder.resolve()):
            return rows.select(_CACHED.names).replace_schema_metadata(None).cast(_CACHED).combine_chunks()
    except (OSError, pa.ArrowException, KeyError, TypeError, UnicodeDecodeError):
        pass  # an unreadable cache is rewritten
    return _CACHED.empty_table()


def _sha256(path: str) -> str | None:
    try:
        return hashlib.sha256(read_whole(path)).hexdigest()
    except OSError:
        return None
