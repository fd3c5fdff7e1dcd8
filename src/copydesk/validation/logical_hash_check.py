"""Rows against the logical hashes of manifest.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.core.findings import Report
from copydesk.dataset.card_metadata import DataFile
from copydesk.dataset.manifest import LISTING, read_listing
from copydesk.tables.logical_hash import Digests, combined, of_splits, shape_of
from copydesk.tables.table import table
from copydesk.validation.file_checks import Files


def digests_of(shard: DataFile, name: str, rows: pa.Table) -> dict[str, Any]:
    """What the rows of a file add to the logical hash of its split, as a row of the table ``digests``."""
    return {"table": name, "split": shard.split, **Digests.of(rows).as_row()}


def undigested(files: Files) -> list[dict[str, Any]]:
    """Rows as of :func:`digests_of` for files that are not read: they name what is missing."""
    return [{"table": name, "split": shard.split, "rows": None} for name, shards in files.items() for shard in shards]


def check_rows(
    corpus: Path, schemas: Path, digests: list[dict[str, Any]], report: Report, base: dict[str, Any]
) -> None:
    """Compare the hashes of the rows of every split, however the files cut them, with what the manifest says.

    A split of which something was not read is passed over if it has changed since ``base``, and else must have the
    hash that it had there.
    """
    listed = read_listing(corpus)["tables"]
    partly = {(row["table"], row["split"]) for row in digests if row["rows"] is None}
    digests = [row for row in digests if (row["table"], row["split"]) not in partly]
    for name, split in sorted(partly):
        now, before = (_told(tables, name, split) for tables in (listed, base.get("tables", {})))
        if now[0] == before[0] and now[1] != before[1]:
            message = f"the manifest says {now[1]}, and said {before[1]} of the same files; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.splits.{split}.logical_sha256")
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
        if any(name == table for table, _ in partly):
            continue
        if found == said and whole != of_splits(found):
            message = f"the manifest says {whole}, the splits give {of_splits(found)}; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.logical_sha256")


def _told(tables: dict[str, Any], name: str, split: str) -> tuple[list[str], str | None]:
    """What a manifest says of a split: the hashes of its files, and the logical hash."""
    files = tables.get(name, {}).get("files", {})
    hashes = [file["sha256"] for path, file in files.items() if path.rpartition("/")[2].startswith(f"{split}-")]
    return hashes, tables.get(name, {}).get("splits", {}).get(split, {}).get("logical_sha256")
