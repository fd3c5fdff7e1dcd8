"""The commands that make, move and examine the repository of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.core.progress import show

Root = Annotated[Path, typer.Option("--root", help="Folder with seeds/, schemas/, params.yaml and corpus/.")]


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make; the corpus is named after it.")],
) -> None:
    """Make a repository for a corpus of one's own: put articles into its seeds/ and run `dvc repro`.

    It has the layout, schemas, pipeline, settings and CI of copydesk's own repository, is under git and DVC, and
    nothing is committed. Exits with 0, or with 1 when the folder holds something.
    """
    from copydesk.scaffold.repository import init as make

    make(folder)
    show(f"{folder}: ready; put articles into {folder / 'seeds'}, then run dvc repro there")


def upgrade(root: Root = Path()) -> None:
    """Move a repository made by `copydesk init` to the copydesk that is installed; look at it with `git diff`.

    The next `dvc repro` runs the stages whose code changed. Exits with 0, or with 1 when files that you changed have
    changed in copydesk too: the new ones lie beside them, as FILE.new, to be merged and removed.
    """
    from copydesk.scaffold.repository import upgrade as move

    moved = move(root)
    for path in moved.written:
        show(f"{path}: written")
    for path in moved.differing:
        show(f"{path}: yours was kept; merge {path}.new into it")
    if not moved.written and not moved.differing:
        show("nothing to do")
    if moved.differing:
        raise typer.Exit(1)


def doctor(
    root: Root = Path(),
    remotes: Annotated[bool, typer.Option(help="Also ask each DVC remote whether it is there.")] = True,
) -> None:
    """Look for what would be in the way of a build or a release, and say what to do about it.

    Examines Python, copydesk and the libraries that are pinned, git, DVC, its remotes, the settings and the free
    disk. Exits with 0, also when there are warnings, and with 1 when something must be mended.
    """
    from copydesk.scaffold.doctor import examine

    found = list(examine(root, remotes=remotes))
    width = max(len(finding.subject) for finding in found)
    for finding in found:
        show(f"{finding.verdict:4}  {finding.subject:{width}}  {finding.detail}")
    if any(finding.verdict == "bad" for finding in found):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(init)
    app.command()(upgrade)
    app.command()(doctor)
