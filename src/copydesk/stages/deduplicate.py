"""Deduplicate: find exact duplicates and near-duplicates in the whole corpus, and assign splits."""

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
from copydesk.description.duplicates.stored_signatures import SignatureTask, StoredSignatures, read_columns
from copydesk.description.splits import assign
from copydesk.engines import engine
from copydesk.project import Project
from copydesk.stages.runner import Output, output_table, read_inputs, write_receipts
from copydesk.store.fingerprint import fingerprint, key
from copydesk.store.shard_store import Part

_KINDS = {"exact": "exact duplicate", "near": "near-duplicate"}
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
    by_shard = list(runner.run(read_columns, [SignatureTask(project.store.root, part) for part in parts]))
    kept = [shard.kept for shard in by_shard]
    ids = pa.chunked_array([shard.ids for shard in by_shard]).combine_chunks()
    keys = pa.chunked_array([shard.keys for shard in by_shard]).combine_chunks()
    sizes = np.concatenate([shard.sizes for shard in by_shard])
    points = np.concatenate([shard.points for shard in by_shard])
    by_shard.clear()
    with StoredSignatures(project, runner, parts, [int(mask.sum()) for mask in kept]) as signatures:
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
    exact, near = (plural(counts.get(kind, 0), noun) for kind, noun in _KINDS.items())
    say(f"deduplicate: {plural(len(ids), 'document')}, {exact}, {near}")
    return made


def _by_shard(
    columns: dict[str, pa.Array], ids: Iterable[pa.Table], kept: list[NDArray[np.bool_]]
) -> Iterator[dict[str, Any]]:
    """Expand columns of the kept documents to columns of all documents, shard by shard."""
    start = 0
    for rows, mask in zip(ids, kept, strict=True):
        count = int(mask.sum())
        of_shard = {name: _spread(column.slice(start, count), mask) for name, column in columns.items()}
        yield {**of_shard, "split": of_shard["split"].fill_null("train"), "doc_id": rows["doc_id"]}
        start += count


def _spread(column: pa.Array, kept: NDArray[np.bool_]) -> pa.Array:
    """Expand a column of the kept documents of a shard to all its documents; null for the others."""
    return column if kept.all() else column.take(pa.array(np.cumsum(kept) - 1, mask=~kept))
