"""What is known of a listed document besides its text: its metadata, and what was said of rights."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from copydesk.core.config import load_json_lines
from copydesk.core.scratch import scratch
from copydesk.project import Project
from copydesk.readers.document_listing import list_documents
from copydesk.readers.field_names import USUAL_NAMES
from copydesk.readers.seed_files import list_seed


def metadata_of(seed: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a document: its line in sources.jsonl, or else what its record says."""
    of_record = json.loads(seed["stated"] or "{}")
    return {name: of_record.get(name) if source.get(name) is None else source[name] for name in USUAL_NAMES}


def delivered_metadata(project: Project, paths: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The metadata of some documents as they lie in the seeds, by id; see :func:`metadata_of`.

    Parameters
    ----------
    project : Project
    paths : mapping of str to str
        The path of each document below the folder of the seeds, of a record ``FILE#ID``.
    """
    sources = load_json_lines(project.seeds / "sources.jsonl", "source", "doc_id", project.schemas)
    by_file: dict[str, set[str]] = defaultdict(set)
    for doc_id, path in paths.items():
        if path.endswith(f"#{doc_id}"):
            by_file[path.removesuffix(f"#{doc_id}")].add(doc_id)
    limits = project.params["ingest"]
    stated: dict[str, str | None] = dict.fromkeys(paths)
    for file, ids in sorted(by_file.items()):
        if (project.seeds / file).is_file():
            seeds = list_seed(project.seeds, file, limits["max_bytes"])
            with scratch("metadata", project.build) as build:
                listed, _ = list_documents(project.seeds, seeds, build, limits, project.schemas)
            rows = listed.select(["doc_id", "stated"]).to_pylist()
            stated |= {row["doc_id"]: row["stated"] for row in rows if row["doc_id"] in ids}
    return {
        doc_id: metadata_of({"stated": of_record}, sources.get(doc_id, {})) for doc_id, of_record in stated.items()
    }


def rights_of(seed: dict[str, Any], page: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the header of a response and its page say of rights, with the time of the response."""
    captured, of_header = json.loads(seed["rights"] or "[null, []]")
    statements = [dict(zip(("kind", "value", "place"), stated, strict=True)) for stated in of_header]
    return [{**stated, "date": captured} for stated in (*statements, *(page["rights"] if page else ()))]
