"""spaCy: a DocBin with the labels as the span group ``labels``; offsets follow from words and spaces.

It needs spaCy, which is no dependency of copydesk: other formats are written and read without it.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

from copydesk.core.atomic_files import replacing
from copydesk.errors import BuildError, InputError
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord, blank_marks, tokens_of, trimmed_marks

_GROUP = "labels"
#: Largest file when it is unpacked: in bytes, and in times its size.
_UNPACKED, _TIMES = 16 << 20, 200


def write_docbin(records: Iterable[TextRecord], out: Path) -> list[RecordProblem]:
    """Write documents with words, sentence starts and labels, and the whole clean text; return labels left out."""
    problems: list[RecordProblem] = []
    writer = DocBinWriter()
    for record in records:
        problems += blank_marks(record)
        writer.add(record._replace(marks=trimmed_marks(record)))
    with replacing(out) as file:
        file.write(writer.to_bytes())
    return problems


class DocBinWriter:
    """Collects documents for one DocBin.

    Raises
    ------
    BuildError
        If spaCy is not installed.
    """

    def __init__(self) -> None:
        self._tokens, self._vocab = _spacy()
        self._packed = self._tokens.DocBin(attrs=["SENT_START"], store_user_data=True)

    def add(self, record: TextRecord, **more: Any) -> None:
        """Add a document, whose marks have no white space at their edges, and more data about it."""
        doc = _doc(record, self._tokens, self._vocab)
        doc.user_data.update(more)
        self._packed.add(doc)

    def to_bytes(self) -> bytes:
        """The file of the documents that were added."""
        packed: bytes = self._packed.to_bytes()
        return packed


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
    """Read the labels of the documents: those of the span group ``labels``, or named entities without one.

    Raises
    ------
    InputError
        If it is not a DocBin, or too large unpacked.
    """
    _refuse_large(data, where)
    tokens, vocab = _spacy()
    try:
        packed = tokens.DocBin().from_bytes(data)
        count = len(packed)
        for string in packed.strings:
            vocab[string]
    except Exception as error:  # spaCy raises exceptions of every library that it reads with
        raise InputError(f"{where}: not a DocBin of spaCy: {type(error).__name__}: {_short(error)}") from None
    packed.strings = set()  # which would be looked at again for each document
    for number in range(count):
        place = f"{where}:{number + 1}"
        record: TextRecord | RecordProblem
        try:
            record = _record(_document(packed, number, vocab), place)
        except Exception as error:
            found = f"{type(error).__name__}: {_short(error)}"
            record = RecordProblem(place, f"not a document of spaCy: {found}; expected what DocBin.add writes")
        yield record


def _refuse_large(data: bytes, where: str) -> None:
    """Refuse what would fill the memory: spaCy makes objects of all of it at once, up to 100 bytes for one byte."""
    limit = min(_UNPACKED, _TIMES * len(data))
    unpacked = zlib.decompressobj()
    try:
        size = len(unpacked.decompress(data, limit + 1))
    except zlib.error as error:
        raise InputError(f"{where}: not a DocBin of spaCy: {error}") from None
    if size > limit:
        found = f"more than {limit:,} bytes unpacked ({_TIMES} times its size, and at most {_UNPACKED:,}, are read)"
        raise InputError(f"{where}: {found}; split it into files of fewer documents (labels export --only)")


def _document(packed: Any, number: int, vocab: Any) -> Any:
    """One document by itself, so that another that is damaged does not matter."""
    one = copy(packed)
    for name in ("tokens", "spaces", "cats", "flags", "span_groups", "user_data"):
        setattr(one, name, getattr(packed, name)[number : number + 1])
    return next(one.get_docs(vocab))


def _record(doc: Any, where: str) -> TextRecord:
    known = doc.user_data
    spans = doc.spans.get(_GROUP, doc.ents)
    marks = [Mark(span.start_char, span.end_char, span.label_) for span in spans]
    start = known.get("start", 0)
    return TextRecord(
        where,
        str(known.get("doc_id", "")),
        str(known.get("text_sha256", "")),
        doc.text,
        start if isinstance(start, int) else 0,
        [],
        sorted(marks, key=lambda mark: mark[:3]),
    )


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
