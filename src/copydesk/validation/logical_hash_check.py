"""Compare the logical hashes of the rows with those in manifest.json."""

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
    """The digest of the rows of a file, as a row of ``digests``; the logical hash of a split follows from them."""
    return {"table": name, "split": shard.split, **Digests.of(rows).as_row()}


def undigested(files: Files) -> list[dict[str, Any]]:
    """Placeholders for the digests of files that are not read."""
    return [{"table": name, "split": shard.split, "rows": None} for name, shards in files.items() for shard in shards]


def check_rows(
    corpus: Path, schemas: Path, digests: list[dict[str, Any]], report: Report, base: dict[str, Any]
) -> None:
    """Compare the logical hash of every split with the manifest; how the rows are divided into files does not matter.

    A split with unread files is skipped if it has changed since ``base``; otherwise it must have the hash that it has
    there.
    """
    listed = read_listing(corpus)["tables"]
    for name in listed.keys() - {row["table"] for row in digests}:
        report.add("rows", f"data/{name}", "no row could be read; run the stage validate again")
    partly = {(row["table"], row["split"]) for row in digests if row["rows"] is None}
    digests = [row for row in digests if (row["table"], row["split"]) not in partly]
    for name, split in sorted(partly):
        now, before = (_listed_split(tables, name, split) for tables in (listed, base.get("tables", {})))
        if now[0] == before[0] and now[1] != before[1]:
            message = f"the manifest says {now[1]}, and said {before[1]} of the same files; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.splits.{split}.logical_sha256")
    by_table: dict[str, dict[str, list[Digests]]] = {}
    for row in digests:
        by_table.setdefault(row["table"], {}).setdefault(row["split"], []).append(Digests.from_row(row))
    for name, parts in by_table.items():
        shape = shape_of(table(name, schemas).arrow)
        computed = {split: combined(shape, rows) for split, rows in parts.items()}
        stated = {split: listed[name]["splits"][split]["logical_sha256"] for split in computed}
        for split, digest in computed.items():
            if stated[split] != digest:
                message = f"the manifest says {stated[split]}, the rows give {digest}; run the stage package"
                report.add("rows", LISTING, message, field=f"tables.{name}.splits.{split}.logical_sha256")
        whole = listed[name]["logical_sha256"]
        if any(name == table for table, _ in partly):
            continue
        if computed == stated and whole != of_splits(computed):
            message = f"the manifest says {whole}, the splits give {of_splits(computed)}; run the stage package"
            report.add("rows", LISTING, message, field=f"tables.{name}.logical_sha256")


def _listed_split(tables: dict[str, Any], name: str, split: str) -> tuple[list[str], str | None]:
    """The hashes of the files of a split and its logical hash, as a manifest lists them."""
    files = tables.get(name, {}).get("files", {})
    hashes = [file["sha256"] for path, file in files.items() if path.rpartition("/")[2].startswith(f"{split}-")]
    return hashes, tables.get(name, {}).get("splits", {}).get(split, {}).get("logical_sha256")
