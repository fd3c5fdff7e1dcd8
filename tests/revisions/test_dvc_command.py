"""How DVC is run: from anywhere, with modules of the pipeline's scripts found, and its errors named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_command import _completed, run_dvc
from support import run_command

#: As it is before the tests replace it.
_COMPLETED = _completed
DVC = """\
stages:
  environment:
    cmd: echo "$PYTHONSAFEPATH $DVC_NO_ANALYTICS $GIT_TERMINAL_PROMPT" > out
    outs: [out]
"""


def test_dvc_is_found_beside_python_and_its_scripts_import_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.revisions.dvc_command._completed", _COMPLETED)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    run_command(tmp_path, "git", "init", "--quiet")
    run_dvc(tmp_path, "init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(DVC)
    assert "Running stage 'environment'" in run_dvc(tmp_path, "repro")
    assert (tmp_path / "out").read_text() == " 1 0\n"


def test_what_stages_say_is_passed_on_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the place of DVC waits until its first line was passed on."""
    monkeypatch.setattr("copydesk.revisions.dvc_command._completed", _COMPLETED)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "dvc").write_text(
        '#!/bin/sh\necho result\necho "begun $COPYDESK_LOG" >&2\n'
        "while [ ! -e heard ]; do sleep .01; done\necho done >&2\nexit $1\n"
    )
    (tmp_path / "dvc").chmod(0o755)
    monkeypatch.setenv("COPYDESK_LOG", "json")
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        (tmp_path / "heard").touch()

    assert run_dvc(tmp_path, "0", said=hear) == "result\n"
    assert said == ["begun ", "done"]
    with pytest.raises(ReleaseError, match="dvc 3 failed with status 3: begun \ndone"):
        run_dvc(tmp_path, "3", said=hear)


def test_an_error_of_dvc_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError) as caught:
        run_dvc(tmp_path, "status", "--cloud", "--json")
    assert str(caught.value).startswith(
        f"{tmp_path}: dvc status --cloud failed with status 253: ERROR: you are not inside of a DVC repository"
    )
