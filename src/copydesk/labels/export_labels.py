"""Write texts of a revision, with labels or suggested edits on them, as annotation tools read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from copydesk.core.hand_written import bounded_text
from copydesk.core.label_lines import LabelLine, LineProblem, read_labels
from copydesk.differences.row_differences import Row
from copydesk.errors import InputError, ReleaseError
from copydesk.labels.annotated_text import Mark, RecordProblem, TextRecord
from copydesk.labels.argilla import write_argilla
from copydesk.labels.brat import write_brat
from copydesk.labels.conllu import write_conllu
from copydesk.labels.doccano import write_doccano
from copydesk.labels.document_texts import DocumentHashes, DocumentTexts, ReleasedTexts, TakenDown
from copydesk.labels.label_studio import write_label_studio
from copydesk.labels.spacy_docs import write_docbin
from copydesk.labels.web_annotation import write_web_annotations
from copydesk.revisions.revision import Revision, open_revision

Tool = Literal["label-studio", "doccano", "brat", "argilla", "conllu", "spacy", "w3c"]
#: Formats whose records may be sentences; the others hold the sentences of a document themselves, or none.
BY_SENTENCE = ("label-studio", "doccano", "argilla")
#: The label of a suggested edit; whoever looks at it makes it one of the others.
SUGGESTION, ACCEPT, REJECT = "suggestion", "accept", "reject"
_COLUMNS = ("doc_id", "text", "text_sha256", "sentences")

_WRITERS: dict[str, Callable[[Iterable[TextRecord], Path], list[RecordProblem] | None]] = {
    "label-studio": write_label_studio,
    "doccano": write_doccano,
    "brat": write_brat,
    "argilla": write_argilla,
    "conllu": write_conllu,
    "spacy": write_docbin,
    "w3c": write_web_annotations,
}


def write_for_tool(tool: Tool, records: Iterable[TextRecord], out: Path) -> list[RecordProblem]:
    """Write records for a tool; return what its format cannot express."""
    return _WRITERS[tool](records, out) or []


def labels_by_document(file: Path, revision: Revision) -> tuple[dict[str, list[Mark]], list[LineProblem]]:
    """The labels of a file by document, and the lines that are not about a text of the revision."""
    documents, released = DocumentHashes(revision), ReleasedTexts(revision.root)
    marks: dict[str, list[Mark]] = defaultdict(list)
    problems: list[LineProblem] = []
    for part in read_labels(file):
        lines = [line for line in part if isinstance(line, LabelLine)]
        problems += [line for line in part if isinstance(line, LineProblem)]
        rows = documents.find([line.label["doc_id"] for line in lines])
        for line, row in zip(lines, rows, strict=True):
            if line.label.get("status") == "gone":
                continue
            if problem := documents.problem(line, row, revision.name, released):
                problems.append(problem)
            else:
                label = line.label
                marks[label["doc_id"]].append(Mark(label["start"], label["end"], label["label"]))
    return marks, sorted(problems)


def records_of(
    revision: Revision,
    marks: dict[str, list[Mark]],
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    suggestions: bool = False,
) -> Iterator[TextRecord]:
    """Documents of a revision, in order, each with its marks.

    Parameters
    ----------
    revision : Revision
        Whose clean texts are read.
    marks : dict
        Labels by document, in code points of the clean text.
    only : collection of str, optional
        Ids of the documents; all by default.
    without : collection of str
        Ids of documents that are left out.
    suggestions : bool
        Whether suggested edits become marks.
    """
    texts = DocumentTexts(revision)
    for shard in revision.shards("documents"):
        rows = revision.read(shard, [*_COLUMNS]).to_pylist()
        chosen = [row for row in rows if (only is None or row["doc_id"] in only) and row["doc_id"] not in without]
        edits: dict[str, list[Row]] = {}
        if suggestions and chosen:
            edits = texts.rows("edits", {row["doc_id"] for row in chosen}, (*SUGGESTED_COLUMNS, "applied"))
        for row in chosen:
            suggested = [edit for edit in edits.get(row["doc_id"], ()) if not edit["applied"]]
            all_marks = [*marks.get(row["doc_id"], ()), *(_suggestion(edit, row["text"]) for edit in suggested)]
            all_marks.sort(key=lambda mark: (mark.start, mark.end, mark.label))
            spans = [(span["start"], span["end"]) for span in row["sentences"]]
            yield TextRecord("", row["doc_id"], row["text_sha256"], row["text"], 0, spans, all_marks)


SUGGESTED_COLUMNS = ("start", "end", "raw_start", "raw_end", "before", "after", "rules")


def shown_span(start: int, end: int, length: int) -> tuple[int, int]:
    """The span that stands for a suggestion: one character beside it where it would insert something."""
    if start < end:
        return start, end
    return (start, start + 1) if start < length else (max(start - 1, 0), start)


def _suggestion(edit: Row, text: str) -> Mark:
    start, end = shown_span(edit["start"], edit["end"], len(text))
    note = f"{', '.join(edit['rules'])}: {edit['before']!r} becomes {edit['after']!r}"
    return Mark(start, end, SUGGESTION, note=note)


def sentences_of(record: TextRecord) -> Iterator[TextRecord]:
    """The sentences of a document; a mark that crosses the border of one belongs to none, and is left out."""
    text = record.text or ""
    position = 0
    for start, end in record.sentences:
        inside = []
        while position < len(record.marks) and record.marks[position].start < end:
            mark = record.marks[position]
            position += 1
            if start <= mark.start and mark.end <= end:
                inside.append(mark._replace(start=mark.start - start, end=mark.end - start))
        yield record._replace(text=text[start:end], start=start, sentences=[], marks=inside)


def read_ids(file: Path) -> set[str]:
    """The ids of a file with one in each line.

    Raises
    ------
    InputError
        If there is no such file.
    ConfigError
        If it cannot be read.
    """
    try:
        return {line for line in bounded_text(file).split("\n") if line}
    except FileNotFoundError:
        raise InputError(f"{file}: no such file; expected the ids of documents, one in a line") from None


def taken_down(revision: Revision) -> set[str]:
    """The ids of the documents of a revision that were taken down, also since."""
    revisions = [revision]
    with suppress(ReleaseError):  # without a corpus in the working tree its ledger still counts
        revisions.append(open_revision(revision.root))
    documents = DocumentHashes(revision).rows
    taken: set[str] = set(documents["doc_id"].filter(TakenDown(*revisions).among(documents)).to_pylist())
    return taken


def missing(ids: Collection[str], revision: Revision) -> list[str]:
    """Those ids that are of no document of the revision, sorted."""
    wanted = sorted(ids)
    rows: Any = DocumentHashes(revision).find(wanted)
    return [doc_id for doc_id, row in zip(wanted, rows, strict=True) if row < 0]
