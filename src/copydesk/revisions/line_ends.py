"""Files whose line ends git changes on the way between the repository and the working tree.

What is built follows from bytes. Where ``core.autocrlf`` or an attribute lets git convert a file, two clones of one
commit hold other bytes, and the same commit makes two datasets.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

#: What the dataset follows from, or holds, by its place in a repository.
_HASHED = ("schemas", "scripts", "corpus", "reports", "params.yaml", "dvc.yaml", "dvc.lock", "toolkit.json")
_MODIFIED = 1000  # files that are looked at
_KINDS = ("lf", "crlf", "mixed")  # as git names them; what is binary or has no line end is another kind


class Converted(NamedTuple):
    """A file, and its line ends: in the repository and in the working tree."""

    path: str
    committed: str
    here: str

    def __str__(self) -> str:
        return f"{self.path} has {self.committed.upper()} in the repository and {self.here.upper()} here"


#: What to do about it.
ADVICE = (
    "let .gitattributes end with the line '* -text', which copydesk upgrade writes; then git checkout-index --force "
    "FILE takes the bytes of the repository, and git add FILE those that are here"
)


def converted(root: Path, seeds: str = "seeds") -> list[Converted]:
    """The tracked files that git converted, or will when they are committed; none where there is no git.

    Git looks at the files that no ``-text`` protects, and at those that are modified: a file that was converted
    before it was protected differs from what is committed in its line ends alone.
    """
    places = (seeds, *_HASHED)
    try:
        unprotected = _listed(root, *places, ":(exclude,attr:-text)*")
        if unprotected:
            setting = git_result(root, "config", "core.autocrlf").stdout.decode().strip().lower()
            if setting in ("", "false", "no", "off", "0"):
                unprotected = {file: attributes for file, attributes in unprotected.items() if attributes}
        modified = git_result(root, "diff-files", "--name-only", "--relative", "-z", "--", *places).stdout
        paths = [f":(literal){path}" for path in _names(modified)[:_MODIFIED]]
        left = [file for file in _listed(root, *paths) if _same_lines(root, file.path)] if paths else []
    except ReleaseError:
        return []
    return sorted({*unprotected, *left})


def _listed(root: Path, *places: str) -> dict[Converted, str]:
    """Tracked files whose line ends in the working tree are others, and the attributes that decide about them."""
    found = {}
    for line in _names(git_result(root, "ls-files", "--eol", "-z", "--", *places).stdout):
        kinds, _, path = line.partition("\t")
        committed, here, attributes = (part.partition("/")[2].strip() for part in kinds.split(maxsplit=2))
        if committed != here and {committed, here} <= set(_KINDS):
            found[Converted(path, committed, here)] = attributes
    return found


def _same_lines(root: Path, path: str) -> bool:
    """Whether a file differs from what is committed in its line ends alone."""
    committed = git_result(root, "cat-file", "blob", f":./{path}").stdout
    here = (root / path).read_bytes()
    return here.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n")


def _names(output: bytes) -> list[str]:
    return os.fsdecode(output).split("\0")[:-1]
