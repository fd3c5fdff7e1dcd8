"""Check the labels on a document against its text, its sentences and its edits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from copydesk.text import Alignment

#: Longest text that a label has beside its span, in characters.
_SHOWN = 1000

Row = dict[str, Any]


def label_faults(
    doc_id: str, text: str, labels: Sequence[Row], sentences: Sequence[Row], alignment: Alignment | None
) -> Iterator[tuple[str, str]]:
    """Yield a field and a message for each fault of the labels on a document.

    Parameters
    ----------
    doc_id, text : str
        The document and its clean text.
    labels, sentences : sequence of dict
        Their rows, in order.
    alignment : Alignment or None
        Between raw and clean text; None if the raw text is not there.
    """
    seen: set[str] = set()
    place = 0, 0
    starts, ends = (np.array([row[side] for row in sentences], np.int64) for side in ("start", "end"))
    for number, row in enumerate(labels):
        where = f"[{number}]"
        span = row["start"], row["end"]
        if not row["start"] < row["end"] <= len(text):
            yield f"{where}.start", f"[{span[0]}, {span[1]}) is empty or outside the text of {len(text):,} characters"
            continue
        if span < place:
            yield f"{where}.start", "labels are not in the order of their places"
        place = span
        if row["label_id"] in seen or not row["label_id"].startswith(f"{doc_id}/"):
            yield (
                f"{where}.label_id",
                f"found {row['label_id']!r}, expected a name of its own that begins {doc_id!r}/",
            )
        seen.add(row["label_id"])
        words = text[slice(*span)] if span[1] - span[0] <= _SHOWN else None
        if row["text"] != words:
            yield f"{where}.text", f"found {_brief(row['text'])}, expected {_brief(words)}"
        first, last = np.searchsorted(ends, span[0], "right"), np.searchsorted(starts, span[1], "left")
        touched = [sentences[at]["sentence_id"] for at in range(first, last)]
        if not _is_object(row["fields"]):
            yield f"{where}.fields", f"found {_brief(row['fields'])}, expected null or an object in JSON"
        if row["sentence_ids"] != touched:
            yield f"{where}.sentence_ids", f"found {_brief(row['sentence_ids'])}, expected {_brief(touched)}"
    if alignment is not None and labels:
        spans = (np.array([row[side] for row in labels], np.int64) for side in ("start", "end"))
        for name, expected in zip(("raw_start", "raw_end"), alignment.to_raw(*spans), strict=True):
            values = [row[name] for row in labels]
            if values != expected.tolist():
                yield name, f"found {_brief(values)}, expected {_brief(expected.tolist())}"


def _is_object(fields: str | None) -> bool:
    try:
        return fields is None or isinstance(json.loads(fields), dict)
    except (ValueError, RecursionError):
        return False


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:80]} … {text[-30:]}"
