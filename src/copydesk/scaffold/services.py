"""Try the services that a repository uses: its DVC remotes, and the object store for shards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_config import dvc_settings, unprovable_remote

#: How long a program may take, in seconds.
TIMEOUT = 60
_STDERR_SHOWN = 700  # characters


class Diagnosis(NamedTuple):
    """The subject of a check, its verdict (``ok``, ``warn`` or ``error``), and what was found or is to be done."""

    subject: str
    verdict: str
    detail: str


def store_diagnoses(root: Path, *, ask: bool) -> Iterator[Diagnosis]:
    """Check the object store for shards, if there is one, by writing, reading and deleting an object."""
    address = os.environ.get("COPYDESK_STORE")
    if not address:
        return
    if not ask:
        yield Diagnosis("store", "ok", "COPYDESK_STORE, not tried")
    elif (problem := _problem(root, _USE_STORE, address)) is None:
        yield Diagnosis("store", "ok", address)
    else:
        yield Diagnosis("store", "error", problem)


def remote_diagnoses(root: Path, *, ask: bool) -> Iterator[Diagnosis]:
    """Check the settings of the DVC remotes, and reach each of them if ``ask``."""
    try:
        settings = dvc_settings(root)
    except ReleaseError as error:
        yield Diagnosis("remotes", "error", str(error))
        return
    if not settings.remotes:
        yield Diagnosis("remotes", "warn", "none; a release needs one: dvc remote add --default storage ADDRESS")
    elif settings.default is None:
        yield Diagnosis("remotes", "warn", f"no default; run dvc remote default {next(iter(settings.remotes))}")
    elif problem := unprovable_remote(root):
        yield Diagnosis("remotes", "warn", problem)
    for name, remote in settings.remotes.items():
        address = remote.settings.get("url", "")
        if remote.refused:
            yield Diagnosis(f"remote {name}", "warn", f"not tried: {remote.refused}")
        elif not ask:
            yield Diagnosis(f"remote {name}", "ok", f"{address}, not tried")
        elif find_spec("dvc") is None:
            yield Diagnosis(f"remote {name}", "warn", f"{address}, not tried: DVC is not installed")
        elif (problem := _problem(root, _REACH_REMOTE, str(root.resolve()), name)) is None:
            yield Diagnosis(f"remote {name}", "ok", f"{address}{f' ({remote.note})' if remote.note else ''}")
        else:
            yield Diagnosis(f"remote {name}", "error", f"{address}: {problem}; see dvc remote modify --help")


#: Run in a process of its own, so that a remote that does not answer can be abandoned.
_REACH_REMOTE = """
import sys
from pathlib import Path
from copydesk.revisions.dvc_config import dvc_settings
from copydesk.revisions.dvc_objects import remote_odb
odb = remote_odb(dvc_settings(Path(sys.argv[1])), sys.argv[2])
if not odb.fs.exists(odb.path):
    place = odb.fs.parent(odb.fs.parent(odb.path))
    parent = odb.fs.parent(place)
    if not odb.fs.exists(place) and not (parent and odb.fs.exists(parent)):
        raise SystemExit("there is nothing at this address")
"""


_USE_STORE = """
import sys
from copydesk.errors import CopydeskError
from copydesk.store.open_backend import storage
try:
    store = storage(sys.argv[1])
    store.write(".doctor", b"here")
    store.read(".doctor")
    store.delete(".doctor")
except CopydeskError as error:
    raise SystemExit(str(error))
"""


def _problem(root: Path, code: str, *arguments: str) -> str | None:
    """Run code that uses a remote service; return the last line of its error, or None if it succeeds."""
    # -P: otherwise Python would import modules that lie in the repository.
    command = [sys.executable, "-P", "-c", code, *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment(), capture_output=True, text=True, check=False, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {TIMEOUT} seconds"
    if done.returncode == 0:
        return None
    return done.stderr.strip().split("\n")[-1][-_STDERR_SHOWN:] or "unreachable"


def environment() -> dict[str, str]:
    """The environment for programs whose output is read: in English, and without a report to anybody."""
    return {**os.environ, "LC_ALL": "C", "DVC_NO_ANALYTICS": "1"}
