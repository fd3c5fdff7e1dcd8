"""The ledger of takedowns: a document leaves the next release and cannot come back."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.config import load_json_lines
from copydesk.description.signatures import minhash, normalised, text_keys
from copydesk.errors import ReleaseError
from copydesk.files import write_text
from copydesk.project import Project
from copydesk.tables import bulk_violations, load_schema


def ledger_of(project: Project) -> dict[str, dict[str, Any]]:
    """The takedowns so far, by document."""
    return load_json_lines(project.seeds / "takedowns.jsonl", "takedown", "doc_id", project.schemas)


def entry(project: Project, doc_id: str, reason: str, requested_by: str | None = None) -> dict[str, Any]:
    """The ledger's line for a document of the current corpus: its hashes and signature, none of its text.

    Raises
    ------
    ReleaseError
        If the corpus has no such document, or the ledger has it.
    """
    if doc_id in ledger_of(project):
        raise ReleaseError(f"{project.seeds / 'takedowns.jsonl'}: {doc_id} is in it already")
    found = document_of(project.corpus, doc_id)
    if found is None:
        raise ReleaseError(f"{project.corpus}: no document {doc_id!r}; expected the id of one that is there")
    compared = normalised(pa.array([found["text"]]))
    row = {
        "doc_id": doc_id,
        "reason": reason,
        "requested_by": requested_by,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "raw_sha256": found["raw_sha256"],
        "text_key": text_keys(compared)[0].as_py(),
        "minhash": minhash(compared)[0].tolist() if compared[0].as_py().strip() else [],
    }
    for _, wrong in bulk_violations(load_schema("takedown", project.schemas), [row]):
        raise ReleaseError(f"{doc_id}: {wrong.field}: {wrong.message}")
    return row


def take_down(project: Project, row: dict[str, Any]) -> None:
    """Write a line into the ledger; what is there stays as it is."""
    path = project.seeds / "takedowns.jsonl"
    known = path.read_text("utf-8") if path.is_file() else ""
    if known and not known.endswith("\n"):
        known += "\n"
    write_text(path, known + json.dumps(row, ensure_ascii=False) + "\n")


def document_of(corpus: Path, doc_id: str) -> dict[str, Any] | None:
    """Id, text and hash of the file of a document of a corpus, None where it has none of that id."""
    for path in sorted(corpus.glob("data/documents/*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "text", "raw_sha256"], filters=[("doc_id", "==", doc_id)])
        if rows.num_rows:
            found: dict[str, Any] = rows.to_pylist()[0]
            return found
    return None
