"""Publish a release to the Hub, a folder, a bucket or another machine, and verify that it arrived."""

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
from copydesk.publishing.release_files import ReleaseFiles, release_files
from copydesk.releases.preconditions import refuse_unlicensed
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release, withdrawn_versions
from copydesk.takedowns.takedown import ledger_of

HUB = "hub"


class Target(Protocol):
    """A destination that releases are published to."""

    def address(self, release: ReleaseFiles) -> str:
        """The address of a release, for messages: without a password."""

    def put(self, release: ReleaseFiles) -> bool:
        """Write a release and verify it; return whether it had already been published."""

    def versions(self) -> set[str]:
        """The published versions."""


class Published(NamedTuple):
    """A release that was published, or would be: its address, files and bytes; whether it was there ``before``."""

    version: str
    address: str
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
        Whether to fetch and check the release only, and write nothing.
    private : bool
        Whether a new dataset on the Hub is created as private.
    cache : Path, optional
        Folder for fetched releases, as for ``load``.

    Raises
    ------
    ReleaseError
        If there is no such release, it is not publishable, the target has another release under this version, or
        writing fails.
    """
    if (to == HUB) != (repo_id is not None):
        raise ReleaseError(f"--to {to}: --repo-id ORG/NAME is required with --to hub, and allowed only there")
    if private and to != HUB:
        raise ReleaseError(f"--to {to}: --private is allowed only with --to hub; set the permissions at the target")
    project = Project.open(root)
    tagged = find_release(root, version)
    folder = fetch_release(tagged, cache)
    licenses = _refuse_unless_publishable(project, folder, str(tagged))
    say(f"publish: {tagged}: {licenses}")
    with scratch("publish", project.build) as work:
        release = release_files(tagged, folder, work)
        if to == HUB and repo_id is not None:
            from copydesk.publishing.hub_target import HubTarget

            target: Target = HubTarget(repo_id, private=private)
        else:
            from copydesk.publishing.folder_target import FolderTarget

            target = FolderTarget(to)
        before = False if dry_run else target.put(release)
        done = Published(release.version, target.address(release), len(release.files), release.size, before)
    if not dry_run:
        for gone in sorted(target.versions() & withdrawn_versions(root).keys()):
            say(
                f"publish: {target.address(release)}: the withdrawn release {gone} is still published; delete v{gone}"
            )
    return done


def _refuse_unless_publishable(project: Project, folder: Path, name: str) -> str:
    """Refuse documents that may not be published today, whatever the rules were when the release was cut.

    Return how many documents have which license.
    """
    licenses = refuse_unlicensed(replace(project, corpus=folder))
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
    return licenses
