"""The commands bom and summary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import show, show_json, show_text
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


def bom_command(
    form: Annotated[Literal["spdx", "cyclonedx"], typer.Option("--format", help="SPDX 3.0.1 or CycloneDX 1.6.")],
    root: Root = Path(),
    out: Annotated[Optional[Path], typer.Option(help="File to write; default: print it.")] = None,  # noqa: UP045
) -> None:
    """Write a bill of materials of the release that is checked out: its files, tables, licenses, origin.

    The same release gives the same bytes. How it was made is in corpus/provenance.intoto.json, an in-toto statement.
    Exits with 0, or with 1 if the dataset is not that of a release.
    """
    from copydesk.core.atomic_files import write_json
    from copydesk.project import Project
    from copydesk.proofs.cyclonedx import cyclonedx
    from copydesk.proofs.release_facts import release_facts
    from copydesk.proofs.spdx import spdx

    facts = release_facts(Project.open(root))
    document = spdx(facts) if form == "spdx" else cyclonedx(facts)
    if out is None:
        show_json(document)
    else:
        write_json(out, document)
        show(f"{out}: {facts.corpus['name']} {facts.version}, {plural(len(facts.files), 'file')}")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("bom")(bom_command)
    app.command("summary")(summary_command)
