"""Find problems that would stop a build or a release before they do."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from copydesk._version import __version__
from copydesk.core.plural import plural
from copydesk.errors import CopydeskError
from copydesk.merging.drivers import GENERATED, set_command, unset_drivers
from copydesk.merging.line_files import LOCK
from copydesk.project import Project
from copydesk.readers import PAGES, split_name
from copydesk.readers.seed_files import walk
from copydesk.revisions.git import git, git_result
from copydesk.revisions.toolkit_lock import STAGES, check_line_ends, check_toolkit, read_toolkit
from copydesk.scaffold.services import TIMEOUT, Diagnosis, environment, remote_diagnoses, store_diagnoses
from copydesk.store.compiled_modules import compiled_sources, machine_code
from copydesk.store.fingerprint import source_hash
from copydesk.store.installed_from import install_extra, names_copydesk
from copydesk.store.pinned_libraries import PINNED, PINNED_FOR_PAGES, installed_version

_PACKAGE = Path(__file__).parents[1]
#: Endings of files that are web pages or may have some.
_WITH_PAGES = (*PAGES, ".atom", ".epub", ".nitf", ".rss", ".warc", ".xml")
#: Free disk space: at least this many bytes, and this many times the seeds (shards, dataset and DVC's cache).
_LEAST_FREE = 500_000_000
_TIMES_SEEDS = 4
_OLDEST_GIT = (2, 26)


def examine(root: Path, *, remotes: bool = True) -> Iterator[Diagnosis]:
    """Check a repository and the machine, one subject after another.

    Parameters
    ----------
    root : Path
        The repository.
    remotes : bool
        Whether to try to reach each DVC remote, and the store that ``COPYDESK_STORE`` names. One that does not
        answer takes up to a minute.
    """
    yield Diagnosis("python", "ok", f"{platform.python_version()} at {sys.executable}")
    for subject, check in _CHECKS.items():
        try:
            yield Diagnosis(subject, *check(root))
        except (CopydeskError, OSError) as error:
            yield Diagnosis(subject, "error", " ".join(str(error).split()))
    yield from store_diagnoses(root, ask=remotes)
    yield from remote_diagnoses(root, ask=remotes)


#: The verdict and the detail of a :class:`Diagnosis`.
Verdict = tuple[str, str]


def _toolkit(root: Path) -> Verdict:
    check_toolkit(root, *STAGES)
    toolkit = read_toolkit(root)
    if toolkit is None:
        return "ok", f"{__version__}, no toolkit.json: dvc.yaml lists the code itself"
    if toolkit["copydesk"] != __version__:
        named = f"toolkit.json names {toolkit['copydesk']}, whose stages are the same"
        return "warn", f"{__version__}; {named}; run copydesk upgrade, and commit"
    return "ok", f"{__version__}, as toolkit.json names"


def _modules(_: Path) -> Verdict:
    """Whether modules run as machine code, and whether it was made from the sources beside it."""
    compilable = compiled_sources()
    compiled = [name for name in compilable if machine_code(_PACKAGE / name)]
    for name in compiled:
        source_hash(_PACKAGE / name)
    if compilable and not compiled:
        return "warn", "pure Python: the compiled modules are for another interpreter; install copydesk again"
    return "ok", f"{plural(len(compiled), 'compiled module')}, the others pure Python" if compiled else "pure Python"


def _extras(root: Path) -> Verdict:
    """Whether what reads web pages is installed, if there may be any."""
    endings = Counter(
        split_name(entry.name)[1] for _, entry in walk(root / "seeds") if isinstance(entry, os.DirEntry)
    )
    pages = sum(endings[ending] for ending in endings if ending.startswith(_WITH_PAGES))
    missing = [name for name in PINNED_FOR_PAGES if installed_version(name) is None]
    if pages and missing:
        kinds = plural(pages, "file that may have web pages", "files that may have web pages")
        return "warn", f"seeds/ has {kinds}, and {', '.join(missing)} is not installed; {install_extra('web')}"
    return "ok", "installed, or not needed"


def _requirements(root: Path) -> Verdict:
    """Whether requirements.txt installs copydesk: init cannot know where others find one that came from a folder."""
    path = root / "requirements.txt"
    if not path.is_file() or names_copydesk(path.read_text("utf-8", "replace")):
        return "ok", "installs copydesk, or not there"
    return "warn", "requirements.txt does not install copydesk, so colleagues and CI cannot; write where it is found"


def _libraries(_: Path) -> Verdict:
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
        missing = any(installed_version(name) is None for name in PINNED)
        advice = install_extra("build") if missing else "reinstall copydesk"
        return "error", f"{'; '.join(wrong)}: other versions write other bytes; {advice}"
    return "ok", ", ".join(right)


def _script_python(root: Path) -> Verdict:
    """dvc.yaml runs ``python``: it must be the interpreter that has this copydesk."""
    code = "import copydesk; print(copydesk.__version__, copydesk.__file__)"
    # Run outside the repository: Python would import modules that lie there.
    done = _run("python", "-c", code)
    if done is None:
        return "error", "dvc.yaml runs python, but there is none on PATH; activate the virtual environment"
    if done.returncode:
        return "error", "the python on PATH has no copydesk; activate the virtual environment that has it"
    version, _, where = done.stdout.strip().partition(" ")
    if Path(where).resolve() != (_PACKAGE / "__init__.py").resolve():
        return "error", f"the python on PATH has another copydesk, {version} at {where}; activate one environment"
    return "ok", "the python on PATH, which dvc.yaml runs, has this copydesk"


def _git(root: Path) -> Verdict:
    if shutil.which("git") is None:
        return "error", "not installed; install it"
    version_line = git(None, "--version").strip()
    version = re.search(r"(\d+)\.(\d+)[\d.]*", version_line)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_GIT:
        return "error", f"{version_line}; expected {'.'.join(map(str, _OLDEST_GIT))} or newer"
    top_level = git_result(root, "rev-parse", "--show-toplevel")
    if top_level.returncode:
        return "error", f"{root.resolve()} is not in a git repository; run git init there, or copydesk init FOLDER"
    top = top_level.stdout.decode("utf-8", "replace").strip()
    if Path(top).resolve() != root.resolve():
        return "warn", f"{version[0]}, but the repository begins at {top}; for a release it must begin here"
    if git_result(root, "var", "GIT_COMMITTER_IDENT").returncode:
        return "warn", f"{version[0]}, but no committer is set; run git config user.name and user.email"
    return "ok", version[0]


def _dvc(root: Path) -> Verdict:
    done = _run("dvc", "--version")
    if done is None or done.returncode:
        return "error", "not on PATH; activate the virtual environment that has copydesk"
    if not (root / ".dvc" / "config").is_file():
        return "error", f"{root.resolve()} is not a DVC repository; run dvc init there, or copydesk init FOLDER"
    return "ok", done.stdout.strip()


def _settings(root: Path) -> Verdict:
    project = Project.open(root)
    if not project.seeds.is_dir():
        return "error", f"{project.seeds}: no such folder; put the articles there"
    return "ok", f"params.yaml is valid; corpus {project.params['corpus']['name']}"


def _line_ends(root: Path) -> Verdict:
    check_line_ends(root)
    return "ok", "as committed"


def _merges(root: Path) -> Verdict:
    if git_result(root, "check-attr", "merge", "--", LOCK).stdout != f"{LOCK}: merge: {GENERATED}\n".encode():
        return "warn", ".gitattributes names no merge drivers; run copydesk upgrade, or merge with copydesk merge"
    if unset := unset_drivers(root):
        commands = "; ".join(set_command(key) for key in unset)
        return "warn", f"this clone has no merge drivers, so merge with copydesk merge, or set them: {commands}"
    return "ok", "git merges by document and field here"


def _disk(root: Path) -> Verdict:
    free = shutil.disk_usage(root).free
    seeds = sum(_size(entry) for _, entry in walk(root / "seeds"))
    needed = max(_LEAST_FREE, _TIMES_SEEDS * seeds)
    detail = f"{free / 1e9:,.1f} GB free, seeds take {seeds / 1e9:,.1f} GB"
    if free < needed:
        return ("error" if free < _LEAST_FREE else "warn"), f"{detail}; a build may need {needed / 1e9:,.1f} GB"
    return "ok", detail


def _size(entry: os.DirEntry[str] | OSError) -> int:
    try:
        return 0 if isinstance(entry, OSError) else entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _run(*command: str) -> subprocess.CompletedProcess[str] | None:
    """Run a program outside the repository; None if it does not exist, or does not end in time."""
    try:
        with tempfile.TemporaryDirectory(prefix="copydesk-doctor-") as folder:
            return subprocess.run(
                command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=TIMEOUT
            )
    except (FileNotFoundError, PermissionError, subprocess.TimeoutExpired):
        return None


_CHECKS: dict[str, Callable[[Path], Verdict]] = {
    "copydesk": _toolkit,
    "modules": _modules,
    "libraries": _libraries,
    "scripts": _script_python,
    "git": _git,
    "dvc": _dvc,
    "settings": _settings,
    "extras": _extras,
    "requirements": _requirements,
    "line ends": _line_ends,
    "merges": _merges,
    "disk": _disk,
}
