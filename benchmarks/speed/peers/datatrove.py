"""datatrove: ftfy, the Gopher, C4 and FineWeb filters as taggers, sentences, Parquet; MinHash in its four steps.

    python -P datatrove.py clean|deduplicate|all FILE OUT

A filter that would drop a document notes it instead, as ours does; where its filter for a language needs a model
from the network it is left out. One task in one process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from datatrove.data import DocumentsPipeline
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter, get_filter_result
from datatrove.pipeline.formatters import FTFYFormatter
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
from datatrove.utils.word_tokenizers import load_word_tokenizer


class Tag(PipelineStep):
    """A filter's judgement, noted in the document."""

    type = "tag"
    name = "judgement"

    def __init__(self, judge: BaseFilter) -> None:
        super().__init__()
        self.judge = judge

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        for document in data:
            text = document.text
            kept, reason = get_filter_result(self.judge.filter(document))
            document.text = text  # C4 removes lines
            document.metadata[type(self.judge).__name__] = "" if kept else str(reason)
            yield document


class Sentences(PipelineStep):
    """Sentences by the tokenizer that the filters use."""

    type = "tag"
    name = "sentences"

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        tokenizer = load_word_tokenizer("eng")
        for document in data:
            document.metadata["sentences"] = [list(span) for span in tokenizer.span_tokenize(document.text)]
            yield document


def clean(lines: Path, out: Path) -> None:
    """Repair, describe, split, write."""
    judges = (GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(), FineWebQualityFilter())
    LocalPipelineExecutor(
        [
            JsonlReader(str(lines.parent), glob_pattern=lines.name),
            FTFYFormatter(),
            *(Tag(judge) for judge in judges),
            Sentences(),
            ParquetWriter(str(out / "clean"), compression="zstd", expand_metadata=True),
        ],
        logging_dir=str(out / "logs-clean"),
    ).run()


def deduplicate(reader: PipelineStep, out: Path) -> None:
    """MinHash with its defaults."""
    config = MinhashConfig()
    signatures, buckets, clusters = (str(out / name) for name in ("signatures", "buckets", "clusters"))
    steps: list[tuple[list[Any], int]] = [
        ([reader, MinhashDedupSignature(signatures, config)], 1),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ([MinhashDedupCluster(buckets, clusters, config=config)], 1),
        ([reader, MinhashDedupFilter(clusters), JsonlWriter(str(out / "kept"), compression=None)], 1),
    ]
    for number, (pipeline, tasks) in enumerate(steps):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(out / f"logs-{number}")).run()


def main() -> None:
    task, given, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    found = {"documents": sum(1 for _ in given.open("rb"))}
    if task in ("clean", "all"):
        clean(given, folder)
    if task in ("deduplicate", "all"):
        reader = (
            ParquetReader(str(folder / "clean"))
            if task == "all"
            else JsonlReader(str(given.parent), glob_pattern=given.name)
        )
        deduplicate(reader, folder)
        kept = sum(1 for path in (folder / "kept").glob("*.jsonl") for _ in path.open("rb"))
        found["duplicates"] = found["documents"] - kept
    print(json.dumps(found))


if __name__ == "__main__":
    main()
