"""Data files of the last build are neither hashed nor opened again while they are as they were laid out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.dataset.card_metadata import DataFile
from copydesk.dataset.laid_files import LAID, LaidFiles
from copydesk.errors import ValidationError
from copydesk.project import Project
from copydesk.stages import package, validate
from copydesk.validation import validate as checked
from support import articles, file_bytes

SHA256 = "0" * 64
PATH = "data/documents/train-00000-of-00001.parquet"
FILE = DataFile(PATH, "train", SHA256, 4, 2, 90)


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """A dataset with one file that was written long ago, and its cache."""
    path = tmp_path / "corpus" / PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    os.utime(path, (1_000, 1_000))
    LaidFiles(tmp_path / "corpus", tmp_path / "cache.json").keep([FILE])
    return path


def find(root: Path, sha256: str = SHA256) -> DataFile | None:
    return LaidFiles(root / "corpus", root / "cache.json").find(PATH, "train", sha256)


def test_a_file_is_known_while_it_is_as_it_was(laid: Path, tmp_path: Path) -> None:
    assert find(tmp_path) == FILE
    assert find(tmp_path, "1" * 64) is None
    link = laid.with_name("link")
    link.hardlink_to(laid)
    link.unlink()
    assert find(tmp_path) == FILE  # a link of it does not change it


@pytest.mark.parametrize("change", ["bytes", "time", "inode", "link", "gone", "folder"])
def test_a_file_that_may_have_changed_is_not_known(laid: Path, tmp_path: Path, change: str) -> None:
    if change == "bytes":
        laid.write_bytes(b"more rows")
        os.utime(laid, (1_000, 1_000))
    elif change == "time":
        os.utime(laid, (2_000, 2_000))
    else:
        other = laid.with_name("other")
        other.write_bytes(b"rows")
        os.utime(other, (1_000, 1_000))
        laid.unlink()
        if change == "inode":
            other.rename(laid)
        elif change == "link":
            laid.symlink_to(other)
        elif change == "folder":
            laid.mkdir()
    assert find(tmp_path) is None


def test_a_file_that_was_just_written_is_not_known(laid: Path, tmp_path: Path) -> None:
    os.utime(laid)
    LaidFiles(tmp_path / "corpus", tmp_path / "cache.json").keep([FILE])
    assert find(tmp_path) is None


@pytest.mark.parametrize(
    "damage",
    ["", "[]", "{", f'{{"{PATH}": 3}}', f'{{"{PATH}": [4]}}', f'{{"{PATH}": null}}', "[" * 100_000],
    ids=["empty", "list", "broken", "number", "short", "null", "deep"],
)
def test_a_damaged_cache_says_nothing(laid: Path, tmp_path: Path, damage: str) -> None:
    (tmp_path / "cache.json").write_text(damage)
    assert find(tmp_path) is None


@pytest.mark.parametrize(("place", "value"), [(0, 4.0), (4, 2.0), (4, "2"), (4, [2]), (5, None), (5, True)])
def test_a_cache_with_values_of_another_type_says_nothing(
    laid: Path, tmp_path: Path, place: int, value: object
) -> None:
    cache = tmp_path / "cache.json"
    known = json.loads(cache.read_text())
    known[PATH][place] = value
    cache.write_text(json.dumps(known))
    assert find(tmp_path) is None


def test_bytes_that_changed_in_silence_are_found_and_laid_out_again(make_corpus: Callable[..., Project]) -> None:
    project = make_corpus(articles(8))
    right = file_bytes(project.corpus)
    paths = sorted((project.corpus / "data").rglob("*.parquet"))
    for path in paths:
        os.utime(path, (1_000, 1_000))
    package.run(project)
    assert len(json.loads((project.build / LAID).read_text())) == len(paths)
    damaged = bytearray(paths[0].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    with paths[0].open("r+b") as file:  # as a disk would: with the same size, inode and time
        file.write(damaged)
    os.utime(paths[0], (1_000, 1_000))
    package.run(project)
    assert not checked(project.corpus, project.schemas, load=False).ok
    with pytest.raises(ValidationError, match="violation"):
        validate.run(project, load=False)
    package.run(project)
    assert file_bytes(project.corpus) == right
