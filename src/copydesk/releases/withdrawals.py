"""Releases that were withdrawn: an annotated tag beside that of the release, in the form in which GTO deregisters.

The tag ``corpus@v1.0.0!`` stands on the commit of ``corpus@v1.0.0``; its message names the document that was taken
down and the release that replaces this one. So whoever can list tags knows, and the model registry tools know too.
"""

from __future__ import annotations

import re
from pathlib import Path

from copydesk.core.escaping import git_line
from copydesk.core.scratch import scratch
from copydesk.revisions.git import git

_REPLACED = re.compile(r"(?m)^Replaced-by: (\d{1,9}\.\d{1,9}\.\d{1,9})$")
_PATTERN = "refs/tags/corpus@v*!"


def tag_message(version: str, doc_id: str, replacement: str | None) -> str:
    """The message of the tag that withdraws a release."""
    lines = [f"corpus {version} is withdrawn", "", f"Takedown: {git_line(doc_id)}"]
    return "\n".join([*lines, *([f"Replaced-by: {replacement}"] if replacement else [])])


def replacements(repo: str) -> dict[str, str]:
    """For each withdrawn version the one that now stands for it: that which replaces it, and was not itself replaced.

    Raises
    ------
    ReleaseError
        If the repository's tags cannot be fetched.
    """
    read = ("for-each-ref", "--format=%(refname:lstrip=2)%00%(contents)%01", _PATTERN)
    if Path(repo).is_dir():  # not fetched from: a partial clone hands out no commit of which it lacks a file
        listed = git(repo, *read)
    else:
        with scratch("tags") as folder:
            git(None, "init", "--quiet", "--bare", str(folder))
            git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", repo, f"+{_PATTERN}:{_PATTERN}")
            listed = git(folder, *read)
    direct = {}
    for entry in listed.split("\x01"):
        name, _, message = entry.strip("\n").partition("\0")
        if found := _REPLACED.search(message):
            direct[name.removeprefix("corpus@v").removesuffix("!")] = found[1]
    return {version: _last(version, direct) for version in direct}


def _last(version: str, direct: dict[str, str]) -> str:
    seen = {version}
    while (following := direct.get(version)) is not None and following not in seen:
        seen.add(following)
        version = following
    return version
