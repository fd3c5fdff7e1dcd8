"""What is known of a listed document besides its text: its metadata, and what was said of rights."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk.core.scratch import scratch
from copydesk.readers.document_listing import list_documents
from copydesk.readers.field_names import USUAL_NAMES
from copydesk.readers.seed_files import list_seed


def metadata_of(seed: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a document: its line in sources.jsonl, or else what its record says."""
    of_record = json.loads(seed["stated"] or "{}")
    return {name: of_record.get(name) if source.get(name) is None else source[name] for name in USUAL_NAMES}


def delivered_metadata(
    folder: Path, paths: Mapping[str, str], sources: Mapping[str, Any], ingest: dict[str, Any], schemas: Path
) -> dict[str, dict[str, Any]]:
    """The metadata of some documents as they lie in the seeds, by id; see :func:`metadata_of`.

    Parameters
    ----------
    folder : Path
        Folder of the seeds.
    paths : mapping of str to str
        The path of each document, of a record ``FILE#ID``. Each file of records is read again.
    sources : mapping of str to rows
        The lines of sources.jsonl.
    ingest : dict
        The section ``ingest`` of the settings.
    schemas : Path
        Folder with the schemas.
    """
    metadata = {doc_id: metadata_of({"stated": None}, sources.get(doc_id, {})) for doc_id in paths}
    by_file: dict[str, set[str]] = defaultdict(set)
    for doc_id, path in paths.items():
        if path.endswith(f"#{doc_id}"):
            by_file[path.removesuffix(f"#{doc_id}")].add(doc_id)
    for file, ids in sorted(by_file.items()):
        if (folder / file).is_file():
            with scratch("metadata") as build:
                listed, _ = list_documents(
                    folder, list_seed(folder, file, ingest["max_bytes"]), build, ingest, schemas
                )
            rows = listed.select(["doc_id", "stated"]).to_pylist()
            metadata |= {
                r["doc_id"]: metadata_of(r, sources.get(r["doc_id"], {})) for r in rows if r["doc_id"] in ids
            }
    return metadata


def rights_of(seed: dict[str, Any], page: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the header of a response and its page say of rights, with the time of the response."""
    captured, of_header = json.loads(seed["rights"] or "[null, []]")
    statements = [dict(zip(("kind", "value", "place"), stated, strict=True)) for stated in of_header]
    return [{**stated, "date": captured} for stated in (*statements, *(page["rights"] if page else ()))]
