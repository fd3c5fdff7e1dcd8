"""The one way in which git is run: no hooks, no prompts, no other repository's environment, a time limit.

Everything that calls git goes through :func:`git` or :func:`git_result`. Repositories may be a stranger's, so git
runs without the hooks, the file-system monitor and the external transports that their configuration names.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from copydesk.errors import ReleaseError

#: Seconds that a git command may take; nobody is there to answer a question, and a dead host must not hang a build.
TIMEOUT = 120
_QUOTED = 500

#: Settings that every command runs with: they win over those of the repository and of the user.
_SETTINGS = (
    "core.fsmonitor=false",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "advice.detachedHead=false",
)
_NO_HOOKS = f"core.hooksPath={os.devnull}"

#: What a hook of another repository sets: with it, git would look at that repository and not at ours.
_OF_ANOTHER_REPOSITORY = (
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR "
    "GIT_NAMESPACE GIT_PREFIX GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_QUARANTINE_PATH "
    "GIT_INTERNAL_SUPER_PREFIX GIT_REPLACE_REF_BASE"
).split()


def git(
    root: Path | str | None,
    *arguments: str,
    stdin: bytes | None = None,
    hooks: bool = False,
    timeout: float = TIMEOUT,
) -> str:
    """Run git in a folder and return its standard output.

    Parameters
    ----------
    root : Path or str or None
        Where it runs; None where the command names its place itself.
    *arguments : str
        The command and its arguments. What a stranger may have chosen stands behind ``--`` or ``--end-of-options``.
    stdin : bytes
        Standard input.
    hooks : bool
        Whether the repository's hooks run; only for commits into the user's own repository.
    timeout : float
        Seconds.

    Raises
    ------
    ReleaseError
        If git is not installed, fails, or gives no answer in time.
    """
    result = git_result(root, *arguments, stdin=stdin, hooks=hooks, timeout=timeout)
    if result.returncode:
        raise ReleaseError(f"{root or 'git'}: git {arguments[0]}: {error_output(result)}")
    return result.stdout.decode("utf-8", "replace")


def git_result(
    root: Path | str | None,
    *arguments: str,
    stdin: bytes | None = None,
    hooks: bool = False,
    timeout: float = TIMEOUT,
) -> subprocess.CompletedProcess[bytes]:
    """Run git as :func:`git` does and return its exit status and output, whatever the status is.

    Raises
    ------
    ReleaseError
        If git is not installed or gives no answer in time.
    """
    try:
        return subprocess.run(
            git_command(root, *arguments, hooks=hooks),
            input=stdin,
            env=git_environment(),
            capture_output=True,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise ReleaseError("git is not installed; install it") from None
    except ValueError as error:  # a NUL character in an argument
        raise ReleaseError(f"git cannot be run: {error}") from None
    except subprocess.TimeoutExpired:
        raise ReleaseError(f"git gave no answer in {timeout:g} seconds; is the repository's host there?") from None


def git_command(root: Path | str | None, *arguments: str, hooks: bool = False) -> list[str]:
    """The command line of a git command, for what must read its output while it runs."""
    settings = _SETTINGS if hooks else (*_SETTINGS, _NO_HOOKS)
    place = ["-C", str(root)] if root is not None else []
    return ["git", *(part for setting in settings for part in ("-c", setting)), *place, *arguments]


def git_environment() -> dict[str, str]:
    """The environment that git runs in: English messages, no questions, no repository but the one that is named."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def error_output(result: subprocess.CompletedProcess[bytes]) -> str:
    """The end of what a program that failed wrote to standard error."""
    return result.stderr.decode("utf-8", "replace").strip()[-_QUOTED:] or f"exit status {result.returncode}"
