"""Rows against the logical hashes of manifest.json."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.logical import Digests, combined, of_splits, shape_of
from copydesk.publishing.manifest import LISTING, read_listing
from copydesk.tables import table
from copydesk.validation.files import Files
from copydesk.validation.report import Report

_BATCH = 10_000


def check_rows(corpus: Path, files: Files, schemas: Path, report: Report) -> None:
    """Hash the rows of every split, however the files cut them, and compare with what the manifest says."""
    listed = read_listing(corpus)["tables"]
    for name, shards in files.items():
        parts: dict[str, list[Digests]] = {}
        for shard in shards:
            for batch in pq.ParquetFile(corpus / shard.path).iter_batches(_BATCH):
                parts.setdefault(shard.split, []).append(Digests.of(pa.Table.from_batches([batch])))
        shape = shape_of(table(name, schemas).arrow)
        found = {split: combined(shape, digests) for split, digests in parts.items()}
        said = {split: listed[name]["splits"][split]["logical_sha256"] for split in found}
        for split, digest in found.items():
            if said[split] != digest:
                message = f"the manifest says {said[split]}, the rows give {digest}; run the stage package"
                report.add("rows", LISTING, message, field=f"tables.{name}.splits.{split}.logical_sha256")
        whole = listed[name]["logical_sha256"]
        if found == said and whole != of_splits(found):
            message = f"the manifest says {whole}, the splits give {of_splits(found)}; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.logical_sha256")
