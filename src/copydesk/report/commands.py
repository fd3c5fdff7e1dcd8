"""The command that writes or serves the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.progress import show

Root = Annotated[Path, typer.Option("--root", help="Folder with seeds/, schemas/, params.yaml and corpus/.")]


def report(
    root: Root = Path(),
    out: Annotated[Optional[Path], typer.Option(help="Folder to write, if not ROOT/build/report.")] = None,  # noqa: UP045
    serve: Annotated[bool, typer.Option("--serve", help="Serve it on this machine, to decide on edits.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve it on; 0 for any.")] = 8765,
) -> None:
    """Write pages to look at: the corpus, each document, the rules, what changed since the last release.

    They load nothing and open from disk. With --serve nothing is written but the decisions made on the pages: lines
    in seeds/decisions.jsonl, which the next build obeys. Exits with 0, or with 1 when there is no corpus.
    """
    from copydesk.project import Project

    project = Project.open(root)
    if serve:
        from copydesk.report.server import serve as run

        run(project, port)
        return
    from copydesk.report.static_site import write_site

    folder = out or project.build / "report"
    count = write_site(project, folder)
    show(f"{folder / 'index.html'}: {count} pages")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)
