"""CoNLL-U: sentences and words, labels in the scheme BIO under ``Label`` in MISC; ``TokenRange`` in code points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from copydesk.core.atomic_files import replacing
from copydesk.labels.annotated_text import (
    Mark,
    RecordProblem,
    TextRecord,
    UnreadableRecord,
    blank_marks,
    tokens_of,
    trimmed_marks,
)

_RANGE = re.compile(r"(\d{1,9}):(\d{1,9})", re.ASCII)


def write_conllu(records: Iterable[TextRecord], out: Path) -> list[RecordProblem]:
    """Write documents; return the labels that BIO cannot express: overlapping namesakes, white space."""
    problems: list[RecordProblem] = []
    with replacing(out) as file:
        for record in records:
            problems += blank_marks(record)
            marks, crossing = _without_crossing(trimmed_marks(record))
            problems += [
                RecordProblem(
                    record.doc_id,
                    f"[{mark.start}, {mark.end}) {mark.label}: overlaps another label of this name, which BIO cannot "
                    "express; it is left out",
                )
                for mark in crossing
            ]
            file.write(conllu_document(record._replace(marks=marks)).encode())
    return problems


def conllu_document(record: TextRecord, sentence_ids: Sequence[str] = (), **comments: str) -> str:
    """A document in CoNLL-U, whose marks are those that BIO can express.

    Parameters
    ----------
    record : TextRecord
    sentence_ids : sequence of str
        What the sentences are called; by default, by the document and their number.
    **comments
        Further comments on the document.
    """
    return "".join(_lines_of(record, sentence_ids, comments))


def _without_crossing(marks: Iterable[Mark]) -> tuple[list[Mark], list[Mark]]:
    kept: list[Mark] = []
    crossing: list[Mark] = []
    ends: dict[str, int] = {}
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.label)):
        (crossing if mark.start < ends.get(mark.label, 0) else kept).append(mark)
        ends[mark.label] = max(ends.get(mark.label, 0), mark.end)
    return kept, crossing


def _lines_of(record: TextRecord, sentence_ids: Sequence[str], comments: Mapping[str, str]) -> Iterator[str]:
    text = record.text or ""
    tokens = list(tokens_of(record))
    open_marks: list[Mark] = []
    following = 0
    at = 0
    sentences = record.sentences or [(0, len(text))]
    for number, (start, end) in enumerate(sentences):
        if number == 0:
            yield f"# newdoc id = {record.doc_id}\n# text_sha256 = {record.text_sha256}\n"
            yield "".join(f"# {name} = {value}\n" for name, value in comments.items())
        name = sentence_ids[number] if sentence_ids else f"{record.doc_id}-{number}"
        yield f"# sent_id = {name}\n# text = {_one_line(text[start:end])}\n"
        last = end if number + 1 < len(sentences) else len(text)
        row = 0
        while at < len(tokens) and tokens[at][0] < last:
            token_start, token_end = tokens[at]
            at += 1
            row += 1
            open_marks = [mark for mark in open_marks if mark.end > token_start]
            labels = [f"I-{quote(mark.label, safe='')}" for mark in open_marks]
            while following < len(record.marks) and record.marks[following].start < token_end:
                mark = record.marks[following]
                following += 1
                open_marks.append(mark)
                labels.append(f"B-{quote(mark.label, safe='')}")
            spaced = token_end < len(text) and text[token_end].isspace()
            misc = [
                *([f"Label={','.join(labels)}"] if labels else []),
                *([] if spaced else ["SpaceAfter=No"]),
                f"TokenRange={token_start}:{token_end}",
            ]
            yield f"{row}\t{text[token_start:token_end]}" + "\t_" * 7 + f"\t{'|'.join(misc)}\n"
        yield "\n"


def _one_line(text: str) -> str:
    """A text in one line, also for readers that break lines at every separator of Unicode."""
    return " ".join(re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text))


def read_conllu(text: str, where: str) -> Iterator[TextRecord | RecordProblem]:
    """Read documents that ``write_conllu`` wrote, whatever a tool has put into the other columns.

    The labelled words are quotes of their marks, to be compared with the text.
    """
    doc_id, sha256 = "", ""
    marks: list[Mark] = []
    open_marks: dict[str, list[tuple[int, str]]] = {}  # the words of each label that has not ended
    begun = reported = False
    for number, line in enumerate(text.split("\n"), start=1):
        key, _, value = line.removeprefix("# ").partition(" = ")
        if line.startswith("# newdoc"):
            if begun:
                yield _finished(where, doc_id, sha256, marks, open_marks)
            doc_id, sha256, marks, open_marks = value, "", [], {}
            begun, reported = key == "newdoc id", False
        elif line.startswith("# ") and key == "text_sha256":
            sha256 = value
        elif line and not line.startswith("#"):
            try:
                word, labels = _token(line)
            except UnreadableRecord as error:
                yield RecordProblem(f"{where}:{number}", str(error))
                continue
            if not begun:
                if labels and not reported:
                    reported = True
                    found = (
                        "labelled words before any # newdoc id; expected # newdoc id = ID, as the export writes it"
                    )
                    yield RecordProblem(f"{where}:{number}", found)
                continue
            marks += _ended(word, labels, open_marks)
    if begun:
        yield _finished(where, doc_id, sha256, marks, open_marks)


def _ended(word: tuple[int, str], labels: list[str], open_marks: dict[str, list[tuple[int, str]]]) -> Iterator[Mark]:
    """Add a word to the labels that it has; yield those that end before it."""
    going_on = set(labels)
    for label in [label for label in open_marks if f"I-{label}" not in going_on]:
        yield _mark_of(label, open_marks.pop(label))
    for tag in labels:
        label = tag[2:]
        inside = tag.startswith("I-") and label in open_marks
        if tag.startswith("B-") and label in open_marks:
            yield _mark_of(label, open_marks.pop(label))
        if not inside:
            open_marks[label] = []
        open_marks[label].append(word)


def _finished(
    where: str, doc_id: str, sha256: str, marks: list[Mark], open_marks: dict[str, list[tuple[int, str]]]
) -> TextRecord:
    marks += [_mark_of(label, words) for label, words in open_marks.items()]
    return TextRecord(f"{where}: {doc_id}", doc_id, sha256, None, 0, [], sorted(marks, key=lambda mark: mark[:3]))


def _mark_of(label: str, words: list[tuple[int, str]]) -> Mark:
    start, (last, word) = words[0][0], words[-1]
    return Mark(start, last + len(word), unquote(label), quotes=tuple(words))


def _token(line: str) -> tuple[tuple[int, str], list[str]]:
    columns = line.split("\t")
    if len(columns) != 10:
        raise UnreadableRecord(f"expected 10 columns between tabs; found {len(columns)}")
    misc = dict(pair.partition("=")[::2] for pair in columns[9].split("|"))
    place = _RANGE.fullmatch(misc.get("TokenRange", ""))
    if place is None or int(place[1]) >= int(place[2]):
        raise UnreadableRecord("no TokenRange=START:END in the last column; expected the offsets of the word")
    if len(columns[1]) != int(place[2]) - int(place[1]):
        raise UnreadableRecord(f"TokenRange={place[0]} is not as long as {columns[1][:80]!r}")
    labels = [label for label in misc.get("Label", "").split(",") if label]
    if any(label[:2] not in ("B-", "I-") for label in labels):
        raise UnreadableRecord(f"Label={misc['Label'][:80]}: expected B-NAME or I-NAME, separated by commas")
    return (int(place[1]), columns[1]), labels
