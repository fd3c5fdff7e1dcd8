"""What would be in the way of a build or a release of a corpus, found before it is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from copydesk._version import __version__
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.project import Project
from copydesk.readers.seed_files import walk
from copydesk.revisions.dvc_config import dvc_settings
from copydesk.revisions.git import git, git_result
from copydesk.stages.toolkit_lock import STAGES, check_line_ends, check_toolkit, read_toolkit
from copydesk.store.pinned_libraries import PINNED, PINNED_FOR_PAGES, installed_version

_PACKAGE = Path(__file__).parents[1]
_TIMEOUT = 60
_SAID = 700  # characters of what was said
#: The least free disk in bytes, and by how many times it should exceed the seeds: shards, dataset and DVC's cache.
_LEAST_FREE = 500_000_000
_TIMES_SEEDS = 4
_OLDEST_GIT = (2, 26)


class Finding(NamedTuple):
    """What was examined, ``ok``, ``warn`` or ``bad``, and what was found or is to be done."""

    subject: str
    verdict: str
    detail: str


def examine(root: Path, *, remotes: bool = True) -> Iterator[Finding]:
    """Examine a repository and the machine, one finding after the other.

    Parameters
    ----------
    root : Path
        The repository.
    remotes : bool
        Whether to ask each DVC remote, and the store of ``COPYDESK_STORE``, if it is there; one that does not answer
        takes up to a minute.
    """
    yield Finding("python", "ok", f"{platform.python_version()} at {sys.executable}")
    for subject, check in _CHECKS.items():
        try:
            yield Finding(subject, *check(root))
        except (CopydeskError, OSError) as error:
            yield Finding(subject, "bad", " ".join(str(error).split()))
    yield from _store(root, ask=remotes)
    yield from _remotes(root, ask=remotes)


Found = tuple[str, str]


def _toolkit(root: Path) -> Found:
    check_toolkit(root, *STAGES)
    named = "as toolkit.json names" if read_toolkit(root) else "no toolkit.json, the code is in the pipeline"
    return "ok", f"{__version__}, {named}"


def _libraries(_: Path) -> Found:
    wrong, right = [], []
    for name, expected in {**PINNED, **PINNED_FOR_PAGES}.items():
        installed = installed_version(name)
        if installed is None and name in PINNED_FOR_PAGES:
            continue
        if installed == expected:
            right.append(f"{name} {installed}")
        else:
            wrong.append(f"{name} is {installed or 'missing'}, expected {expected}")
    if wrong:
        return "bad", f"{'; '.join(wrong)}: other versions write other bytes; install copydesk again"
    return "ok", ", ".join(right)


def _script_python(root: Path) -> Found:
    """dvc.yaml says ``python``: that one must be ours."""
    code = "import copydesk; print(copydesk.__version__, copydesk.__file__)"
    # Not in the repository: Python would take the modules that lie there for copydesk's.
    done = _run("python", "-c", code)
    if done is None:
        return "bad", "dvc.yaml runs python, and none is on PATH; activate the virtual environment"
    if done.returncode:
        return "bad", "the python on PATH has no copydesk; activate the virtual environment that has it"
    version, _, where = done.stdout.strip().partition(" ")
    if Path(where).resolve() != (_PACKAGE / "__init__.py").resolve():
        return "bad", f"the python on PATH has another copydesk, {version} at {where}; activate one environment"
    return "ok", "the python on PATH, which dvc.yaml runs, has this copydesk"


def _git(root: Path) -> Found:
    if shutil.which("git") is None:
        return "bad", "not installed; install it"
    said = git(None, "--version").strip()
    version = re.search(r"(\d+)\.(\d+)[\d.]*", said)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_GIT:
        return "bad", f"{said}; expected {'.'.join(map(str, _OLDEST_GIT))} or newer"
    found = git_result(root, "rev-parse", "--show-toplevel")
    if found.returncode:
        return "bad", f"{root.resolve()} is in no git repository; run git init there, or copydesk init FOLDER"
    top = found.stdout.decode("utf-8", "replace").strip()
    if Path(top).resolve() != root.resolve():
        return "warn", f"{version[0]}, but the repository begins at {top}; a release needs it here"
    if git_result(root, "var", "GIT_COMMITTER_IDENT").returncode:
        return "warn", f"{version[0]}, but does not know who commits; git config user.name and user.email"
    return "ok", version[0]


def _dvc(root: Path) -> Found:
    done = _run("dvc", "--version")
    if done is None or done.returncode:
        return "bad", "not on PATH; activate the virtual environment that has copydesk"
    if not (root / ".dvc" / "config").is_file():
        return "bad", f"{root.resolve()} is no DVC repository; run dvc init there, or copydesk init FOLDER"
    return "ok", done.stdout.strip()


def _settings(root: Path) -> Found:
    project = Project.open(root)
    if not project.seeds.is_dir():
        return "bad", f"{project.seeds}: no such folder; expected the articles there"
    return "ok", f"params.yaml obeys its schema: corpus {project.params['corpus']['name']}"


def _line_ends(root: Path) -> Found:
    check_line_ends(root)
    return "ok", "those that are committed"


def _disk(root: Path) -> Found:
    free = shutil.disk_usage(root).free
    seeds = sum(_size(entry) for _, entry in walk(root / "seeds"))
    needed = max(_LEAST_FREE, _TIMES_SEEDS * seeds)
    detail = f"{free / 1e9:,.1f} GB free, seeds are {seeds / 1e9:,.1f} GB"
    if free < needed:
        return ("bad" if free < _LEAST_FREE else "warn"), f"{detail}; a build may need {needed / 1e9:,.1f} GB"
    return "ok", detail


def _size(entry: os.DirEntry[str] | OSError) -> int:
    try:
        return 0 if isinstance(entry, OSError) else entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _store(root: Path, *, ask: bool) -> Iterator[Finding]:
    """Where finished shards go, if that is an object store: one is put there, read and removed."""
    address = os.environ.get("COPYDESK_STORE")
    if not address:
        return
    if not ask:
        yield Finding("store", "ok", "COPYDESK_STORE, not asked")
    elif (said := _why_not(root, _USE, address)) is None:
        yield Finding("store", "ok", address)
    else:
        yield Finding("store", "bad", said)


def _remotes(root: Path, *, ask: bool) -> Iterator[Finding]:
    try:
        settings = dvc_settings(root)
    except ReleaseError as error:
        yield Finding("remotes", "bad", str(error))
        return
    if not settings.remotes:
        yield Finding("remotes", "warn", "none; before a release: dvc remote add --default storage ADDRESS")
    elif settings.default is None:
        yield Finding("remotes", "warn", f"none is the default; dvc remote default {next(iter(settings.remotes))}")
    for name, remote in settings.remotes.items():
        address = remote.settings.get("url", "")
        if remote.refused:
            yield Finding(f"remote {name}", "warn", f"not asked: {remote.refused}")
        elif not ask:
            yield Finding(f"remote {name}", "ok", f"{address}, not asked")
        elif (said := _why_not(root, _ASK, str(root.resolve()), name)) is None:
            yield Finding(f"remote {name}", "ok", f"{address}{f' ({remote.note})' if remote.note else ''}")
        else:
            yield Finding(f"remote {name}", "bad", f"{address}: {said}; see dvc remote modify --help")


#: In a process of its own: a remote that does not answer can be given up, and no library is left in a bad state.
_ASK = """
import sys
from pathlib import Path
from copydesk.revisions.dvc_config import dvc_settings
from copydesk.revisions.dvc_objects import remote_odb
odb = remote_odb(dvc_settings(Path(sys.argv[1])), sys.argv[2])
if not odb.fs.exists(odb.path):
    place = odb.fs.parent(odb.fs.parent(odb.path))
    parent = odb.fs.parent(place)
    if not odb.fs.exists(place) and not (parent and odb.fs.exists(parent)):
        raise SystemExit("nothing is there")
"""


_USE = """
import sys
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.revisions.dvc_config import dvc_settings
from copydesk.revisions.git import git, git_result
from copydesk.store.open_backend import storage
try:
    store = storage(sys.argv[1])
    store.write(".doctor", b"here")
    store.read(".doctor")
    store.delete(".doctor")
except CopydeskError as error:
    raise SystemExit(str(error))
"""


def _why_not(root: Path, code: str, *arguments: str) -> str | None:
    """Why something distant cannot be used, None if it can."""
    # -P: without it Python would take modules that lie in the repository for those that the code imports.
    command = [sys.executable, "-P", "-c", code, *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, env=_environment(), capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_TIMEOUT} seconds"
    if done.returncode == 0:
        return None
    return done.stderr.strip().split("\n")[-1][-_SAID:] or "it cannot be reached"


def _run(*command: str) -> subprocess.CompletedProcess[str] | None:
    """Run a program outside of the repository; None if there is none of that name, or it gives no answer."""
    try:
        with tempfile.TemporaryDirectory(prefix="copydesk-doctor-") as folder:
            return subprocess.run(
                command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False, timeout=_TIMEOUT
            )
    except (FileNotFoundError, PermissionError, subprocess.TimeoutExpired):
        return None


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DVC_NO_ANALYTICS": "1"}


_CHECKS: dict[str, Callable[[Path], Found]] = {
    "copydesk": _toolkit,
    "libraries": _libraries,
    "scripts": _script_python,
    "git": _git,
    "dvc": _dvc,
    "settings": _settings,
    "line ends": _line_ends,
    "disk": _disk,
}
