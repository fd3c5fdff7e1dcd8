"""The commands that make, move and examine the repository of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.core.json_schema import shortened
from copydesk.core.plural import plural
from copydesk.core.progress import show

_SHOWN = 5  # rewritten lines of a file

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


def upgrade(
    root: Root = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be changed, and write nothing.")
    ] = False,
) -> None:
    """Move a repository made by `copydesk init` to the copydesk that is installed; look at it with `git diff`.

    In params.yaml, sources.jsonl and decisions.jsonl only old names of columns and fields are replaced by the new
    ones. The next `dvc repro` runs the stages whose code changed. Exits with 0, or with 1 when files that you
    changed have changed in copydesk too (the new ones lie beside them, as FILE.new, to be merged and removed), or
    when DVC tracks a hand-written file that is not checked out.
    """
    from copydesk.scaffold.repository import upgrade as move

    would_be = "would be " if dry_run else ""
    upgraded = move(root, dry_run=dry_run)
    for path in upgraded.written:
        show(f"{path}: {would_be}written")
    for path in upgraded.differing:
        if dry_run:
            show(f"{path}: yours would be kept, and {path}.new written")
        else:
            show(f"{path}: yours was kept; merge {path}.new into it")
    for rewrite in upgraded.renamed:
        renamed = plural(len(rewrite.changes), "line")
        show(f"{rewrite.path}: {renamed} {would_be}rewritten with the new names of fields")
        for number, line, new_line in rewrite.changes[:_SHOWN] if dry_run else ():
            show(f"  {number} - {shortened(line)}", f"  {number} + {shortened(new_line)}")
        if rewrite.tracked:
            show(f"{rewrite.path}: DVC tracks it; {'then ' if dry_run else ''}run dvc add {rewrite.tracked}")
    for path in upgraded.missing:
        show(f"{path}: DVC tracks it and it is not checked out; run dvc checkout or dvc pull, then this again")
    if not any(upgraded):
        show("nothing to do")
    if upgraded.differing or upgraded.missing:
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
