"""The listing of documents in a file, of which other processes read some rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.readers import document_listing
from copydesk.readers.document_listing import _BATCH, LISTED, Listing, list_in_file
from copydesk.readers.seed_files import list_seeds
from copydesk.tables.shard_cutting import id_hashes
from support import write_seeds


def test_rows_of_a_listing_across_its_batches(tmp_path: Path) -> None:
    count = 3 * _BATCH + 5
    write_seeds(
        tmp_path / "seeds",
        {
            "a.jsonl": "".join(f'{{"id": "n{n}", "text": "x"}}\n' for n in range(count)).encode(),
            "b.txt": b"x",
            "n7.txt": b"y",
        },
    )
    params = check_params({})["ingest"]
    seeds, _ = list_seeds(tmp_path / "seeds", 1000)
    listing, refused = list_in_file(
        tmp_path / "seeds", seeds, tmp_path / "build", params, PACKAGED, tmp_path / "listed"
    )
    assert [refusal.path for refusal in refused] == ["n7.txt"]
    ids = [*(f"n{n}" for n in range(count)), "b"]
    for start, stop in ((0, 1), (_BATCH - 1, _BATCH + 1), (5, count), (count, count + 1)):
        assert listing.rows(start, stop).table()["doc_id"].to_pylist() == ids[start:stop]
    assert [row for _, rows in listing.batches() for row in rows["doc_id"].to_pylist()] == ids
    assert listing.id_hashes.tolist() == id_hashes(ids).tolist()
    kept = listing.without(np.arange(count + 1) % 2 == 1)
    assert [row for _, rows in kept.batches() for row in rows["doc_id"].to_pylist()] == ids[::2]
    assert sorted(path.name for path in tmp_path.glob("listed*")) == [kept.file.name]


def test_long_rows_are_written_in_batches_of_few_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_listing, "_BATCH_BYTES", 10_000)
    count = 50
    empty = {name: pa.nulls(count, LISTED.field(name).type) for name in LISTED.names}
    tables = [
        pa.table({**empty, "doc_id": [f"{t}-{n}" for n in range(count)], "stated": ["x" * 1000] * count}, LISTED)
        for t in range(4)
    ]
    listing = Listing.write(tmp_path / "listed", tables)
    ids = [doc_id for table in tables for doc_id in table["doc_id"].to_pylist()]
    assert len(listing.bounds) == 5
    assert [doc_id for _, rows in listing.batches() for doc_id in rows["doc_id"].to_pylist()] == ids
    assert listing.rows(49, 151).table()["doc_id"].to_pylist() == ids[49:151]
    assert listing.rows(50, 100).table()["doc_id"].to_pylist() == ids[50:100]
    kept = listing.without(np.arange(200) % 3 > 0)
    assert [doc_id for _, rows in kept.batches() for doc_id in rows["doc_id"].to_pylist()] == ids[::3]
