"""The commands init, upgrade and doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import show

_SHOWN = 5  # rewritten lines of a file

Root = Annotated[
    Path, typer.Option("--root", file_okay=False, help="Folder with seeds/, schemas/, params.yaml and corpus/.")
]


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to create; the corpus gets its name.")],
) -> None:
    """Create a repository for a corpus; then put articles into its seeds/ and run `dvc repro`.

    It has the layout, schemas, pipeline, settings and CI of copydesk's own repository. Git and DVC are set up, and
    nothing is committed. Exits with 0, or with 1 if the folder is not empty.
    """
    from copydesk.scaffold.repository import init as make

    make(folder)
    show(f"{folder}: ready; put articles into {folder / 'seeds'}, then run dvc repro there")


def upgrade(
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be changed; write nothing.")] = False,
) -> None:
    """Move a repository made by `copydesk init` to the installed copydesk; review it with `git diff`.

    In params.yaml, sources.jsonl and decisions.jsonl only old names of columns and fields are replaced. The next
    `dvc repro` runs the stages whose code changed. Exits with 0, or with 1 if you changed a file that also changed in
    copydesk (the new one is written beside it as FILE.new; merge it, then remove it), or if DVC tracks a hand-written
    file that is not checked out.
    """
    from copydesk.core.schema_validator import clipped
    from copydesk.scaffold.repository import upgrade as move

    would_be = "would be " if dry_run else ""
    upgraded = move(root, dry_run=dry_run)
    for path in upgraded.written:
        show(f"{path}: {would_be}written")
    for path in upgraded.differing:
        if dry_run:
            show(f"{path}: your version would be kept, and {path}.new written")
        else:
            show(f"{path}: your version was kept; merge {path}.new into it")
    for rewrite in upgraded.renamed:
        renamed = plural(len(rewrite.changes), "line")
        show(f"{rewrite.path}: {renamed} {would_be}rewritten with the new names of fields")
        for number, line, new_line in rewrite.changes[:_SHOWN] if dry_run else ():
            show(f"  {number} - {clipped(line)}", f"  {number} + {clipped(new_line)}")
        if rewrite.tracked:
            show(f"{rewrite.path}: DVC tracks it; {'then ' if dry_run else ''}run dvc add {rewrite.tracked}")
    for path in upgraded.missing:
        show(f"{path}: DVC tracks it and it is not checked out; run dvc checkout or dvc pull, then this again")
    for key in upgraded.drivers:
        show(f"{key}: {would_be}set in git's configuration of this clone")
    if not any(upgraded):
        show("nothing to do")
    if upgraded.differing or upgraded.missing:
        raise typer.Exit(1)


def doctor(
    root: Root = Path(),
    remotes: Annotated[bool, typer.Option(help="Also try to reach each DVC remote.")] = True,
) -> None:
    """Look for problems that would stop a build or a release, and say how to fix them.

    Checks Python, copydesk, the pinned libraries, git, DVC and its remotes, the settings and the free disk space.
    Exits with 0, also if there are warnings, or with 1 if there are errors.
    """
    from copydesk.scaffold.doctor import examine

    diagnoses = list(examine(root, remotes=remotes))
    width = max(len(diagnosis.subject) for diagnosis in diagnoses)
    for diagnosis in diagnoses:
        show(f"{diagnosis.verdict:5}  {diagnosis.subject:{width}}  {diagnosis.detail}")
    if any(diagnosis.verdict == "error" for diagnosis in diagnoses):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(init)
    app.command()(upgrade)
    app.command()(doctor)
