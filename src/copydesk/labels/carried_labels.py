"""Carry labels from one revision of a corpus to another, in parts, so that memory does not grow with the labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.label_lines import Label, LabelLine, LineProblem
from copydesk.labels.carried_spans import CarriedSpan, DocumentVersion, carry_spans
from copydesk.labels.document_texts import DocumentHashes, DocumentTexts, ReleasedTexts, TakenDown
from copydesk.revisions.revision import Revision
from copydesk.text import Offsets

#: Changed documents whose texts are in memory at once.
_DOCUMENTS = 500
#: Longest text of a changed label that is shown in full, in characters.
_SHOWN = 1000
#: The fields that say what became of a label.
OUTCOME = ("status", "reason", "old_text", "new_text")
#: What is left of a label whose text must not come back: other fields may quote it.
_WITHOUT_TEXT = ("doc_id", "id", "start", "end", "label", "text_sha256")

Carried = Label | LineProblem | LabelLine


class LabelCarrier:
    """Carries labels on the clean texts of one revision to those of another.

    Parameters
    ----------
    old, new : Revision
        Of one repository.

    Raises
    ------
    ReleaseError
        If a shard, or a ledger of takedowns, cannot be read.
    """

    def __init__(self, old: Revision, new: Revision) -> None:
        self.old, self.new = old, new
        self._old, self._new = DocumentHashes(old), DocumentHashes(new)
        self._places = _places(self._old.rows, self._new.rows)
        takedowns = TakenDown(old, new)
        self._taken_ids, self._taken = takedowns.doc_ids, takedowns.among(self._old.rows)
        unchanged = _equal(self._old.rows["text_sha256"], self._new.rows["text_sha256"], self._places)
        self._unchanged = (unchanged & ~self._taken).tolist()
        self._renamed = (~_equal(self._old.rows["doc_id"], self._new.rows["doc_id"], self._places)).tolist()
        self._old_texts, self._new_texts = DocumentTexts(old), DocumentTexts(new)
        self._released = ReleasedTexts(old.root)

    def carry(self, part: Sequence[LabelLine | LineProblem]) -> list[Carried]:
        """Carry some lines: for each the label as it is in the new revision, or what is wrong with it, in order.

        A label that was gone already stays as it is, unless its document was taken down since. Of one that is kept
        in an unchanged document, only the status is new: it is given as the line itself, which need not be written
        anew.
        """
        unchanged, renamed = self._unchanged, self._renamed
        results: list[Carried] = []
        changed: dict[int, list[int]] = defaultdict(list)
        labels = [line for line in part if isinstance(line, LabelLine)]
        rows = iter(self._old.find([line.label["doc_id"] for line in labels]))
        for position, line in enumerate(part):
            if isinstance(line, LineProblem):
                results.append(line)
                continue
            row = next(rows)
            label = line.label
            if label.get("status") == "gone":
                taken = label["doc_id"] in self._taken_ids or (row >= 0 and self._taken[row])
                results.append(_gone(label, "taken-down") if taken else label)
            elif problem := self._old.problem(line, row, self.old.name, self._released):
                results.append(problem)
            elif unchanged[row]:
                if "status" in label or renamed[row]:
                    span = CarriedSpan("kept", label["start"], label["end"], None, None)
                    results.append(self._placed(label, row, span))
                else:
                    results.append(line)
            elif self._taken[row]:
                results.append(_gone(label, "taken-down"))
            elif self._places[row] < 0:
                results.append(_gone(label, "removed"))
            else:
                changed[row].append(position)
                results.append(label)
        self._carry_changed(changed, results)
        return results

    def _placed(self, label: Label, row: int, span: CarriedSpan) -> Label:
        """The label at its place in the new revision."""
        if span.status == "gone":
            return _gone(label, span.reason or "deleted")
        place = int(self._places[row])
        doc_id = self._new.doc_ids[place]
        status = "moved" if span.status == "kept" and doc_id != label["doc_id"] else span.status
        result = {key: value for key, value in label.items() if key not in OUTCOME}
        result.update(doc_id=doc_id, start=span.start, end=span.end, text_sha256=self._new.text_sha256[place])
        if label.get("status") == "changed":  # until somebody has looked at it
            before = label.get("old_text", span.old_text)
            result.update(status="changed", old_text=before, new_text=label.get("new_text", span.new_text))
            if status == "changed":
                result["new_text"] = _shortened(span.new_text)
        else:
            result["status"] = status
            if status == "changed":
                result.update(old_text=_shortened(span.old_text), new_text=_shortened(span.new_text))
        return result

    def _carry_changed(self, changed: Mapping[int, list[int]], results: list[Carried]) -> None:
        """Replace labels of documents that changed; ``changed`` has their positions by the row of the document."""
        rows = sorted(changed)
        for first in range(0, len(rows), _DOCUMENTS):
            for row, old, new in self._versions(rows[first : first + _DOCUMENTS]):
                labels: list[Label] = [results[position] for position in changed[row]]  # type: ignore[misc]
                spans = carry_spans([(label["start"], label["end"]) for label in labels], old, new)
                for position, label, span in zip(changed[row], labels, spans, strict=True):
                    results[position] = self._placed(label, row, span)

    def _versions(self, rows: Sequence[int]) -> Iterator[tuple[int, DocumentVersion, DocumentVersion]]:
        places = [int(self._places[row]) for row in rows]
        ids = [(self._old.doc_ids[row], self._new.doc_ids[place]) for row, place in zip(rows, places, strict=True)]
        edited = [self._old.raw_sha256[r] != self._new.raw_sha256[p] for r, p in zip(rows, places, strict=True)]
        with_raw = [pair for pair, other_file in zip(ids, edited, strict=True) if other_file]
        old = self._old_texts.versions({pair[0] for pair in ids}, {pair[0] for pair in with_raw})
        new = self._new_texts.versions({pair[1] for pair in ids}, {pair[1] for pair in with_raw})
        for row, (old_id, new_id) in zip(rows, ids, strict=True):
            yield row, old[old_id], new[new_id]


def _gone(label: Label, reason: str) -> Label:
    """A label that has no place in the new revision: it keeps the one that it had."""
    hidden = reason in ("taken-down", "masked")
    rest = {key: value for key, value in label.items() if key not in OUTCOME}
    if hidden:
        rest = {key: value for key, value in rest.items() if key in _WITHOUT_TEXT}
    return {**rest, "status": "gone", "reason": reason}


def _shortened(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 :]}"


def _places(old: pa.Table, new: pa.Table) -> Offsets:
    """For each old document the row of the new one, -1 for one that is not there.

    A document is first found by its id and its bytes, then by its bytes under an id that did not have them before,
    then by its id.
    """
    by_id = _rows_of(old["doc_id"], new["doc_id"])
    same_bytes = _equal(old["raw_sha256"], new["raw_sha256"], by_id)
    settled = np.zeros(len(new), bool)
    settled[by_id[same_bytes]] = True
    others = new.append_column("row", pa.array(np.arange(len(new)))).filter(pa.array(~settled)).sort_by("doc_id")
    by_bytes = _rows_of(old["raw_sha256"], others["raw_sha256"])
    renamed = np.where(by_bytes >= 0, others["row"].to_numpy()[by_bytes], -1) if len(others) else by_bytes
    return np.where(same_bytes | (renamed < 0), by_id, renamed)


def _rows_of(values: pa.ChunkedArray, among: pa.ChunkedArray) -> Offsets:
    """Where each value first stands among others, -1 where it does not."""
    indices = pc.index_in(values, value_set=among.combine_chunks())
    rows: Offsets = pc.fill_null(indices, -1).to_numpy().astype(np.int64)
    return rows


def _equal(old: pa.ChunkedArray, new: pa.ChunkedArray, places: Offsets) -> npt.NDArray[np.bool_]:
    """Which documents have the same value in both; False where ``places`` is -1."""
    placed = new.take(pa.array(places, mask=places < 0))
    equal: npt.NDArray[np.bool_] = pc.fill_null(pc.equal(old, placed), False).to_numpy()
    return equal
