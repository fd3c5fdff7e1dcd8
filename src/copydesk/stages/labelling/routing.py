"""Read the labels of the repository, and find the document of the corpus that each of them is about.

A file that was read before is taken from the store. The rows are divided among the shards of the corpus by way of a
file on disk, so memory holds some of them at a time, however many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.atomic_files import sha256_file
from copydesk.core.hand_written import LABEL_FOLDER
from copydesk.core.json_schema import schema_path
from copydesk.core.label_lines import LabelLine, LineProblem, LineSchema, label_files, read_labels, unreadable
from copydesk.core.scratch import scratch
from copydesk.project import Project
from copydesk.stages.runner import read_inputs, read_passed_on
from copydesk.store.fingerprint import fingerprint, inputs_hash, key
from copydesk.store.shard_store import Part
from copydesk.tables.table import Table, table

#: Labels that are in memory at once while their documents are found.
_TOGETHER = 250_000
#: Fields with a column of their own; all others are kept as JSON.
_COLUMNS = (
    *("doc_id", "start", "end", "label", "text_sha256", "span_sha256", "raw_start", "raw_end", "raw_sha256", "by"),
)
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # made once, not for each label
_REMOVED = "no such document in the corpus; remove the line, or put the document back"
_TAKEN_DOWN = "the document was taken down; remove the line: copydesk takedown does it"


class RoutedLabels(NamedTuple):
    """The labels of the repository.

    Attributes
    ----------
    shards : list of Part
        The labels about the documents of each shard of the corpus, rows of ``label_lines``.
    problems : list of pa.Table
        What cannot be used, rows of ``label_problems``, in the order of files and lines.
    """

    shards: list[Part]
    problems: list[pa.Table]


class _Documents:
    """Ids and files of the documents of a corpus, and the documents that were taken down."""

    def __init__(self, project: Project) -> None:
        parts = [parts["ingest.provenance"] for parts in read_inputs(project, ["ingest.provenance"])]
        tables = list(project.store.read_all(parts, ["doc_id", "raw_sha256"]))
        rows = pa.concat_tables(tables)
        self.shards = len(parts)
        self._ends = np.cumsum([part.num_rows for part in tables])
        self.ids, self._hashes = (rows[name].combine_chunks() for name in ("doc_id", "raw_sha256"))
        self._by_id = pc.sort_indices(self.ids)
        ledger = read_passed_on(project)["takedowns"]
        self._taken = [pa.array(sorted({row[n] for row in ledger}), pa.string()) for n in ("doc_id", "raw_sha256")]

    def rows_of(self, lines: pa.Table) -> NDArray[np.int64]:
        """The row of each label's document: by id and bytes, by bytes, or by id alone; -1 if there is none."""
        by_id = pc.index_in(lines["doc_id"], value_set=self.ids)
        has_its_bytes = pc.fill_null(pc.equal(self._hashes.take(by_id.combine_chunks()), lines["raw_sha256"]), False)
        by_bytes = pc.index_in(lines["raw_sha256"], value_set=self._hashes.take(self._by_id))
        renamed = pc.coalesce(self._by_id.take(by_bytes.combine_chunks()).cast(pa.int64()), by_id.cast(pa.int64()))
        row_numbers = pc.if_else(has_its_bytes, by_id.cast(pa.int64()), renamed)
        rows: NDArray[np.int64] = pc.fill_null(row_numbers, -1).to_numpy()
        return rows

    def taken_down(self, lines: pa.Table) -> NDArray[np.bool_]:
        """Which labels are about a document that was taken down."""
        names = ("doc_id", "raw_sha256")
        by_id, by_bytes = (pc.is_in(lines[n], value_set=v) for n, v in zip(names, self._taken, strict=True))
        taken: NDArray[np.bool_] = pc.or_(by_id, by_bytes).to_numpy()
        return taken

    def shard_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The shard of each row of a document."""
        return np.searchsorted(self._ends, rows, side="right")


def problem_row(line: dict[str, Any], status: str, reason: str, message: str, **more: Any) -> dict[str, Any]:
    """A row of ``label_problems`` about a row of ``label_lines``."""
    file = f"{LABEL_FOLDER}/{line['file']}"
    place = {"file": file, "line": line["line"], "doc_id": line["doc_id"], "label": line["label"], "text": None}
    return {**place, "status": status, "reason": reason, "message": message, **more}


def route_labels(project: Project) -> RoutedLabels | None:
    """Divide the labels of the repository among the shards of the corpus; None if there are none.

    Raises
    ------
    BuildError
        If the stages before were not run.
    """
    files = label_files(project.labels)
    if not files:
        return None
    shape, problems = table("label_lines", project.schemas), _Problems(table("label_problems", project.schemas))
    documents = _Documents(project)
    slices: list[list[tuple[int, int, int]]] = [[] for _ in range(documents.shards)]
    with scratch("labels", project.build) as folder:
        spilled = folder / "labels.arrow"
        with pa.ipc.new_file(str(spilled), shape.arrow) as writer:
            for number, lines in enumerate(_joined(_read(project, files, problems))):
                rows, taken = documents.rows_of(lines), documents.taken_down(lines)
                problems.add_unplaced(lines, rows, taken)
                placed = np.flatnonzero((rows >= 0) & ~taken)
                shards = documents.shard_of(rows[placed])
                order = np.argsort(shards, kind="stable")
                batch = _batch(lines, documents.ids, placed[order], rows)
                writer.write_batch(batch)
                bounds = np.searchsorted(shards[order], np.arange(documents.shards + 1))
                for shard in np.unique(shards).tolist():
                    slices[shard].append((number, int(bounds[shard]), int(bounds[shard + 1])))
        parts = list(project.store.add_all(_gathered(spilled, slices, shape)))
    return RoutedLabels(parts, problems.tables)


class _Problems:
    """Collects what cannot be used, column by column: there may be as many problems as labels."""

    def __init__(self, shape: Table) -> None:
        self._shape = shape
        self.tables: list[pa.Table] = []

    def add(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.tables.append(self._shape.from_rows(rows))

    def add_unplaced(self, lines: pa.Table, rows: NDArray[np.int64], taken: NDArray[np.bool_]) -> None:
        """Report the labels whose document is not there, or was taken down: these without their words."""
        unplaced = np.flatnonzero((rows < 0) | taken)
        given = lines.select(["file", "line", "doc_id", "label"]).take(pa.array(unplaced)).to_pylist()
        self.add(
            [
                problem_row(line, "gone", "taken-down", _TAKEN_DOWN, label=None)
                if taken[row]
                else problem_row(line, "gone", "removed", _REMOVED)
                for line, row in zip(given, unplaced.tolist(), strict=True)
            ]
        )


def _read(project: Project, files: list[Path], problems: _Problems) -> Iterator[pa.Table]:
    """Yield the labels of all files in parts; report the lines that cannot be used."""
    nothing = {"line": 0, "doc_id": None, "label": None}
    for path in files:
        if why := unreadable(path):
            named = path.name.encode("utf-8", "replace").decode()
            problems.add([problem_row({**nothing, "file": named}, "invalid", "unreadable", why)])
            continue
        parts = _parsed(project, path)
        for lines, refused in zip(parts[::2], parts[1::2], strict=True):
            if refused.rows:
                problems.tables.append(project.store.read(refused))
            if lines.rows:
                yield project.store.read(lines)


def _parsed(project: Project, path: Path) -> list[Part]:
    """The lines of a file, and what is wrong with some, part by part: from the store if it was read before."""
    names = ("raw_label", "label_lines", "label_problems")
    code = fingerprint("copydesk.stages.labelling.routing", [schema_path(n, project.schemas) for n in names], None)
    identity = key("label-file", code, inputs_hash([path.name, sha256_file(path)]))
    known = project.store.result(identity)
    if known is None:
        shapes = [table(name, project.schemas) for name in names[1:]]
        known = {}
        for number, part in enumerate(read_labels(path, LineSchema(names[0], project.schemas))):
            lines = [_row(path.name, line) for line in part if isinstance(line, LabelLine)]
            refused = [_refused(path.name, line) for line in part if isinstance(line, LineProblem)]
            for name, shape, rows in zip(("a lines", "b problems"), shapes, (lines, refused), strict=True):
                known[f"{number:08d}.{name}"] = project.store.add(shape.from_rows(rows))
        project.store.record(identity, known)
    return [known[name] for name in sorted(known)]


def _row(file: str, line: LabelLine) -> dict[str, Any]:
    given = line.label
    fields = {name: value for name, value in given.items() if name not in _COLUMNS}
    as_json = {"fields": fields, "id": given.get("id")}
    return {
        **{"file": file, "line": line.line, "document": "", "by": None},
        **{name: given[name] for name in _COLUMNS if name in given},
        **{name: _encode(value) if value not in ({}, None) else None for name, value in as_json.items()},
    }


def _refused(file: str, problem: LineProblem) -> dict[str, Any]:
    advice = "correct the line; copydesk labels add writes such lines"
    message = f"{problem.field or '(line)'}: {problem.message}; {advice}"
    line = {"file": file, "line": problem.line, "doc_id": None, "label": None}
    return problem_row(line, "invalid", "schema", message)


def _joined(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join tables so that each has many rows: to find their documents costs the same for few as for many."""
    waiting: list[pa.Table] = []
    for part in tables:
        waiting.append(part)
        if sum(rows.num_rows for rows in waiting) >= _TOGETHER:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _batch(lines: pa.Table, ids: pa.Array, chosen: NDArray[np.int64], rows: NDArray[np.int64]) -> pa.RecordBatch:
    """Some of the labels, with their documents."""
    taken = lines.take(pa.array(chosen))
    documents = ids.take(pa.array(rows[chosen]))
    at = taken.column_names.index("document")
    field = taken.schema.field(at)
    whole = taken.set_column(at, field, documents).combine_chunks()
    return pa.RecordBatch.from_arrays([c.combine_chunks() for c in whole.columns], schema=whole.schema)


def _gathered(spilled: Path, slices: list[list[tuple[int, int, int]]], shape: Table) -> Iterator[pa.Table]:
    """Yield the labels of each shard of the corpus."""
    with pa.memory_map(str(spilled)) as file:
        reader = pa.ipc.open_file(file)
        for places in slices:
            batches = [reader.get_batch(number).slice(start, stop - start) for number, start, stop in places]
            yield shape.conform(pa.Table.from_batches(batches, reader.schema)).combine_chunks()
