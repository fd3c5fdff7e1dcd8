"""An unfinished merge, rebase, cherry-pick or revert: merge what git has left to people, from its index."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from copydesk.core.atomic_files import leads_out, replacing
from copydesk.errors import ReleaseError
from copydesk.merging.line_files import LOCK, SETTINGS, hand_written_name, is_generated
from copydesk.merging.merged_file import merge_file, merge_text
from copydesk.merging.merged_lines import OURS
from copydesk.merging.three_way import Conflict, Merged
from copydesk.revisions.git import git, git_result
from copydesk.revisions.git_history import read_git_objects

#: References that git sets while a command is unfinished, and what finishes the command; rebase sets several of them.
_UNFINISHED = {
    "REBASE_HEAD": "git rebase --continue",
    "CHERRY_PICK_HEAD": "git cherry-pick --continue",
    "REVERT_HEAD": "git revert --continue",
    "MERGE_HEAD": "git commit",
}
_MARK = b"<<<<<<< "
_REGULAR = ("100644", "100755")
_BASE, _OURS, _THEIRS = 1, 2, 3


class Resolved(NamedTuple):
    """What became of the files that git could not merge.

    Attributes
    ----------
    merged, generated : list of str
        Hand-written files that were merged; files that the build writes and that were taken as they are here.
    conflicts : list of Conflict
        What people have to decide; it is in the files between marks.
    left : dict of str to str
        Files that were not touched, each with the reason.
    remarks : list of str
        Remarks for the steward.
    """

    merged: list[str]
    generated: list[str]
    conflicts: list[Conflict]
    left: dict[str, str]
    remarks: list[str]


class _Stage(NamedTuple):
    mode: str
    oid: str


def finishing_command(root: Path) -> str | None:
    """The command that finishes what git has begun in this repository; None if nothing is unfinished."""
    reference = _unfinished(root)
    return _UNFINISHED[reference] if reference else None


def _unfinished(root: Path) -> str | None:
    return next((reference for reference in _UNFINISHED if _object(root, reference)), None)


def _object(root: Path, name: str) -> str | None:
    """The hash of an object; None if there is none of this name."""
    parsed = git_result(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    return parsed.stdout.decode().strip() if parsed.returncode == 0 else None


def unmerged_files(root: Path) -> dict[str, dict[int, _Stage]]:
    """The versions of each unmerged file below a folder, by path and stage: 1 base, 2 ours, 3 theirs."""
    stages: dict[str, dict[int, _Stage]] = defaultdict(dict)
    listed = git_result(root, "ls-files", "--unmerged", "-z").stdout
    for entry in filter(None, listed.split(b"\0")):
        head, _, path = entry.partition(b"\t")
        mode, oid, stage = head.decode().split()
        stages[os.fsdecode(path)][int(stage)] = _Stage(mode, oid)
    return dict(stages)


def resolve(root: Path) -> Resolved:
    """Merge the unmerged files of the project, write them, and record in the index those without a conflict.

    Parameters
    ----------
    root : Path
        The project's folder.

    Raises
    ------
    ReleaseError
        If git refuses, or a file cannot be merged at all.
    """
    result = Resolved([], [], [], {}, [])
    for path, stages in sorted(unmerged_files(root).items()):
        name = path if hand_written_name(path) == path else None  # not that of a project in a folder below
        if any(stage.mode not in _REGULAR for stage in stages.values()) or leads_out(root / path, root):
            result.left[path] = "a link, a folder or another repository on one branch; choose one, then git add it"
        elif is_generated(path):
            _take(root, path, stages)
            result.generated.append(path)
        elif name is None:
            result.left[path] = "not a file of copydesk's; edit it, then git add it"
        elif name == SETTINGS and len({*stages} & {_OURS, _THEIRS}) < 2:
            result.left[path] = "removed on one branch, changed on the other; choose one, then git add or git rm it"
        else:
            _merge(root, path, stages, result)
    for path in _merged_as_text(root):
        _merge_again(root, path, result)
    return result


def _merge(root: Path, path: str, stages: dict[int, _Stage], result: Resolved) -> None:
    base, ours, theirs = _contents(root, [stages.get(stage) for stage in (_BASE, _OURS, _THEIRS)])
    target = root / path
    present = target.read_bytes() if target.is_file() else b""
    merged = merge_file(path, base, ours, theirs)
    untouched = present in (b"", ours, theirs, merged.data) or (_MARK in present and OURS.encode() not in present)
    if not untouched:
        result.left[path] = f"edited since git stopped; git add it, or begin again: git checkout --ours -- {path}"
        return
    _record(root, path, merged, result)


def _record(root: Path, path: str, merged: Merged, result: Resolved) -> None:
    result.remarks.extend(merged.remarks)
    with replacing(root / path) as file:
        file.write(merged.data)
    if merged.conflicts:
        result.conflicts.extend(merged.conflicts)
    else:
        git(root, "add", "--", f":(literal){path}", own=True)
        result.merged.append(path)


def _merged_as_text(root: Path) -> list[str]:
    """Files that both branches changed and that git merged without asking, in a clone without the drivers.

    Lines of a document may then be twice in a file, and hashes of one build stand beside those of another.
    """
    changed = git_result(root, "diff-index", "--cached", "--name-only", "--relative", "-z", "HEAD").stdout
    paths = (os.fsdecode(path) for path in filter(None, changed.split(b"\0")))
    unmerged = unmerged_files(root)
    return [path for path in paths if path not in unmerged and (path == LOCK or hand_written_name(path) == path)]


def _merge_again(root: Path, path: str, result: Resolved) -> None:
    """Merge a file from the commits if the index still has the text that git made of it."""
    versions = _versions(root, path)
    if versions is None:
        return
    index, base, ours, theirs = versions
    if (
        index in (ours, theirs)
        or (root / path).read_bytes() != index
        or merge_text(path, base, ours, theirs).data != index
    ):
        return
    if path == LOCK:
        git(root, "checkout", "HEAD", "--", LOCK, own=True)
        result.generated.append(path)
        return
    merged = merge_file(path, base, ours, theirs)
    if merged.data != index:
        _record(root, path, merged, result)


def _versions(root: Path, path: str) -> tuple[bytes, ...] | None:
    """The content in the index, the common ancestor, here and there; None if they cannot be known."""
    reference = _unfinished(root)
    if reference is None or leads_out(root / path, root) or not (root / path).is_file():
        return None
    ours, theirs, base = "HEAD", reference, f"{reference}^"
    if reference == "MERGE_HEAD":
        base = git_result(root, "merge-base", "--all", ours, theirs).stdout.decode().strip()
    elif reference == "REVERT_HEAD":
        theirs, base = base, theirs
    names = [f":./{path}", *(f"{commit}:./{path}" for commit in (base, ours, theirs))]
    oids = [_object(root, name) for name in names]
    if "\n" in base or not all((oids[0], oids[2], oids[3])):  # several ancestors, or removed on a branch
        return None
    return tuple(_contents(root, [_Stage("", oid) if oid else None for oid in oids]))


def _take(root: Path, path: str, stages: dict[int, _Stage]) -> None:
    """Take a generated file as it is here; as it is there if it was removed here."""
    side = "--ours" if _OURS in stages else "--theirs"
    if {_OURS, _THEIRS}.isdisjoint(stages):
        git(root, "rm", "--quiet", "--cached", "--", f":(literal){path}", own=True)
        return
    git(root, "checkout", side, "--", f":(literal){path}", own=True)
    git(root, "add", "--", f":(literal){path}", own=True)


def _contents(root: Path, stages: list[_Stage | None]) -> list[bytes]:
    """The contents of versions; empty for a version that has no such file."""
    contents = iter([*read_git_objects(root, [stage.oid for stage in stages if stage])])
    listed = [b"" if stage is None else next(contents) for stage in stages]
    if None in listed:
        raise ReleaseError(f"{root}: git has no copy of a version to merge; run git fsck")
    return [content or b"" for content in listed]
