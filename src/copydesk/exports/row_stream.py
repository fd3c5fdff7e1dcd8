"""The rows of one split of a table, in order, in batches: never more than a few at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.dataset.public_export import REFERENCES, without_absent_references
from copydesk.dataset.rows_by_split import split_of
from copydesk.errors import ReleaseError
from copydesk.revisions.revision import Revision
from copydesk.tables.parquet import DAMAGED
from copydesk.tables.renamed_columns import with_current_names, with_old_names

_BATCH = 500  # rows, of documents as well


def splits_of(revision: Revision, table: str) -> dict[str, list[str]]:
    """The shards of a table by split, in order."""
    by_split: dict[str, list[str]] = {}
    for shard in revision.shards(table):
        by_split.setdefault(split_of(shard), []).append(shard)
    return by_split


class RowStream:
    """The rows of one split of a table without those of some documents.

    Parameters
    ----------
    revision : Revision
    table, split : str
    left_out : frozenset of str
        Ids of the documents whose rows are left out.
    columns : sequence of str, optional
        All by default; the column ``split`` is added to each row in any case.
    """

    def __init__(
        self,
        revision: Revision,
        table: str,
        split: str,
        left_out: frozenset[str],
        columns: Sequence[str] | None = None,
    ) -> None:
        self.split = split
        self.shards = splits_of(revision, table).get(split, [])
        self._revision = revision
        self._left_out = left_out
        self._columns = columns

    @property
    def schema(self) -> pa.Schema:
        """The columns of the rows, with their types."""
        file = pq.ParquetFile(self._revision.locate(self.shards[0]))
        names = self._present(file)
        schema = with_current_names(file.schema_arrow.empty_table().select(names)).schema
        return schema if "split" in schema.names else schema.append(pa.field("split", pa.string()))

    def count(self, shard: str) -> int:
        """How many rows of a shard are in the stream."""
        path = self._revision.locate(shard)
        if not self._left_out:
            return int(pq.read_metadata(path).num_rows)
        ids = pq.ParquetFile(path).read(["doc_id"], use_threads=False)["doc_id"]
        return sum(doc_id not in self._left_out for doc_id in ids.to_pylist())

    def rows(self, shard: str, skip: int = 0) -> Iterator[dict[str, Any]]:
        """The rows of a shard behind the first ``skip``.

        Raises
        ------
        ReleaseError
            If the file cannot be read.
        """
        try:
            file = pq.ParquetFile(self._revision.locate(shard))
            for batch in file.iter_batches(_BATCH, columns=self._present(file), use_threads=False):
                table = with_current_names(pa.Table.from_batches([batch]))
                if self._left_out:
                    table = table.filter([doc_id not in self._left_out for doc_id in table["doc_id"].to_pylist()])
                    table = self._without_references(table)
                skipped = min(skip, table.num_rows)
                skip -= skipped
                for row in table.slice(skipped).to_pylist():
                    yield row if "split" in row else {**row, "split": self.split}
        except DAMAGED as error:
            found = " ".join(str(error).split())
            raise ReleaseError(f"{self._revision.name}: {shard}: cannot be read as Parquet ({found})") from None

    def _without_references(self, rows: pa.Table) -> pa.Table:
        """The rows without references to documents that are left out."""
        columns = [name for name in REFERENCES if name in rows.column_names]
        named = {doc_id for name in columns for doc_id in rows[name].to_pylist() if doc_id is not None}
        return without_absent_references(rows, pa.array(sorted(named - self._left_out), pa.string()))

    def _present(self, file: pq.ParquetFile) -> list[str]:
        names: list[str] = file.schema_arrow.names
        if self._columns is None:
            return names
        wanted = with_old_names(self._columns)
        return [name for name in names if name in wanted]
