"""Deduplicate: which documents repeat which, over the whole corpus, and the split of each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from copydesk.description.duplicates import near_groups
from copydesk.description.signatures import COMPONENTS, WORDLESS, Signatures
from copydesk.description.splits import assign
from copydesk.progress import say
from copydesk.project import Project
from copydesk.stages.shardwise import Output, output_table, read_inputs, write_receipts
from copydesk.store import Part

DUPLICATES = Output("documents", ("doc_id", "duplicate_of", "duplicate_group", "duplicate_kind", "split"))


def run(project: Project) -> None:
    """Group similar documents, assign splits, and write both shard by shard."""
    parts = [inputs["describe.signatures"] for inputs in read_inputs(project, ["describe.signatures"])]
    whole, signatures = _gathered(project, parts)
    ids, kept = whole["doc_id"].combine_chunks(), whole["kept"].to_numpy()
    here = np.flatnonzero(kept)
    groups = near_groups(
        ids.take(pa.array(here)),
        whole["text_key"].combine_chunks().take(pa.array(here)),
        signatures,
        whole["words"].to_numpy()[here],
    )
    columns = {name: _spread(column, here, len(ids)) for name, column in groups._asdict().items()}
    splits = np.full(len(ids), "train", dtype=object)
    leaders = groups.duplicate_group.to_pylist()
    splits[here] = assign(ids.take(pa.array(here)).to_pylist(), leaders, project.params["splits"])
    columns = {"doc_id": ids, **columns, "split": pa.array(splits, pa.string())}
    shape = output_table(DUPLICATES, project.schemas)
    receipts = []
    start = 0
    for part in parts:
        rows = pa.table({name: column.slice(start, part.rows) for name, column in columns.items()})
        receipts.append({"duplicates": project.store.add(shape.conform(rows))})
        start += part.rows
    write_receipts(project, "deduplicate", receipts)
    counts = {row["values"]: row["counts"] for row in columns["duplicate_kind"].value_counts().to_pylist()}
    exact, near = counts.get("exact", 0), counts.get("near", 0)
    say(f"deduplicate: {len(here)} documents, {exact} repeat another, {near} nearly")


def _gathered(project: Project, parts: list[Part]) -> tuple[pa.Table, Signatures]:
    """What all documents are told by, and the signatures of those that are kept, in one matrix."""
    signatures = np.empty((sum(part.rows for part in parts), COMPONENTS), dtype=np.uint32)
    tables = []
    filled = 0
    for part in parts:
        shard = project.store.read(part)
        matrix = _matrix(shard)[shard["kept"].to_numpy()]
        signatures[filled : filled + len(matrix)] = matrix
        filled += len(matrix)
        tables.append(shard.drop_columns(["minhash"]))
    return pa.concat_tables(tables).combine_chunks(), signatures[:filled]


def _matrix(shard: pa.Table) -> Signatures:
    """Signatures of a shard; where near duplicates are not looked for, those of texts that are like no other."""
    values: Signatures = shard["minhash"].combine_chunks().flatten().to_numpy().astype(np.uint32)
    if len(values):
        return values.reshape(shard.num_rows, COMPONENTS)
    return np.full((shard.num_rows, COMPONENTS), WORDLESS, dtype=np.uint32)


def _spread(column: pa.Array, places: np.ndarray[tuple[int], np.dtype[np.int64]], rows: int) -> pa.Array:
    """A column of some rows as one of all, null elsewhere."""
    index = np.full(rows, -1, dtype=np.int64)
    index[places] = np.arange(len(places))
    return column.take(pa.array(index, mask=index < 0))
