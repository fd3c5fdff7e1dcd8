"""Reuse the rows of unchanged documents from the last build of a shard.

A stage that works document by document makes the same rows for a document in any shard. So if a shard differs from
the one that it replaces in a few documents, only the documents from the first to the last changed one are computed;
the rows before and after these are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.errors import StoreError
from copydesk.store.last_build import Before
from copydesk.store.shard_store import Store

Tables = Mapping[str, pa.Table]


def with_reuse(
    store: Store, before: Before, given: Tables, names: Sequence[str], run: Callable[[Tables], Tables]
) -> Tables | None:
    """The output of a stage for a shard, copied from the output for the shard that it replaces where possible.

    Parameters
    ----------
    store : Store
    before : Before
    given : mapping of str to pa.Table
        Tables of the shard by ``stage.table``, in the order of the documents. The first has one row per document, the
        others have any number.
    names : sequence of str
        Tables that the stage makes.
    run : callable
        Computes these tables.

    Returns
    -------
    mapping of str to pa.Table, or None if nothing can be reused
    """
    try:
        made = store.result(before.key)
        old = {name: store.read(part) for name, part in before.parts.items()}
        out = {name: store.read(made[name]) for name in names} if made else {}
    except (StoreError, KeyError):
        return None  # deleted or damaged, so it is computed again
    if not out or old.keys() != given.keys():
        return None
    documents = next(iter(given))
    ids_before, ids = (tables[documents]["doc_id"].combine_chunks() for tables in (old, given))
    rows_before, rows = _rows(old, ids_before), _rows(given, ids)
    rows_out = _rows(out, ids_before)
    if rows_before is None or rows is None or rows_out is None:
        return None
    most = min(len(ids), len(ids_before))
    first = _longest(most, lambda n: all(_start(old[k], rows_before[k], n, given[k], rows[k]) for k in given))
    last = _longest(most - first, lambda n: all(_end(old[k], rows_before[k], n, given[k], rows[k]) for k in given))
    if not first and not last:
        return None
    middle = {}
    if first + last < len(ids):
        # Copied, not sliced, so that the buffers are those of a shard with only these documents.
        some = {name: _taken(t, rows[name][first], rows[name][len(ids) - last]) for name, t in given.items()}
        middle = dict(run(some))
    joined = {}
    for name, table in out.items():
        where = rows_out[name]
        parts = [table.slice(0, where[first]), *([middle[name]] if middle else []), table.slice(where[-1 - last])]
        joined[name] = pa.concat_tables(parts)
    return joined


def _rows(tables: Tables, ids: pa.Array) -> dict[str, NDArray[np.int64]] | None:
    """The first row of each document in each table, shape (n + 1,); None if rows are in another order."""
    starts = {}
    for name, table in tables.items():
        places = pc.index_in(table["doc_id"], ids)
        if places.null_count:
            return None
        owners = places.to_numpy()
        if (np.diff(owners) < 0).any():
            return None
        starts[name] = np.searchsorted(owners, np.arange(len(ids) + 1))
    return starts


def _start(old: pa.Table, before: NDArray[np.int64], count: int, new: pa.Table, now: NDArray[np.int64]) -> bool:
    """Whether the rows of the first documents are the same."""
    same: bool = before[count] == now[count] and old.slice(0, before[count]).equals(new.slice(0, now[count]))
    return same


def _end(old: pa.Table, before: NDArray[np.int64], count: int, new: pa.Table, now: NDArray[np.int64]) -> bool:
    """Whether the rows of the last documents are the same."""
    same: bool = old.slice(before[-1 - count]).equals(new.slice(now[-1 - count]))
    return same


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to ``most`` that satisfies a monotonic condition, by bisection."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if holds(middle):
            least = middle
        else:
            most = middle - 1
    return least


def _taken(table: pa.Table, start: int, stop: int) -> pa.Table:
    return table.take(pa.array(np.arange(start, stop)))
