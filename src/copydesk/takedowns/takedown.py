"""The ledger of takedowns: a document in it is left out of the next release, until its takedown is withdrawn."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.core.atomic_files import write_text
from copydesk.core.json_schema import bulk_violations, load_schema
from copydesk.core.ledger import NAME, Ledger, in_force, read_ledger
from copydesk.description.duplicates.minhash import minhash, normalised, text_keys
from copydesk.errors import ReleaseError
from copydesk.project import Project
from copydesk.revisions.lost_takedowns import lost_takedowns


def ledger_of(project: Project) -> Ledger:
    """The lines of the ledger by document, withdrawn takedowns included."""
    return read_ledger(project.seeds, project.schemas)


def takedown_row(project: Project, doc_id: str, reason: str, requested_by: str | None = None) -> dict[str, Any]:
    """Make the ledger's line for a document of the current corpus: hashes and a signature, none of its text.

    Raises
    ------
    ReleaseError
        If the corpus has no such document, or the ledger has it already.
    """
    if doc_id in in_force(ledger_of(project)):
        raise ReleaseError(f"{project.seeds / NAME}: {doc_id} is in the ledger already")
    document = document_of(project.corpus, doc_id)
    if document is None:
        raise ReleaseError(f"{project.corpus}: no document {doc_id!r}; expected the id of a document of the corpus")
    texts = normalised(pa.array([document["text"]]))
    row = {
        "doc_id": doc_id,
        "reason": reason,
        "requested_by": requested_by,
        "date": _today(),
        "raw_sha256": document["raw_sha256"],
        "text_key": text_keys(texts)[0].as_py(),
        "minhash": minhash(texts)[0].tolist() if texts[0].as_py().strip() else [],
    }
    _refuse_invalid_row(project, row)
    return row


def withdrawal_row(
    project: Project, root: Path, doc_id: str, reason: str, requested_by: str | None = None
) -> dict[str, Any]:
    """Return the line of a takedown, marked as withdrawn: from the ledger, or from a commit if a merge lost it.

    Raises
    ------
    ReleaseError
        If neither the ledger nor a commit since the last release has the document, or it was withdrawn already.
    """
    ledger = project.seeds / NAME
    row = ledger_of(project).get(doc_id)
    if row is None:
        row = next((lost.row for lost in lost_takedowns(root, own=True) if lost.doc_id == doc_id), None)
    if row is None:
        raise ReleaseError(f"{ledger}: no line for {doc_id!r}, so there is no takedown to withdraw; check the id")
    if row.get("withdrawn"):
        raise ReleaseError(
            f"{ledger}: the takedown of {doc_id!r} was withdrawn already, on {row['withdrawn']['date']}"
        )
    row = {**row, "withdrawn": {"date": _today(), "reason": reason, "requested_by": requested_by}}
    _refuse_invalid_row(project, row)
    return row


def write_to_ledger(project: Project, row: dict[str, Any]) -> None:
    """Write a line into the ledger; it replaces the document's line if there is one. No other line changes."""
    path = project.seeds / NAME
    text = path.read_text("utf-8") if path.is_file() else ""
    numbers = {doc_id: number for number, doc_id in enumerate(_ids_of_lines(text))}
    lines = text.removesuffix("\n").split("\n") if text else []
    line = json.dumps(row, ensure_ascii=False)
    if row["doc_id"] in numbers:
        lines[numbers[row["doc_id"]]] = line
    else:
        lines.append(line)
    write_text(path, "\n".join(lines) + "\n")


def _ids_of_lines(text: str) -> Iterator[Any]:
    """The document of each line of a valid ledger, None for an empty line."""
    for line in text.split("\n"):
        yield json.loads(line)["doc_id"] if line.strip() else None


def _refuse_invalid_row(project: Project, row: dict[str, Any]) -> None:
    for _, violation in bulk_violations(load_schema("takedown", project.schemas), [row]):
        outdated_schema = "withdrawn" in row and not violation.field
        advice = "; copy takedown.schema.json from the package into schemas/" if outdated_schema else ""
        raise ReleaseError(f"{row['doc_id']}: {violation.field or '(line)'}: {violation.message}{advice}")


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def delivered_path(corpus: Path, doc_id: str) -> str | None:
    """Return the path below the seeds of the file, or FILE#ID of the record, that is a document of the corpus."""
    for path in sorted(corpus.glob("data/raw/*.parquet")):
        rows = pq.read_table(path, columns=["path"], filters=[("doc_id", "==", doc_id)])
        if rows.num_rows:
            return str(rows["path"][0])
    return None


def document_of(corpus: Path, doc_id: str) -> dict[str, Any] | None:
    """Return id, text and hash of the raw file of a document; None if the corpus does not have it."""
    for path in sorted(corpus.glob("data/documents/*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "text", "raw_sha256"], filters=[("doc_id", "==", doc_id)])
        if rows.num_rows:
            document: dict[str, Any] = rows.to_pylist()[0]
            return document
    return None
