"""Takedowns: a document leaves the next release and cannot come back unless its takedown is withdrawn."""

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
    """The lines of the ledger so far, by document; those of takedowns that were withdrawn too."""
    return read_ledger(project.seeds, project.schemas)


def entry(project: Project, doc_id: str, reason: str, requested_by: str | None = None) -> dict[str, Any]:
    """The ledger's line for a document of the current corpus: its hashes and signature, none of its text.

    Raises
    ------
    ReleaseError
        If the corpus has no such document, or the ledger has it.
    """
    if doc_id in in_force(ledger_of(project)):
        raise ReleaseError(f"{project.seeds / NAME}: {doc_id} is in it already")
    found = document_of(project.corpus, doc_id)
    if found is None:
        raise ReleaseError(f"{project.corpus}: no document {doc_id!r}; expected the id of one that is there")
    compared = normalised(pa.array([found["text"]]))
    row = {
        "doc_id": doc_id,
        "reason": reason,
        "requested_by": requested_by,
        "date": _today(),
        "raw_sha256": found["raw_sha256"],
        "text_key": text_keys(compared)[0].as_py(),
        "minhash": minhash(compared)[0].tolist() if compared[0].as_py().strip() else [],
    }
    _refuse_unless_it_obeys(project, row)
    return row


def withdrawal(
    project: Project, root: Path, doc_id: str, reason: str, requested_by: str | None = None
) -> dict[str, Any]:
    """The line of a takedown that is withdrawn: the one that is there, or that a merge lost, and why.

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
    _refuse_unless_it_obeys(project, row)
    return row


def take_down(project: Project, row: dict[str, Any]) -> None:
    """Write a line into the ledger, in place of the document's own if it has one; all others stay as they are."""
    path = project.seeds / NAME
    known = path.read_text("utf-8") if path.is_file() else ""
    numbers = {doc_id: number for number, doc_id in enumerate(_ids(known))}
    lines = known.removesuffix("\n").split("\n") if known else []
    line = json.dumps(row, ensure_ascii=False)
    if row["doc_id"] in numbers:
        lines[numbers[row["doc_id"]]] = line
    else:
        lines.append(line)
    write_text(path, "\n".join(lines) + "\n")


def _ids(text: str) -> Iterator[Any]:
    """What each line of a ledger that was read before is about."""
    for line in text.split("\n"):
        yield json.loads(line)["doc_id"] if line.strip() else None


def _refuse_unless_it_obeys(project: Project, row: dict[str, Any]) -> None:
    for _, wrong in bulk_violations(load_schema("takedown", project.schemas), [row]):
        outdated = "withdrawn" in row and not wrong.field
        advice = "; copy takedown.schema.json from the package into schemas/" if outdated else ""
        raise ReleaseError(f"{row['doc_id']}: {wrong.field or '(line)'}: {wrong.message}{advice}")


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def document_of(corpus: Path, doc_id: str) -> dict[str, Any] | None:
    """Id, text and hash of the file of a document of a corpus, None where it has none of that id."""
    for path in sorted(corpus.glob("data/documents/*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "text", "raw_sha256"], filters=[("doc_id", "==", doc_id)])
        if rows.num_rows:
            found: dict[str, Any] = rows.to_pylist()[0]
            return found
    return None
