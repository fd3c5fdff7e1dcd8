"""Labels that the repository keeps: tie labels to the raw text, and bring kept ones to today's corpus."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from copydesk.core.label_lines import Label, LabelLine, LineProblem
from copydesk.labels.carried_labels import OUTCOME, LabelCarrier
from copydesk.labels.carried_spans import DocumentVersion
from copydesk.labels.document_texts import DocumentHashes, DocumentTexts, ReleasedTexts, TakenDown
from copydesk.revisions.revision import open_revision
from copydesk.text import Alignment

#: Documents whose texts are in memory at once.
_DOCUMENTS = 500
_REVIEW = "review it, and remove status, reason, old_text and new_text from the line"
_TAKEN_DOWN = "the document was taken down; remove the line"


class TextTies:
    """Ties labels on the clean texts of a revision to the raw texts.

    Raises
    ------
    ReleaseError
        If a shard, or a ledger of takedowns, cannot be read.
    """

    def __init__(self, root: Path, rev: str | None = None) -> None:
        self.revision = open_revision(root, rev)
        self.documents = DocumentHashes(self.revision)
        self._texts = DocumentTexts(self.revision)
        self._released = ReleasedTexts(root)
        self._taken = TakenDown(self.revision).among(self.documents.rows)

    def refusals(self, lines: Iterable[LabelLine | LineProblem]) -> list[LabelLine | LineProblem]:
        """The lines; in place of those that cannot be kept what is wrong with them."""
        lines = list(lines)
        rows = iter(self.documents.find([line.label["doc_id"] for line in lines if isinstance(line, LabelLine)]))
        return [line if isinstance(line, LineProblem) else self._refused(line, next(rows)) for line in lines]

    def tied(self, labels: Sequence[Label]) -> list[Label]:
        """Labels on today's texts, each with its place in the raw text and the hash of its characters; in order."""
        results = list(labels)
        by_document: dict[str, list[int]] = defaultdict(list)
        for number, label in enumerate(labels):
            by_document[label["doc_id"]].append(number)
        for doc_id, version in self.versions(by_document):
            row = self.documents.find([doc_id])[0]
            numbers = by_document[doc_id]
            spans = (np.array([labels[number][side] for number in numbers], np.int64) for side in ("start", "end"))
            places = (side.tolist() for side in alignment_of(version).to_raw(*spans))
            for number, raw_start, raw_end in zip(numbers, *places, strict=True):
                label = labels[number]
                results[number] = {
                    **{name: value for name, value in label.items() if name not in OUTCOME},
                    "span_sha256": _sha256(version.text[label["start"] : label["end"]]),
                    "raw_start": raw_start,
                    "raw_end": raw_end,
                    "raw_sha256": self.documents.raw_sha256[row],
                }
        return results

    def versions(self, doc_ids: Iterable[str]) -> Iterable[tuple[str, DocumentVersion]]:
        """Yield documents with texts and edits, some of them in memory at a time."""
        ids = list(doc_ids)
        for first in range(0, len(ids), _DOCUMENTS):
            yield from self._texts.versions(ids[first : first + _DOCUMENTS], ()).items()

    def _refused(self, line: LabelLine, row: int) -> LabelLine | LineProblem:
        if line.label.get("status") in ("changed", "gone"):
            return LineProblem(line.line, "status", f"the label is {line.label['status']}; {_REVIEW}")
        if row >= 0 and self._taken[row]:
            return LineProblem(line.line, "doc_id", _TAKEN_DOWN)
        return self.documents.problem(line, row, self.revision.name, self._released) or line


class Updated(NamedTuple):
    """What became of a label: ``kept``, ``changed``, ``gone`` or ``left``; its line; what is to be done about it."""

    status: str
    line: LabelLine | Label
    advice: LineProblem | None = None


class LabelUpdater:
    """Brings labels that the repository keeps to the texts of the working tree's corpus.

    Parameters
    ----------
    root : Path
        The repository.
    old : str, optional
        A revision that has the texts of labels of which no release has them.
    accept : bool
        Whether the characters that a changed label has now are right.
    """

    def __init__(self, root: Path, old: str | None = None, *, accept: bool = False) -> None:
        self._root, self._old, self._accept = root, old, accept
        self._ties = TextTies(root)
        self._released = ReleasedTexts(root)
        self._carriers: dict[str, LabelCarrier] = {}

    def update(self, part: Sequence[LabelLine | LineProblem]) -> list[Updated | LineProblem]:
        """Update some lines, in order. A line that is up to date comes back as it is."""
        results: list[Updated | LineProblem] = [
            line if isinstance(line, LineProblem) else Updated("kept", line) for line in part
        ]
        lines = {number: line for number, line in enumerate(part) if isinstance(line, LabelLine)}
        rows = dict(zip(lines, self._ties.documents.find([ln.label["doc_id"] for ln in lines.values()]), strict=True))
        by_origin: dict[str, list[int]] = defaultdict(list)
        here: list[int] = []
        for number, line in lines.items():
            if self._has(rows[number], "text_sha256", line.label):
                here.append(number)
            elif origin := self._released.tag(line.label["doc_id"], line.label["text_sha256"]) or self._old:
                by_origin[origin].append(number)
            elif self._has(rows[number], "raw_sha256", line.label):
                here.append(number)
            else:
                found = "no known release has the text that it was made on; name a revision that has it with --from"
                results[number] = Updated("left", line, LineProblem(line.line, "text_sha256", found))
        placed = self._placed_by_raw({number: lines[number].label for number in here})
        for origin, numbers in by_origin.items():
            placed |= self._carried(origin, {number: lines[number] for number in numbers}, results)
        for (number, label), tied in zip(placed.items(), self._ties.tied(list(placed.values())), strict=True):
            results[number] = self._settled(lines[number], label, tied)
        return results

    def _has(self, row: int, name: str, label: Label) -> bool:
        return row >= 0 and bool(getattr(self._ties.documents, name)[row] == label[name])

    def _placed_by_raw(self, labels: Mapping[int, Label]) -> dict[int, Label]:
        """Labels whose text, or at least whose file, is the one of today: at their places in today's text."""
        by_document: dict[str, list[int]] = defaultdict(list)
        for number, label in labels.items():
            by_document[label["doc_id"]].append(number)
        placed = {}
        for doc_id, version in self._ties.versions(by_document):
            sha256, align = _sha256(version.text), alignment_of(version)
            for number in by_document[doc_id]:
                label = labels[number]
                if label["text_sha256"] != sha256:
                    spans = (np.array([label[side]], np.int64) for side in ("raw_start", "raw_end"))
                    start, end = (int(side[0]) for side in align.to_clean(*spans))
                    label = {**label, "start": start, "end": end, "text_sha256": sha256}
                placed[number] = label
        return placed

    def _carried(
        self, origin: str, lines: Mapping[int, LabelLine], results: list[Updated | LineProblem]
    ) -> dict[int, Label]:
        """Labels as they are carried from a revision; what is gone, or cannot be carried, goes into ``results``."""
        if origin not in self._carriers:
            self._carriers[origin] = LabelCarrier(open_revision(self._root, origin), self._ties.revision)
        placed = {}
        carried = self._carriers[origin].carry(list(lines.values()))
        for (number, line), result in zip(lines.items(), carried, strict=True):
            if isinstance(result, LineProblem):
                results[number] = Updated("left", line, result)
            elif isinstance(result, LabelLine):
                placed[number] = line.label
            elif result["status"] == "gone":
                found = f"gone ({result['reason']}); remove the line"
                results[number] = Updated("gone", line, LineProblem(line.line, "", found))
            else:
                placed[number] = result
        return placed

    def _settled(self, line: LabelLine, placed: Label, tied: Label) -> Updated:
        if placed["start"] >= placed["end"]:
            return Updated("gone", line, LineProblem(line.line, "", "gone (deleted); remove the line"))
        changed = tied["span_sha256"] != line.label["span_sha256"]
        if changed and not self._accept:
            tied["span_sha256"] = line.label["span_sha256"]
            found = "the span has other characters than were labelled; --accept takes them, or remove the line"
            return Updated("changed", tied, LineProblem(line.line, "span_sha256", found))
        return Updated("kept", line if tied == line.label else tied)


def alignment_of(version: DocumentVersion) -> Alignment:
    """The alignment between the raw and the clean text of a document."""
    columns = (np.array([edit[side] for edit in version.edits], np.int64) for side in range(4))
    return Alignment(*columns)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
