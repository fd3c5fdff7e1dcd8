"""Run DVC as a program. Code that reads its cache and remotes does so in this process, without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_environment

_QUOTED = 800  # characters of DVC's output that a message quotes


def run_dvc(root: Path, *arguments: str) -> str:
    """Run the DVC beside this Python in a folder and return its standard output.

    Raises
    ------
    ReleaseError
        If it fails; the message ends with what DVC wrote.
    """
    command = ["dvc", *arguments]
    environment = {**git_environment(own=True), "DVC_NO_ANALYTICS": "1"}
    environment.pop("PYTHONSAFEPATH", None)  # scripts of the pipeline may import each other
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    completed = _completed(command, root, environment)
    if completed.returncode:
        output = (completed.stderr.strip() or completed.stdout.strip())[-_QUOTED:]
        raise ReleaseError(f"{root}: {' '.join(command[:3])} failed with status {completed.returncode}: {output}")
    return completed.stdout


def _completed(command: list[str], root: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
