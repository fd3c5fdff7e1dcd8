"""The stage deduplicate by tasks that each join a part of the corpus: the bytes of the join in memory.

The process that starts them holds a few numbers for each shard, and the splits that were given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import Groups
from copydesk.description.duplicates.decided_groups import decide_groups, decided_of, given_to
from copydesk.description.duplicates.disk_join import DiskJoin, JoinTask, first_number
from copydesk.description.duplicates.partitions import partition_records
from copydesk.description.splits import SPLITS, UNASSIGNED, Places, dealt, splits_with_a_share
from copydesk.stages.runner import Output, output_table
from copydesk.store.shard_store import Part, Store

DUPLICATES = Output("documents", ("doc_id", "duplicate_of", "duplicate_group", "duplicate_kind", "seen_in", "split"))
#: Documents that leave, since they resemble a document of a split that is protected more.
LEAVING = Output("dropped")
REASON = "near-held-out"


class DuplicateCounts(NamedTuple):
    """Documents, and how many of them are exact duplicates, near duplicates, seen elsewhere, and leave."""

    documents: int
    exact: int
    near: int
    seen: int
    leaving: int


class Deal(NamedTuple):
    """How documents get their splits, the releases of other corpora, and the schemas of the tables.

    ``few`` says that all documents without a split are in ``train``.
    """

    settings: dict[str, Any]
    releases: tuple[str, ...]
    schemas: Path
    few: bool = False


def deduplicated(join: DiskJoin, deal: Deal, any_given: bool) -> tuple[list[dict[str, Part]], DuplicateCounts]:
    """Decide on the groups that were joined; write the tables of each shard, and count what they say.

    Parameters
    ----------
    join : DiskJoin
        After ``group``.
    deal : Deal
    any_given : bool
        Whether a document has a split already.
    """
    exact, near, leaving = decide_groups(join)
    documents = sum(join.kept)
    few = documents - leaving < deal.settings["minimum"]
    if not few and not any_given:
        used: set[int] = set().union(*join.over_ranges(splits_used, given=deal))
        few = not splits_with_a_share(deal.settings) <= used
    parts: list[dict[str, Part]] = []
    seen = 0
    for of_range, seen_of_range in join.over_ranges(write_tables, given=deal._replace(few=few)):
        parts += of_range
        seen += seen_of_range
    return parts, DuplicateCounts(documents, exact, near, seen, leaving)


# The steps, in the order in which they run.


def splits_used(task: JoinTask) -> set[int]:
    """The splits into which the documents of a range fall, if none was given."""
    deal: Deal = task.given
    used: set[int] = set()
    for shard in _shards(task):
        used |= set(dealt(shard.points, deal.settings, shard.places, few=False)[~shard.leaving].tolist())
    return used


def write_tables(task: JoinTask) -> tuple[list[dict[str, Part]], int]:
    """Write the tables of each shard of a range; returns their parts, and how many documents are seen elsewhere."""
    deal: Deal = task.given
    store = Store(task.store)
    duplicates, dropped = (output_table(output, deal.schemas) for output in (DUPLICATES, LEAVING))
    by_name = np.argsort(np.argsort(deal.releases, kind="stable"), kind="stable")
    seen = partition_records(task.folder / "seen", task.number, 2)
    seen = seen[np.lexsort((by_name[seen[:, 1]], seen[:, 0]))]
    parts = []
    for shard in _shards(task):
        starts = np.searchsorted(seen[:, 0], np.arange(shard.first, shard.first + len(shard.points) + 1))
        names = pa.array(deal.releases, pa.string()).take(pa.array(seen[starts[0] : starts[-1], 1]))
        places = dealt(shard.points, deal.settings, shard.places, few=deal.few)
        places[shard.leaving] = 0
        columns = {
            **{name: shard.decided[name].combine_chunks() for name in Groups._fields},
            "seen_in": pa.ListArray.from_arrays(pa.array(starts - starts[0], pa.int32()), names),
            "split": pa.array(SPLITS).take(pa.array(places)),
        }
        whole = duplicates.conform(pa.table(over_whole_shard(columns, shard.ids, shard.kept)))
        rows = shard.decided.filter(pa.array(shard.leaving)).to_pylist()
        out = dropped.from_rows(leaving_row(row["id"], *_why(row)) for row in rows)
        parts.append({"duplicates": store.add(whole), "leaving": store.add(out)})
    return parts, len(np.unique(seen[:, 0]))


def leaving_row(doc_id: str, resembles: str, split: int, given: int) -> dict[str, Any]:
    """The line about a document that leaves: what it resembles and its split, and the split that it had, if any."""
    values = {
        "resembles": resembles,
        "split": SPLITS[split],
        "given": None if given == UNASSIGNED else SPLITS[given],
    }
    values_text = json.dumps(values, ensure_ascii=False)
    return {"doc_id": doc_id, "reason": REASON, "values": values_text, "source": None}  # package knows the source


def over_whole_shard(columns: dict[str, pa.Array], ids: pa.ChunkedArray, kept: NDArray[np.bool_]) -> dict[str, Any]:
    """Columns of the kept documents of a shard as columns of all its documents; null or nothing for the others."""
    if not kept.all():
        rows = pa.array(np.cumsum(kept) - 1, mask=~kept)
        columns = {name: column.take(rows) for name, column in columns.items()}
    nothing = pa.scalar([], pa.list_(pa.string()))
    return {
        **columns,
        "seen_in": pc.if_else(columns["seen_in"].is_valid(), columns["seen_in"], nothing),
        "split": columns["split"].fill_null("train"),
        "doc_id": ids,
    }


class _DecidedShard(NamedTuple):
    """A shard: the ids of all its documents and which are kept; for the kept ones what was decided.

    ``points`` and ``places`` are those of the kept document of the group, ``decided`` has null where there is none.
    """

    ids: pa.ChunkedArray
    kept: NDArray[np.bool_]
    first: int
    points: NDArray[np.float64]
    places: Places
    leaving: NDArray[np.bool_]
    decided: pa.Table


def _shards(task: JoinTask) -> Iterator[_DecidedShard]:
    decided = decided_of(task)
    numbers = decided["number"].to_numpy()
    given = given_to(task)
    first = first_number(task.number)
    for part in task.shards:
        shard = Store(task.store).read(part, ["doc_id", "point", "kept"], again=True)
        kept = shard["kept"].to_numpy()
        count = int(kept.sum())
        points = shard["point"].to_numpy()[kept]
        start = first - first_number(task.number)
        places = np.full(count, UNASSIGNED, dtype=np.int8) if given is None else given[start : start + count].copy()
        begin, end = np.searchsorted(numbers, [first, first + count]).tolist()
        at = numbers[begin:end] - first
        rows = np.full(count, -1)
        rows[at] = np.arange(begin, end)
        points[at] = decided["point"].to_numpy()[begin:end]
        places[at] = decided["place"].to_numpy()[begin:end]
        of_shard = decided.take(pa.array(rows, mask=rows < 0))
        of_shard = of_shard.append_column("id", shard["doc_id"].filter(shard["kept"]))
        leaving = of_shard["resembled"].is_valid().to_numpy()
        yield _DecidedShard(shard["doc_id"], kept, first, points, places, leaving, of_shard)
        first += count


def _why(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["resembled"], row["resembled_place"], row["given"]
