"""Undo the files that an unfinished release wrote, by the hashes in its notes; everything else stays."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from hashlib import md5
from pathlib import Path

from copydesk.core.atomic_files import replacing, sha256_file
from copydesk.core.hand_written import SPLIT_LIST
from copydesk.core.journal import read_journal
from copydesk.core.progress import say
from copydesk.dataset.manifest import NAME
from copydesk.errors import ReleaseError
from copydesk.project import RECEIPTS
from copydesk.revisions.dvc_command import run_dvc
from copydesk.revisions.dvc_objects import outs_of
from copydesk.revisions.dvc_storages import DATA
from copydesk.revisions.git import git
from copydesk.store.last_build import SHARED

#: The files that a release writes; nothing else may change between its start and its commit.
WRITTEN = ("CHANGELOG.md", "params.yaml", SPLIT_LIST, "dvc.lock", "corpus", "reports")
_KEPT = "release"
_LOCK = "dvc.lock"
_UNFINISHED = re.compile(r"\.[^/]+\.[0-9a-f]{12}\.tmp")


def note_of(root: Path) -> Path:
    """The file in which a release notes its version, and the commit from which it began."""
    return root / "build" / "release.json"


def journal_of(root: Path) -> Path:
    """The file in which a release notes the files that it writes."""
    return root / "build" / "release.written"


def delete_notes(root: Path) -> None:
    """Delete the notes of a finished or undone release."""
    note_of(root).unlink(missing_ok=True)
    journal_of(root).unlink(missing_ok=True)


def keep_shard_lists(root: Path) -> None:
    """Copy the lists of finished shards: a pipeline of one's own may let DVC delete them and not cache them."""
    folder = root / "build" / _KEPT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in (root / "build").glob(f"*/{RECEIPTS}"):
        shutil.copy2(path, folder / f"{path.parent.name}.jsonl")


def undo_release(root: Path) -> list[str]:
    """Undo the files that the release wrote; return the files that were edited since, which stay as they are.

    Parameters
    ----------
    root : Path
        The repository, at the commit from which the release began; its tree was clean then.
    """
    written_hashes, unfinished_paths = read_journal(journal_of(root))
    for path in unfinished_paths:
        _delete(path)
        _delete(path.with_suffix(".old"))  # a folder took its place
    for name in WRITTEN:
        for path in (root / name).rglob(".*.tmp") if (root / name).is_dir() else ():
            if _UNFINISHED.fullmatch(path.name) and path.is_file() and not path.stat().st_size:
                path.unlink()  # the release was killed before it noted the hash of this file
    built_hashes = _outputs_of_stages(root)
    tracked = set(git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *WRITTEN).split("\0"))
    # A file that git does not track and the release did not write is somebody's draft.
    changed = [
        name
        for name in _modified_files(root)
        if name in tracked or name in built_hashes or root / name in written_hashes
    ]
    edited = [name for name in changed if not _is_of_release(root / name, written_hashes, built_hashes.get(name))]
    copies = _copy_aside(root, edited)
    if _LOCK in edited:  # only DVC writes it, and it may have been killed while writing
        edited.remove(_LOCK)
        say(f"release: {_LOCK} is undone; a copy is in {copies}")
    _restore_committed(root, [name for name in changed if name not in edited], tracked)
    _restore_data(root, written_hashes)
    for path in (root / "build" / _KEPT).glob("*.jsonl"):
        with replacing(root / "build" / path.stem / RECEIPTS) as file:
            file.write(path.read_bytes())
    if edited:
        say(f"release: edited since, and left as they are: {', '.join(edited)}; copies are in {copies}")
    return edited


def _modified_files(root: Path) -> list[str]:
    """Files among those of a release that differ from the commit."""
    status = ("status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", "--", *WRITTEN)
    return [entry[3:] for entry in git(root, *status).split("\0") if entry]


def _outputs_of_stages(root: Path) -> dict[str, str]:
    """MD5 of the outputs of the finished DVC stages, by path."""
    try:
        lock = root / _LOCK
        return outs_of(lock.read_bytes(), _LOCK) if lock.is_file() else {}
    except ReleaseError:
        return {}  # half written


def _is_of_release(path: Path, written_hashes: dict[Path, set[str]], built_md5: str | None) -> bool:
    """Whether a file is as the release wrote it; a deleted file counts as unedited."""
    if path.is_symlink() or not path.is_file():
        return not path.is_symlink()
    if sha256_file(path) in written_hashes.get(path, ()):
        return True
    return built_md5 is not None and md5(path.read_bytes(), usedforsecurity=False).hexdigest() == built_md5


def _copy_aside(root: Path, names: Iterable[str]) -> Path | None:
    """Copy files to a new folder below ``build/``; return None if there are none."""
    folder = None
    for name in names:
        folder = folder or Path(tempfile.mkdtemp(dir=root / "build", prefix="edited-"))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, folder / name, follow_symlinks=False)
    return folder


def _restore_committed(root: Path, names: list[str], tracked: set[str]) -> None:
    """Restore files, and their entries in the index, as they were committed."""
    for name in names:
        if name not in tracked:
            (root / name).unlink(missing_ok=True)
    from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
    for command, chosen in (
        (("reset", "--quiet"), names),
        (("checkout", "--quiet"), [name for name in names if name in tracked]),
    ):
        if chosen:
            pathspecs = "".join(f":(literal){name}\0" for name in chosen)
            git(root, *command, *from_stdin, stdin=pathspecs.encode(), own=True)


def _restore_data(root: Path, written_hashes: dict[Path, set[str]]) -> None:
    """Restore the data from DVC's cache. DVC does not replace files unknown to it, so these are moved away."""
    manifest = root / "corpus" / NAME
    last_release = manifest.read_text("utf-8") if manifest.is_file() else ""
    for path in sorted(p for p in (root / DATA).rglob("*") if p.is_file() and not p.is_symlink()):
        sha256 = sha256_file(path)
        if sha256 not in last_release and sha256 not in written_hashes.get(path, ()):
            scratch_folder = root / "build" / "scratch"
            scratch_folder.mkdir(mode=0o700, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=scratch_folder, prefix="unknown-"))  # a folder that takedowns search
            shutil.move(path, folder / path.name)
            name = path.relative_to(root)
            say(f"release: {name} belongs neither to this release nor to the last; moved to {folder}")
    shutil.rmtree(root / SHARED, ignore_errors=True)  # made of the store; DVC would ask before it replaces it
    outputs = _outputs_of_stages(root)
    if DATA in outputs:
        run_dvc(root, "checkout", "--quiet", "--force", DATA)
    with suppress(ReleaseError):  # an older pipeline does not cache them
        # What a killed stage left of the lists of shards is nobody's work; DVC alone would ask before it replaces it.
        if lists := [name for name in outputs if name.startswith("build/") and name != SHARED]:
            run_dvc(root, "checkout", "--quiet", "--force", *lists)
    with suppress(ReleaseError):  # another file that DVC tracks was edited; the release will report it
        run_dvc(root, "checkout", "--quiet")


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
