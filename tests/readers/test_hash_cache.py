"""Hashes of the seeds are remembered, and never believed where a file may have changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from copydesk.readers import hash_cache as module
from copydesk.readers.hash_cache import hashes_of
from copydesk.readers.seed_files import list_seeds
from support import write_seeds

TEXTS = {"a.txt": "one", "deep/b.txt": "two", "c.txt": "six"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_seeds(tmp_path / "seeds", TEXTS)
    return tmp_path / "seeds"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were hashed, and time enough behind every change."""
    names: list[str] = []
    plain = module._sha256

    def recorded(path: str) -> str | None:
        names.append(Path(path).name)
        return plain(path)

    monkeypatch.setattr(module, "_sha256", recorded)
    monkeypatch.setattr(module, "SETTLED", -(10**12))
    return names


def run(folder: Path) -> dict[str, str | None]:
    seeds = list_seeds(folder, 1000)[0]
    return dict(
        zip(
            seeds["path"].to_pylist(),
            hashes_of(folder, seeds, folder.parent / "known.parquet").to_pylist(),
            strict=True,
        )
    )


def right(folder: Path) -> dict[str, str]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_what_is_known_is_not_read_again(folder: Path, hashed: list[str]) -> None:
    assert run(folder) == right(folder)
    hashed.clear()
    assert run(folder) == right(folder)
    assert hashed == []


def test_a_changed_a_new_and_a_replaced_file_are_read(folder: Path, hashed: list[str]) -> None:
    run(folder)
    status = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("eno")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had been done
    (folder / "d.txt").write_text("new")
    (folder / "other").write_text("xis")
    os.utime(folder / "other", ns=((folder / "c.txt").stat().st_mtime_ns,) * 2)
    (folder / "other").rename(folder / "c.txt")
    hashed.clear()
    assert run(folder) == right(folder)
    assert sorted(hashed) == ["a.txt", "c.txt", "d.txt"]


def test_what_was_changed_just_now_is_read_again(
    folder: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED", 10**12)
    run(folder)
    hashed.clear()
    run(folder)
    assert sorted(hashed) == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"nothing"])
def test_a_damaged_memory_is_made_again(folder: Path, hashed: list[str], damage: bytes) -> None:
    run(folder)
    (folder.parent / "known.parquet").write_bytes(damage)
    assert run(folder) == right(folder)
    hashed.clear()
    run(folder)
    assert hashed == []


def test_hashes_of_another_folder_are_not_taken(folder: Path, hashed: list[str]) -> None:
    run(folder)
    folder.rename(folder.with_name("moved"))
    hashed.clear()
    run(folder.with_name("moved"))
    assert len(hashed) == len(TEXTS)


def test_a_file_that_cannot_be_read_has_no_hash(folder: Path, hashed: list[str]) -> None:
    seeds = list_seeds(folder, 1000)[0]
    (folder / "a.txt").unlink()
    assert hashes_of(folder, seeds, folder.parent / "known.parquet")[0].as_py() is None
