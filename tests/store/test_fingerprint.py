"""The fingerprint of a stage follows the code, schemas and settings that decide what the stage writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from copydesk.core.json_schema import PACKAGED
from copydesk.store import fingerprint as fingerprint_module
from copydesk.store.fingerprint import Fingerprint, fingerprint, inputs_hash, key, sources


def test_keys_tell_stage_code_and_input_apart() -> None:
    codes = [Fingerprint(everything, "portable") for everything in ("1", "2")]
    keys = {key(s, f, inputs_hash(i)) for s in ("clean", "split") for f in codes for i in (["a"], ["b"])}
    assert len(keys) == 8


def forget() -> None:
    for remembered in (sources, fingerprint_module._imports, fingerprint_module.source_hash):
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
        copy = package / path.relative_to(fingerprint_module._PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(fingerprint_module, "_PACKAGE", package)
    forget()
    schema = tmp_path / "edits.schema.json"
    schema.write_bytes((PACKAGED / "edits.schema.json").read_bytes())

    def current(settings: object = None) -> Fingerprint:
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
    assert {"en.txt", "weights.tsv", "candidates.py", "detection.py", "alignment.py", "parquet.py"} <= names


def test_what_runs_and_shows_the_work_does_not_count() -> None:
    names = {p.relative_to(fingerprint_module._PACKAGE).as_posix() for p in sources("copydesk.stages.package")}
    assert not {n for n in names if n.startswith(("engines/", "core/progress", "cli", "validation/"))}
