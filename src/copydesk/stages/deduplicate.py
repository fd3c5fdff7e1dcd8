"""Deduplicate: find exact duplicates and near-duplicates in the whole corpus, and assign splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.config import load_json_lines
from copydesk.core.json_schema import schema_path
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.description.duplicates.decided_groups import group_with_others, write_given
from copydesk.description.duplicates.disk_join import DiskJoin, ranges_of
from copydesk.description.duplicates.held_out import separated, splits_of_groups
from copydesk.description.duplicates.other_signatures import compared, other_signatures
from copydesk.description.duplicates.partitions import LARGEST
from copydesk.description.duplicates.seen_elsewhere import seen_in
from copydesk.description.duplicates.stored_signatures import SignatureTask, StoredSignatures, read_columns
from copydesk.description.splits import (
    UNASSIGNED,
    Places,
    listed_places,
    places_by_day,
    places_by_value,
)
from copydesk.engines import engine
from copydesk.engines.interface import Engine
from copydesk.engines.local import Local
from copydesk.errors import ConfigError
from copydesk.project import Project
from copydesk.stages.disk_deduplication import (
    DUPLICATES,
    LEAVING,
    REASON,
    Deal,
    DuplicateCounts,
    deduplicated,
    leaving_row,
    over_whole_shard,
)
from copydesk.stages.runner import output_table, read_inputs, write_receipts
from copydesk.store.fingerprint import fingerprint, inputs_hash, key
from copydesk.store.last_build import Finished, Last
from copydesk.store.shard_store import Part

#: Documents that a task of the join on disk reads.
_RANGE = 1 << 18
_NAMED = 5  # values in a message


def run(project: Project) -> None:
    """Group similar documents, assign splits, and write both shard by shard."""
    settings = project.params["splits"]
    tables = ["describe.signatures", *(["describe.description"] if _splits_by_column(settings) else [])]
    inputs = read_inputs(project, tables)
    listed = listed_splits(project)
    schemas = [schema_path(output.schema, project.schemas) for output in (DUPLICATES, LEAVING)]
    code = fingerprint("copydesk.stages.deduplicate", schemas, settings)
    identity = [[part.sha256 for part in shard.values()] for shard in inputs]
    against = _other_corpora(project)
    given = inputs_hash([identity, sorted(listed.items()), against])
    last = Last(project.finished("deduplicate"), project.store, "deduplicate", code)
    whole = key("deduplicate", code, given)
    made = project.store.result(whole)
    if made is None:
        join = _duplicates_on_disk if project.params["engine"]["join"] == "rounds" else _duplicates
        shards = join(project, inputs, listed, against)
        made = {f"{number:08d}.{name}": part for number, shard in enumerate(shards) for name, part in shard.items()}
        project.store.record(whole, made)
    else:
        count = sum(shard["describe.signatures"].rows for shard in inputs)
        say(f"deduplicate: {plural(count, 'document')}, cached")
    names = [f"{number:08d}" for number in range(len(inputs))]
    receipts = ({name: made[f"{number}.{name}"] for name in ("duplicates", "leaving")} for number in names)
    write_receipts(project, "deduplicate", receipts)
    last.remember([Finished(given, {}, made)])


def listed_splits(project: Project) -> dict[str, str]:
    """The splits that ``splits.jsonl`` gives to documents, by id; empty if there is no such file."""
    rows = load_json_lines(project.split_list, "split", "doc_id", project.schemas)
    return {doc_id: row["split"] for doc_id, row in rows.items()}


def _other_corpora(project: Project) -> list[dict[str, Any]]:
    """The releases of other corpora that the settings name, each with the parts of the store with its signatures."""
    settings = project.params["deduplicate"]
    return [
        {"release": release, "parts": list(project.store.add_all(map(compared, rows)))}
        for release, rows in other_signatures(project.seeds, settings["against"], normalise=settings["normalise"])
    ]


def _duplicates(
    project: Project, inputs: list[dict[str, Part]], listed: dict[str, str], against: list[dict[str, Any]]
) -> list[dict[str, Part]]:
    parts = [shard["describe.signatures"] for shard in inputs]
    settings = project.params["splits"]
    runner = engine(project.params["engine"], project.build, project.store.root)
    by_shard = list(runner.run(read_columns, [SignatureTask(project.store.root, part) for part in parts]))
    kept = [shard.kept for shard in by_shard]
    ids = pa.chunked_array([shard.ids for shard in by_shard]).combine_chunks()
    keys = pa.chunked_array([shard.keys for shard in by_shard]).combine_chunks()
    sizes = np.concatenate([shard.sizes for shard in by_shard])
    points = np.concatenate([shard.points for shard in by_shard])
    by_shard.clear()
    given = listed_places(ids, listed)
    if _splits_by_column(settings):
        descriptions = [shard["describe.description"] for shard in inputs]
        given = _places_by_column(project, descriptions, kept, given)
    with StoredSignatures(project, runner, parts, [int(mask.sum()) for mask in kept]) as signatures:
        separate = separated(ids, keys, signatures, sizes, given)
    groups = separate.groups
    elsewhere = _seen_in(project, runner, parts, kept, (ids, keys), against)
    columns = {**groups._asdict(), "seen_in": elsewhere, "split": splits_of_groups(ids, separate, points, settings)}
    leaving = _leaving(ids, given, separate.resembled)
    shapes = [output_table(output, project.schemas) for output in (DUPLICATES, LEAVING)]
    ids_by_shard = project.store.read_all(parts, ["doc_id"], again=True)
    tables = (shapes[0].conform(pa.table(some)) for some in _by_shard(columns, ids_by_shard, kept))
    duplicates = project.store.add_all(tables)
    bounds = np.cumsum([0, *(int(mask.sum()) for mask in kept)]).tolist()
    rows = (
        shapes[1].from_rows([leaving[row] for row in range(start, end) if row in leaving])
        for start, end in pairwise(bounds)
    )
    made = [
        {"duplicates": some, "leaving": others}
        for some, others in zip(duplicates, project.store.add_all(rows), strict=True)
    ]
    kinds = {row["values"]: row["counts"] for row in groups.duplicate_kind.value_counts().to_pylist()}
    seen = pc.sum(pc.greater(pc.list_value_length(elsewhere), 0)).as_py() or 0
    _report(DuplicateCounts(len(ids), kinds.get("exact", 0), kinds.get("near", 0), seen, len(leaving)), against)
    return made


def _report(counts: DuplicateCounts, against: list[dict[str, Any]]) -> None:
    exact, near = plural(counts.exact, "exact duplicate"), plural(counts.near, "near-duplicate")
    left = f", {counts.seen:,} seen in other corpora" if against else ""
    left += f", {counts.leaving:,} left out ({REASON}), see reports/dropped.jsonl" if counts.leaving else ""
    say(f"deduplicate: {plural(counts.documents, 'document')}, {exact}, {near}{left}")


def _duplicates_on_disk(
    project: Project, inputs: list[dict[str, Part]], listed: dict[str, str], against: list[dict[str, Any]]
) -> list[dict[str, Part]]:
    """The same parts as of ``_duplicates``, by tasks of the engine."""
    parts = [shard["describe.signatures"] for shard in inputs]
    ranges = ranges_of(parts, _RANGE)
    with scratch("duplicates", project.build) as folder:
        runner = engine(project.params["engine"], project.build, project.store.root, folder)
        if isinstance(project.store.root, str) and not isinstance(runner, Local):
            raise ConfigError("engine.join: rounds needs a folder build/store that all nodes see, not a bucket")
        join = DiskJoin(runner, project.store.root, folder, ranges, LARGEST)
        if against:
            others = [ranges_of(release["parts"], _RANGE) for release in against]
            of_ranges = [*[-1] * len(ranges), *(number for number, runs in enumerate(others) for _ in runs)]
            all_ranges = [*ranges, *(run for runs in others for run in runs)]
            joined = DiskJoin(runner, project.store.root, folder, all_ranges, LARGEST)
            group_with_others(joined, np.array(of_ranges))
            joined.remove("signatures", "groups", "owners")
        join.group()
        any_given = write_given(folder, _given(project, inputs, ranges, listed))
        deal = Deal(project.params["splits"], tuple(release["release"] for release in against), project.schemas)
        made, counts = deduplicated(join, deal, any_given)
    _report(counts, against)
    return made


def _given(
    project: Project, inputs: list[dict[str, Part]], ranges: list[tuple[Part, ...]], listed: dict[str, str]
) -> Iterator[Places]:
    """The splits that the kept documents of each range have already; none if nothing gives one."""
    settings = project.params["splits"]
    by_column = _splits_by_column(settings)
    if not listed and not by_column:
        return
    descriptions = [shard["describe.description"] for shard in inputs] if by_column else []
    masks: list[list[NDArray[np.bool_]]] = []
    of_ranges: list[Places] = []
    start = 0
    for run in ranges:
        tables = list(project.store.read_all(run, ["doc_id", "kept"], again=True))
        masks.append([table["kept"].to_numpy() for table in tables])
        ids = pa.concat_tables(tables)["doc_id"].filter(np.concatenate(masks[-1])).combine_chunks()
        places = listed_places(ids, listed)
        if not settings["group_by"]:
            if by_column:
                places = _places_by_column(project, descriptions[start : start + len(run)], masks.pop(), places)
            yield places
        else:
            of_ranges.append(places)
        start += len(run)
    if of_ranges:
        # What decides on a value is all of its documents.
        kept = [mask for of_range in masks for mask in of_range]
        whole = _places_by_column(project, descriptions, kept, np.concatenate(of_ranges))
        yield from np.split(whole, np.cumsum([len(places) for places in of_ranges])[:-1])


def _seen_in(  # noqa: PLR0917  (what deduplication has read, and where)
    project: Project,
    runner: Engine,
    parts: list[Part],
    kept: list[NDArray[np.bool_]],
    own: tuple[pa.Array, pa.Array],
    against: list[dict[str, Any]],
) -> pa.Array:
    """The releases of other corpora that hold each kept document, or a near-duplicate of it."""
    ids, keys = own
    if not against:
        return pa.array([[]] * len(ids), pa.list_(pa.string()))
    others = [part for release in against for part in release["parts"]]
    read = list(runner.run(read_columns, [SignatureTask(project.store.root, part) for part in others]))
    counts = [len(shard.ids) for shard in read]
    owner_of_part = np.repeat(np.arange(len(against)), [len(release["parts"]) for release in against])
    owners = np.concatenate([np.full(len(ids), -1), np.repeat(owner_of_part, counts)])
    # Two corpora may use one id; no id of a document begins so.
    names = pa.array([f"\0{number}" for number in range(sum(counts))], pa.string())
    all_ids = pa.concat_arrays([ids, names])
    all_keys = pa.concat_arrays([keys, *(shard.keys for shard in read)])
    all_counts = [*(int(mask.sum()) for mask in kept), *counts]
    with StoredSignatures(project, runner, [*parts, *others], all_counts) as signatures:
        return seen_in(all_ids, all_keys, signatures, owners, [release["release"] for release in against])


def _leaving(ids: pa.Array, given: Places, resembled: NDArray[np.int64]) -> dict[int, dict[str, Any]]:
    """By row, the lines about documents that leave."""
    rows = np.flatnonzero(resembled >= 0).tolist()
    return {
        row: leaving_row(ids[row].as_py(), ids[other].as_py(), given[other], given[row])
        for row, other in zip(rows, resembled[rows].tolist(), strict=True)
    }


def _splits_by_column(settings: dict[str, Any]) -> bool:
    return bool(settings["group_by"] or settings["validation_from"] or settings["test_from"])


def _places_by_column(
    project: Project, descriptions: list[Part], kept: list[NDArray[np.bool_]], given: Places
) -> Places:
    """The splits of the kept documents by source, publisher or byline, or by the day of publication."""
    settings = project.params["splits"]
    column = settings["group_by"]
    days = settings["validation_from"] or settings["test_from"]
    if column and days:
        raise ConfigError(
            f"params.yaml: splits: group_by ({column}) and a first day ({days}) are both set; keep one of them"
        )
    # As in the report of what was dropped, the publisher stands for a source that is not known.
    names = ["published"] if days else ["source", "publisher"] if column == "source" else [column]
    shards = project.store.read_all(descriptions, names)
    columns = [
        pc.coalesce(*(rows[name] for name in names)).filter(mask) for rows, mask in zip(shards, kept, strict=True)
    ]
    values = pa.chunked_array([chunk for part in columns for chunk in part.chunks], pa.string()).combine_chunks()
    if days:
        return np.where(given == UNASSIGNED, places_by_day(values, settings), given).astype(np.int8)
    places, mixed = places_by_value(values, settings, given)
    if mixed:
        listed = ", ".join(mixed[:_NAMED]) + (", ..." if len(mixed) > _NAMED else "")
        say(
            f"deduplicate: {plural(len(mixed), column)} with documents in several splits, which keep them "
            f"({project.split_list.name}): {listed}"
        )
    return places


def _by_shard(
    columns: dict[str, pa.Array], ids: Iterable[pa.Table], kept: list[NDArray[np.bool_]]
) -> Iterator[dict[str, Any]]:
    """Expand columns of the kept documents to columns of all documents, shard by shard."""
    start = 0
    for rows, mask in zip(ids, kept, strict=True):
        count = int(mask.sum())
        yield over_whole_shard(
            {name: column.slice(start, count) for name, column in columns.items()}, rows["doc_id"], mask
        )
        start += count
