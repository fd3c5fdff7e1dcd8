"""A source that was changed after it was compiled is noticed: what would run is not what a fingerprint names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from copydesk.errors import BuildError
from copydesk.scaffold import doctor
from copydesk.store import compiled_modules
from copydesk.store.compiled_modules import compiled_sources, machine_code, refuse_changed_source
from copydesk.store.fingerprint import source_hash

NAME = "text/edits.py"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with one module, and what the build of a wheel records of it."""
    source = tmp_path / NAME
    source.parent.mkdir()
    source.write_bytes(b"x = 1\n")
    (tmp_path / compiled_modules.RECORD).write_text(json.dumps({NAME: hashlib.sha256(b"x = 1\n").hexdigest()}))
    for module in (compiled_modules, doctor):
        monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    for remembered in (compiled_sources, source_hash):
        remembered.cache_clear()
    yield tmp_path
    for remembered in (compiled_sources, source_hash):
        remembered.cache_clear()


def machine_code_of(package: Path) -> Path:
    path = (package / NAME).with_suffix("").with_suffix(EXTENSION_SUFFIXES[0])
    path.write_bytes(b"")
    return path


def test_a_source_that_was_not_changed_is_accepted(package: Path) -> None:
    compiled = machine_code_of(package)
    assert machine_code(package / NAME) == compiled
    assert source_hash(package / NAME) == compiled_sources()[NAME]
    assert doctor._modules(package) == ("ok", "1 compiled module, the others pure Python")


def test_a_changed_source_is_refused_until_its_machine_code_is_gone(package: Path) -> None:
    compiled = machine_code_of(package)
    (package / NAME).write_bytes(b"x = 2\n")
    recorded = compiled_sources()[NAME]
    for refuses in (source_hash, doctor._modules):
        with pytest.raises(BuildError, match=rf"{NAME}: .*{compiled.name}.*{recorded}; install copydesk again"):
            refuses(package / NAME)
    compiled.unlink()
    assert source_hash(package / NAME) == hashlib.sha256(b"x = 2\n").hexdigest()


def test_machine_code_that_no_build_recorded_is_refused(package: Path) -> None:
    machine_code_of(package)
    (package / compiled_modules.RECORD).unlink()
    with pytest.raises(BuildError, match="made from an unknown source"):
        refuse_changed_source(package / NAME, "0" * 64)


def test_machine_code_for_another_interpreter_is_not_used(package: Path) -> None:
    (package / NAME).with_name("edits.cpython-39-x86_64-linux-gnu.so").write_bytes(b"")
    assert machine_code(package / NAME) is None
    assert source_hash(package / NAME)
    assert doctor._modules(package)[0] == "warn"
    (package / compiled_modules.RECORD).unlink()
    compiled_sources.cache_clear()
    assert doctor._modules(package) == ("ok", "pure Python")
