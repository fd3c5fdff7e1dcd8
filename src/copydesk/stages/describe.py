"""Describe: counts, signals and provenance of each document, and the keys by which duplicates are found."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import pyarrow as pa

from copydesk.description.duplicates import text_keys
from copydesk.description.provenance import told
from copydesk.description.signals import signals
from copydesk.stages.shardwise import Made, Output, Shard, Stage, run_shards

PROVENANCE = ("title", "byline", "source_outlet", "publisher", "url", "published", "licence", "raw_sha256")
SIGNALS = ("characters", "words", "mean_word_length", "symbol_word_ratio")

STAGE = Stage(
    "describe",
    reads=("ingest.provenance", "clean.text", "clean.edits"),
    writes={
        "description": Output("documents", ("doc_id", *PROVENANCE, *SIGNALS)),
        "signatures": Output("signatures"),
    },
    params=("deduplicate",),
)
run = partial(run_shards, stage=STAGE)


def shard(given: Shard) -> Made:
    """Describe the documents of a shard."""
    provenance, text = given.tables["provenance"], given.tables["text"]
    column = text["text"].combine_chunks()
    provenance = _completed(provenance, _told(given.tables["edits"]))
    columns = {**dict(zip(provenance.column_names, provenance.columns, strict=True)), **signals(column)}
    keys = text_keys(column, given.params["deduplicate"]["normalise"])
    return {
        "description": pa.table(columns),
        "signatures": pa.table({"doc_id": text["doc_id"], "text_key": keys}),
    }


def _completed(provenance: pa.Table, told_of: dict[str, dict[str, str]]) -> pa.Table:
    """Provenance with what the articles said of themselves: what the steward wrote comes first."""
    doc_ids = provenance["doc_id"].to_pylist()
    for name in ("byline", "source_outlet", "publisher", "published"):
        known = zip(doc_ids, provenance[name].to_pylist(), strict=True)
        completed = [told_of.get(doc_id, {}).get(name) if own is None else own for doc_id, own in known]
        position = provenance.column_names.index(name)
        provenance = provenance.set_column(position, name, pa.array(completed, pa.string()))
    return provenance


def _told(edits: pa.Table) -> dict[str, dict[str, str]]:
    """What the lines that were removed from each document say about it."""
    removed = defaultdict(list)
    for row in edits.select(["doc_id", "rules", "before"]).to_pylist():
        removed[row["doc_id"]].append((row["rules"], row["before"]))
    return {doc_id: told(rows) for doc_id, rows in removed.items()}
