"""spaCy: a DocBin with the labels as the span group ``labels``; offsets follow from words and spaces.

It needs spaCy, which is no dependency of copydesk: other formats are written and read without it.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import replacing
from copydesk.core.hand_written import LINES_BYTES
from copydesk.errors import BuildError, InputError
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord, blank_marks, tokens_of, trimmed_marks

_GROUP = "labels"


def write_docbin(records: Iterable[TextRecord], out: Path) -> list[RecordProblem]:
    """Write documents with words, sentence starts and labels, and the whole clean text; return labels left out."""
    problems: list[RecordProblem] = []
    tokens, vocab = _spacy()
    bin_ = tokens.DocBin(attrs=["SENT_START"], store_user_data=True)
    for record in records:
        problems += blank_marks(record)
        bin_.add(_doc(record._replace(marks=trimmed_marks(record)), tokens, vocab))
    with replacing(out) as file:
        file.write(bin_.to_bytes())
    return problems


def _spacy() -> tuple[Any, Any]:
    try:
        return importlib.import_module("spacy.tokens"), importlib.import_module("spacy.vocab").Vocab()
    except ImportError:
        raise BuildError("spaCy is not installed; install it (pip install spacy), or choose another format") from None


def _doc(record: TextRecord, tokens: Any, vocab: Any) -> Any:
    text = record.text or ""
    words: list[str] = []
    spaces: list[bool] = []
    starts: dict[int, int] = {}  # number of the word that begins at a place, and that ends there
    ends: dict[int, int] = {}
    places = [*tokens_of(record), (len(text), len(text))]
    lead = text[: places[0][0]]
    if lead:
        words.append(lead)
        spaces.append(False)
    for (start, end), (following, _) in pairwise(places):
        starts[start], ends[end] = len(words), len(words) + 1
        between = text[end:following]
        words.append(text[start:end])
        spaces.append(between.startswith(" "))
        rest = between.removeprefix(" ")
        if rest:
            words.append(rest)
            spaces.append(False)
    at_start = {0, *(starts[start] for start, _ in record.sentences[1:] if start in starts)}
    doc = tokens.Doc(vocab, words, spaces, sent_starts=[number in at_start for number in range(len(words))])
    doc.spans[_GROUP] = [
        tokens.Span(doc, starts[mark.start], ends[mark.end], label=mark.label) for mark in record.marks
    ]
    doc.user_data.update(doc_id=record.doc_id, start=record.start, text_sha256=record.text_sha256)
    return doc


def read_docbin(data: bytes, where: str) -> Iterator[TextRecord | RecordProblem]:
    """Read the labels of the documents: those of the span group ``labels``, or named entities without one."""
    tokens, vocab = _spacy()
    unpacked = zlib.decompressobj()
    try:
        unpacked.decompress(data, LINES_BYTES)
        if unpacked.unconsumed_tail:
            raise InputError(f"{where}: more than {LINES_BYTES:,} bytes unpacked; split it")
        docs = list(tokens.DocBin().from_bytes(data).get_docs(vocab))
    except InputError:
        raise
    except Exception as error:  # spaCy raises exceptions of every library that it reads with
        raise InputError(f"{where}: not a DocBin of spaCy: {type(error).__name__}: {error}") from None
    for number, doc in enumerate(docs, start=1):
        known = doc.user_data
        spans = doc.spans.get(_GROUP, doc.ents)
        marks = [Mark(span.start_char, span.end_char, span.label_) for span in spans]
        start = known.get("start", 0)
        yield TextRecord(
            f"{where}:{number}",
            str(known.get("doc_id", "")),
            str(known.get("text_sha256", "")),
            doc.text,
            start if isinstance(start, int) else 0,
            [],
            sorted(marks, key=lambda mark: mark[:3]),
        )
