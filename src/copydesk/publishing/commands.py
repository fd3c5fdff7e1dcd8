"""The command publish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.plural import plural
from copydesk.core.progress import show


def publish(  # noqa: PLR0917  (options are given by name)
    to: Annotated[str, typer.Option(help="hub, a path, s3://BUCKET/PATH or ssh://USER@HOST/PATH.")],
    repo_id: Annotated[
        str | None, typer.Option(help="Name of the dataset on the Hub, ORG/NAME; with --to hub.")
    ] = None,
    version: Annotated[Optional[str], typer.Option(help="Version to publish; default: the newest release.")] = None,  # noqa: UP045
    root: Annotated[
        Path, typer.Option("--root", file_okay=False, help="Folder with the repository of the corpus.")
    ] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch and check the release; write nothing.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Create the dataset on the Hub as private.")] = False,
) -> None:
    """Publish a release: upload its files, then read them back and compare. On the Hub, also tag them.

    Refuses withdrawn releases, licenses that publish.allow does not name, and documents that were taken down. A
    published version never changes. If it is interrupted, run it again. Exits with 0 if the files read back are those
    of the release, or with 1 otherwise.
    """
    from copydesk.publishing.publish import publish as run

    done = run(root, to, repo_id=repo_id, version=version, dry_run=dry_run, private=private)
    state = "would be published" if dry_run else "was already published" if done.before else "is published"
    files = plural(done.files, "file")
    show(f"{done.address}: release {done.version} {state}: {files}, {plural(done.size, 'byte')}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(publish)
