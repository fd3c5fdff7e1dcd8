"""What bills of materials say about a release: facts of its manifest, its settings and its documents."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from copydesk.core.atomic_files import sha256_file
from copydesk.dataset.manifest import LISTING, NAME, read_listing, read_manifest
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.proofs.content_figures import content_figures
from copydesk.tables.licenses import UNKNOWN


class HashedFile(NamedTuple):
    """A file of a release; its size in bytes."""

    sha256: str
    size: int


class ReleaseFacts(NamedTuple):
    """A release, as bills of materials describe it.

    Attributes
    ----------
    corpus : mapping
        The section ``corpus`` of params.yaml.
    version, date : str
        As the release states them; the date is that of its commit.
    files : dict of str to HashedFile
        The manifest and every file of the dataset, by path.
    tables : dict of str to dict
        ``rows`` and ``logical_sha256`` by table.
    licenses : dict of str to int
        How many documents have which license; ``LicenseRef-unknown`` if none is stated.
    languages : list of str
        Languages of the documents, the most frequent first.
    size : int
        Bytes of all data files.
    rules : list of str
        Rule tiers that were applied, such as ``safe``.
    """

    corpus: Mapping[str, Any]
    version: str
    date: str
    files: dict[str, HashedFile]
    tables: dict[str, dict[str, Any]]
    licenses: dict[str, int]
    languages: list[str]
    size: int
    rules: list[str]

    @property
    def title(self) -> str:
        """Title of the dataset, in one line."""
        return " ".join(str(self.corpus["title"]).split())

    @property
    def creators(self) -> list[str]:
        """Those who are to be named as its authors; never empty."""
        return list(self.corpus["creators"]) or [f"The makers of {self.corpus['name']}"]

    @property
    def moment(self) -> str:
        """The date as a time: bills of materials want one, and a release has no clock."""
        return f"{self.date}T00:00:00Z"

    @property
    def license(self) -> str:
        """All licenses as one SPDX expression: whoever uses the whole dataset is bound by each of them."""
        names = sorted(self.licenses)
        return " AND ".join(f"({name})" if " " in name and len(names) > 1 else name for name in names)

    def identifier(self, *parts: str) -> str:
        """A UUID that follows from the bytes of the release, and from what of it is named."""
        key = "\n".join((self.files[NAME].sha256, *parts))
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:copydesk:{key}"))


def release_facts(project: Project) -> ReleaseFacts:
    """Read the facts of the dataset in a checkout.

    Raises
    ------
    ReleaseError
        If the dataset is not that of a release: only a release has a date.
    """
    listing = read_listing(project.corpus)
    if listing.get("date") is None:
        raise ReleaseError(
            f"{project.corpus / LISTING}: date: found nothing, expected the date of a release; check one out, or run "
            "copydesk release"
        )
    documents = [project.corpus / path for path in sorted(listing["tables"]["documents"]["files"])]
    figures = content_figures(documents)
    sizes = {path: file["size"] for table in listing["tables"].values() for path, file in table["files"].items()}
    hashes = {**read_manifest(project.corpus), NAME: sha256_file(project.corpus / NAME)}
    by_frequency = sorted(figures.languages.items(), key=lambda entry: (-entry[1].documents, entry[0] or ""))
    licenses: dict[str, int] = {}
    for name, amount in figures.licenses.items():
        licenses[name or UNKNOWN] = licenses.get(name or UNKNOWN, 0) + amount.documents
    return ReleaseFacts(
        corpus=project.params["corpus"],
        version=str(listing["version"]),
        date=str(listing["date"]),
        files={
            path: HashedFile(sha256, sizes.get(path) or (project.corpus / path).stat().st_size)
            for path, sha256 in sorted(hashes.items())
        },
        tables={name: listing["tables"][name] for name in listing["tables"]},
        licenses=licenses,
        languages=[language for language, _ in by_frequency if language is not None],
        size=sum(sizes.values()),
        rules=list(listing["params"].get("clean", {}).get("apply", [])),
    )
