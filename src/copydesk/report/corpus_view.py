"""The corpus as its pages need it, read from the packaged tables that the manifest lists."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.decisions import NAME, Decision, read_decisions
from copydesk.dataset.metrics import Metrics, measure
from copydesk.project import Project
from copydesk.revisions.revision import Revision, open_revision
from copydesk.tables.table import PUBLISHED

Row = dict[str, Any]
_HELD = 12  # shards in memory
_SAMPLES = 3  # edits shown of a rule
#: Columns of documents that pages never show.
_TEXTS = frozenset({"text", "sentences", "passages"})


class Document(NamedTuple):
    """A document as its page shows it: the rows of each table."""

    row: Row
    raw: Row
    edits: list[Row]
    sentences: list[Row]


class Sample(NamedTuple):
    """An edit that a rule made or suggests, and what stands around it in the raw text."""

    doc_id: str
    lead: str
    before: str
    after: str
    tail: str


class Counts(NamedTuple):
    """How many edits and suggestions a document has."""

    edits: int = 0
    suggestions: int = 0


def address(doc_id: str) -> str:
    """The name of a document's page: ids may hold what no address and no file name may."""
    return f"documents/{hashlib.sha256(doc_id.encode()).hexdigest()[:20]}.html"


class Corpus:
    """The packaged tables of a project.

    Raises
    ------
    ReleaseError
        If there is no corpus, or a file is not what the manifest says.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.title: str = project.params["corpus"]["title"]
        self.revision: Revision = open_revision(project.corpus.parent)
        self._decided: tuple[Any, dict[str, list[Decision]]] | None = None
        self._read = lru_cache(_HELD)(self.revision.read)

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
    def places(self) -> dict[str, int]:
        """Where each document stands in the corpus."""
        return {doc_id: place for place, doc_id in enumerate(self.ids)}

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Ids of the documents by the names of their pages."""
        return {address(doc_id): doc_id for doc_id in self.ids}

    @cached_property
    def metrics(self) -> Metrics:
        """The figures of reports/metrics.json, counted anew."""
        tables = {name: map(self.revision.read, self.revision.shards(name)) for name in PUBLISHED}
        return measure(tables, self.revision.listing["dropped"])

    def decisions(self) -> dict[str, list[Decision]]:
        """What the steward decided so far, by document; read again once the file has changed."""
        path = self.project.seeds / NAME
        state = path.stat() if path.exists() else None
        stamp = (state.st_mtime_ns, state.st_size, state.st_ino) if state else None
        if self._decided is None or self._decided[0] != stamp:
            by_document: dict[str, list[Decision]] = defaultdict(list)
            for decision in read_decisions(self.project.seeds, self.project.schemas):
                by_document[decision.doc_id].append(decision)
            self._decided = stamp, dict(by_document)
        return self._decided[1]

    @cached_property
    def edit_counts(self) -> dict[str, Counts]:
        """Edits and suggestions of the documents that have any."""
        counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for shard in self.revision.shards("edits"):
            rows = self.revision.read(shard, ["doc_id", "applied"])
            for found in rows.group_by(["doc_id", "applied"]).aggregate([([], "count_all")]).to_pylist():
                counted[found["applied"]][found["doc_id"]] += found["count_all"]
        return {i: Counts(counted[True][i], counted[False][i]) for i in {*counted[True], *counted[False]}}

    @cached_property
    def samples(self) -> dict[str, list[Sample]]:
        """A few edits of each rule, the first of the corpus."""
        found: dict[str, list[Row]] = defaultdict(list)
        for shard in self.revision.shards("edits"):
            rows = self.revision.read(shard, ["doc_id", "rules", "raw_start", "raw_end", "before", "after"])
            names = np.array(pc.list_flatten(rows["rules"]).to_pylist(), dtype=object)
            owners = pc.list_parent_indices(rows["rules"].combine_chunks()).to_numpy()
            for rule in sorted(set(names)):
                places = owners[np.flatnonzero(names == rule)[: _SAMPLES - len(found[rule])]]
                found[rule] += rows.take(pa.array(places)).to_pylist()
        texts = self._raw_texts({row["doc_id"] for rows in found.values() for row in rows})
        return {rule: [_sample(row, texts[row["doc_id"]]) for row in rows] for rule, rows in found.items()}

    def document(self, doc_id: str) -> Document:
        """All that is known of a document."""
        rows = {name: self._rows(name, doc_id) for name in PUBLISHED}
        return Document(rows["documents"][0], rows["raw"][0], rows["edits"], rows["sentences"])

    def group(self, leader: str) -> list[Row]:
        """The documents of a group of duplicates, given the one that is kept; in the order of the corpus."""
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
        """Which shard of a table a document's rows are in."""
        return {name: dict(self._placed(name)) for name in PUBLISHED}

    def _placed(self, table: str) -> Iterator[tuple[str, str]]:
        for shard in self.revision.shards(table):
            ids = self.revision.read(shard, ["doc_id"])["doc_id"]
            yield from ((doc_id, shard) for doc_id in pc.unique(ids).to_pylist())

    def _raw_texts(self, ids: Iterable[str]) -> dict[str, str]:
        wanted = defaultdict(list)
        for doc_id in sorted(ids):
            wanted[self._shards["raw"][doc_id]].append(doc_id)
        texts: dict[str, str] = {}
        for shard, some in wanted.items():
            rows = self.revision.read(shard, ["doc_id", "text"])
            rows = rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(some)))
            texts |= zip(*(column.to_pylist() for column in rows.columns), strict=True)
        return texts


def _sample(row: Row, text: str, around: int = 40) -> Sample:
    start, end = row["raw_start"], row["raw_end"]
    return Sample(
        row["doc_id"], text[max(0, start - around) : start], row["before"], row["after"], text[end : end + around]
    )
