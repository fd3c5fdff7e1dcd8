"""The store of finished shards."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.errors import StoreError
from copydesk.store.shard_store import Part, Store

TABLE = pa.table({"doc_id": ["a", "b"]})


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    parts = store.put("k" * 64, {"text": TABLE})
    assert store.result("k" * 64) == parts
    assert store.read(parts["text"]).equals(TABLE)
    assert parts["text"].rows == 2


def test_nothing_is_found_under_another_key(tmp_path: Path) -> None:
    assert Store(tmp_path).result("k" * 64) is None


def test_a_result_whose_file_has_gone_is_no_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    parts = store.put("k" * 64, {"text": TABLE})
    store.path(parts["text"]).unlink()
    assert store.result("k" * 64) is None
    with pytest.raises(StoreError, match="missing; delete the folder build/"):
        store.read(parts["text"])
    assert store.put("k" * 64, {"text": TABLE}) == parts
    assert store.result("k" * 64) == parts


def test_a_damaged_receipt_is_no_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("k" * 64, {"text": TABLE})
    next(tmp_path.glob("results/*/*")).write_text('{"text": [2')
    assert store.result("k" * 64) is None


def test_changed_bytes_are_never_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    part = store.add(TABLE)
    path = store.path(part)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(
        StoreError, match="its bytes do not match its name; delete it and the folder build/ and build again"
    ):
        store.read(part)


def test_a_truncated_file_is_written_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    part = store.add(TABLE)
    store.path(part).write_bytes(b"")
    assert store.read(store.add(TABLE)).equals(TABLE)


def test_equal_tables_are_kept_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("a" * 64, {"text": TABLE})
    store.put("b" * 64, {"text": TABLE})
    assert len(list(tmp_path.glob("objects/*/*"))) == 1


def test_a_receipt_that_names_a_path_finds_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (tmp_path / "secret").write_text("x")
    part = Part(1, "../../../secret")
    with pytest.raises(StoreError):
        store.read(part)
