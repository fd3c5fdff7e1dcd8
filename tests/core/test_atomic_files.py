"""Nobody sees half a file."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from copydesk.core.atomic_files import (
    copy_hashed,
    explained,
    locked,
    read_json_lines,
    replacing,
    replacing_folder,
    sha256_file,
    write_json,
    write_json_lines,
)
from copydesk.errors import BuildError


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
        "import os, sys, pathlib; from copydesk.core.atomic_files import replacing_folder\n"
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


@pytest.fixture(params=[0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_new_has_the_mode_that_the_umask_leaves_and_what_was_there_keeps_its_own(
    tmp_path: Path, umask: int
) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    write_json(file, 1)
    with replacing_folder(folder) as new:
        (new / "inside").touch()
    assert [mode(file), mode(folder)] == [0o666 & ~umask, 0o777 & ~umask]
    file.chmod(0o640)
    folder.chmod(0o750)
    write_json(file, 2)
    with replacing_folder(folder):
        pass
    assert [mode(file), mode(folder)] == [0o640, 0o750]


def test_a_name_of_long_letters_is_no_longer_than_a_name_may_be(tmp_path: Path) -> None:
    for name in ("é" * 120, "新聞" * 40):
        write_json(tmp_path / name, 1)
        with replacing_folder(tmp_path / f"{name}d"):
            pass
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with replacing_folder(folder) as first:
        with replacing_folder(folder) as second:
            (second / "second").touch()
        (first / "first").touch()
    assert [p.name for p in folder.iterdir()] == ["first"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_lock_is_held_by_one_and_by_nobody_who_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "build" / "lock"
    with locked(path, "busy"), pytest.raises(BuildError, match=r"^busy$"), locked(path, "busy"):
        pass
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with locked(path, "busy"):
            os.write(writer, b".")
            time.sleep(60)
    os.read(reader, 1)
    with pytest.raises(BuildError), locked(path, "busy", wait=0.05):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with locked(path, "busy"):
        pass


def test_what_the_system_refuses_is_said_with_path_reason_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, message in (
        (tmp_path / "file" / "below", r"file: cannot be written \(File exists\); another file is in the place"),
        (tmp_path, r"cannot be written \(.*\); "),
        (tmp_path / ("x" * 300), r"x: cannot be written \(File name too long\); shorten the name"),
    ):
        with pytest.raises(BuildError, match=message):
            write_json(path, 1)
    refused = PermissionError(errno.EACCES, "Permission denied", "é\n\x1b")
    assert explained(refused).startswith(r"\xe9\n\x1b: cannot be used (Permission denied); change its mode")
    assert explained(OSError("of a\nlibrary")).startswith("OSError: cannot be used (of a library); ")
    assert (
        explained(OSError(errno.EIO, "bad"), Path("x")) == "x: cannot be used (bad); resolve this, then run it again"
    )
