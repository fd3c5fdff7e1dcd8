"""Long work says how far it is: as lines of JSON for machines, as a view on a terminal, as one line in a log."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.core import progress
from copydesk.engines.local import Local
from support import articles, square_at_last, write_seeds

PARAMS = "shards: {target: 6, minimum: 3, maximum: 18}\nengine: {workers: 1}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_seeds(tmp_path / "seeds", articles(40))
    (tmp_path / "params.yaml").write_text(PARAMS)
    return tmp_path


def build(root: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "copydesk", "build", "--root", str(root), *options]


def test_lines_of_json(root: Path) -> None:
    done = subprocess.run(build(root, "--log-json"), capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["event"] for line in lines} == {"message", "progress"}
    last = {line["stage"]: line for line in lines if line["event"] == "progress"}
    assert list(last) == ["ingest", "clean", "split", "describe", "package", "validate"]
    for line in last.values():
        assert line["shards"] == line["of"] > 3
        assert (line["documents"], line["failures"], line["seconds_left"]) == (40, 0, 0)
        assert line["documents_per_second"] > 0
        assert line["memory_bytes"] > 10_000_000
    assert any("all checks passed" in line["message"] for line in lines if line["event"] == "message")
    assert done.stdout.startswith(f"{root / 'corpus'}: 40 documents")


def test_a_view_on_a_terminal(root: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "160", "TERM": "xterm"}
    environment.pop("CI", None)
    process = subprocess.Popen(build(root), stderr=theirs, stdout=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            seen += chunk
    except OSError:
        pass  # the other end was closed
    assert process.wait() == 0
    text = seen.decode()
    assert "documents/s" in text and "MB" in text and "/" in text
    assert " shards" in text


def test_shards_that_are_run_again_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(progress.LOG, "json")
    tasks = [(number, tmp_path, int(number == 2)) for number in range(4)]
    run = Local({"workers": 2}, patience=0).run(square_at_last, tasks)
    assert list(progress.track(run, len(tasks), "try", len(tasks))) == [0, 1, 4, 9]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["failures"] for line in lines if line["event"] == "progress"][-1] >= 1
