"""Slow path: check every row of every table against its JSON Schema."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from copydesk.core.findings import Report
from copydesk.core.json_schema import bulk_violations
from copydesk.tables.parquet import DAMAGED
from copydesk.tables.table import table
from copydesk.validation.file_checks import Files

_BATCH = 2_000


def check_records(corpus: Path, files: Files, schemas: Path, report: Report) -> None:
    """Validate rows in batches; report each violation with its row."""
    for name, shards in files.items():
        schema = table(name, schemas).schema
        for shard in shards:
            number = 0
            try:
                for batch in pq.ParquetFile(corpus / shard.path).iter_batches(_BATCH):
                    rows = batch.to_pylist()
                    for index, violation in bulk_violations(schema, rows):
                        report.add(
                            "records",
                            shard.path,
                            f"row {number + index}: {violation.message}",
                            document=str(rows[index].get("doc_id") or ""),
                            field=violation.field,
                        )
                    number += len(rows)
                if number != shard.rows:
                    report.add("records", shard.path, f"{number:,} rows, but the footer says {shard.rows:,}")
            except DAMAGED as error:
                report.add("records", shard.path, f"row {number} or later cannot be read: {error}")
            report.checked[name] += number
