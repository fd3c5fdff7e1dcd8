"""Withdrawn releases: an annotated tag beside that of the release, in the form of a deregistration by GTO.

The tag ``corpus@v1.0.0!`` is on the commit of ``corpus@v1.0.0``; its message names the document that was taken down
and the release that replaces this one. So a list of the tags shows withdrawals, also to model registry tools.
"""

from __future__ import annotations

import re
from pathlib import Path

from copydesk.core.escaping import git_line
from copydesk.core.scratch import scratch
from copydesk.revisions.git import git

_REPLACED = re.compile(r"(?m)^Replaced-by: (\d{1,9}\.\d{1,9}\.\d{1,9})$")
_WITHDRAWN = re.compile(r"corpus@v(\d{1,9}\.\d{1,9}\.\d{1,9})!")
_PATTERN = "refs/tags/corpus@v*!"


def withdrawal_message(version: str, doc_id: str, replacement: str | None) -> str:
    """The message of the tag that withdraws a release."""
    lines = [f"corpus {version} is withdrawn", "", f"Takedown: {git_line(doc_id)}"]
    return "\n".join([*lines, *([f"Replaced-by: {replacement}"] if replacement else [])])


def replacements(repo: str) -> dict[str, str]:
    """Return, for each withdrawn version that was replaced, the last version in its chain of replacements.

    Raises
    ------
    ReleaseError
        If the repository's tags cannot be fetched.
    """
    read = ("for-each-ref", "--format=%(refname:lstrip=2)%00%(contents)%01", _PATTERN)
    if Path(repo).is_dir():  # read, not fetched: a partial clone cannot serve commits whose files it lacks
        listed = git(repo, *read)
    else:
        with scratch("tags") as folder:
            git(None, "init", "--quiet", "--bare", str(folder))
            git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--", repo, f"+{_PATTERN}:{_PATTERN}")
            listed = git(folder, *read)
    replaced_by = {}
    for entry in listed.split("\x01"):
        name, _, message = entry.strip("\n").partition("\0")
        if match := _REPLACED.search(message):
            replaced_by[name.removeprefix("corpus@v").removesuffix("!")] = match[1]
    return {version: _last_replacement(version, replaced_by) for version in replaced_by}


def withdrawal_at(root: Path, commit: str) -> str | None:
    """What to say of a commit whose release was withdrawn; None if no release of it was."""
    listed = git(root, "for-each-ref", f"--points-at={commit}", "--format=%(refname:lstrip=2)", _PATTERN)
    names = (match[1] for line in listed.split("\n") if (match := _WITHDRAWN.fullmatch(line)))
    version = next(names, None)
    if version is None:
        return None
    replacement = replacements(str(root)).get(version)
    replaced = f"release {replacement} replaces it" if replacement else "copydesk releases lists the others"
    return f"release {version} was withdrawn by a takedown; {replaced}"


def _last_replacement(version: str, replaced_by: dict[str, str]) -> str:
    visited = {version}
    while (replacement := replaced_by.get(version)) is not None and replacement not in visited:
        visited.add(replacement)
        version = replacement
    return version
