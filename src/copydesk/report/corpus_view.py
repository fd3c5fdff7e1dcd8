"""A view of the corpus for the pages, read from the tables that the manifest lists."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.atomic_files import read_json_lines
from copydesk.core.decisions import NAME, Decision, read_decisions
from copydesk.dataset.common_lines import NAME as TEMPLATE_LINES
from copydesk.dataset.metrics import Metrics, measure
from copydesk.project import Project
from copydesk.readers.listed_metadata import delivered_metadata
from copydesk.report.suggestion_queue import COLUMNS, SuggestionQueue, corrected_documents, stated_source
from copydesk.revisions.revision import Revision, open_revision
from copydesk.tables.table import PUBLISHED

Row = dict[str, Any]
_CACHED_SHARDS = 12
_SAMPLES = 3  # edits shown of a rule
#: Columns of documents that no page about many documents shows.
_TEXTS = frozenset({"text", "sentences", "passages"})


class Document(NamedTuple):
    """The rows of one document in each table."""

    row: Row
    raw: Row
    edits: list[Row]
    sentences: list[Row]


class Sample(NamedTuple):
    """An edit or a suggestion of a rule, with the raw text around it."""

    doc_id: str
    lead: str
    before: str
    after: str
    tail: str


class Counts(NamedTuple):
    """The number of edits and of suggestions of a document."""

    edits: int = 0
    suggestions: int = 0


def address(doc_id: str) -> str:
    """File name of a document's page: a hash, since ids may have characters not allowed in URLs or file names."""
    return f"documents/{hashlib.sha256(doc_id.encode()).hexdigest()[:20]}.html"


class Corpus:
    """The dataset of a project.

    Raises
    ------
    ReleaseError
        If there is no corpus, or a file does not match the manifest.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.title: str = project.params["corpus"]["title"]
        self.revision: Revision = open_revision(project.corpus.parent)
        self._decisions_cache: tuple[Any, dict[str, list[Decision]]] | None = None
        self._read = lru_cache(_CACHED_SHARDS)(self.revision.read)

    @cached_property
    def documents(self) -> pa.Table:
        """The documents without their texts."""
        shards = list(self.revision.shards("documents"))
        names = [name for name in self._read(shards[0]).column_names if name not in _TEXTS]
        return pa.concat_tables([self.revision.read(shard, names) for shard in shards]).combine_chunks()

    @cached_property
    def ids(self) -> list[str]:
        """Ids of the documents, in the order of the corpus."""
        return list(self.documents["doc_id"].to_pylist())

    @cached_property
    def positions(self) -> dict[str, int]:
        """The position of each document in the corpus."""
        return {doc_id: position for position, doc_id in enumerate(self.ids)}

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Ids of the documents, by the file name of their page."""
        return {address(doc_id): doc_id for doc_id in self.ids}

    @cached_property
    def metrics(self) -> Metrics:
        """The figures of reports/metrics.json, computed from the tables."""
        tables = {name: map(self.revision.read, self.revision.shards(name)) for name in PUBLISHED}
        return measure(tables, self.revision.listing["dropped"])

    def decisions(self) -> dict[str, list[Decision]]:
        """The steward's decisions by document, others under ""; a file that changed is read again."""
        path = self.project.seeds / NAME
        state = path.stat() if path.exists() else None
        stamp = (state.st_mtime_ns, state.st_size, state.st_ino) if state else None
        if self._decisions_cache is None or self._decisions_cache[0] != stamp:
            by_document: dict[str, list[Decision]] = defaultdict(list)
            for decision in read_decisions(self.project.seeds, self.project.schemas):
                by_document[decision.doc_id or ""].append(decision)
            self._decisions_cache = stamp, dict(by_document)
        return self._decisions_cache[1]

    @cached_property
    def template_lines(self) -> list[Row]:
        """The lines that stand in many documents of one source, as the last build listed them."""
        path = self.project.reports / TEMPLATE_LINES
        return read_json_lines(path) if path.is_file() else []

    @cached_property
    def edit_counts(self) -> dict[str, Counts]:
        """The counts of every document that has edits or suggestions."""
        counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for shard in self.revision.shards("edits"):
            rows = self.revision.read(shard, ["doc_id", "applied"])
            for group in rows.group_by(["doc_id", "applied"]).aggregate([([], "count_all")]).to_pylist():
                counted[group["applied"]][group["doc_id"]] += group["count_all"]
        return {i: Counts(counted[True][i], counted[False][i]) for i in {*counted[True], *counted[False]}}

    @cached_property
    def samples(self) -> dict[str, list[Sample]]:
        """The first few edits of each rule."""
        rows_by_rule: dict[str, list[Row]] = defaultdict(list)
        for shard in self.revision.shards("edits"):
            rows = self.revision.read(shard, ["doc_id", "rules", "raw_start", "raw_end", "before", "after"])
            names = np.array(pc.list_flatten(rows["rules"]).to_pylist(), dtype=object)
            owners = pc.list_parent_indices(rows["rules"].combine_chunks()).to_numpy()
            for rule in sorted(set(names)):
                indices = owners[np.flatnonzero(names == rule)[: _SAMPLES - len(rows_by_rule[rule])]]
                rows_by_rule[rule] += rows.take(pa.array(indices)).to_pylist()
        texts = self._raw_texts({row["doc_id"] for rows in rows_by_rule.values() for row in rows})
        return {rule: [_sample(row, texts[row["doc_id"]]) for row in rows] for rule, rows in rows_by_rule.items()}

    @cached_property
    def queue(self) -> SuggestionQueue:
        """The suggestions of all documents; raw texts are in memory for one shard at a time."""

        def shards() -> Iterator[tuple[pa.Table, dict[str, str]]]:
            for shard in self.revision.shards("edits"):
                rows = self.revision.read(shard, [*COLUMNS])
                ids = pc.unique(rows["doc_id"].filter(pc.invert(rows["applied"]))).to_pylist()
                if ids:
                    yield rows, self._raw_texts(ids)

        return SuggestionQueue(shards(), self.documents, self._stated)

    def source(self, row: Row) -> str:
        """The source by which decisions about groups concern a document, given its row; empty if it has none."""
        return stated_source(row, self._stated)

    @cached_property
    def _stated(self) -> dict[str, Row]:
        """What was delivered about the documents of which decisions corrected metadata."""
        paths = {doc_id: self._rows("raw", doc_id)[0]["path"] for doc_id in corrected_documents(self.documents)}
        return delivered_metadata(self.project, paths) if paths else {}

    def document(self, doc_id: str) -> Document:
        """Read the rows of a document in each table."""
        rows = {name: self._rows(name, doc_id) for name in PUBLISHED}
        return Document(rows["documents"][0], rows["raw"][0], rows["edits"], rows["sentences"])

    def group(self, leader: str) -> list[Row]:
        """The documents of a duplicate group, named by the document that is kept; in the order of the corpus."""
        columns = ["doc_id", "duplicate_of", "duplicate_kind", "title", "words"]
        rows = self.documents.filter(pc.equal(self.documents["duplicate_group"], leader))
        return list(rows.select(columns).to_pylist())

    def _rows(self, table: str, doc_id: str) -> list[Row]:
        shard = self._shards[table].get(doc_id)
        if shard is None:
            return []
        rows = self._read(shard)
        return list(rows.filter(pc.equal(rows["doc_id"], doc_id)).to_pylist())

    @cached_property
    def _shards(self) -> dict[str, dict[str, str]]:
        """For each table, the shard of each document."""
        return {name: dict(self._shards_by_document(name)) for name in PUBLISHED}

    def _shards_by_document(self, table: str) -> Iterator[tuple[str, str]]:
        for shard in self.revision.shards(table):
            ids = self.revision.read(shard, ["doc_id"])["doc_id"]
            yield from ((doc_id, shard) for doc_id in pc.unique(ids).to_pylist())

    def _raw_texts(self, ids: Iterable[str]) -> dict[str, str]:
        ids_by_shard = defaultdict(list)
        for doc_id in sorted(ids):
            ids_by_shard[self._shards["raw"][doc_id]].append(doc_id)
        texts: dict[str, str] = {}
        for shard, ids_of_shard in ids_by_shard.items():
            rows = self.revision.read(shard, ["doc_id", "text"])
            rows = rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(ids_of_shard)))
            texts |= zip(*(column.to_pylist() for column in rows.columns), strict=True)
        return texts


def _sample(row: Row, text: str, around: int = 40) -> Sample:
    start, end = row["raw_start"], row["raw_end"]
    return Sample(
        row["doc_id"], text[max(0, start - around) : start], row["before"], row["after"], text[end : end + around]
    )
