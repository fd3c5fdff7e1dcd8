"""The command that publishes a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from copydesk.core.progress import show


def publish(  # noqa: PLR0917  (options are given by name)
    to: Annotated[str, typer.Option(help="hub; or a folder: a path, s3://BUCKET/PATH, ssh://USER@HOST/PATH.")],
    repo_id: Annotated[Optional[str], typer.Option(help="With --to hub: the dataset there, ORG/NAME.")] = None,  # noqa: UP045
    version: Annotated[Optional[str], typer.Option(help="A release, if not the newest.")] = None,  # noqa: UP045
    root: Annotated[Path, typer.Option("--root", help="Folder with the repository of the corpus.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fetch and check it, write nothing.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make the dataset on the Hub a private one.")] = False,
) -> None:
    """Publish exactly the files of a release, tag them on the Hub, and load them back.

    Refuses a withdrawn release, licenses that publish.allow does not name, and documents that were taken down. What
    is published under a version is never changed. Interrupted, run it again. Exits with 0 when what came back is the
    release, with 1 otherwise.
    """
    from copydesk.publishing.publish import publish as run

    done = run(root, to, repo_id=repo_id, version=version, dry_run=dry_run, private=private)
    state = "would be published" if dry_run else "was there already" if done.before else "is published"
    show(f"{done.place}: release {done.version} {state}: {done.files} files, {done.size:,} bytes")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(publish)
