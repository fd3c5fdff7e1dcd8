"""Files whose line ends git changes on the way between the repository and the working tree.

What is built follows from bytes. Where ``core.autocrlf`` or an attribute lets git convert a file, two clones of one
commit hold other bytes, and the same commit makes two datasets.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git_result

#: What the dataset follows from, or holds, by its place in a repository.
_HASHED = ("schemas", "scripts", "corpus", "reports", "params.yaml", "dvc.yaml", "dvc.lock", "toolkit.json")
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

    Git looks at the files that no ``-text`` protects, and at no others.
    """
    protected = ":(exclude,attr:-text)*"
    try:
        listed = git_result(root, "ls-files", "--eol", "-z", "--", seeds, *_HASHED, protected)
        if listed.returncode or not listed.stdout:
            return []
        setting = git_result(root, "config", "core.autocrlf").stdout.decode().strip().lower()
    except ReleaseError:
        return []
    by_default = setting not in ("", "false", "no", "off", "0")
    found = []
    for line in listed.stdout.decode("utf-8", "replace").split("\0")[:-1]:
        kinds, _, path = line.partition("\t")
        committed, here, attributes = (part.partition("/")[2].strip() for part in kinds.split(maxsplit=2))
        if (attributes or by_default) and committed != here and {committed, here} <= set(_KINDS):
            found.append(Converted(path, committed, here))
    return found
