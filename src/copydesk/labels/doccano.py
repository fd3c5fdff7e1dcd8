"""doccano: JSON Lines with a list of ``[start, end, label]``; offsets in UTF-16 code units, as its page counts.

So it is unless a project counts grapheme clusters as one character, which is off by default: doccano#2290.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import write_json_lines
from copydesk.labels.annotated_text import Mark, TextRecord, UnreadableRecord, Utf16Offsets, value_of


def write_doccano(records: Iterable[TextRecord], out: Path) -> None:
    """Write a line for each text; doccano keeps ``doc_id``, ``start`` and ``text_sha256`` as metadata."""
    write_json_lines(out, map(_line, records))


def _line(record: TextRecord) -> dict[str, Any]:
    text = record.text or ""
    offsets = Utf16Offsets(text)
    label = [[offsets.units(mark.start), offsets.units(mark.end), mark.label] for mark in record.marks]
    identity = {"doc_id": record.doc_id, "start": record.start, "text_sha256": record.text_sha256}
    return {"text": text, "label": label, **identity}


def doccano_record(row: Any, where: str) -> TextRecord:
    """Read a line of an export, with ``label`` or, from a project with relations, ``entities``."""
    text = value_of(row, "text", str)
    offsets = Utf16Offsets(text)
    if "entities" in row:
        spans = [
            [
                value_of(entity, "start_offset", int),
                value_of(entity, "end_offset", int),
                value_of(entity, "label", str),
            ]
            for entity in value_of(row, "entities", list)
        ]
    else:
        spans = value_of(row, "label", list)
    marks = []
    for span in spans:
        if not (isinstance(span, list) and [type(part) for part in span] == [int, int, str]):
            raise UnreadableRecord(f"label: expected [start, end, label]; found {str(span)[:80]!r}")
        marks.append(Mark(offsets.code_points(span[0]), offsets.code_points(span[1]), span[2]))
    start = value_of(row, "start", int) if "start" in row else 0
    doc_id, text_sha256 = str(row.get("doc_id", "")), str(row.get("text_sha256", ""))
    return TextRecord(where, doc_id, text_sha256, text, start, [], sorted(marks, key=lambda mark: mark[:3]))
