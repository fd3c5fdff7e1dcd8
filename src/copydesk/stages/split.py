"""Split: clean text becomes sentences, with their place in the clean and in the raw text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.description.language import detect
from copydesk.sentences import Spans, served, split_column
from copydesk.stages.shardwise import Made, Output, Shard, Stage, run_shards
from copydesk.text import Alignment, Offsets

STAGE = Stage(
    "split",
    reads=("clean.text", "clean.edits"),
    writes={
        "sentences": Output("sentences"),
        "spans": Output(
            "documents",
            (
                "doc_id",
                "sentences",
                "language",
                "language_score",
                "sentence_language",
                "paragraphs",
                "sentence_count",
            ),
        ),
    },
)
run = partial(run_shards, stage=STAGE)

_PLACES = ("raw_start", "raw_end", "start", "end")


def shard(given: Shard) -> Made:
    """Split the texts of a shard."""
    ids, column = given.tables["text"]["doc_id"], given.tables["text"]["text"].combine_chunks()
    # The language decides the rules, so it is told here and not in the stage that describes.
    languages, scores = detect(column)
    spans = split_column(column, languages.to_pylist())
    aligned = dict(_alignments(given.tables["edits"]))
    blocks = [
        _sentences(doc_id, text, found, aligned.get(doc_id))
        for doc_id, text, found in zip(ids.to_pylist(), column.to_pylist(), spans, strict=True)
    ]
    documents = {
        "doc_id": ids,
        "sentences": [
            [{"start": s, "end": e} for s, e in zip(found.starts, found.ends, strict=True)] for found in spans
        ],
        "language": languages,
        "language_score": scores,
        "sentence_language": [served(language) for language in languages.to_pylist()],
        "paragraphs": [found.paragraphs[-1] + 1 if found.paragraphs else 0 for found in spans],
        "sentence_count": [len(found.starts) for found in spans],
    }
    return {
        "sentences": pa.concat_tables(blocks) if blocks else [],
        "spans": pa.table({name: _column(name, value) for name, value in documents.items()}),
    }


def _column(name: str, value: Any) -> Any:
    if name != "sentences":
        return value
    place = pa.struct([pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)])
    return pa.array(value, pa.list_(pa.field("element", place, nullable=False)))


def _alignments(edits: pa.Table) -> Iterator[tuple[str, Alignment]]:
    """Alignments of the documents that were edited; the others are equal to their source."""
    rows = edits.filter(edits["applied"]).select(["doc_id", *_PLACES]).to_pylist()
    for doc_id, group in groupby(rows, itemgetter("doc_id")):
        columns = zip(*(itemgetter(*_PLACES)(row) for row in group), strict=True)
        yield doc_id, Alignment(*(list(column) for column in columns))


def _sentences(doc_id: str, text: str, found: Spans, alignment: Alignment | None) -> pa.Table:
    starts, ends = np.array(found.starts, dtype=np.int64), np.array(found.ends, dtype=np.int64)
    raw: tuple[Offsets, Offsets] = alignment.to_raw(starts, ends) if alignment else (starts, ends)
    return pa.table(
        {
            "doc_id": [doc_id] * len(starts),
            "index": np.arange(len(starts)),
            "paragraph": np.array(found.paragraphs, dtype=np.int64),
            "text": [text[s:e] for s, e in zip(found.starts, found.ends, strict=True)],
            "start": starts,
            "end": ends,
            "raw_start": raw[0],
            "raw_end": raw[1],
        },
        schema=_SENTENCES,
    )


_SENTENCES = pa.schema(
    [("doc_id", pa.string()), ("index", pa.int64()), ("paragraph", pa.int64()), ("text", pa.string())]
    + [(name, pa.int64()) for name in ("start", "end", "raw_start", "raw_end")]
)
