"""Slow path: check ids, offsets, hashes and reversibility, document by document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.findings import Report
from copydesk.errors import EditError
from copydesk.readers.plain_text import RawText, newline_style, to_bytes
from copydesk.tables.parquet import read_parquet
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.tables.table import LABELS, OPTIONAL, SIGNATURES
from copydesk.text import Alignment, ComposedEdit, replay, revert
from copydesk.validation.edit_parts import parts_agree, places_lie_apart, tiers_agree
from copydesk.validation.file_checks import Files
from copydesk.validation.label_checks import label_faults

Row = dict[str, Any]

_BATCH = 2_000


def check_references(corpus: Path, files: Files, withheld: frozenset[str], report: Report) -> None:
    """Walk all tables together, document by document; because they have the same order, little memory is needed."""
    cursors = {name: _Cursor(corpus, files, name) for name in ("raw", "sentences", "edits", *OPTIONAL)}
    seen: set[str] = set()
    for document in _rows(corpus, files, "documents"):
        doc_id = document["doc_id"]
        if doc_id in seen:
            continue  # reported by check_ids
        seen.add(doc_id)
        check = _Document(document, report)
        rows = {name: cursor.take(doc_id) for name, cursor in cursors.items()}
        check.splits(rows)
        raw, edits, sentences = rows["raw"], rows["edits"], rows["sentences"]
        if doc_id in withheld:
            if raw or edits:
                message = "the raw text or edits are present, but manifest.json lists them as withheld"
                report.add("withheld", "data/raw", message, document=doc_id)
        elif len(raw) == 1:
            check.raw(raw[0])
            check.edits(edits, raw[0]["text"])
        else:
            report.add("ids", "data/raw", f"{len(raw)} rows, expected 1", document=doc_id, field="doc_id")
        check.sentences(sentences)
        check.labels(rows[LABELS], sentences)
        if files.get(SIGNATURES) and len(rows[SIGNATURES]) != 1:
            found = f"{len(rows[SIGNATURES])} rows, expected 1"
            report.add("ids", "data/signatures", found, document=doc_id, field="doc_id")
    for name, cursor in cursors.items():
        for doc_id in cursor.rest():
            problem = "rows are not in the order of documents" if doc_id in seen else "no such document"
            report.add("ids", f"data/{name}", problem, document=doc_id, field="doc_id")


def check_ids(corpus: Path, files: Files, report: Report) -> None:
    """Check over the whole dataset that ids are unique, and that duplicates are in the same split."""
    columns = ["doc_id", "split", "duplicate_of", "duplicate_group"]
    parts = [read_parquet(corpus / shard.path, columns) for shard in files.get("documents", ())]
    documents = pa.concat_tables(parts).combine_chunks()
    ids, splits = documents["doc_id"].combine_chunks(), documents["split"]
    counted = ids.value_counts()
    for doc_id in counted.filter(pc.greater(counted.field("counts"), 1)).field("values").to_pylist():
        report.add("ids", "data/documents", "the id is given twice", document=doc_id, field="doc_id")
    for column in columns[2:]:
        repeating = documents.filter(pc.is_valid(documents[column]))
        places = pc.index_in(repeating[column], value_set=ids)
        other_splits = splits.take(places)
        wrong = pc.fill_null(pc.not_equal(other_splits, repeating["split"]), True)
        rows = zip(
            *(c.filter(wrong).to_pylist() for c in (*repeating.columns[:2], repeating[column], other_splits)),
            strict=True,
        )
        for doc_id, split, other, other_split in rows:
            if other_split is None:
                message = f"refers to {other!r}, which does not exist"
                report.add("ids", "data/documents", message, document=doc_id, field=column)
            else:
                message = f"is in {split}, but {other!r}, which it duplicates, is in {other_split}"
                report.add("splits", "data/documents", message, document=doc_id, field="split")


def _rows(corpus: Path, files: Files, name: str) -> Iterator[Row]:
    for shard in files.get(name, ()):
        for batch in pq.ParquetFile(corpus / shard.path).iter_batches(_BATCH):
            for row in batch.to_pylist():
                row["_file_split"] = shard.split
                yield row


class _Cursor:
    """Rows of a table, taken document by document in the order of the documents."""

    def __init__(self, corpus: Path, files: Files, name: str) -> None:
        self._groups = groupby(_rows(corpus, files, name), itemgetter("doc_id"))
        self._advance()

    def _advance(self) -> None:
        group = next(self._groups, None)
        self._id: str | None = group[0] if group else None
        self._group: list[Row] = list(group[1]) if group else []

    def take(self, doc_id: str) -> list[Row]:
        """The rows of a document; none if the next rows belong to another one."""
        if self._id != doc_id:
            return []
        rows = self._group
        self._advance()
        return rows

    def rest(self) -> Iterator[str]:
        """Ids of the remaining rows."""
        while self._id is not None:
            yield self._id
            self._advance()


class _Document:
    """The checks of one document; each takes the rows of one other table."""

    def __init__(self, row: Row, report: Report) -> None:
        self.row, self.text, self.report = row, row["text"], report
        self.alignment: Alignment | None = None
        self._expect("documents", "text_sha256", row["text_sha256"], _sha256(self.text.encode()))
        self._expect("documents", "characters", row["characters"], len(self.text))
        self._expect("documents", "split", row["split"], row["_file_split"])
        for column in ("flags", "passages", "blocks"):
            for number, span in enumerate(row[column]):
                if not 0 <= span["start"] < span["end"] <= len(self.text):
                    message = f"[{span['start']}, {span['end']}) is outside the text"
                    self._wrong("documents", f"{column}[{number}]", message)

    def splits(self, rows: dict[str, list[Row]]) -> None:
        """Check that rows of other tables are in the split of the document's file, by their column and their file."""
        expected = self.row["_file_split"]
        for name, of_table in rows.items():
            for place in ("split", "_file_split"):
                found = {row[place] for row in of_table if place in row}  # older releases do not have the column
                for split in sorted(found - {expected}):
                    where = "split" if place == "split" else "file"
                    self._wrong(name, where, f"is in {split}, expected {expected} as in documents")

    def raw(self, raw: Row) -> None:
        """Check that the raw row restores the bytes of the file."""
        try:
            data = to_bytes(RawText(raw["text"], raw["encoding"], raw["bom"], raw["newline"]))
        except (LookupError, UnicodeError) as error:
            self._wrong("raw", "encoding", f"the text cannot be encoded: {error}")
            return
        self._expect("raw", "sha256", raw["sha256"], _sha256(data))
        self._expect("raw", "size", raw["size"], len(data))
        self._expect("raw", "newline", raw["newline"], newline_style(raw["text"]))
        self._expect("documents", "raw_sha256", self.row["raw_sha256"], raw["sha256"])
        for number, origin in enumerate(self.row["provenance"]):
            if self.row[origin["field"]] is None:
                self._wrong("documents", f"provenance[{number}]", f"{origin['field']} is null, expected a value")
            if (origin["raw_end"] or 0) > len(raw["text"]):
                self._wrong("documents", f"provenance[{number}]", f"{origin['raw_end']} is outside the raw text")

    def edits(self, rows: list[Row], raw: str) -> None:
        """Check that edits quote both texts and convert each into the other."""
        self._expect("edits", "index", [row["index"] for row in rows], list(range(len(rows))))
        applied = [_composed(row) for row in rows if row["applied"]]
        try:
            reverted, replayed = revert(self.text, applied), replay(raw, applied)
        except EditError as error:
            self._wrong("edits", "before/after", str(error))
            return
        if reverted != raw:
            self._wrong("edits", "before", "undoing the edits on the clean text does not give the raw text")
        if replayed != self.text:
            self._wrong("edits", "after", "applying the edits to the raw text does not give the clean text")
        for row in rows:
            if not parts_agree(row):
                message = "applied one after another to before, the parts do not give after, by these rules"
                self._wrong("edits", f"[{row['index']}].parts", message)
            if not tiers_agree(row):
                message = f"expected one for each of rules, of which the least sure is {row['tier']}"
                self._wrong("edits", f"[{row['index']}].tiers", message)
            if not places_lie_apart(row, len(raw)):
                message = "a place is outside the raw text, or one of the same choice overlaps or touches it"
                self._wrong("edits", f"[{row['index']}].otherwise", message)
            if not row["applied"]:
                quoted = raw[row["raw_start"] : row["raw_end"]]
                self._expect("edits", f"[{row['index']}].before", row["before"], quoted)
                if not 0 <= row["start"] <= row["end"] <= len(self.text):
                    self._wrong("edits", f"[{row['index']}].start", "the span is outside the clean text")
        self.alignment = Alignment(*(np.array([edit[i] for edit in applied], dtype=np.int64) for i in range(4)))

    def sentences(self, rows: list[Row]) -> None:
        """Check that sentences quote the clean text, cover it except white space, and have the right raw spans."""
        spans = [(row["start"], row["end"]) for row in rows]
        stated = [(span["start"], span["end"]) for span in self.row["sentences"]]
        self._expect("documents", "sentences", stated, spans)
        self._expect("documents", "sentence_count", self.row["sentence_count"], len(rows))
        self._expect("sentences", "index", [row["index"] for row in rows], list(range(len(rows))))
        position = 0
        for row in rows:
            where = f"[{row['index']}]"
            if not position <= row["start"] < row["end"] <= len(self.text):
                self._wrong("sentences", f"{where}.start", "the span overlaps another or is outside the text")
                return
            if self.text[position : row["start"]].strip():
                self._wrong("sentences", f"{where}.start", "text other than white space precedes the sentence")
            self._expect("sentences", f"{where}.text", row["text"], self.text[row["start"] : row["end"]])
            position = row["end"]
        if self.text[position:].strip():
            self._wrong("sentences", "end", "text other than white space follows the last sentence")
        ids = sentence_ids([self.row["doc_id"]] * len(rows), [self.text[start:end] for start, end in spans])
        for row, expected in zip(rows, ids, strict=True):
            self._expect("sentences", f"[{row['index']}].sentence_id", row["sentence_id"], expected)
        if self.alignment is not None and rows:
            starts, ends = (np.array(column, dtype=np.int64) for column in zip(*spans, strict=True))
            for name, values in zip(("raw_start", "raw_end"), self.alignment.to_raw(starts, ends), strict=True):
                self._expect("sentences", name, [row[name] for row in rows], values.tolist())

    def labels(self, rows: list[Row], sentences: list[Row]) -> None:
        """Check that labels quote the clean text, and name the right sentences and raw spans."""
        for field, message in label_faults(self.row["doc_id"], self.text, rows, sentences, self.alignment):
            self._wrong(LABELS, field, message)

    def _expect(self, table: str, field: str, found: Any, expected: Any) -> None:
        if found != expected:
            self._wrong(table, field, f"found {_brief(found)}, expected {_brief(expected)}")

    def _wrong(self, table: str, field: str, message: str) -> None:
        self.report.add("content", f"data/{table}", message, document=self.row["doc_id"], field=field)


def _composed(row: Row) -> ComposedEdit:
    values = {name: row[name] for name in ComposedEdit._fields if name != "parts"}
    return ComposedEdit(**{**values, "rules": tuple(row["rules"])})


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:80]} … {text[-30:]}"
