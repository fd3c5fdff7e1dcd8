"""Place labels in the clean text of a document, by its text or by way of its raw text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.stages.labelling.routing import problem_row
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.text import Alignment
from copydesk.text.masked_text import MaskedPlaces, Secrets

#: Longest text of a span that is shown, in characters.
SHOWN = 1000
#: So many more characters than were labelled may a span have in which these are looked for.
_SPARE = 200
_ACCEPT = "look at it: copydesk labels update --accept takes the new characters, or remove the line"
_CARRY = "run copydesk labels update"
_REMOVE = "remove the line"

Row = dict[str, Any]
_encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: json.dumps would make one for each label


class LabelledDocument(NamedTuple):
    """A document of the corpus, and what its labels refer to.

    Attributes
    ----------
    doc_id, text, text_sha256, raw_sha256 : str
    raw_length : int
        Characters of the raw text.
    alignment : Alignment
        Between raw and clean text.
    masked : MaskedPlaces
        Where the clean text masks personal data.
    secrets : Secrets
        What is masked there.
    sentences : tuple of list of str and two arrays
        Ids, starts and ends of the sentences, in order.
    """

    doc_id: str
    text: str
    text_sha256: str
    raw_sha256: str
    raw_length: int
    alignment: Alignment
    masked: MaskedPlaces
    secrets: Secrets
    sentences: tuple[list[str], NDArray[np.int64], NDArray[np.int64]]


def place_labels(lines: pa.Table, document: LabelledDocument) -> tuple[list[Row], list[Row]]:
    """The rows of ``labels`` and of ``label_problems`` for the labels on a document, rows of ``label_lines``."""
    same_text = _equal(lines["text_sha256"], document.text_sha256)
    same_raw = _equal(lines["raw_sha256"], document.raw_sha256)
    names = ("start", "end", "raw_start", "raw_end")
    start, end, raw_start, raw_end = (lines[name].to_numpy().astype(np.int64) for name in names)
    mapped = document.alignment.to_clean(raw_start, raw_end)
    starts, ends = (np.where(same_text, *pair) for pair in zip((start, end), mapped, strict=True))
    outside = np.where(same_text, end > len(document.text), raw_end > document.raw_length)
    hashes: dict[tuple[int, int], str] = {}
    placed: list[tuple[Row, int, int, str]] = []
    problems = []
    for number, line in enumerate(lines.to_pylist()):
        span = int(starts[number]), int(ends[number])
        if not (same_text[number] or same_raw[number]):
            found = (
                f"raw_sha256: found {line['raw_sha256']}, the file of {document.doc_id!r} has {document.raw_sha256}"
            )
            problems.append(problem_row(line, "stale", "file-changed", f"{found}; {_CARRY}"))
        elif document.secrets and _quotes(line, document.secrets):
            found = f"a field quotes personal data that the text masks; remove it from the line, or {_REMOVE}"
            problems.append(problem_row(line, "gone", "masked", found, label=None))
        elif outside[number]:
            found = "the span leaves the text that the hashes name; correct the offsets"
            problems.append(problem_row(line, "invalid", "outside", found))
        else:
            span, status = _settled(line, span, document, hashes)
            if status in ("kept", "changed"):
                placed.append((line, *span, status))
            if status != "kept":
                problems.append(_broken(line, status, document.text[slice(*span)]))
    return list(_rows(placed, document)), problems


def _settled(
    line: Row, span: tuple[int, int], document: LabelledDocument, hashes: dict[tuple[int, int], str]
) -> tuple[tuple[int, int], str]:
    """Where a label is, and ``kept``, ``changed``, or the reason why it is gone."""
    if _sha256_of(document.text, span, hashes) == line["span_sha256"]:
        return span, "kept"
    narrower = _found_within(line, span, document.text)
    if narrower is not None:
        return narrower, "kept"
    if document.masked.touch(span):
        return span, "masked"
    return span, "changed" if span[0] < span[1] else "deleted"


def _found_within(line: Row, span: tuple[int, int], text: str) -> tuple[int, int] | None:
    """The labelled characters inside a longer span: an edit that reaches beyond them moved its ends outward."""
    length = line["end"] - line["start"]
    places = range(span[0], span[1] - length + 1)
    if length > SHOWN or len(places) > _SPARE:
        return None
    spans = [(at, at + length) for at in places if _sha256(text[at : at + length]) == line["span_sha256"]]
    return spans[0] if len(spans) == 1 else None


def _broken(line: Row, status: str, text: str) -> Row:
    match status:
        case "changed":
            shown = text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"
            message = f"the span has other characters than were labelled; {_ACCEPT}"
            return problem_row(line, "changed", "other-text", message, text=shown)
        case "masked":
            return problem_row(line, "gone", "masked", f"its text is masked as personal data; {_REMOVE}", label=None)
    return problem_row(line, "gone", "deleted", f"cleaning deletes its characters; {_REMOVE}")


def _rows(placed: list[tuple[Row, int, int, str]], document: LabelledDocument) -> Iterator[Row]:
    """Yield the labels in the order of their places, with names that follow from what they say."""
    placed.sort(key=_order)
    starts, ends = (np.array([span[side] for span in placed], np.int64) for side in (1, 2))
    raw_starts, raw_ends = (places.tolist() for places in document.alignment.to_raw(starts, ends))
    names = [_identity(line) for line, *_ in placed]
    ids, sentence_starts, sentence_ends = document.sentences
    first, last = np.searchsorted(sentence_ends, starts, "right"), np.searchsorted(sentence_starts, ends, "left")
    for number, label_id in enumerate(sentence_ids([document.doc_id] * len(placed), names)):
        line, start, end, status = placed[number]
        yield {
            "doc_id": document.doc_id,
            "label_id": label_id,
            "label": line["label"],
            "status": status,
            "start": start,
            "end": end,
            "raw_start": raw_starts[number],
            "raw_end": raw_ends[number],
            "text": document.text[start:end] if end - start <= SHOWN else None,
            "sentence_ids": ids[first[number] : last[number]],
            "by": line["by"],
            "fields": line["fields"],
        }


def _order(placed: tuple[Row, int, int, str]) -> tuple[Any, ...]:
    line, start, end, _ = placed
    return start, end, line["label"], line["by"] or "", line["id"] or "", line["file"], line["line"]


def _identity(line: Row) -> str:
    """What names a label: the id that it was given; else what it says about which characters, and who says it."""
    known = [line["id"]] if line["id"] is not None else [line["label"], line["span_sha256"], line["by"]]
    return _encode(known)


def _quotes(line: Row, secrets: Secrets) -> bool:
    """Whether a field of a label, at any depth, quotes what is masked."""
    waiting: list[Any] = [line["label"], line["by"], json.loads(line["fields"] or "null")]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif value is not None and secrets.quoted_in(str(value)):
            return True
    return False


def _sha256_of(text: str, span: tuple[int, int], hashes: dict[tuple[int, int], str]) -> str:
    if span not in hashes:
        hashes[span] = _sha256(text[slice(*span)])
    return hashes[span]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _equal(column: pa.ChunkedArray, value: str) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.equal(column, value).to_numpy()
    return mask
