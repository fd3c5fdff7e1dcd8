"""Describe: counts, signals and provenance of each document, and the keys by which duplicates are found."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from copydesk.cleaning.lines import SOURCE_LINE, outlet
from copydesk.description.duplicates import text_keys
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
    outlets = _outlets(given.tables["edits"])
    known = zip(provenance["doc_id"].to_pylist(), provenance["source_outlet"].to_pylist(), strict=True)
    position = provenance.column_names.index("source_outlet")
    # What the steward wrote comes first, what the article said second.
    completed = pa.array([own or outlets.get(doc_id) for doc_id, own in known], pa.string())
    provenance = provenance.set_column(position, "source_outlet", completed)
    columns = {**dict(zip(provenance.column_names, provenance.columns, strict=True)), **signals(column)}
    keys = text_keys(column, given.params["deduplicate"]["normalise"])
    return {
        "description": pa.table(columns),
        "signatures": pa.table({"doc_id": text["doc_id"], "text_key": keys}),
    }


def _outlets(edits: pa.Table) -> dict[str, str]:
    """The outlets that removed source lines named, by document."""
    found = {}
    rows = edits.select(["doc_id", "rules", "before"]).to_pylist()
    for row in rows:
        if SOURCE_LINE in row["rules"] and (name := outlet(row["before"])) is not None:
            found[row["doc_id"]] = name
    return found
