"""Publish a release: the same files to the Hub, a folder, a bucket, another machine; and prove that they arrived."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow.parquet as pq

from copydesk.core.ledger import in_force
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.publishing.release_files import FetchedRelease, describe_release
from copydesk.releases.load import fetch_release
from copydesk.releases.preconditions import refuse_unlicensed
from copydesk.releases.release_tags import find_release, withdrawn_versions
from copydesk.takedowns.takedown import ledger_of

HUB = "hub"


class Place(Protocol):
    """Where releases are published."""

    def shown(self, release: FetchedRelease) -> str:
        """Where a release is there, for people; never with a password."""

    def put(self, release: FetchedRelease) -> bool:
        """Write a release and prove that it arrived; return whether all of it was there before."""

    def versions(self) -> set[str]:
        """Versions of the releases that are there."""


class Published(NamedTuple):
    """What was published, or would be: version, where, how many files and bytes, whether all were there before."""

    version: str
    place: str
    files: int
    size: int
    before: bool = False


def publish(
    root: Path,
    to: str,
    *,
    repo_id: str | None = None,
    version: str | None = None,
    dry_run: bool = False,
    private: bool = False,
    cache: Path | None = None,
) -> Published:
    """Publish a release.

    Parameters
    ----------
    root : Path
        The repository of the corpus.
    to : str
        ``hub``, or a folder: a path, or a URL that fsspec can write to, such as ``s3://bucket/corpus``.
    repo_id : str, optional
        Name of the dataset on the Hub, ``ORG/NAME``.
    version : str, optional
        Version of the release; the newest otherwise.
    dry_run : bool
        Whether only to fetch and check it and to say what would be written.
    private : bool
        Whether a dataset that is made on the Hub is private.
    cache : Path, optional
        Where releases are kept, as for ``load``.

    Raises
    ------
    ReleaseError
        If there is no such release, it may not be public, the place holds another one under its version, or it
        cannot be written to.
    """
    if (to == HUB) != (repo_id is not None):
        raise ReleaseError(f"--to {to}: --repo-id ORG/NAME goes with --to hub, and with nothing else")
    if private and to != HUB:
        raise ReleaseError(f"--to {to}: --private goes with --to hub; elsewhere the place decides who may read")
    project = Project.open(root)
    known = find_release(root, version)
    folder = fetch_release(known, cache)
    _refuse_unless_public(project, folder, str(known))
    with scratch("publish", project.build) as work:
        release = describe_release(known, folder, work)
        if to == HUB and repo_id is not None:
            from copydesk.publishing.hub_target import Hub

            place: Place = Hub(repo_id, private=private)
        else:
            from copydesk.publishing.folder_target import Folder

            place = Folder(to)
        before = False if dry_run else place.put(release)
        done = Published(release.version, place.shown(release), len(release.files), release.size, before)
    if not dry_run:
        left = sorted(place.versions() & withdrawn_versions(root).keys())
        for gone in left:
            say(f"publish: {place.shown(release)}: release {gone} was withdrawn and is still there; delete v{gone}")
    return done


def _refuse_unless_public(project: Project, folder: Path, name: str) -> None:
    """Refuse documents that may not be handed on now, whatever was allowed when the release was cut."""
    refuse_unlicensed(replace(project, corpus=folder))
    ledger = in_force(ledger_of(project))
    hashes = {row["raw_sha256"] for row in ledger.values()}
    for path in sorted(folder.glob("data/documents/*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "raw_sha256"]).to_pylist()
        for row in rows:
            if row["doc_id"] in ledger or row["raw_sha256"] in hashes:
                raise ReleaseError(
                    f"{name}: {row['doc_id']} was taken down (seeds/takedowns.jsonl); publish a release without it, "
                    f"or replace this one: copydesk takedown {row['doc_id']} --purge"
                )
