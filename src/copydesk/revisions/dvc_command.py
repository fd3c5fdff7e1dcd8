"""Run DVC as a program. Code that reads its cache and remotes does so in this process, without it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from copydesk.core.progress import LOG
from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_environment

_QUOTED = 800  # characters of DVC's output that a message quotes


def run_dvc(root: Path, *arguments: str, said: Callable[[str], None] | None = None) -> str:
    """Run the DVC beside this Python in a folder and return its standard output.

    Each line that it, or a stage of the pipeline, writes to standard error is passed on to ``said`` as it comes.

    Raises
    ------
    ReleaseError
        If it fails; the message ends with what DVC wrote.
    """
    command = ["dvc", *arguments]
    environment = {**git_environment(own=True), "DVC_NO_ANALYTICS": "1"}
    environment.pop("PYTHONSAFEPATH", None)  # scripts of the pipeline may import each other
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    if said is not None:
        environment.pop(LOG, None)  # whoever passes the lines on decides about their form
    completed = _completed(command, root, environment, said)
    if completed.returncode:
        output = (completed.stderr.strip() or completed.stdout.strip())[-_QUOTED:]
        raise ReleaseError(f"{root}: {' '.join(command[:3])} failed with status {completed.returncode}: {output}")
    return completed.stdout


def _completed(
    command: list[str], root: Path, environment: dict[str, str], said: Callable[[str], None] | None
) -> subprocess.CompletedProcess[str]:
    if said is None:
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    with (
        tempfile.TemporaryFile("w+") as stdout,
        subprocess.Popen(
            command, cwd=root, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as process,
    ):
        lines = []
        try:
            for line in process.stderr or ():
                lines.append(line)
                said(line.rstrip("\n"))
        except BaseException:
            process.kill()
            raise
        status = process.wait()
        stdout.seek(0)
        return subprocess.CompletedProcess(command, status, stdout.read(), "".join(lines))
