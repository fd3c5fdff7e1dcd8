"""Deduplicate: which documents repeat which, over the whole corpus, and the split of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.json_schema import schema_path
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.description.duplicates.clusters import near_groups
from copydesk.description.duplicates.stored_signatures import Stored, Task, told
from copydesk.description.splits import assign
from copydesk.engines import engine
from copydesk.project import Project
from copydesk.stages.runner import Output, output_table, read_inputs, write_receipts
from copydesk.store.fingerprint import fingerprint, key
from copydesk.store.shard_store import Part

DUPLICATES = Output("documents", ("doc_id", "duplicate_of", "duplicate_group", "duplicate_kind", "split"))


def run(project: Project) -> None:
    """Group similar documents, assign splits, and write both shard by shard."""
    parts = [inputs["describe.signatures"] for inputs in read_inputs(project, ["describe.signatures"])]
    settings = project.params["splits"]
    code = fingerprint("copydesk.stages.deduplicate", [schema_path("documents", project.schemas)], settings)
    whole = key("deduplicate", code, [part.sha256 for part in parts])
    shards = project.store.result(whole)
    if shards is None:
        shards = {f"{number:08d}": part for number, part in enumerate(_duplicates(project, parts))}
        project.store.record(whole, shards)
    else:
        say(f"deduplicate: {plural(sum(part.rows for part in parts), 'document')}, cached")
    write_receipts(project, "deduplicate", ({"duplicates": shards[name]} for name in sorted(shards)))


def _duplicates(project: Project, parts: list[Part]) -> list[Part]:
    runner = engine(project.params["engine"], project.build, project.store.root)
    found = list(runner.run(told, [Task(project.store.root, part) for part in parts]))
    kept = [shard.kept for shard in found]
    ids = pa.chunked_array([shard.ids for shard in found]).combine_chunks()
    keys = pa.chunked_array([shard.keys for shard in found]).combine_chunks()
    sizes = np.concatenate([shard.sizes for shard in found])
    points = np.concatenate([shard.points for shard in found])
    found.clear()
    with Stored(project, runner, parts, [int(here.sum()) for here in kept]) as signatures:
        groups = near_groups(ids, keys, signatures, sizes)
    grouped = np.flatnonzero(groups.duplicate_group.is_valid())
    leaders = pc.index_in(groups.duplicate_group.drop_null(), ids).to_numpy()
    points[grouped] = points[leaders]
    columns = {**groups._asdict(), "split": assign(points, project.params["splits"])}
    shape = output_table(DUPLICATES, project.schemas)
    ids_by_shard = project.store.read_all(parts, ["doc_id"], again=True)
    tables = (shape.conform(pa.table(some)) for some in _by_shard(columns, ids_by_shard, kept))
    made = list(project.store.add_all(tables))
    counts = {row["values"]: row["counts"] for row in groups.duplicate_kind.value_counts().to_pylist()}
    exact, near = counts.get("exact", 0), counts.get("near", 0)
    say(f"deduplicate: {len(ids)} documents, {exact} repeat another, {near} nearly")
    return made


def _by_shard(
    columns: dict[str, pa.Array], ids: Iterable[pa.Table], kept: list[NDArray[np.bool_]]
) -> Iterator[dict[str, Any]]:
    """What was found out about the kept documents, for all documents of each shard."""
    start = 0
    for rows, here in zip(ids, kept, strict=True):
        count = int(here.sum())
        some = {name: _spread(column.slice(start, count), here) for name, column in columns.items()}
        yield {**some, "split": some["split"].fill_null("train"), "doc_id": rows["doc_id"]}
        start += count


def _spread(column: pa.Array, kept: NDArray[np.bool_]) -> pa.Array:
    """A column of the kept documents of a shard as one of all, null elsewhere."""
    return column if kept.all() else column.take(pa.array(np.cumsum(kept) - 1, mask=~kept))
