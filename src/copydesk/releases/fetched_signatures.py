"""The signatures of releases of other corpora: fetched into the seeds, so that a build reaches no host."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.core.atomic_files import replacing
from copydesk.dataset.manifest import read_listing
from copydesk.description.duplicates.other_signatures import METADATA
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.readers.seed_files import SIGNATURES_ENDING
from copydesk.releases.release_cache import fetch_release
from copydesk.releases.release_tags import find_release, without_password
from copydesk.tables.parquet import read_parquet
from copydesk.tables.table import SIGNATURES, table

#: The setting that decides what can be compared.
_NORMALISE = "normalise"


class Fetched(NamedTuple):
    """A release whose signatures were fetched: its name in the settings, the file, and the number of documents."""

    release: str
    path: Path
    documents: int


def fetch_signatures(project: Project, cache: Path | None = None) -> list[Fetched]:
    """Fetch the signatures of the releases that ``deduplicate.against`` names, into ``seeds/against``.

    Raises
    ------
    ReleaseError
        If a release cannot be fetched, has no signatures, or they cannot be compared with those of this corpus.
    """
    return [_fetched(project, release, cache) for release in project.params["deduplicate"]["against"]]


def _fetched(project: Project, release: str, cache: Path | None) -> Fetched:
    repo, _, version = release.rpartition("@v")
    tagged = find_release(repo, version)
    folder = fetch_release(tagged, cache)
    listing = read_listing(folder)
    paths = sorted(listing["tables"].get(SIGNATURES, {"files": {}})["files"])
    if not paths:
        advice = "ask its maintainers to set publish.signatures: true, and to release it again"
        raise ReleaseError(f"{without_password(release)}: it has no configuration {SIGNATURES}; {advice}")
    theirs, ours = (given["deduplicate"] for given in (listing["params"], project.params))
    if theirs[_NORMALISE] != ours[_NORMALISE]:
        raise ReleaseError(
            f"{without_password(release)}: made with deduplicate.{_NORMALISE}: {theirs[_NORMALISE]}, and params.yaml "
            f"has {ours[_NORMALISE]}; such signatures cannot be compared"
        )
    rows = pa.concat_tables(read_parquet(folder / path) for path in paths)
    rows = table(SIGNATURES).conform(rows).sort_by("doc_id")
    about = {"release": release, "rensa": listing["libraries"]["rensa"], _NORMALISE: ours[_NORMALISE]}
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", repo.rstrip("/").rpartition("/")[2]).strip("-.") or "release"
    target = project.seeds / "against" / f"{name}@v{version}{SIGNATURES_ENDING}"
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = rows.replace_schema_metadata({METADATA: json.dumps(about, sort_keys=True)})
    with replacing(target) as file:
        pq.write_table(rows, file, compression="zstd")
    return Fetched(release, target, rows.num_rows)
