"""Deduplicate: which documents repeat which, over the whole corpus."""

from __future__ import annotations

import pyarrow as pa

from copydesk.description.duplicates import group
from copydesk.progress import say
from copydesk.project import Project
from copydesk.stages.shardwise import Output, output_table, read_inputs, write_receipts

DUPLICATES = Output("documents", ("doc_id", "duplicate_of", "duplicate_group"))


def run(project: Project) -> None:
    """Group equal documents and write, shard by shard, what each repeats."""
    parts = [inputs["describe.signatures"] for inputs in read_inputs(project, ["describe.signatures"])]
    signatures = [project.store.read(part) for part in parts]
    whole = pa.concat_tables(signatures).combine_chunks()
    ids = whole["doc_id"].combine_chunks()
    duplicate_of, duplicate_group = group(ids, whole["text_key"].combine_chunks())
    shape = output_table(DUPLICATES, project.schemas)
    receipts = []
    start = 0
    for part in parts:
        columns = {"doc_id": ids, "duplicate_of": duplicate_of, "duplicate_group": duplicate_group}
        rows = pa.table({name: column.slice(start, part.rows) for name, column in columns.items()})
        receipts.append({"duplicates": project.store.add(shape.conform(rows))})
        start += part.rows
    write_receipts(project, "deduplicate", receipts)
    say(f"deduplicate: {len(ids)} documents, {len(ids) - duplicate_of.null_count} repeat another")
