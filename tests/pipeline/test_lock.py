"""One build at a time in a folder: the next one says so, and what was killed is in nobody's way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.errors import BuildError
from copydesk.pipeline import STAGES, build_project
from copydesk.project import Project, build_lock
from copydesk.stages import runner
from support import articles, run_stages, write_seeds


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    write_seeds(tmp_path / "seeds", articles(2))
    (tmp_path / "params.yaml").write_text("engine: {workers: 1}\n")
    monkeypatch.chdir(tmp_path)
    return Project.open()


def test_a_build_and_a_stage_of_dvc_are_refused_beside_another_build(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["scripts/ingest.py"])
    with build_lock(project):
        with pytest.raises(BuildError, match="another build is running here; wait until it ends"):
            build_project(project)
        with pytest.raises(SystemExit, match=r"^1$"):
            runner.main(STAGES["ingest"])
        assert re.match("BuildError: .*another build is running here", capsys.readouterr().err)
        assert not project.receipts("ingest").exists()
        command = [sys.executable, "-m", "copydesk", "build"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    # The stages of one build, each a process of its own or all in one, are in nobody's way.
    runner.main(STAGES["ingest"])
    runner.main(STAGES["clean"])


def test_a_build_that_was_killed_leaves_no_lock(project: Project) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with build_lock(project):
            os.write(writer, b".")
            signal.pause()
    os.read(reader, 1)
    with pytest.raises(BuildError), build_lock(project):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with build_lock(project):
        run_stages(project, "ingest")
    assert (project.build / "build.lock").stat().st_size == 0
