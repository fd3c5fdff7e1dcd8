"""W3C Web Annotation: a page of annotations in JSON-LD, with position and quote selectors; offsets in code points."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from copydesk.core.atomic_files import write_json
from copydesk.labels.annotated_text import Mark, TextRecord, UnreadableRecord, value_of

_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_SOURCE = re.compile(r"urn:copydesk:document:([^?#]+)\?=sha256=([0-9a-f]{64})")
#: Characters of context in a quote.
_AROUND = 32


def write_web_annotations(records: Iterable[TextRecord], out: Path) -> None:
    """Write one annotation for each label; a text without labels leaves nothing."""
    items = [_annotation(record, mark) for record in records for mark in record.marks]
    write_json(out, {"@context": _CONTEXT, "type": "AnnotationPage", "items": items})


def _annotation(record: TextRecord, mark: Mark) -> dict[str, Any]:
    text = record.text or ""
    start, end = mark.start, mark.end
    document, label = quote(record.doc_id, safe=""), quote(mark.label, safe="")
    selectors = [
        {"type": "TextPositionSelector", "start": record.start + start, "end": record.start + end},
        {
            "type": "TextQuoteSelector",
            "exact": text[start:end],
            "prefix": text[max(start - _AROUND, 0) : start],
            "suffix": text[end : end + _AROUND],
        },
    ]
    return {
        "type": "Annotation",
        "id": f"urn:copydesk:label:{document}:{record.start + start}-{record.start + end}:{label}",
        "body": {"type": "TextualBody", "purpose": "tagging", "value": mark.label},
        "target": {
            "source": f"urn:copydesk:document:{document}?=sha256={record.text_sha256}",
            "selector": selectors,
        },
    }


def web_annotation_record(row: Any, where: str) -> TextRecord:
    """Read an annotation. Its file holds no text, so the quote is kept, to be compared with the text."""
    target = value_of(row, "target", dict)
    source = _SOURCE.fullmatch(value_of(target, "source", str))
    if source is None:
        raise UnreadableRecord(
            f"target.source: expected urn:copydesk:document:ID?=sha256=HASH; found {target['source']!r}"
        )
    selector = target.get("selector")
    selectors = selector if isinstance(selector, list) else [selector]
    by_type = {str(entry.get("type")): entry for entry in selectors if isinstance(entry, dict)}
    position = value_of(by_type, "TextPositionSelector", dict)
    exact = by_type.get("TextQuoteSelector", {}).get("exact")
    body = row.get("body")
    bodies = body if isinstance(body, list) else [body]
    marks = [
        Mark(
            value_of(position, "start", int),
            value_of(position, "end", int),
            value_of(entry, "value", str),
            quotes=((position["start"], exact),) if isinstance(exact, str) else (),
        )
        for entry in bodies
    ]
    return TextRecord(where, unquote(source[1]), source[2], None, 0, [], marks)
