"""Resume a release that was killed: continue after its commit, or undo the files written before it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from copydesk.core.progress import say
from copydesk.errors import CopydeskError, ReleaseError
from copydesk.releases.undo import WRITTEN, delete_notes, note_of, undo_release
from copydesk.releases.versions import Version
from copydesk.releases.write import CommittedRelease, commit_message
from copydesk.revisions.git import git


def resume_release(root: Path) -> CommittedRelease | None:
    """Return the commit of a release that was killed; if it has none, undo the files it wrote, and return None.

    Raises
    ------
    ReleaseError
        If the note of the release is damaged, or files were edited since it began.
    """
    if not note_of(root).is_file():
        return None
    version, base = _read_note(note_of(root))
    _remove_damaged_dvc_lock(root)
    head = git(root, "rev-parse", "HEAD").strip()
    message = git(root, "log", "-1", "--format=%s").strip()
    if head != base and message == commit_message(version):
        say(f"release: continuing with {version} at {head[:12]}")
        return CommittedRelease(version, head)
    edited_files: list[str] = []
    if head == base:
        say(f"release: undoing what the unfinished release {version} wrote")
        edited_files = undo_release(root)
    delete_notes(root)
    if edited_files:
        raise ReleaseError(
            f"{root}: edited since the unfinished release {version} began: {', '.join(edited_files)}; these files "
            "stay as they are, with copies in build/edited-*, and the rest is undone; commit them, or undo them with "
            "git checkout -- FILE, then run copydesk release again"
        )
    return None


def _read_note(note: Path) -> tuple[str, str]:
    """The version of an unfinished release, and the commit from which it began."""
    try:
        values = json.loads(note.read_text("utf-8"))
        return str(Version.parse(values["version"])), str(values["base"])
    except (ValueError, LookupError, TypeError, CopydeskError) as error:
        raise ReleaseError(
            f"{note}: not a note of a release ({type(error).__name__}: {error}), so it is not known what that "
            f"release wrote; look at git status, undo changes that are not yours in {', '.join(WRITTEN)} with git "
            "checkout -- FILE, delete the note, run dvc checkout, then copydesk release again"
        ) from None


def _remove_damaged_dvc_lock(root: Path) -> None:
    """Remove DVC's file of read and write locks if a kill left it half written; every DVC command would fail."""
    from dvc.exceptions import DvcException  # type: ignore[import-untyped]
    from dvc.repo import Repo  # type: ignore[import-untyped]

    with (
        suppress(DvcException),
        Repo(str(root)) as repo,
        repo.lock,
    ):  # without the lock, another command may be writing it
        rwlock = Path(repo.tmp_dir, "rwlock")
        try:
            json.loads(rwlock.read_bytes() if rwlock.is_file() else b"{}")
        except ValueError:
            say(f"release: {rwlock} was half written; removed")
            rwlock.unlink()
