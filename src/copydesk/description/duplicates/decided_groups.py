"""What follows for the documents of groups that were joined on disk: kept documents, kinds, splits, who leaves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
from copydesk.description.duplicates.partitions import (
    Numbers,
    Outbox,
    first_of_each,
    owners,
    partition_records,
    table_of,
)
from copydesk.description.duplicates.stored_signatures import SignatureTask, read_columns
from copydesk.description.splits import UNASSIGNED, Places

#: Records of integers that take as much memory as a row with ids.
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


def write_given(folder: Path, places: Iterable[Places]) -> bool:
    """Keep the splits that documents were given, range by range; returns whether there are any."""
    (folder / _GIVEN).mkdir()
    given = False
    for number, of_range in enumerate(places):
        np.save(folder / _GIVEN / f"{number}.npy", of_range)
        given = given or bool((of_range != UNASSIGNED).any())
    return given


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


def decide_groups(join: DiskJoin) -> tuple[int, int, int]:
    """Write what follows for each document in a group; returns the exact and near duplicates, and who leaves."""
    count = join.partitions(join.grouped * _ROW)
    for _ in join.over_ranges(write_members, count):
        pass
    exact, near, leaving = np.sum([*join.over_partitions(write_decided, count)], axis=0).tolist()
    join.remove("members", "signatures", "groups")
    return exact, near, leaving


# The steps, in the order in which they run.


def write_owners(task: JoinTask) -> None:
    """By group, the documents of a range and the corpus to which it belongs."""
    numbers, groups, _ = grouped(task)
    with Outbox(task.folder / "owners", task.number, task.into, task.largest) as outbox:
        records = np.stack([groups, numbers, np.full_like(numbers, task.given[task.number])], axis=1)
        outbox.add(records, owners(groups, task.into))


def write_seen(task: JoinTask) -> None:
    """For the range of each document of this corpus, the other corpora in its group."""
    groups, numbers, corpora = partition_records(task.folder / "owners", task.number, 3).T
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
    given = given_to(task)
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


def decided_of(task: JoinTask) -> pa.Table:
    """What follows for the documents of a range that are in groups, in the order of their numbers."""
    return table_of(task.folder / "decided", task.number, _DECIDED).sort_by("number")


def given_to(task: JoinTask) -> Places | None:
    """The splits that documents of a range have already; None if no document has one."""
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
