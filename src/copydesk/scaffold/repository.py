"""Create the repository of a corpus, and move it to the installed toolkit."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import replacing
from copydesk.core.config import check_params
from copydesk.core.hand_written import SETTINGS_BYTES, bounded_text, parse_yaml
from copydesk.core.plugins import read_plugins
from copydesk.core.plural import plural
from copydesk.errors import ConfigError
from copydesk.merging.drivers import set_drivers, unset_drivers
from copydesk.revisions.git import git, git_result
from copydesk.revisions.toolkit_lock import NAME, read_toolkit
from copydesk.scaffold.renames import Rewrite, not_checked_out, rewrite_file, rewrites
from copydesk.scaffold.template_files import DEPENDED_ON, EXECUTABLE, OWNED, files
from copydesk.store.installed_from import requirements

_REQUIREMENTS = "requirements.txt"
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
    drivers : list of str
        Keys of merge drivers that were set in git's configuration of this clone.
    """

    written: list[str]
    differing: list[str]
    renamed: list[Rewrite]
    missing: list[str]
    drivers: list[str]


def init(root: Path) -> None:
    """Create a repository for a corpus: layout, settings and pipeline, git and DVC, no documents.

    If it was interrupted, run it again.

    Parameters
    ----------
    root : Path
        A folder that does not exist or is empty; an empty clone of a repository will do.

    Raises
    ------
    ConfigError
        If the folder is not empty, or its name cannot be that of a corpus.
    """
    name = root.resolve().name
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{root}: the corpus is named after its folder, and {name!r} is not a valid name; expected Latin "
            "letters, digits, '.', '_' and '-', at most 96 characters"
        )
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root}: a file; expected an empty folder, or none")
    template = files(name)
    existing = _files_below(root) if root.exists() else []
    foreign = sorted(path for path in existing if template.get(path) != (root / path).read_bytes())
    if foreign:
        advice = "expected an empty folder, or none; choose another name, or move them away"
        raise ConfigError(f"{root}: holds {foreign[0]} ({plural(len(foreign), 'file')} in all); {advice}")
    for path, data in template.items():
        _write(root / path, data, path in EXECUTABLE)
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "config", "core.hooksPath", ".githooks")
    set_drivers(root)


def upgrade(root: Path, *, dry_run: bool = False) -> Upgraded:
    """Move a repository to the toolkit that is installed.

    Files that are missing, or as an earlier toolkit wrote them, are rewritten. Files that the steward changed are
    kept; if the toolkit changed one of them too, its version is written beside it as ``FILE.new``. README.md,
    params.yaml and .dvc/config belong to the steward; in params.yaml, sources.jsonl and decisions.jsonl only
    old names of columns and fields are replaced.

    Parameters
    ----------
    root : Path
        The repository.
    dry_run : bool
        Whether nothing is written.

    Raises
    ------
    ConfigError
        If ``copydesk init`` did not make this repository, or a field has different values under its old and its new
        name; then nothing was written.
    """
    toolkit = read_toolkit(root)
    if toolkit is None:
        raise ConfigError(f"{root / NAME}: missing; only a repository made by copydesk init can be upgraded")
    renamed, missing = rewrites(root), not_checked_out(root)
    written, differing = [], []
    for path, data in files("corpus", _plugins(root)).items():
        target = root / path
        if path in OWNED and (path not in DEPENDED_ON or target.exists()):
            continue
        current = target.read_bytes() if target.is_file() else None
        if path == _REQUIREMENTS and current is not None:
            data = requirements(current.decode("utf-8", "replace")).encode()  # noqa: PLW2901  (other lines stay)
            toolkit["files"][path] = _sha256(current)
        if current == data:
            continue
        if current is not None:
            current = current.replace(b"\r\n", b"\n")  # git may have converted the line ends
        if current in (None, data) or path == NAME or toolkit["files"].get(path) == _sha256(current):
            if not dry_run:
                _write(target, data, path in EXECUTABLE)
            written.append(path)
        elif toolkit["files"].get(path) != _sha256(data):
            if not dry_run:
                _write(target.with_name(f"{target.name}.new"), data, path in EXECUTABLE)
            differing.append(path)
    for rewrite in () if dry_run else renamed:
        rewrite_file(root, rewrite)
    return Upgraded(written, differing, renamed, missing, _drivers(root, dry_run=dry_run))


def _drivers(root: Path, *, dry_run: bool) -> list[str]:
    if git_result(root, "rev-parse", "--git-dir").returncode:  # no repository
        return []
    return unset_drivers(root) if dry_run else set_drivers(root)


def _files_below(root: Path) -> list[str]:
    """Paths of the files and links below a folder, except in ``.git``."""
    files_and_links = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    paths = (path.relative_to(root) for path in files_and_links)
    return [path.as_posix() for path in paths if path.parts[0] != ".git"]


def _plugins(root: Path) -> list[str] | None:
    """Paths of the plug-ins that params.yaml names, none imported; None if params.yaml has no such setting."""
    settings = root / "params.yaml"
    given = parse_yaml(bounded_text(settings, SETTINGS_BYTES)) if settings.is_file() else None
    if not isinstance(given, dict) or "plugins" not in given:
        return None
    named = check_params({"plugins": given["plugins"]}, str(settings))["plugins"]
    return list(dict.fromkeys(plugin.path for plugin in read_plugins(root, named)))


def _write(path: Path, data: bytes, executable: bool) -> None:
    with replacing(path) as file:
        file.write(data)
    if executable:
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o444) >> 2)  # everyone who may read it may run it


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
