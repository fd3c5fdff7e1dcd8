"""The stage deduplicate by tasks that each join a part of the corpus: the bytes of the join in memory.

The process that starts them holds a few numbers for each shard, and the splits that were given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import Groups, group_rows
from copydesk.description.duplicates.disk_join import (
    DiskJoin,
    JoinTask,
    SignatureFiles,
    first_number,
    grouped,
    range_of,
)
from copydesk.description.duplicates.held_out import separated
from copydesk.description.duplicates.partitions import Numbers, Outbox, first_of_each, owners, records_of, table_of
from copydesk.description.duplicates.stored_signatures import SignatureTask, read_columns
from copydesk.description.splits import SPLITS, UNASSIGNED, Places, dealt, splits_with_a_share
from copydesk.stages.runner import Output, output_table
from copydesk.store.shard_store import Part, Store

DUPLICATES = Output("documents", ("doc_id", "duplicate_of", "duplicate_group", "duplicate_kind", "seen_in", "split"))
#: Documents that leave, since they resemble a document of a split that is protected more.
LEAVING = Output("dropped")
REASON = "near-held-out"
#: Rows with ids that count as one record of integers while they are joined.
_ROW = 8
_GIVEN = "given"
_MEMBERS = pa.schema(
    {
        "number": pa.int64(),
        "group": pa.int64(),
        "model": pa.int64(),  # the number of the document with its signature
        "id": pa.string(),
        "key": pa.binary(16),
        "words": pa.int64(),
        "point": pa.float64(),
        "given": pa.int8(),
    }
)
_DECIDED = pa.schema(
    {
        "number": pa.int64(),
        **dict.fromkeys(Groups._fields, pa.string()),
        "place": pa.int8(),
        "point": pa.float64(),  # of the kept document of its group
        "given": pa.int8(),
        "resembled": pa.string(),  # null unless the document leaves
        "resembled_place": pa.int8(),
    }
)


class Counts(NamedTuple):
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


def write_given(folder: Path, places: Iterable[Places]) -> bool:
    """Keep the splits that documents were given, range by range; returns whether there are any."""
    (folder / _GIVEN).mkdir()
    given = False
    for number, of_range in enumerate(places):
        np.save(folder / _GIVEN / f"{number}.npy", of_range)
        given = given or bool((of_range != UNASSIGNED).any())
    return given


def deduplicated(join: DiskJoin, deal: Deal, any_given: bool) -> tuple[list[dict[str, Part]], Counts]:
    """Decide on the groups that were joined; write the tables of each shard, and count what they say.

    Parameters
    ----------
    join : DiskJoin
        After ``group``.
    deal : Deal
    any_given : bool
        Whether a document has a split already.
    """
    count = join.partitions(join.grouped * _ROW)
    for _ in join.over_ranges(write_members, count):
        pass
    exact, near, leaving = np.sum([*join.over_partitions(write_decided, count)], axis=0).tolist()
    join.remove("members", "signatures", "groups")
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
    return parts, Counts(documents, exact, near, seen, leaving)


def group_with_others(join: DiskJoin, owners_of_ranges: Numbers) -> None:
    """Join a corpus with others, and write which of them are in the group of each of its documents, see ``seen_in``.

    Parameters
    ----------
    join : DiskJoin
        Of this corpus, whose ranges come first, and of others.
    owners_of_ranges : numpy.ndarray of int64
        The number of the other corpus to which each range belongs; -1 for those of this one.
    """
    join.group()
    count = join.partitions(join.grouped)
    for _ in join.over_ranges(write_owners, count, given=owners_of_ranges):
        pass
    for _ in join.over_partitions(write_seen, count):
        pass


# The steps, in the order in which they run.


def write_owners(task: JoinTask) -> None:
    """By group, the documents of a range and the corpus to which it belongs."""
    numbers, groups, _ = grouped(task)
    with Outbox(task.folder / "owners", task.number, task.into, task.largest) as outbox:
        records = np.stack([groups, numbers, np.full_like(numbers, task.given[task.number])], axis=1)
        outbox.add(records, owners(groups, task.into))


def write_seen(task: JoinTask) -> None:
    """For the range of each document of this corpus, the other corpora in its group."""
    groups, numbers, corpora = records_of(task.folder / "owners", task.number, 3).T
    others = corpora >= 0
    pairs = np.unique(np.stack([groups[others], corpora[others]], axis=1), axis=0)
    starts, ends = (np.searchsorted(pairs[:, 0], groups[~others], side=side) for side in ("left", "right"))
    counts = ends - starts
    places = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    own = np.repeat(numbers[~others], counts)
    with Outbox(task.folder / "seen", task.number, task.ranges, task.largest) as outbox:
        outbox.add(np.stack([own, pairs[places, 1]], axis=1), range_of(own))


def write_members(task: JoinTask) -> None:
    """By group, what decides about the documents of a range that are in one."""
    numbers, groups, models = grouped(task)
    given = _given_to(task)
    first = first_number(task.number)
    with Outbox(task.folder / "members", task.number, task.into, task.largest // _ROW) as outbox:
        for part in task.shards if len(numbers) else ():
            shard = read_columns(SignatureTask(task.store, part), again=True)
            at = slice(*np.searchsorted(numbers, [first, first + len(shard.ids)]).tolist())
            places = numbers[at] - first
            in_range = numbers[at] - first_number(task.number)
            columns = [
                *(numbers[at], groups[at], models[at]),
                *(shard.ids.take(pa.array(places)), shard.keys.take(pa.array(places))),
                *(shard.sizes[places], shard.points[places]),
                given[in_range] if given is not None else np.full(len(places), UNASSIGNED, dtype=np.int8),
            ]
            outbox.add(pa.table(columns, schema=_MEMBERS), owners(groups[at], task.into))
            first += len(shard.ids)


def write_decided(task: JoinTask) -> tuple[int, int, int]:
    """For the range of each document in a group, what follows; returns the exact and near duplicates, and who leaves.

    A group with several splits is solved here with all of its signatures.
    """
    rows = table_of(task.folder / "members", task.number, _MEMBERS)
    numbers, labels, models = (rows[name].to_numpy() for name in ("number", "group", "model"))
    words, points, given = (rows[name].to_numpy() for name in ("words", "point", "given"))
    ids, keys = rows["id"].combine_chunks(), rows["key"].combine_chunks()
    keeper = _keepers(labels, words, ids)
    codes = pc.rank(keys, tiebreaker="dense").to_numpy(zero_copy_only=False)
    repeats = pa.array(keeper != np.arange(len(keeper)))
    kinds = pa.array(["exact", "near"]).take(pa.array((codes != codes[keeper]).astype(np.int8)))
    kept_ids = ids.take(pa.array(keeper))
    null = pa.scalar(None, pa.string())
    groups = Groups(pc.if_else(repeats, kept_ids, null), kept_ids, pc.if_else(repeats, kinds, null))
    places, lowest = given.copy(), np.where(given == UNASSIGNED, np.iinfo(np.int8).max, given)
    np.maximum.at(places, keeper, given)
    np.minimum.at(lowest, keeper, lowest.copy())
    places, lowest = places[keeper], lowest[keeper]
    resembled = np.full(len(rows), -1)
    torn = np.flatnonzero(lowest < places)
    if len(torn):
        with SignatureFiles(task.folder) as files:
            signatures = files.take(models[torn])
        subset = pa.array(torn)
        known = Groups(*(column.take(subset) for column in groups))
        parts = separated(ids.take(subset), keys.take(subset), signatures, words[torn], given[torn], known)
        places[torn] = parts.places
        resembled[torn] = np.where(parts.resembled >= 0, torn[parts.resembled], -1)
        row_of = np.arange(len(rows))
        row_of[torn] = len(rows) + np.arange(len(torn))
        groups = Groups(
            *(
                pa.concat_arrays([old, new]).take(pa.array(row_of))
                for old, new in zip(groups, parts.groups, strict=True)
            )
        )
    leaves = resembled >= 0
    others = pa.array(resembled, mask=~leaves)
    decided = pa.table(
        [
            *(numbers, *groups, places, points[group_rows(groups, ids)], given),
            *(ids.take(others), pa.array(given).take(others)),
        ],
        schema=_DECIDED,
    )
    with Outbox(task.folder / "decided", task.number, task.ranges, task.largest // _ROW) as outbox:
        outbox.add(decided, range_of(numbers))
    counts = {row["values"]: row["counts"] for row in groups.duplicate_kind.value_counts().to_pylist()}
    return counts.get("exact", 0), counts.get("near", 0), int(leaves.sum())


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
    seen = records_of(task.folder / "seen", task.number, 2)
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
        whole = duplicates.conform(pa.table(spread(columns, shard.ids, shard.kept)))
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


def spread(columns: dict[str, pa.Array], ids: pa.ChunkedArray, kept: NDArray[np.bool_]) -> dict[str, Any]:
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
    decided = table_of(task.folder / "decided", task.number, _DECIDED).sort_by("number")
    numbers = decided["number"].to_numpy()
    given = _given_to(task)
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


def _given_to(task: JoinTask) -> Places | None:
    path = task.folder / _GIVEN / f"{task.number}.npy"
    return np.load(path) if path.exists() else None


def _keepers(groups: Numbers, words: Numbers, ids: pa.Array) -> Numbers:
    """The row of the largest document of each row's group; of equally large ones, of the smallest id."""
    ranks = pc.rank(ids, tiebreaker="dense").to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.lexsort((ranks, -words, groups))
    first = first_of_each(groups[order])
    keeper = np.empty_like(order)
    if len(order):
        keeper[order] = order[first][np.cumsum(first) - 1]
    return keeper
