"""Files whose line ends git converts between the repository and the working tree.

A dataset depends on the bytes of its sources. If ``core.autocrlf`` or an attribute lets git convert a file, two
clones of one commit have other bytes, and the same commit makes two datasets.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from copydesk.core.hand_written import SPLIT_LIST
from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

#: Files and folders that the dataset depends on, or that belong to it.
_HASHED = (
    *("schemas", "scripts", "corpus", "reports"),
    *("params.yaml", SPLIT_LIST, "dvc.yaml", "dvc.lock", "toolkit.json"),
)
#: Those that a build writes itself.
_WRITTEN = frozenset({"corpus", "reports", "dvc.lock"})
_MODIFIED = 1000  # files that are compared
_KINDS = ("lf", "crlf", "mixed")  # as git names them; other kinds are binary files and those without line ends


class ConvertedFile(NamedTuple):
    """A file and its line ends, in the repository and in the working tree."""

    path: str
    committed: str
    checked_out: str

    def __str__(self) -> str:
        return f"{self.path} has {self.committed.upper()} in the repository and {self.checked_out.upper()} here"


#: What to do about converted files.
ADVICE = (
    "let .gitattributes end with the line '* -text', which copydesk upgrade writes; then git checkout-index --force "
    "FILE restores the bytes of the repository, and git add FILE records those that are here"
)


def converted_files(root: Path, seeds: str = "seeds") -> list[ConvertedFile]:
    """The tracked files that git converted, or will convert when they are committed; empty outside of git.

    Checked are the files without the attribute ``-text``, and modified files: a file that was converted before it got
    the attribute differs from the commit in its line ends alone.
    """
    paths = (seeds, *_HASHED)
    try:
        unprotected = _files_with_other_line_ends(root, *paths, ":(exclude,attr:-text)*")
        if unprotected:
            setting = git_result(root, "config", "core.autocrlf").stdout.decode().strip().lower()
            if setting in ("", "false", "no", "off", "0"):
                unprotected = {file: attributes for file, attributes in unprotected.items() if attributes}
        modified = git_result(root, "diff-files", "--name-only", "--relative", "-z", "--", *paths).stdout
        pathspecs = [f":(literal){path}" for path in _names(modified)[:_MODIFIED]]
        differing = _files_with_other_line_ends(root, *pathspecs) if pathspecs else {}
        same_text = [file for file in differing if _differs_in_line_ends_alone(root, file.path)]
    except ReleaseError:
        return []
    return sorted({*unprotected, *same_text})


def stamp_of_inputs(root: Path) -> str | None:
    """What changes if git converts an input other than a seed: a digest of the metadata of git's index and of files.

    None outside of git, and where the folder is not the top of a clone.
    """
    paths = [root / ".git" / name for name in ("index", "config")]
    if not all(path.is_file() for path in paths):
        return None
    paths += [root / name for name in (".gitattributes", *_HASHED) if name not in _WRITTEN]
    paths += [path for name in ("schemas", "scripts") for path in sorted((root / name).glob("*.*"))]
    stamps = []
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            stamps.append((str(path), status.st_size, status.st_mtime_ns, status.st_ino))
    return hashlib.sha256(repr(stamps).encode()).hexdigest()


def _files_with_other_line_ends(root: Path, *pathspecs: str) -> dict[ConvertedFile, str]:
    """Tracked files with other line ends in the working tree, each with its attributes."""
    files = {}
    for line in _names(git_result(root, "ls-files", "--eol", "-z", "--", *pathspecs).stdout):
        kinds, _, path = line.partition("\t")
        committed, checked_out, attributes = (part.partition("/")[2].strip() for part in kinds.split(maxsplit=2))
        if committed != checked_out and {committed, checked_out} <= set(_KINDS):
            files[ConvertedFile(path, committed, checked_out)] = attributes
    return files


def _differs_in_line_ends_alone(root: Path, path: str) -> bool:
    """Whether a modified file differs from the commit in its line ends alone."""
    committed = git_result(root, "cat-file", "blob", f":./{path}").stdout
    checked_out = (root / path).read_bytes()
    return checked_out.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n")


def _names(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]
