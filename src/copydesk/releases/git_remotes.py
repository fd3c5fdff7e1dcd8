"""The git remotes of a repository: their names, how to publish tags there, and whether HEAD is behind them."""

from __future__ import annotations

import shlex
from pathlib import Path

from copydesk.errors import ReleaseError
from copydesk.revisions.git import git, git_result


def git_remotes(root: Path) -> list[str]:
    """Names of the git remotes: first the one that the current branch tracks, then origin, then the others."""
    _, tracked_remote = current_branch(root)
    return sorted(
        filter(None, git(root, "remote").split("\n")),
        key=lambda remote: (remote != tracked_remote, remote != "origin"),
    )


def current_branch(root: Path) -> tuple[str, str]:
    """The current branch and the git remote that it tracks; empty if there is none."""
    name = git_result(root, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.decode().strip()
    return name, _git_setting(root, f"branch.{name}.remote")


def push_advice(root: Path, tags: list[str], *, branch: bool = False) -> str:
    """Advice on publishing tags, with the current branch if ``branch``; the command fails if a tag exists already."""
    references = [*([current_branch(root)[0] or "HEAD:BRANCH"] if branch else []), *tags]
    pronoun = "it" if len(tags) == 1 else "them"
    remotes = git_remotes(root)
    if not remotes:
        return (
            f"this repository has no git remote; to publish {pronoun}, run git remote add origin URL, then "
            f"{push_command('origin', references)}"
        )
    return f"push {pronoun} with {push_command(remotes[0], references)}"


def push_command(remote: str, references: list[str]) -> str:
    """The command that pushes all of the references or none."""
    return f"git push --atomic {shlex.join([remote, *references])}"


def refuse_behind_branch(root: Path) -> None:
    """Refuse to release from a branch that lacks commits of its upstream branch; one may be a takedown.

    Raises
    ------
    ReleaseError
        Naming the branch and the commands that fetch its commits.
    """
    name, remote = current_branch(root)
    merged = _git_setting(root, f"branch.{name}.merge")
    if name and remote in git(root, "remote").split("\n") and merged:
        tip = git(root, "ls-remote", "--", remote, merged, own=True).partition("\t")[0]
        if tip and not contains_commit(root, tip, "HEAD"):
            raise ReleaseError(
                f"{root}: HEAD lacks commits of {merged.removeprefix('refs/heads/')} at {remote}; run git pull, dvc "
                "repro, commit, and copydesk release again"
            )


def contains_commit(root: Path, commit: str, revision: str) -> bool:
    """Whether a commit is a revision's commit or an ancestor of it."""
    return git_result(root, "merge-base", "--is-ancestor", commit, revision).returncode == 0


def _git_setting(root: Path, key: str) -> str:
    return git_result(root, "config", key).stdout.decode().strip()
