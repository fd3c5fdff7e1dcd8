"""Argilla: records with a span question ``label`` on the field ``text``; offsets as its page counts them.

These are UTF-16 code units (argilla#5729), while its server checks them against the length in code points: it refuses
a span at the end of a text with characters beyond U+FFFF.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from copydesk.labels.annotated_text import Mark, TextRecord, Utf16Offsets, value_of
from copydesk.labels.json_records import write_json_list


def write_argilla(records: Iterable[TextRecord], out: Path) -> None:
    """Write records as ``dataset.records.from_json`` reads them, labels as suggestions."""
    write_json_list(out, map(_row, records))


def _row(record: TextRecord) -> dict[str, Any]:
    text = record.text or ""
    offsets = Utf16Offsets(text)
    spans = [
        {"start": offsets.units(mark.start), "end": offsets.units(mark.end), "label": mark.label}
        for mark in record.marks
    ]
    return {
        "id": f"{record.doc_id}:{record.start}",
        "fields": {"text": text},
        "metadata": {"doc_id": record.doc_id, "start": record.start, "text_sha256": record.text_sha256},
        "suggestions": {"label": {"value": spans, "agent": "copydesk"}} if spans else {},
        "responses": {},
    }


def argilla_record(row: Any, where: str) -> TextRecord:
    """Read the responses of a record; suggestions that nobody looked at are left out."""
    text = value_of(value_of(row, "fields", dict), "text", str)
    metadata = value_of(row, "metadata", dict)
    offsets = Utf16Offsets(text)
    marks = []
    for response in value_of(value_of(row, "responses", dict) or {"label": []}, "label", list):
        by = value_of(response, "user_id", str) if isinstance(response, dict) and response.get("user_id") else None
        for span in value_of(response, "value", list):
            start, end = (offsets.code_points(value_of(span, side, int)) for side in ("start", "end"))
            marks.append(Mark(start, end, value_of(span, "label", str), {"annotator": by} if by else {}))
    start = value_of(metadata, "start", int) if "start" in metadata else 0
    doc_id, text_sha256 = str(metadata.get("doc_id", "")), str(metadata.get("text_sha256", ""))
    return TextRecord(where, doc_id, text_sha256, text, start, [], sorted(marks, key=lambda mark: mark[:3]))
