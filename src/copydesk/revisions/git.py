"""Run git: without hooks, prompts and another repository's environment, and with a time limit.

All of copydesk runs git through :func:`git` or :func:`git_result`. A repository may be a stranger's, and so may the
``.git/config`` of a folder that was unpacked. So no program that a repository names is run: no hook, monitor, filter,
driver, credential helper or transport; and no missing object is fetched.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from copydesk.errors import ReleaseError

#: Time limit of a git command in seconds: git gets no answers to prompts, and a dead host must not hang a build.
TIMEOUT = 120
_QUOTED = 500
#: Git's messages if a partial clone has no copy of an object.
_NOT_FETCHED = "promisor remote"

#: Settings for every command; they override those of the repository and of the user.
_SETTINGS = (
    "core.fsmonitor=false",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "log.showSignature=false",
    "advice.detachedHead=false",
)
_NO_HOOKS = f"core.hooksPath={os.devnull}"

#: Variables that a hook of another repository sets: with them, git would read that repository and not ours.
_OF_ANOTHER_REPOSITORY = (
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR "
    "GIT_NAMESPACE GIT_PREFIX GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_QUARANTINE_PATH "
    "GIT_INTERNAL_SUPER_PREFIX GIT_REPLACE_REF_BASE"
).split()

#: Ends of the keys of a repository's configuration whose value is a program, or an address that requests go to.
_PROGRAM = re.compile(
    r"(?:(?<=^core)\.(?:alternaterefscommand|askpass|editor|gitproxy|pager|sshcommand)|\.(?:clean|cmd|command|"
    r"defaultkeycommand|driver|external|helper|process|program|proxy|receivepack|smudge|textconv|uploadpack|vcs))$"
)
#: Values to override such a key with, if git would take an empty value for the name of a program.
_INSTEAD = {"uploadpack": "git-upload-pack", "receivepack": "git-receive-pack", "program": "false"}
_SCOPES = frozenset({"local", "worktree"})
_UNKNOWN_OPTION = 129
_REMOTE_COMMANDS = frozenset({"clone", "fetch", "ls-remote", "push"})
_TRANSPORTS = "file:git:http:https:ssh"


def git(
    root: Path | str | None,
    *arguments: str,
    stdin: bytes | None = None,
    hooks: bool = False,
    own: bool = False,
    settings: Sequence[str] = (),
    timeout: float = TIMEOUT,
) -> str:
    """Run git in a folder and return its standard output.

    Parameters
    ----------
    root : Path or str or None
        Where it runs; None if the command names a repository itself: then no configuration of a repository applies.
    *arguments : str
        The command and its arguments. Values of a stranger come after ``--`` or ``--end-of-options``.
    stdin : bytes
        Standard input.
    hooks : bool
        Whether the repository's hooks run, and everything that ``own`` allows; only for commits of the user.
    own : bool
        Whether filters, helpers and other programs of the repository's configuration run, because it is the user's.
    settings : sequence of str
        Further settings for this command, such as ``merge.copydesk.driver=PROGRAM``; they come from copydesk alone.
    timeout : float
        Seconds.

    Raises
    ------
    ReleaseError
        If git is not installed, fails, or does not finish in time.
    """
    result = git_result(root, *arguments, stdin=stdin, hooks=hooks, own=own, settings=settings, timeout=timeout)
    if result.returncode:
        raise ReleaseError(f"{root or 'git'}: git {arguments[0]}: {error_output(result)}")
    return result.stdout.decode("utf-8", "replace")


def git_result(
    root: Path | str | None,
    *arguments: str,
    stdin: bytes | None = None,
    hooks: bool = False,
    own: bool = False,
    settings: Sequence[str] = (),
    timeout: float = TIMEOUT,
) -> subprocess.CompletedProcess[bytes]:
    """Run git like :func:`git`; return its exit status and output, whatever the status is.

    Raises
    ------
    ReleaseError
        If git is not installed or does not finish in time.
    """
    try:
        return subprocess.run(
            git_command(root, *arguments, hooks=hooks, own=own, settings=settings),
            input=stdin,
            env=git_environment(own=own or hooks),
            capture_output=True,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError:
        raise ReleaseError("git is not installed; install it") from None
    except ValueError as error:  # a NUL character in an argument
        raise ReleaseError(f"git cannot be run: {error}") from None
    except subprocess.TimeoutExpired:
        waits_for_host = arguments[0] in _REMOTE_COMMANDS
        advice = "check that its host can be reached" if waits_for_host else "run git gc there if it is large"
        place = f"{root}: " if root is not None else ""
        raise ReleaseError(f"{place}git {arguments[0]} did not finish in {timeout:g} seconds; {advice}") from None


def git_command(
    root: Path | str | None, *arguments: str, hooks: bool = False, own: bool = False, settings: Sequence[str] = ()
) -> list[str]:
    """The command line of a git command, for callers that read its output while it runs."""
    overriding = [*_SETTINGS]
    if not hooks:
        overriding.append(_NO_HOOKS)
    if root is not None and not (own or hooks):
        overriding += _without_programs(Path(root))
    overriding += settings
    # Outside every repository: the one in the current folder must not decide where an address leads.
    place = str(root) if root is not None else os.path.abspath(os.sep)  # noqa: PTH100
    return ["git", *(part for setting in overriding for part in ("-c", setting)), "-C", place, *arguments]


def _without_programs(root: Path) -> list[str]:
    """Settings that override those of a repository's configuration that name programs."""
    try:
        state = (root / ".git" / "config").stat()
    except OSError:  # no repository, a bare one, or one of several worktrees
        return _neutral.__wrapped__(str(root), None)
    return _neutral(str(root), (state.st_mtime_ns, state.st_size))


@functools.lru_cache(maxsize=16)
def _neutral(root: str, state: tuple[int, int] | None) -> list[str]:
    command = ["git", "-C", root, "config", "--includes", "--show-scope", "--name-only", "--null", "--list"]
    listed = subprocess.run(command, env=git_environment(), capture_output=True, check=False, timeout=TIMEOUT)
    if listed.returncode == _UNKNOWN_OPTION:
        raise ReleaseError("git is too old; install 2.26 or newer")
    scopes_and_keys = listed.stdout.decode("utf-8", "surrogateescape").split("\0")
    keys = zip(scopes_and_keys[::2], scopes_and_keys[1::2], strict=False)
    named = sorted({key for scope, key in keys if scope in _SCOPES and _PROGRAM.search(key)})
    if not_overridable := [key for key in named if "=" in key]:  # it would end the key on a command line
        raise ReleaseError(f"{root}: .git/config: {not_overridable[0]!r} names a program; remove it and try again")
    settings = [f"{key}={_INSTEAD.get(key.rpartition('.')[2], '')}" for key in named]
    # A required filter without a program would be an error.
    filters = sorted({key.rpartition(".")[0] for key in named if key.startswith("filter.")})
    return [*settings, *(f"{name}.required=false" for name in filters)]


def git_environment(*, own: bool = False) -> dict[str, str]:
    """The environment that git runs in: English messages, no prompts, no variables of another repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
    fixed = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if own:
        return {**kept, **fixed}
    if "GIT_SSH" not in kept:
        kept.setdefault("GIT_SSH_COMMAND", _ssh_command())
    kept.setdefault("GIT_ALLOW_PROTOCOL", _TRANSPORTS)
    kept.setdefault("GIT_ASKPASS", "")  # git takes an empty name for no program
    return {**kept, **fixed, "GIT_NO_LAZY_FETCH": "1"}


@functools.cache
def _ssh_command() -> str:
    """The SSH command of the user's own configuration, which that of a repository would otherwise override."""
    for level in ("--global", "--system"):
        command = ["git", "config", "--includes", level, "--get", "core.sshCommand"]
        try:
            result = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT)
        except FileNotFoundError:
            break  # the command that needs git reports it
        if ssh_command := result.stdout.decode().strip():
            return ssh_command
    return "ssh -o BatchMode=yes"


def error_output(result: subprocess.CompletedProcess[bytes]) -> str:
    """The end of the standard error of a program that failed."""
    output = result.stderr.decode("utf-8", "replace").strip()[-_QUOTED:] or f"exit status {result.returncode}"
    if _NOT_FETCHED in output:  # a command that reads fetches nothing: a stranger may have set the address
        command = "git fetch --tags --refetch --no-filter"
        output += f"; this clone lacks files of its commits: run {command} in it, then try again"
    return output
