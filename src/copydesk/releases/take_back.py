"""What an unfinished release wrote is taken back, by the hashes that were noted as it wrote; all else stays."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from hashlib import md5
from pathlib import Path

from copydesk.core.atomic_files import replacing, sha256_file
from copydesk.core.journal import read_journal
from copydesk.core.progress import say
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_places import DATA
from copydesk.revisions.git import git

#: What a release writes: nothing else may change between its start and its commit.
WRITTEN = ("CHANGELOG.md", "params.yaml", "dvc.lock", "corpus", "reports")
_KEPT = "release"
_LOCK = "dvc.lock"
_UNFINISHED = re.compile(r"\.[^/]+\.[0-9a-f]{12}\.tmp")


def note_of(root: Path) -> Path:
    """Where a release notes its version, and the commit from which it began."""
    return root / "build" / "release.json"


def journal_of(root: Path) -> Path:
    """Where a release notes what it writes."""
    return root / "build" / "release.written"


def forget_notes(root: Path) -> None:
    """Remove the notes of a release that is done or taken back."""
    note_of(root).unlink(missing_ok=True)
    journal_of(root).unlink(missing_ok=True)


def keep(root: Path) -> None:
    """Copy the lists of finished shards: neither git nor DVC keeps them, and DVC removes that of a stage it runs."""
    kept = root / "build" / _KEPT
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for path in (root / "build").glob("*.jsonl"):
        shutil.copy2(path, kept / path.name)


def take_back(root: Path) -> list[str]:
    """Take back what the release wrote; return the files that were edited since, which are left as they are.

    Parameters
    ----------
    root : Path
        The repository, at the commit from which the release began, with a clean tree then.
    """
    written, begun = read_journal(journal_of(root))
    for path in begun:
        _remove(path)
        _remove(path.with_suffix(".old"))  # what a folder replaced
    for name in WRITTEN:
        for path in (root / name).rglob(".*.tmp") if (root / name).is_dir() else ():
            if _UNFINISHED.fullmatch(path.name) and path.is_file() and not path.stat().st_size:
                path.unlink()  # killed before it was noted
    built = _built(root)
    tracked = set(git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *WRITTEN).split("\0"))
    # A file that git does not know and the release did not write is a draft of somebody.
    changed = [name for name in _changed(root) if name in tracked or name in built or root / name in written]
    edited = [name for name in changed if not _is_ours(root / name, written, built.get(name))]
    aside = _copied(root, edited)
    if _LOCK in edited:  # written by DVC alone, which may have been killed in the middle
        edited.remove(_LOCK)
        say(f"release: {_LOCK} is taken back; a copy lies in {aside}")
    _restore(root, [name for name in changed if name not in edited], tracked)
    _check_out(root, written)
    for kept in (root / "build" / _KEPT).glob("*.jsonl"):
        with replacing(root / "build" / kept.name) as file:
            file.write(kept.read_bytes())
    if edited:
        say(f"release: edited since and left as they are: {', '.join(edited)}; copies lie in {aside}")
    return edited


def _changed(root: Path) -> list[str]:
    """Files among those that a release writes which are not as they were committed."""
    asked = ("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", "--", *WRITTEN)
    return [entry[3:] for entry in git(root, *asked).split("\0") if entry]


def _built(root: Path) -> dict[str, str]:
    """MD5 of what stages of DVC wrote that have ended, by path."""
    try:
        lock = root / _LOCK
        return outs_of(lock.read_bytes(), _LOCK) if lock.is_file() else {}
    except ReleaseError:
        return {}  # written by half


def _is_ours(path: Path, written: dict[Path, set[str]], built: str | None) -> bool:
    """Whether a file is what the release wrote; one that is gone holds no edit."""
    if path.is_symlink() or not path.is_file():
        return not path.is_symlink()
    if sha256_file(path) in written.get(path, ()):
        return True
    return built is not None and md5(path.read_bytes(), usedforsecurity=False).hexdigest() == built


def _copied(root: Path, names: Iterable[str]) -> Path | None:
    """Copy files to a new folder below ``build/``; None where there are none."""
    aside = None
    for name in names:
        aside = aside or Path(tempfile.mkdtemp(dir=root / "build", prefix="edited-"))
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, aside / name, follow_symlinks=False)
    return aside


def _restore(root: Path, names: list[str], tracked: set[str]) -> None:
    """Make files and their entries in the index what they were committed as."""
    for name in names:
        if name not in tracked:
            (root / name).unlink(missing_ok=True)
    given = ("--pathspec-from-file=-", "--pathspec-file-nul")
    for command, chosen in (
        (("reset", "--quiet"), names),
        (("checkout", "--quiet"), [name for name in names if name in tracked]),
    ):
        if chosen:
            literal = "".join(f":(literal){name}\0" for name in chosen)
            git(root, *command, *given, stdin=literal.encode(), own=True)


def _check_out(root: Path, written: dict[Path, set[str]]) -> None:
    """Bring the data back from DVC's cache; DVC alone would not replace what it does not know."""
    manifest = root / "corpus" / NAME
    before = manifest.read_text("utf-8") if manifest.is_file() else ""
    for path in sorted(p for p in (root / DATA).rglob("*") if p.is_file() and not p.is_symlink()):
        sha256 = sha256_file(path)
        if sha256 not in before and sha256 not in written.get(path, ()):
            place = root / "build" / "scratch"
            place.mkdir(mode=0o700, exist_ok=True)
            aside = Path(tempfile.mkdtemp(dir=place, prefix="unknown-"))  # where a takedown finds it
            shutil.move(path, aside / path.name)
            say(f"release: {path.relative_to(root)} is neither of this release nor of the last; moved to {aside}")
    if DATA in _built(root):
        run_dvc(root, "checkout", "--quiet", "--force", DATA)
    with suppress(ReleaseError):  # what else DVC tracks may have been edited since; if so, the release will say it
        run_dvc(root, "checkout", "--quiet")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
