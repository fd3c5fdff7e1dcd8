"""What would be in the way of a build or a release of a corpus, found before it is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import copydesk
from copydesk.errors import CopydeskError
from copydesk.readers.folder import walk
from copydesk.toolkit import STAGES, check_line_ends, check_toolkit, pins, read_toolkit

_TIMEOUT = 60
_SAID = 700  # characters of what was said
#: The least free disk in bytes, and by how many times it should exceed the seeds: shards, dataset and DVC's cache.
_LEAST_FREE = 500_000_000
_TIMES_SEEDS = 4
_OLDEST_GIT = (2, 22)


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
    return "ok", f"{copydesk.__version__}, {named}"


def _libraries(_: Path) -> Found:
    wrong, right = [], []
    for name, wanted in pins().items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name not in pins(extras=False):
                continue
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} is {found}, expected {wanted}")
        else:
            right.append(f"{name} {found}")
    if wrong:
        return "bad", f"{'; '.join(wrong)}: other versions write other bytes; install copydesk again"
    return "ok", ", ".join(right)


def _script_python(root: Path) -> Found:
    """dvc.yaml says ``python``: that one must be ours."""
    code = "import copydesk; print(copydesk.__version__, copydesk.__file__)"
    done = _run(root, "python", "-c", code)
    if done is None:
        return "bad", "dvc.yaml runs python, and none is on PATH; activate the virtual environment"
    if done.returncode:
        return "bad", "the python on PATH has no copydesk; activate the virtual environment that has it"
    version, _, where = done.stdout.strip().partition(" ")
    if Path(where).resolve() != Path(copydesk.__file__).resolve():
        return "bad", f"the python on PATH has another copydesk, {version} at {where}; activate one environment"
    return "ok", "the python on PATH, which dvc.yaml runs, has this copydesk"


def _git(root: Path) -> Found:
    done = _run(root, "git", "--version")
    if done is None:
        return "bad", "not installed; install it"
    version = re.search(r"(\d+)\.(\d+)[\d.]*", done.stdout)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_GIT:
        return "bad", f"{done.stdout.strip()}; expected {'.'.join(map(str, _OLDEST_GIT))} or newer"
    top = _run(root, "git", "rev-parse", "--show-toplevel")
    if top is None or top.returncode:
        return "bad", f"{root.resolve()} is in no git repository; run git init there, or copydesk init FOLDER"
    if Path(top.stdout.strip()).resolve() != root.resolve():
        return "warn", f"{version[0]}, but the repository begins at {top.stdout.strip()}; a release needs it here"
    if (who := _run(root, "git", "var", "GIT_COMMITTER_IDENT")) is None or who.returncode:
        return "warn", f"{version[0]}, but does not know who commits; git config user.name and user.email"
    return "ok", version[0]


def _dvc(root: Path) -> Found:
    done = _run(root, "dvc", "--version")
    if done is None or done.returncode:
        return "bad", "not on PATH; activate the virtual environment that has copydesk"
    if not (root / ".dvc" / "config").is_file():
        return "bad", f"{root.resolve()} is no DVC repository; run dvc init there, or copydesk init FOLDER"
    return "ok", done.stdout.strip()


def _settings(root: Path) -> Found:
    project = copydesk.Project.open(root)
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
    listed = _run(root, "dvc", "config", "--list")
    if listed is None or listed.returncode:
        return  # what is wrong with DVC was said
    pairs = dict(line.partition("=")[::2] for line in listed.stdout.split("\n") if "=" in line)
    names = sorted({match[1] for key in pairs if (match := re.match(r"remote\.(.+)\.url$", key))})
    if not names:
        yield Finding("remotes", "warn", "none; before a release: dvc remote add --default storage ADDRESS")
    elif "core.remote" not in pairs:
        yield Finding("remotes", "warn", f"none is the default; dvc remote default {names[0]}")
    for name in names:
        address = pairs[f"remote.{name}.url"]
        if not ask:
            yield Finding(f"remote {name}", "ok", f"{address}, not asked")
        elif (said := _why_not(root, _ASK, str(root.resolve()), name)) is None:
            yield Finding(f"remote {name}", "ok", address)
        else:
            yield Finding(f"remote {name}", "bad", f"{address}: {said}; see dvc remote modify --help")


#: In a process of its own: a remote that does not answer can be given up, and no library is left in a bad state.
_ASK = """
import sys
from dvc.repo import Repo
with Repo(sys.argv[1]) as repo:
    remote = repo.cloud.get_remote(sys.argv[2])
    if not remote.fs.exists(remote.path):
        parent = remote.fs.parent(remote.path)
        if not parent or not remote.fs.exists(parent):
            raise SystemExit("nothing is there")
"""


_USE = """
import sys
from copydesk.errors import CopydeskError
from copydesk.storage import storage
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
    command = [sys.executable, "-c", code, *arguments]
    try:
        done = subprocess.run(
            command, cwd=root, env=_environment(), capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_TIMEOUT} seconds"
    if done.returncode == 0:
        return None
    return done.stderr.strip().split("\n")[-1][-_SAID:] or "it cannot be reached"


def _run(root: Path, *command: str) -> subprocess.CompletedProcess[str] | None:
    """Run a program; None if there is none of that name, or it gives no answer."""
    try:
        return subprocess.run(
            command, cwd=root, env=_environment(), capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except (FileNotFoundError, PermissionError, subprocess.TimeoutExpired):
        return None


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DVC_NO_ANALYTICS": "1", "GIT_TERMINAL_PROMPT": "0"}


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
