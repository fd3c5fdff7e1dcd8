"""Partial clones, which hold the files of a commit only once somebody asked git for them.

DVC reads commits through pygit2, which does not ask: of a file that is missing it waits forever.
"""

from __future__ import annotations

from pathlib import Path

from copydesk.revisions.git import git, git_result


def fetch_missing(root: Path, commit: str) -> None:
    """Fetch what a partial clone lacks of a commit, at once; any other repository is left alone.

    Raises
    ------
    ReleaseError
        If the remote that the clone was made from does not give it.
    """
    settings = git_result(root, "config", "--get-regexp", r"^remote\..*\.promisor$").stdout.decode()
    if not settings:
        return
    remote = settings.split()[0].removeprefix("remote.").removesuffix(".promisor")
    asked: list[str] = []
    listing = ("rev-list", "--objects", "--no-walk", "--missing=print", commit)
    # More than one round where folders are missing too: what lies in them is known when they are there.
    while (absent := [line[1:] for line in git(root, *listing).splitlines() if line[:1] == "?"]) and absent != asked:
        asked = absent
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none")
        git(root, "fetch", *quiet, "--stdin", remote, stdin="".join(f"{oid}\n" for oid in absent).encode())
