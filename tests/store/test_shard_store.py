"""The store of finished shards, and what a result is kept under."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.core.json_schema import PACKAGED
from copydesk.errors import StoreError
from copydesk.store import shard_store as module
from copydesk.store.fingerprint import fingerprint, key, sources
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
    with pytest.raises(StoreError, match="gone; delete the folder build/"):
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
        StoreError, match="bytes are not those of its name; delete it and the folder build/ and build again"
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


def test_keys_tell_stage_code_and_input_apart() -> None:
    keys = {key(s, f, i) for s in ("clean", "split") for f in ("1", "2") for i in (["a"], ["b"])}
    assert len(keys) == 8


def forget() -> None:
    for remembered in (sources, module._imports, module._hashed):
        remembered.cache_clear()


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Forget which files were found, before and behind a test that moves the package."""
    forget()
    yield
    forget()


@pytest.mark.usefixtures("forgetful")
def test_the_fingerprint_follows_code_schema_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "copydesk"
    for path in sources("copydesk.stages.clean"):
        copy = package / path.relative_to(module._PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "_PACKAGE", package)
    forget()
    schema = tmp_path / "edits.schema.json"
    schema.write_bytes((PACKAGED / "edits.schema.json").read_bytes())

    def current(settings: object = None) -> str:
        forget()
        return fingerprint("copydesk.stages.clean", [schema], settings)

    first = current()
    assert current() == first
    assert current({"apply": []}) != first
    rules = package / "cleaning" / "rules" / "white_space.py"
    rules.write_text(rules.read_text("utf-8").replace('"safe"', '"probable"'), "utf-8")
    changed_rule = current()
    assert changed_rule != first
    schema.write_text(schema.read_text("utf-8").replace("draft", "Draft"), "utf-8")
    assert current() not in (first, changed_rule)


def test_data_beside_the_code_counts() -> None:
    names = {p.name for p in sources("copydesk.stages.split")}
    assert {"en.txt", "weights.tsv", "candidates.py", "detection.py", "text.py", "shard_cutting.py"} <= names


def test_what_runs_and_shows_the_work_does_not_count() -> None:
    names = {p.relative_to(module._PACKAGE).as_posix() for p in sources("copydesk.stages.package")}
    assert not {n for n in names if n.startswith(("engines/", "progress", "cli", "validation/"))}
