"""The command summary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.progress import show, show_text
from copydesk.errors import ReleaseError

Root = Annotated[
    Path, typer.Option("--root", file_okay=False, help="Folder with seeds/, schemas/, params.yaml and corpus/.")
]


def summary_command(
    root: Root = Path(),
    eu: Annotated[
        bool, typer.Option("--eu", help="The data part of the EU's public summary of training content.")
    ] = False,
    sme: Annotated[
        bool, typer.Option("--sme", help="List as many domains as small and medium-sized enterprises must.")
    ] = False,
    out: Annotated[Optional[Path], typer.Option(help="File to write; default: print it.")] = None,  # noqa: UP045
) -> None:
    """Summarize the dataset for the public: sizes, languages, periods, licenses, domains, reserved rights.

    With --eu in the order of the European Commission's template for Article 53(1)(d) of the AI Act. What does not
    follow from the rows is marked for a person to write. No legal advice. Exits with 0.
    """
    from copydesk.core.atomic_files import write_text
    from copydesk.dataset.manifest import read_listing
    from copydesk.project import Project
    from copydesk.proofs.content_figures import content_figures
    from copydesk.proofs.eu_summary import eu_summary

    if not eu:
        raise ReleaseError("summary: choose a form: --eu")
    project = Project.open(root)
    listing = read_listing(project.corpus)
    files = [project.corpus / path for path in sorted(listing["tables"]["documents"]["files"])]
    text = eu_summary(content_figures(files), project.params["corpus"], listing, small=sme)
    if out is None:
        show_text(text)
    else:
        write_text(out, text)
        show(f"{out}: written; fill in what is marked [To be written: ...]")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("summary")(summary_command)
