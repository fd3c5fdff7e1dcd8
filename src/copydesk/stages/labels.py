"""Labels: the labels that the repository keeps, placed in today's clean texts; what broke is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.atomic_files import write_json_lines
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.dataset.metrics import Counts, count
from copydesk.description.splits import SPLITS
from copydesk.project import Project
from copydesk.stages.alignments import alignments
from copydesk.stages.kept_documents import ids_left_out
from copydesk.stages.labelling.placing import LabelledDocument, Row, place_labels
from copydesk.stages.labelling.routing import problem_row, route_labels
from copydesk.stages.runner import Made, Output, Shard, Stage, run_shards, schedule_shards, write_receipts
from copydesk.store.shard_store import Parts
from copydesk.tables.logical_hash import Digests
from copydesk.tables.table import LABELS, table
from copydesk.text import Alignment
from copydesk.text.masked_text import MASKS, MaskedPlaces, Secrets

NAME = "labels.jsonl"
#: The labels of each shard, as they are read: files of the build beside those of the stages.
_ROUTED = "label_lines"
STAGE = Stage(
    "labels",
    reads=(
        *(f"{_ROUTED}.lines", "clean.text", "clean.edits", "split.sentences", "ingest.provenance"),
        *("describe.dropped", "deduplicate.duplicates", "deduplicate.leaving"),
    ),
    writes={
        **{f"{LABELS}_{split}": Output(LABELS, published=True) for split in SPLITS},
        "problems": Output("label_problems"),
        "digests": Output("digests"),
        "figures": Output("figures"),
    },
    params=("deduplicate",),
)
#: Labels that are in memory as rows.
_TOGETHER = 10_000
_NO_EDITS = Alignment([], [], [], [])
_LEFT_OUT = "the document is left out of the dataset, see reports/dropped.jsonl"
_TAKEN_DOWN = "the document has the text of one that was taken down; remove the line"


def run(project: Project) -> None:
    """Find the document of each label, place the labels shard by shard, and report what broke."""
    routed = route_labels(project)
    path = project.reports / NAME
    if routed is None:
        write_receipts(project, STAGE.name, [])
        schedule_shards(project, STAGE._replace(reads=())).last.remember([])
        write_json_lines(path, [])
        return
    write_receipts(project, _ROUTED, [{"lines": part} for part in routed.shards])
    shards = run_shards(project, STAGE, where=lambda parts: parts[f"{_ROUTED}.lines"].rows > 0)
    statuses: Counter[str] = Counter()
    write_json_lines(path, _counting(_problems(project, routed.problems, shards), statuses))
    labels = sum(shard[f"{LABELS}_{split}"].rows for shard in shards for split in SPLITS)
    broken = "".join(f", {number:,} {status}" for status, number in sorted(statuses.items()))
    say(f"labels: {plural(labels, 'label')} in the dataset{broken and f'{broken}, see {path}'}")


def _problems(project: Project, routed: list[pa.Table], shards: list[Parts]) -> Iterator[Row]:
    """Yield what broke: lines in the order of the files, then labels in the order of the documents."""
    for rows in routed:
        yield from rows.to_pylist()
    yield from project.store.rows(shard["problems"] for shard in shards if shard["problems"].rows)


def _counting(rows: Iterator[Row], statuses: Counter[str]) -> Iterator[Row]:
    for row in rows:
        statuses[row["status"]] += 1
        yield row


def shard(given: Shard) -> Made:
    """Place the labels on the documents of a shard, and divide them by split."""
    tables = given.tables
    ids = tables["text"]["doc_id"].combine_chunks()
    lines = tables["lines"]
    owner = pc.index_in(lines["document"], value_set=ids).to_numpy()
    order = np.argsort(owner, kind="stable")
    lines, owner = lines.take(pa.array(order)), owner[order]
    bounds = [0, *(np.flatnonzero(np.diff(owner)) + 1).tolist(), len(owner)]
    numbers = owner[bounds[:-1]]
    gone = dict.fromkeys(ids_left_out(tables, given.params["deduplicate"]).to_pylist(), "left-out")
    gone |= {row["doc_id"]: "taken-down" for row in tables["dropped"].to_pylist() if row["reason"] == "takedown"}
    documents = _labelled_documents(tables, numbers)
    splits = tables["duplicates"]["split"].take(pa.array(numbers)).to_pylist()
    shapes = table(LABELS)
    made: dict[str, list[pa.Table]] = {split: [] for split in SPLITS}
    waiting: dict[str, list[Row]] = {split: [] for split in SPLITS}
    problems: list[Row] = []
    for (start, stop), document, split in zip(pairwise(bounds), documents, splits, strict=True):
        own = lines.slice(start, stop - start)
        if reason := gone.get(document.doc_id):
            problems += _of_missing(own, reason)
            continue
        rows, broken = place_labels(own, document)
        problems += broken
        waiting[split] += [{**row, "split": split} for row in rows]
        if len(waiting[split]) >= _TOGETHER:  # as columns they take a tenth of the memory
            made[split].append(shapes.from_rows(waiting[split]))
            waiting[split] = []
    by_split = {
        split: pa.concat_tables([*parts, shapes.from_rows(waiting[split])]).combine_chunks()
        for split, parts in made.items()
    }
    counts: Counts = Counter()
    for rows in by_split.values():
        counts.update(count(LABELS, rows))
    return {
        **{f"{LABELS}_{split}": rows for split, rows in by_split.items()},
        "problems": problems,
        "digests": [
            {"table": LABELS, "split": split, **Digests.of(rows).as_row()}
            for split, rows in by_split.items()
            if rows.num_rows
        ],
        "figures": [{"figure": key[0], "name": key[1], "count": n} for key, n in sorted(counts.items()) if n],
    }


def _of_missing(lines: pa.Table, reason: str) -> list[Row]:
    taken = reason == "taken-down"
    message, more = (_TAKEN_DOWN, {"label": None}) if taken else (_LEFT_OUT, {})
    return [problem_row(line, "gone", reason, message, **more) for line in lines.to_pylist()]


def _labelled_documents(tables: dict[str, pa.Table], numbers: NDArray[np.int64]) -> Iterator[LabelledDocument]:
    """Yield the documents with labels, by their numbers in the shard."""
    chosen = pa.array(numbers)
    rows = tables["text"].select(["doc_id", "text", "text_sha256"]).take(chosen).to_pylist()
    files = tables["provenance"]["raw_sha256"].take(chosen).to_pylist()
    ids = pa.array([row["doc_id"] for row in rows], pa.string())
    edits, sentences = (_of_documents(tables[name], ids) for name in ("edits", "sentences"))
    aligned = dict(alignments(edits))
    masks = _masked(edits)
    drifts = _drifts(edits)
    spans = _by_document(sentences, ids, ("sentence_id", "start", "end"))
    for row, raw_sha256, (names, starts, ends) in zip(rows, files, spans, strict=True):
        doc_id, text = row["doc_id"], row["text"]
        masked = masks.get(doc_id, [])
        yield LabelledDocument(
            **row,
            raw_sha256=raw_sha256,
            raw_length=len(text) + drifts.get(doc_id, 0),
            alignment=aligned.get(doc_id, _NO_EDITS),
            masked=MaskedPlaces([(start, end) for start, end, _ in masked]),
            secrets=Secrets(before for *_, before in masked),
            sentences=(names, np.array(starts, np.int64), np.array(ends, np.int64)),
        )


def _of_documents(rows: pa.Table, ids: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["doc_id"], value_set=ids))


def _masked(edits: pa.Table) -> dict[str, list[tuple[int, int, str]]]:
    """The places of masks in the clean texts with what they replace, by document."""
    edits = edits.filter(edits["applied"])
    rules = edits["rules"].combine_chunks()
    parents = pc.list_parent_indices(rules).filter(pc.starts_with(pc.list_flatten(rules), MASKS)).unique()
    by_document: dict[str, list[tuple[int, int, str]]] = {}
    for row in edits.select(["doc_id", "start", "end", "before"]).take(parents).to_pylist():
        by_document.setdefault(row["doc_id"], []).append((row["start"], row["end"], row["before"]))
    return by_document


def _drifts(edits: pa.Table) -> dict[str, int]:
    """By document, how many more characters the raw text has than the clean text."""
    last = {}
    for doc_id, applied, raw_end, end in zip(
        *(edits[name].to_pylist() for name in ("doc_id", "applied", "raw_end", "end")), strict=True
    ):
        if applied:
            last[doc_id] = raw_end - end
    return last


def _by_document(rows: pa.Table, ids: pa.Array, names: tuple[str, ...]) -> Iterator[list[list[Any]]]:
    """Yield columns of the rows of each document; the rows are in the order of the documents."""
    owner = pc.index_in(rows["doc_id"], value_set=ids).to_numpy()
    bounds = np.searchsorted(owner, np.arange(len(ids) + 1))
    columns = rows.select(list(names))
    for start, stop in pairwise(bounds.tolist()):
        part = columns.slice(start, stop - start)
        yield [part[name].to_pylist() for name in names]
