"""The folder of an export: where it may not be, and how its files are replaced while those of others stay."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from copydesk.core.atomic_files import leads_out
from copydesk.errors import BuildError
from copydesk.exports.withheld_corpus import NAME, listed_paths

README = "README.md"
#: Folder in which files are written that replace those of an earlier export.
STAGED = ".withheld-export"


def refuse_inside(out: Path, *folders: Path) -> None:
    """Refuse a folder that is, holds or lies in one of some folders of the project.

    Raises
    ------
    BuildError
        Naming that folder.
    """
    target = out.resolve()
    for folder in (folder.resolve() for folder in folders):
        if target == folder or target in folder.parents or folder in target.parents:
            raise BuildError(f"{out}: expected a folder apart from {folder}")


def written_files(out: Path) -> list[str]:
    """The files that an earlier export wrote into a folder, but for its listing; none if it is new or empty.

    Raises
    ------
    BuildError
        If the folder has files and no such export, or a path of the export leads out of it.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return []
    if not out.is_dir() or not (out / NAME).is_file():
        raise BuildError(f"{out}: has files and no {NAME}, so no such export wrote it; choose a new or empty folder")
    files = [README, *listed_paths(out)]
    refuse_others(out, files, files)
    return files


def refuse_others(out: Path, paths: Iterable[str], written: Collection[str]) -> None:
    """Refuse to write to a path outside the folder, or one at which there is a file that no export wrote.

    Raises
    ------
    BuildError
        Naming the first such path.
    """
    for path in (NAME, *sorted(paths)):
        if leads_out((out / path).parent, out):
            raise BuildError(f"{out / path}: leads out of {out} by a link; remove the link, or choose another folder")
        if path not in (NAME, *written) and (out / path).exists():
            raise BuildError(f"{out / path}: no export wrote this file; move it away, or choose another folder")


def replace_own_files(out: Path, new: Iterable[str], written: Iterable[str]) -> None:
    """Put new files in the places of those of an earlier export; the files of others stay.

    The listing is replaced before the files, so whenever this is killed, it names all files of an export: the next
    run replaces them, and meanwhile their hashes show that they are not whole.
    """
    staged = out / STAGED
    for path in {*written} - {*new}:
        (out / path).unlink(missing_ok=True)
    for path in (NAME, *new):
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (staged / path).replace(out / path)
    for folder in sorted({(out / path).parent for path in written} - {out}, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    shutil.rmtree(staged)
