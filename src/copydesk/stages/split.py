"""Split: clean text becomes sentences, each with its span in the clean and in the raw text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.language.blocks import Block, find_blocks
from copydesk.language.detection import detect
from copydesk.language.foreign_paragraphs import passages
from copydesk.language.stated_language import stated_languages, with_stated
from copydesk.sentences import served, split_column
from copydesk.stages.alignments import alignments
from copydesk.stages.runner import Made, Output, Shard, Stage, run_shards
from copydesk.tables.sentence_ids import sentence_ids

STAGE = Stage(
    "split",
    reads=("clean.text", "clean.edits", "clean.languages"),
    writes={
        "sentences": Output("sentences", unsplit=True),
        "spans": Output(
            "documents",
            (
                *("doc_id", "sentences", "language", "language_score", "language_share", "languages"),
                *("passages", "blocks", "sentence_language", "paragraphs", "sentence_count"),
            ),
        ),
    },
    by_document=True,
)
run = partial(run_shards, stage=STAGE)


def shard(given: Shard) -> Made:
    """Split the texts of a shard."""
    ids, column = given.tables["text"]["doc_id"].combine_chunks(), given.tables["text"]["text"].combine_chunks()
    # Splitting depends on the language, so it is detected here and not in the stage describe.
    stated = stated_languages(given.tables["languages"])
    names: list[str] = ids.to_pylist()
    languages = with_stated(detect(column), [stated.get(name) for name in names])
    labels = languages.labels.to_pylist()
    by_document = split_column(column, labels)
    counts = np.array([len(spans.starts) for spans in by_document], dtype=np.int64)
    starts, ends, paragraphs = (
        np.fromiter(chain.from_iterable(spans[position] for spans in by_document), dtype=np.int64)
        for position in range(3)
    )
    rows = np.concatenate([[0], np.cumsum(counts)])
    raw_starts, raw_ends = starts.copy(), ends.copy()
    aligned = dict(alignments(given.tables["edits"]))
    for number, name in enumerate(names):
        if name in aligned:
            own = slice(rows[number], rows[number + 1])
            raw_starts[own], raw_ends[own] = aligned[name].to_raw(starts[own], ends[own])
    texts = [
        text[start:end]
        for text, spans in zip(column.to_pylist(), by_document, strict=True)
        for start, end in zip(spans.starts, spans.ends, strict=True)
    ]
    owner = np.repeat(np.arange(len(by_document)), counts)
    owner_names = [name for name, spans in zip(names, by_document, strict=True) for _ in spans.starts]
    doc_ids = ids.take(pa.array(owner))
    sentences = {
        "doc_id": doc_ids,
        "sentence_id": sentence_ids(owner_names, texts),
        "index": np.arange(len(owner)) - rows[:-1][owner],
        "paragraph": paragraphs,
        "text": pa.array(texts, pa.string()),
        "start": starts,
        "end": ends,
        "raw_start": raw_starts,
        "raw_end": raw_ends,
    }
    passages_column = _passages(column, languages.labels)
    documents = {
        "doc_id": ids,
        "sentences": _lists(rows, {"start": starts.astype(np.int32), "end": ends.astype(np.int32)}),
        "language": languages.labels,
        "language_score": languages.scores,
        "language_share": languages.shares,
        "languages": languages.all_shares,
        "passages": passages_column,
        "blocks": _blocks(given.tables["text"], labels, passages_column.to_pylist()),
        "sentence_language": pa.array([served(label) for label in labels], pa.string()),
        "paragraphs": [spans.paragraphs[-1] + 1 if spans.paragraphs else 0 for spans in by_document],
        "sentence_count": counts,
    }
    return {"sentences": pa.table(sentences), "spans": pa.table(documents)}


def _blocks(
    texts: pa.Table, labels: list[str | None], passages: list[list[dict[str, Any]]]
) -> list[list[dict[str, Any]]]:
    """The blocks of each text. Texts for which cleaning recorded none are prose, in the languages detected here."""
    columns = zip(texts["text"].to_pylist(), texts["blocks"].to_pylist(), labels, passages, strict=True)
    return [
        blocks or [block._asdict() for block in _prose(text, label, has_passages=bool(foreign))]
        for text, blocks, label, foreign in columns
    ]


def _prose(text: str, label: str | None, *, has_passages: bool) -> Sequence[Block]:
    return find_blocks(text, label).blocks if has_passages else (Block(0, len(text), "prose", label),)


def _passages(texts: pa.Array, labels: pa.Array) -> pa.Array:
    by_document = passages(texts, labels)
    rows = np.concatenate([[0], np.cumsum([len(of_document) for of_document in by_document])])
    flat = [passage for of_document in by_document for passage in of_document]
    starts, ends = (np.array([passage[position] for passage in flat], dtype=np.int32) for position in range(2))
    return _lists(rows, {"start": starts, "end": ends, "language": pa.array([p[2] for p in flat], pa.string())})


def _lists(rows: np.ndarray[tuple[int], np.dtype[np.int64]], columns: dict[str, object]) -> pa.Array:
    """A list of structs for each document, from flat columns and where each document's rows begin."""
    arrays = {name: pa.array(column) for name, column in columns.items()}
    fields = [pa.field(name, array.type, nullable=False) for name, array in arrays.items()]
    values = pa.StructArray.from_arrays(list(arrays.values()), fields=fields)
    kind = pa.list_(pa.field("element", values.type, nullable=False))
    return pc.cast(pa.ListArray.from_arrays(pa.array(rows, pa.int32()), values), kind)
