"""Making the repository of a corpus, and moving it to the toolkit that is installed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.errors import ConfigError
from copydesk.revisions.git import git
from copydesk.scaffold.renames import Rewrite, not_checked_out, rewrite_file, rewrites
from copydesk.scaffold.template_files import EXECUTABLE, OWNED, files
from copydesk.stages.toolkit_lock import NAME, read_toolkit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


class Upgraded(NamedTuple):
    """What an upgrade changed, or would change.

    Attributes
    ----------
    written : list of str
        Files of the toolkit that were written anew.
    differing : list of str
        Files that the steward changed and the toolkit too.
    renamed : list of Rewrite
        Hand-written files in which columns and fields had old names.
    missing : list of str
        Hand-written files that DVC tracks and that are not in the working tree.
    """

    written: list[str]
    differing: list[str]
    renamed: list[Rewrite]
    missing: list[str]


def init(root: Path) -> None:
    """Make a repository for a corpus: its layout, settings and pipeline, under git and DVC, without a document.

    Killed on its way, it may be run again.

    Parameters
    ----------
    root : Path
        A folder that is not there, or is empty; a repository of git without a file is as good.

    Raises
    ------
    ConfigError
        If the folder holds something, or its name cannot be that of a corpus.
    """
    name = root.resolve().name
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{root}: the corpus is named after its folder, and {name!r} will not do; expected letters of the "
            "Latin alphabet, digits, '.', '_' and '-', at most 96"
        )
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root}: a file; expected an empty folder, or none")
    wanted = files(name)
    foreign = sorted(p for p in _there(root) if wanted.get(p) != (root / p).read_bytes()) if root.exists() else []
    if foreign:
        advice = "expected an empty folder, or none; choose another name, or move them away"
        raise ConfigError(f"{root}: holds {foreign[0]} ({len(foreign)} files in all); {advice}")
    for path, data in wanted.items():
        _write(root / path, data, path in EXECUTABLE)
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "config", "core.hooksPath", ".githooks")


def upgrade(root: Path, *, dry_run: bool = False) -> Upgraded:
    """Move a repository to the toolkit that is installed.

    Files that are as the toolkit wrote them are written anew, also into their place if they are gone. Of those that
    the steward changed nothing is lost: where the toolkit's changed too, it is written beside, with the ending
    ``.new``. README.md, params.yaml and .dvc/config are the steward's own; in params.yaml, sources.jsonl and
    decisions.jsonl only old names of columns and fields are replaced.

    Parameters
    ----------
    root : Path
        The repository.
    dry_run : bool
        Whether nothing is written.

    Raises
    ------
    ConfigError
        If this is no repository that ``copydesk init`` made, or a field has different values under its old and its
        new name; then nothing was written.
    """
    told = read_toolkit(root)
    if told is None:
        raise ConfigError(f"{root / NAME}: not there; copydesk init makes a repository that can be upgraded")
    renamed, missing = rewrites(root), not_checked_out(root)
    written, differing = [], []
    for path, data in files("corpus").items():
        if path in OWNED:
            continue
        place = root / path
        found = place.read_bytes() if place.is_file() else None
        if found == data:
            continue
        if found is not None:
            found = found.replace(b"\r\n", b"\n")  # git may have changed line ends: nobody wrote another file
        if found in (None, data) or path == NAME or told["files"].get(path) == _sha256(found):
            if not dry_run:
                _write(place, data, path in EXECUTABLE)
            written.append(path)
        elif told["files"].get(path) != _sha256(data):
            if not dry_run:
                _write(place.with_name(f"{place.name}.new"), data, path in EXECUTABLE)
            differing.append(path)
    for rewrite in () if dry_run else renamed:
        rewrite_file(root, rewrite)
    return Upgraded(written, differing, renamed, missing)


def _there(root: Path) -> list[str]:
    """Files below a folder, and links; not those of git."""
    found = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    listed = (path.relative_to(root) for path in found)
    return [path.as_posix() for path in listed if path.parts[0] != ".git"]


def _write(path: Path, data: bytes, executable: bool) -> None:
    with replacing(path) as file:
        file.write(data)
    if executable:
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o444) >> 2)  # whoever may read it may run it


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
