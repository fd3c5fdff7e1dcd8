"""The command report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import show

Root = Annotated[
    Path, typer.Option("--root", file_okay=False, help="Folder with seeds/, schemas/, params.yaml and corpus/.")
]


def report(
    root: Root = Path(),
    out: Annotated[Optional[Path], typer.Option(help="Folder to write; default: ROOT/build/report.")] = None,  # noqa: UP045
    serve: Annotated[bool, typer.Option("--serve", help="Serve it locally, with forms for decisions.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for --serve; 0: any free port.")] = 8765,
) -> None:
    """Write HTML pages for review: the corpus, each document, the rules, the changes since the last release.

    The pages open from disk and load nothing. With --serve no pages are written; decisions made on them are saved in
    seeds/decisions.jsonl and applied by the next build. Exits with 0, or with 1 if there is no corpus.
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
    show(f"{folder / 'index.html'}: {plural(count, 'page')}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)
