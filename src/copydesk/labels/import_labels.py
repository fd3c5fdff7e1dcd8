"""Read what annotation tools wrote, and check it against the texts that it is about."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import locked
from copydesk.core.decisions import KEY, NAME, from_row, read_decisions
from copydesk.core.hand_written import LINES_BYTES, bounded_text
from copydesk.core.json_schema import load_json
from copydesk.core.label_lines import Label, LineProblem, checked_label
from copydesk.errors import ConfigError, InputError
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord
from copydesk.labels.argilla import argilla_record
from copydesk.labels.brat import read_brat
from copydesk.labels.conllu import read_conllu
from copydesk.labels.doccano import doccano_record
from copydesk.labels.document_texts import DocumentHashes, DocumentTexts, ReleasedTexts
from copydesk.labels.export_labels import ACCEPT, REJECT, SUGGESTED_COLUMNS, SUGGESTION, shown_span
from copydesk.labels.json_records import read_each
from copydesk.labels.label_studio import read_label_studio
from copydesk.labels.spacy_docs import read_docbin
from copydesk.labels.web_annotation import web_annotation_record
from copydesk.project import Project
from copydesk.revisions.revision import Revision

#: Records whose documents are read at once.
_RECORDS = 500
Imported = Label | RecordProblem


def read_annotations(path: Path) -> Iterator[TextRecord | RecordProblem]:
    """Read a file of an annotation tool, whose format follows from its content; brat writes a folder.

    Raises
    ------
    InputError
        If the file cannot be read, or is in no format that is known.
    """
    if path.is_dir():
        return read_brat(path)
    where = str(path)
    if path.suffix == ".spacy":
        if not path.is_file() or path.stat().st_size > LINES_BYTES:
            raise InputError(f"{path}: expected a file of at most {LINES_BYTES:,} bytes")
        return read_docbin(path.read_bytes(), where)
    try:
        text = bounded_text(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected what an annotation tool exported") from None
    except ConfigError as error:
        raise InputError(str(error)) from None
    if path.suffix in (".conllu", ".conll"):
        return read_conllu(text, where)
    return _read_json(text, where)


def _read_json(text: str, where: str) -> Iterator[TextRecord | RecordProblem]:
    begun = text.lstrip()[:1]
    first = text.partition("\n")[0]
    if begun == "{" and '"text"' in first and first.rstrip().endswith("}"):
        return _read_lines(text, where)
    try:
        value = load_json(text, where)
    except ConfigError as error:
        raise InputError(
            f"{error}; expected an export of Label Studio, doccano, Argilla, or W3C annotations"
        ) from None
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        return read_each(value["items"], where, web_annotation_record)
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        if all("data" in row for row in value):
            return read_label_studio(value, where)
        if all("fields" in row for row in value):
            return read_each(value, where, argilla_record)
    raise InputError(f"{where}: expected tasks with data, records with fields, or an AnnotationPage with items")


def _read_lines(text: str, where: str) -> Iterator[TextRecord | RecordProblem]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"{where}:{number}"
            try:
                row = load_json(line, place)
            except ConfigError as error:
                yield RecordProblem(place, str(error).removeprefix(f"{place}: "))
                continue
            yield from (result._replace(where=place) for result in read_each([row], where, doccano_record))


class LabelImporter:
    """Turns what was read into labels of the texts of a revision; refuses what is about other texts."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._documents = DocumentHashes(revision)
        self._texts = DocumentTexts(revision)
        self._released = ReleasedTexts(revision.root)

    def labels(self, records: Sequence[TextRecord | RecordProblem]) -> Iterator[Imported]:
        """Labels, with a problem for each record or mark that is refused, in order."""
        for first in range(0, len(records), _RECORDS):
            part = records[first : first + _RECORDS]
            rows = self._documents.find(["" if isinstance(r, RecordProblem) else r.doc_id for r in part])
            named = [
                record if isinstance(record, RecordProblem) or row >= 0 else self._named(record)
                for record, row in zip(part, rows, strict=True)
            ]
            ids = {record.doc_id for record in named if isinstance(record, TextRecord)}
            texts = self._texts.rows("documents", ids, ("text", "text_sha256"))
            for record in named:
                if isinstance(record, RecordProblem):
                    yield record
                else:
                    yield from self._of_record(record, texts[record.doc_id][0])

    def _named(self, record: TextRecord) -> TextRecord | RecordProblem:
        """The record with the id of its document, found by its text, which must be that of one document alone."""
        if record.text is not None and not record.start:
            doc_id = self._ids_by_text.get(hashlib.sha256(record.text.encode()).hexdigest())
            if doc_id is not None:
                return record._replace(doc_id=doc_id)
        expected = f"expected the id of a document of {self._revision.name}"
        return RecordProblem(record.where, f"no document {record.doc_id!r}; {expected}")

    @cached_property
    def _ids_by_text(self) -> dict[str, str | None]:
        """Documents by the hash of their text; None where several have the same."""
        ids: dict[str, str | None] = {}
        rows = self._documents.rows
        for doc_id, sha256 in zip(rows["doc_id"].to_pylist(), rows["text_sha256"].to_pylist(), strict=True):
            ids[sha256] = None if sha256 in ids else doc_id
        return ids

    def _of_record(self, record: TextRecord, document: dict[str, Any]) -> Iterator[Imported]:
        text, expected = document["text"], document["text_sha256"]
        found = record.text_sha256 or hashlib.sha256((record.text or "").encode()).hexdigest()
        if found != expected:
            origin = self._released.origin(record.doc_id, found)
            where = f"that of the text of {record.doc_id!r} in {self._revision.name}"
            yield RecordProblem(record.where, f"text_sha256: found {found}, expected {expected}, {where}; {origin}")
            return
        if record.text is not None and text[record.start : record.start + len(record.text)] != record.text:
            yield RecordProblem(record.where, f"its text is not that of {record.doc_id!r} in {self._revision.name}")
            return
        for mark in record.marks:
            yield self._of_mark(record, mark, text, expected)

    @staticmethod
    def _of_mark(record: TextRecord, mark: Mark, text: str, text_sha256: str) -> Imported:
        start, end = record.start + mark.start, record.start + mark.end
        if not 0 <= start < end <= len(text) or not mark.label:
            expected = f"expected a label and 0 <= start < end <= {len(text):,}"
            return RecordProblem(record.where, f"{mark.label!r} on [{start}, {end}); {expected}")
        for at, words in mark.quotes:
            if text[at : at + len(words)] != words:
                passage = text[at : at + len(words)]
                return RecordProblem(record.where, f"the file says {words[:80]!r} at {at}, the text {passage[:80]!r}")
        place = {"doc_id": record.doc_id, "start": start, "end": end, "label": mark.label}
        checked = checked_label(0, {**place, "text_sha256": text_sha256, **mark.more})
        if isinstance(checked, LineProblem):
            return RecordProblem(record.where, f"[{start}, {end}): {checked.field}: {checked.message}")
        return checked.label


def verdicts_of(
    labels: Sequence[Label], revision: Revision
) -> tuple[list[Label], list[dict[str, Any]], list[RecordProblem]]:
    """Take labels that accept or reject a suggested edit out of others: the rest, lines of decisions, problems."""
    about = [label for label in labels if label["label"] in (ACCEPT, REJECT, SUGGESTION)]
    others = [label for label in labels if label["label"] not in (ACCEPT, REJECT, SUGGESTION)]
    texts = DocumentTexts(revision)
    ids = sorted({label["doc_id"] for label in about})
    suggested = texts.rows("edits", ids, (*SUGGESTED_COLUMNS, "applied"))
    documents = texts.rows("documents", ids, ("characters", "raw_sha256"))
    decisions: dict[tuple[Any, ...], dict[str, Any]] = {}
    problems = []
    for label in about:
        doc_id, span = label["doc_id"], (label["start"], label["end"])
        if label["label"] == SUGGESTION:
            continue
        (document,) = documents[doc_id]
        edits = [
            edit
            for edit in suggested.get(doc_id, ())
            if not edit["applied"] and shown_span(edit["start"], edit["end"], document["characters"]) == span
        ]
        if len(edits) != 1:
            found = f"{len(edits)} suggestions of {revision.name} have this span"
            problems.append(
                RecordProblem(doc_id, f"{label['label']} on [{span[0]}, {span[1]}): {found}; expected one")
            )
            continue
        place = {name: edits[0][name] for name in ("raw_start", "raw_end", "before", "after")}
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        row = {"doc_id": doc_id, "raw_sha256": document["raw_sha256"], "decision": label["label"], **place}
        key = tuple(row.get(name) for name in KEY)
        if decisions.setdefault(key, {**row, "date": today})["decision"] != label["label"]:
            problems.append(
                RecordProblem(doc_id, f"[{span[0]}, {span[1]}): both accepted and rejected; decide on one")
            )
    return others, list(decisions.values()), problems


def add_decisions(project: Project, rows: Sequence[dict[str, Any]]) -> tuple[int, list[RecordProblem]]:
    """Append decisions to ``seeds/decisions.jsonl``; one that is there is left out, a contrary one is a problem."""
    path = project.seeds / NAME
    with locked(
        project.build / "decisions.lock", f"seeds/{NAME}: another program is writing decisions; try again", 60
    ):
        known = {tuple(getattr(d, name) for name in KEY): d for d in read_decisions(project.seeds, project.schemas)}
        lines, problems = [], []
        for row in rows:
            decided = known.get(tuple(getattr(from_row(row), name) for name in KEY))
            if decided is None:
                lines.append(json.dumps(row, ensure_ascii=False) + "\n")
            elif (decided.decision, decided.raw_sha256) != (row["decision"], row["raw_sha256"]):
                place = f"[{row['raw_start']}, {row['raw_end']}) of the raw text"
                if decided.raw_sha256 == row["raw_sha256"]:
                    problem = f"{row['decision']}, but {path} has {decided.decision}; decide on one"
                else:
                    problem = (
                        f"{row['decision']}, but {path} has {decided.decision} about an earlier version of the file; "
                        "remove that line, and import again"
                    )
                problems.append(RecordProblem(row["doc_id"], f"{place}: {problem}"))
        if lines:
            data = path.read_bytes() if path.exists() else b""
            start = "" if not data or data.endswith(b"\n") else "\n"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab", buffering=0) as file:  # in one write: others append to the file, too
                file.write((start + "".join(lines)).encode())
                os.fsync(file.fileno())
    return len(lines), problems
