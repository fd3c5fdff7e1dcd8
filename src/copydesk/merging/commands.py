"""The commands merge and merge-driver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import say, show
from copydesk.errors import ReleaseError

if TYPE_CHECKING:
    from copydesk.merging.unfinished import Resolved

Root = Annotated[Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")]
_ADD = "git add --all"
_REPRO = "dvc repro"


def merge_command(
    rev: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(help="The branch to merge; leave it out to go on with an unfinished merge or rebase."),
    ] = None,
    root: Root = Path(),
    build: Annotated[bool, typer.Option("--build", help="Also run dvc repro and git add --all.")] = False,
) -> None:
    """Merge another branch: what people write by document and field; what the build writes stays as it is here.

    Without REV it merges what an unfinished git merge, rebase, cherry-pick or revert has left. Nothing is committed;
    the last line says what to run. Exits with 0, or with 1 if there are conflicts; it names document, field and both
    values of each, and the files have both versions between marks.
    """
    from copydesk.merging.start import merge_revision
    from copydesk.merging.unfinished import finishing_command, resolve, unmerged_files

    command = finishing_command(root)
    begun = command or unmerged_files(root)
    if rev is None and not begun:
        raise ReleaseError(f"{root}: nothing is unfinished; name the branch to merge: copydesk merge BRANCH")
    if rev is not None and begun:
        raise ReleaseError(
            f"{root}: a merge, rebase or cherry-pick is unfinished; run copydesk merge without a branch to go on"
        )
    if rev is not None:
        outcome = merge_revision(root, rev)
        if outcome.finished:
            show(outcome.said)
            return
        command = "git commit"
    resolved = resolve(root)
    _show(resolved)
    if resolved.conflicts or resolved.left:
        again = "edit these files, git add them" + (", then run copydesk merge again" if resolved.left else "")
        show(f"{again}; then {_rest(command)}")
        raise typer.Exit(1)
    if build and command != "git rebase --continue":
        _build(root)
        show(f"built; now run {command or 'git commit'}")
    else:
        show(f"now run {_rest(command)}")


def _rest(command: str | None) -> str:
    """What is still to run; a rebase goes on first, because each of its commits would need a build."""
    if command == "git rebase --continue":
        return f"{command}; when the rebase is finished: {_REPRO}, {_ADD}, git commit"
    return f"{_REPRO}, {_ADD}, {command or 'git commit'}"


def _show(resolved: Resolved) -> None:
    for path in resolved.merged:
        show(f"{path}: merged")
    if resolved.generated:
        show(f"{plural(len(resolved.generated), 'file')} of the build: taken as here; {_REPRO} makes them anew")
    show(*resolved.remarks, *map(str, resolved.conflicts))
    for path, reason in resolved.left.items():
        show(f"{path}: {reason}")


def _build(root: Path) -> None:
    from copydesk.revisions.dvc_command import run_dvc
    from copydesk.revisions.git import git

    say("merge: building what follows from both, with dvc repro")
    run_dvc(root, "repro", said=say)
    git(root, "add", "--all", own=True)


def merge_driver(
    base: Annotated[Path, typer.Argument(help="File with the version of the common ancestor.")],
    ours: Annotated[Path, typer.Argument(help="File with the version here; the merged file is written into it.")],
    theirs: Annotated[Path, typer.Argument(help="File with the version of the other branch.")],
    path: Annotated[str, typer.Argument(help="Path in the repository.")],
) -> None:
    """Merge one hand-written file for git, which runs this as .gitattributes and its configuration say.

    Exits with 0, or with 1 if there are conflicts.
    """
    from copydesk.merging.line_files import hand_written_name
    from copydesk.merging.merged_file import merge_file

    name = hand_written_name(path)
    if name is None:
        raise ReleaseError(f"{path}: not a file that copydesk merges; remove merge=copydesk from .gitattributes")
    merged = merge_file(name, *(version.read_bytes() for version in (base, ours, theirs)))
    ours.write_bytes(merged.data)
    for line in (*merged.remarks, *map(str, merged.conflicts)):
        say(line)
    if merged.conflicts:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("merge")(merge_command)
    app.command("merge-driver", hidden=True)(merge_driver)
