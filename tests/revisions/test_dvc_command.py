"""How DVC is run: from anywhere, with modules of the pipeline's scripts found, and its errors named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_command import run_dvc
from support import run_command

DVC = """\
stages:
  environment:
    cmd: echo "$PYTHONSAFEPATH $DVC_NO_ANALYTICS $GIT_TERMINAL_PROMPT" > out
    outs: [out]
"""


def test_dvc_is_found_beside_python_and_its_scripts_import_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.revisions.dvc_command._completed", _subprocess)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    run_command(tmp_path, "git", "init", "--quiet")
    run_dvc(tmp_path, "init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(DVC)
    assert "Running stage 'environment'" in run_dvc(tmp_path, "repro")
    assert (tmp_path / "out").read_text() == " 1 0\n"


def _subprocess(command: list[str], root: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_an_error_of_dvc_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError) as caught:
        run_dvc(tmp_path, "status", "--cloud", "--json")
    assert str(caught.value).startswith(
        f"{tmp_path}: dvc status --cloud failed with status 253: ERROR: you are not inside of a DVC repository"
    )
