"""Rows against the logical hashes of manifest.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.logical import Digests, combined, of_splits, shape_of
from copydesk.publishing.card import DataFile
from copydesk.publishing.manifest import LISTING, read_listing
from copydesk.tables import table
from copydesk.validation.report import Report


def digests_of(shard: DataFile, name: str, rows: pa.Table) -> dict[str, Any]:
    """What the rows of a file add to the logical hash of its split, as a row of the table ``digests``."""
    return {"table": name, "split": shard.split, **Digests.of(rows).as_row()}


def check_rows(corpus: Path, schemas: Path, digests: list[dict[str, Any]], report: Report) -> None:
    """Compare the hashes of the rows of every split, however the files cut them, with what the manifest says."""
    listed = read_listing(corpus)["tables"]
    by_table: dict[str, dict[str, list[Digests]]] = {}
    for row in digests:
        by_table.setdefault(row["table"], {}).setdefault(row["split"], []).append(Digests.from_row(row))
    for name, parts in by_table.items():
        shape = shape_of(table(name, schemas).arrow)
        found = {split: combined(shape, rows) for split, rows in parts.items()}
        said = {split: listed[name]["splits"][split]["logical_sha256"] for split in found}
        for split, digest in found.items():
            if said[split] != digest:
                message = f"the manifest says {said[split]}, the rows give {digest}; run the stage package"
                report.add("rows", LISTING, message, field=f"tables.{name}.splits.{split}.logical_sha256")
        whole = listed[name]["logical_sha256"]
        if found == said and whole != of_splits(found):
            message = f"the manifest says {whole}, the splits give {of_splits(found)}; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.logical_sha256")
