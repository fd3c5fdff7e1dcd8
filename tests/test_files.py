"""Nobody sees half a file."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.files import (
    copy_hashed,
    read_json_lines,
    replacing,
    replacing_folder,
    sha256_file,
    write_json,
    write_json_lines,
)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    for content in (b"one", b"two"):
        with replacing(path) as file:
            file.write(content)
        assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(RuntimeError), replacing_folder(folder) as new:
        (new / "half").touch()
        raise RuntimeError
    assert [p.name for p in folder.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [folder]


def test_the_new_folder_takes_the_place_of_the_old(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name in ("one", "two"):
        with replacing_folder(folder) as new:
            (new / name).touch()
        assert [p.name for p in folder.iterdir()] == [name]
    assert list(tmp_path.iterdir()) == [folder]


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from copydesk.files import replacing_folder\n"
        "with replacing_folder(pathlib.Path(sys.argv[1])) as new:\n"
        "    (new / 'half').touch(); os.kill(os.getpid(), 9)"
    )
    folder = tmp_path / "folder"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert len(list(tmp_path.iterdir())) == 1
    with replacing_folder(folder) as new:
        (new / "whole").touch()
    assert list(tmp_path.rglob("*")) == [folder, folder / "whole"]


def test_copies_are_hashed_on_the_way(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    digest = copy_hashed(source, tmp_path / "a" / "target")
    assert digest == hashlib.sha256(source.read_bytes()).hexdigest() == sha256_file(tmp_path / "a" / "target")


def test_json_is_written_for_people(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": "é", "a": 1})
    assert (tmp_path / "a.json").read_text("utf-8") == '{\n  "a": 1,\n  "b": "é"\n}\n'


def test_json_lines_come_back_with_any_break_within(tmp_path: Path) -> None:
    rows = [{"text": "a\u2028b\x85c\nd"}, {"text": ""}]
    write_json_lines(tmp_path / "a.jsonl", rows)
    assert read_json_lines(tmp_path / "a.jsonl") == rows
