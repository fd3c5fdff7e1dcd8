"""Releases as git tags: ``corpus@v1.2.0``, and in addition ``corpus@v1.2.0!`` for a withdrawn one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from copydesk.errors import ReleaseError
from copydesk.revisions.dataset_tree import TAG
from copydesk.revisions.git import git
from copydesk.revisions.withdrawals import replacements

_REFERENCE = "refs/tags/"
#: Git's messages if there is no repository at an address; other errors come from the network or the host.
_NO_REPOSITORY = re.compile(r"does not appear to be a git repository|not a git repository|repository .* not found")


class Release(NamedTuple):
    """A release as its tag names it. ``repo`` is a URL or an absolute path."""

    repo: str
    version: str
    commit: str

    def __str__(self) -> str:
        return f"release {self.version} of {without_password(self.repo)}"


def tag_of(version: str) -> str:
    """The git tag of a version, in the form of GTO."""
    return f"corpus@v{version}"


def by_number(version: str) -> tuple[int, ...]:
    """The sort key of a version."""
    return tuple(map(int, version.split(".")))


def release_versions(repo: str | Path = ".") -> list[str]:
    """Versions of the releases of a repository that were not withdrawn, lowest first."""
    commits, withdrawn = tagged_releases(checked_address(repo))
    return sorted(commits.keys() - withdrawn, key=by_number)


def withdrawn_versions(repo: str | Path = ".") -> dict[str, str | None]:
    """Versions that were withdrawn, lowest first, each with the version that replaces it, or None."""
    address = checked_address(repo)
    withdrawn = tagged_releases(address)[1]
    replaced_by = replacements(address) if withdrawn else {}
    return {version: replaced_by.get(version) for version in sorted(withdrawn, key=by_number)}


def find_release(repo: str | Path = ".", version: str | None = None) -> Release:
    """Find a release by its version, or the newest.

    Raises
    ------
    ReleaseError
        If there is none, or it was withdrawn; the message lists the releases of the repository.
    """
    address = checked_address(repo)
    commits, withdrawn = tagged_releases(address)
    versions = sorted(commits.keys() - withdrawn, key=by_number)
    version = version.removeprefix("corpus@").removeprefix("v") if version is not None else None
    if version in withdrawn:
        replacement = replacements(address).get(version)
        if replacement:
            advice = f"release {replacement} replaces it: load that"
        else:
            advice = f"there are {', '.join(versions) or 'no others'}"
        raise ReleaseError(f"{without_password(address)}: release {version} was withdrawn by a takedown; {advice}")
    if not versions:
        raise ReleaseError(f"{without_password(address)}: no releases; expected git tags such as corpus@v1.0.0")
    chosen = versions[-1] if version is None else version
    if chosen not in commits:
        raise ReleaseError(f"{without_password(address)}: no release {chosen}; there are {', '.join(versions)}")
    return Release(address, chosen, commits[chosen])


def tagged_releases(repo: str, root: Path | None = None, *, own: bool = False) -> tuple[dict[str, str], set[str]]:
    """Commits of the releases by version, and the withdrawn versions; ``repo`` may be a remote of ``root``.

    Raises
    ------
    ReleaseError
        If git cannot list the tags of the repository.
    """
    try:
        listed = git(root, "ls-remote", "--tags", "--", repo, "corpus@v*", own=own)
    except ReleaseError as error:
        reason = " ".join(without_password(str(error)).split())
        advice = "; give the path or URL of a git repository" if _NO_REPOSITORY.search(reason) else ""
        raise ReleaseError(f"{without_password(repo)}: its releases cannot be listed ({reason}){advice}") from None
    # An annotated tag has two lines; the second has its commit.
    lines = (line.partition("\t") for line in listed.split("\n"))
    commits = {name.removeprefix(_REFERENCE).removesuffix("^{}"): commit for commit, _, name in lines}
    versions = {match[1]: commit for name, commit in commits.items() if (match := TAG.fullmatch(name))}
    return versions, {version for version in versions if f"{tag_of(version)}!" in commits}


def checked_address(repo: str | Path) -> str:
    """Return a repository's URL or absolute path; refuse text that git might read as an option or a command."""
    text = str(repo)
    if not re.match(r"[A-Za-z./~]", text) or "::" in text or not text.isprintable():
        raise ReleaseError(f"{text!r}: not a repository; expected a path or a URL that git can clone")
    if text.startswith("~"):
        try:
            text = str(Path(text).expanduser())
        except RuntimeError as error:
            raise ReleaseError(f"{text}: {error}") from None
    return str(Path(text).resolve()) if Path(text).exists() else text


def without_password(address: str) -> str:
    """A repository's address for a message, without the user and password of a URL."""
    return re.sub(r"(?<=://)[^/@]*@", "", address)
