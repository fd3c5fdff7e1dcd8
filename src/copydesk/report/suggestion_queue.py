"""The suggestions of a corpus as columns: which are open, how many each rule and source has, what is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.decisions import OF_EDITS, Decision, folded_line, source_of
from copydesk.core.group_decisions import Wording, wording

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]
_AROUND = 40  # characters on each side of a suggestion
COLUMNS = ("doc_id", "index", "raw_start", "raw_end", "before", "after", "rules", "confidence", "applied")
#: Names of ranges of confidence, with their ends: from the first, below the second.
CONFIDENCES = {"below .5": (0.0, 0.5), ".5 to .8": (0.5, 0.8), ".8 and more": (0.8, 2.0)}
ORDERS = ("most alike", "least confident", "most confident")


def short_name(*values: str) -> str:
    """A name for texts in addresses and forms, where characters that cannot be seen are spelled out."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:20]


class Selection(NamedTuple):
    """Which suggestions are listed: of a rule, of a source, in a range of confidence; None: of any."""

    rule: str | None = None
    source: str | None = None
    confidence: str | None = None
    order: str = ORDERS[0]


class Suggestion(NamedTuple):
    """One suggestion with the raw text around it."""

    doc_id: str
    number: int
    raw_start: int
    raw_end: int
    lead: str
    before: str
    after: str
    tail: str
    source: str
    confidence: float


class SuggestionGroup(NamedTuple):
    """Open suggestions of one rule and one wording, and the positions of all of them in the queue."""

    number: int
    rule: str
    words: Wording
    positions: npt.NDArray[np.int64]
    least_confident: float
    most_confident: float

    @property
    def name(self) -> str:
        """What identifies it in a form."""
        return short_name(self.rule, *self.words)

    def named(self, source: str | None) -> dict[str, str]:
        """The fields by which a decision names it, in all sources or in one."""
        return {"rule": self.rule, **({} if source is None else {"source": source}), **self.words._asdict()}


class SuggestionQueue:
    """All suggestions of a corpus, in its order, as columns.

    Parameters
    ----------
    shards : iterable of (pa.Table, mapping of doc_id to str)
        For each shard of edits its rows, and the raw texts of the documents that have suggestions.
    documents : pa.Table
        With ``doc_id``, ``raw_sha256``, ``source``, ``publisher``, ``url`` and ``provenance``.
    stated : mapping of doc_id to rows
        What was delivered about documents with corrected fields.
    """

    def __init__(
        self,
        shards: Iterable[tuple[pa.Table, Mapping[str, str]]],
        documents: pa.Table,
        stated: Mapping[str, Row],
    ) -> None:
        self._groups: dict[tuple[str, str, str], int] = {}
        tables = [self._indexed(rows, texts) for rows, texts in shards]
        self._rows = pa.concat_tables([*tables, _NO_ROWS]).combine_chunks()
        self._group = self._rows["group"].to_numpy()
        self._confidence = self._rows["confidence"].to_numpy()
        self._keys = [*self._groups]
        ids = pc.unique(self._rows["doc_id"])
        about = documents.filter(pc.is_in(documents["doc_id"], value_set=ids))
        described = {row["doc_id"]: row for row in about.select([*_SOURCE_COLUMNS]).to_pylist()}
        self.sha256 = {doc_id: row["raw_sha256"] for doc_id, row in described.items()}
        of_document = {doc_id: stated_source(row, stated) for doc_id, row in described.items()}
        encoded = self._rows["doc_id"].combine_chunks().dictionary_encode()
        names = encoded.dictionary.to_pylist()
        self.sources = sorted(set(of_document.values()))
        self._source_numbers = {source: number for number, source in enumerate(self.sources)}
        numbers = np.array([self._source_numbers[of_document[name]] for name in names], np.int32)
        codes = encoded.indices.to_numpy()
        self._source = numbers[codes] if len(codes) else np.zeros(0, np.int32)
        self.rules = sorted({rule for rule, _, _ in self._keys})
        of_group = np.array([self.rules.index(rule) for rule, _, _ in self._keys], np.int32)
        self._rule = of_group[self._group] if len(codes) else np.zeros(0, np.int32)
        first = np.flatnonzero(np.diff(codes, prepend=-1))
        bounds = pairwise([*first.tolist(), len(codes)])
        self._places = {names[codes[start]]: (start, end) for start, end in bounds}
        self._open: tuple[object, Mask] | None = None

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def _indexed(self, rows: pa.Table, texts: Mapping[str, str]) -> pa.Table:
        """The rows of a shard with their groups and the text around them."""
        rows = rows.filter(pc.invert(rows["applied"]))
        rules = pc.list_element(rows["rules"], 0) if rows.num_rows else pa.array([], pa.string())
        groups, leads, tails = [], [], []
        columns = (rows[name].to_pylist() for name in ("doc_id", "raw_start", "raw_end", "after"))
        for doc_id, start, end, after, rule in zip(*columns, rules.to_pylist(), strict=True):
            text = texts[doc_id]
            key = (rule, *wording(text, start, end, after))
            groups.append(self._groups.setdefault(key, len(self._groups)))
            leads.append(text[max(0, start - _AROUND) : start])
            tails.append(text[end : end + _AROUND])
        made = (pa.array(groups, pa.int32()), pa.array(leads, pa.string()), pa.array(tails, pa.string()))
        kept = rows.select(["doc_id", "index", "raw_start", "raw_end", "before", "after"])
        for name, column in zip(("group", "lead", "tail"), made, strict=True):
            kept = kept.append_column(name, column)
        return kept.append_column("confidence", rows["confidence"].cast(pa.float64())).cast(_SHAPE)

    def open_ones(self, decisions: Mapping[str, Sequence[Decision]]) -> Mask:
        """Which suggestions nobody has decided about; ``decisions`` by document, others under ""."""
        if self._open is None or self._open[0] is not decisions:
            mask = np.ones(len(self), np.bool_)
            for doc_id, of_document in decisions.items():
                for decision in of_document:
                    if decision.of_group:
                        mask[self._of_group(decision)] = False
                    elif decision.decision in OF_EDITS and decision.raw_sha256 == self.sha256.get(doc_id):
                        mask[self._of_edit(decision)] = False
            self._open = decisions, mask
        return self._open[1]

    def _of_group(self, decision: Decision) -> Mask:
        if decision.rule not in self.rules or decision.source not in {None, *self.sources}:
            return np.zeros(len(self), np.bool_)
        if decision.before is not None:
            words = folded_line(decision.before), folded_line(decision.after or "")
            mask = self._group == self._groups.get((decision.rule, *words), -1)
        else:
            mask = self._rule == self.rules.index(decision.rule)
        of_group: Mask = (
            mask if decision.source is None else mask & (self._source == self._source_numbers[decision.source])
        )
        return of_group

    def _of_edit(self, decision: Decision) -> list[int]:
        start, end = self._places.get(decision.doc_id or "", (0, 0))
        rows = self._rows.slice(start, end - start).select(["raw_start", "raw_end", "before", "after"]).to_pylist()
        return [start + number for number, row in enumerate(rows) if tuple(row.values()) == decision.place]

    def selected(self, selection: Selection, decisions: Mapping[str, Sequence[Decision]]) -> Mask:
        """Which open suggestions a selection has, whatever their confidence."""
        mask = self.open_ones(decisions)
        if selection.rule is not None:
            mask = mask & (self._rule == self.rules.index(selection.rule))
        if selection.source is not None:
            mask = mask & (self._source == self._source_numbers[selection.source])
        return mask

    def groups(self, mask: Mask, selection: Selection, start: int, count: int) -> tuple[int, list[SuggestionGroup]]:
        """The number of groups among some suggestions, and some of these groups in the order of the selection."""
        positions = np.flatnonzero(mask)
        numbers, owners, sizes = np.unique(self._group[positions], return_inverse=True, return_counts=True)
        least, most = np.full(len(numbers), 2.0), np.full(len(numbers), -1.0)
        np.minimum.at(least, owners, self._confidence[positions])
        np.maximum.at(most, owners, self._confidence[positions])
        low, high = CONFIDENCES.get(selection.confidence or "", (-1.0, 3.0))
        fitting = np.flatnonzero((least >= low) & (least < high))
        by = {ORDERS[1]: least, ORDERS[2]: -least}.get(selection.order, -sizes)
        shown = fitting[np.argsort(by[fitting], kind="stable")][start : start + count]
        made = []
        for place in shown.tolist():
            rule, *words = self._keys[int(numbers[place])]
            members = positions[owners == place]
            confidences = float(least[place]), float(most[place])
            made.append(SuggestionGroup(int(numbers[place]), rule, Wording(*words), members, *confidences))
        return len(fitting), made

    def group(self, number: int, mask: Mask) -> SuggestionGroup | None:
        """A group with those of its suggestions that are in a mask; None if there is no such group."""
        if not 0 <= number < len(self._keys):
            return None
        rule, *words = self._keys[number]
        return SuggestionGroup(number, rule, Wording(*words), np.flatnonzero(mask & (self._group == number)), 0, 0)

    def suggestions(self, positions: npt.NDArray[np.int64]) -> list[Suggestion]:
        """Some suggestions by their position in the queue."""
        rows = self._rows.take(pa.array(positions)).to_pylist()
        sources = [self.sources[number] for number in self._source[positions].tolist()]
        return [
            Suggestion(
                **{name: row[name] for name in Suggestion._fields if name in row}, number=row["index"], source=s
            )
            for row, s in zip(rows, sources, strict=True)
        ]

    def spread(self, positions: npt.NDArray[np.int64]) -> tuple[int, list[str]]:
        """Over how many documents some suggestions are spread, and over which sources."""
        documents = len(pc.unique(self._rows["doc_id"].take(pa.array(positions))))
        return documents, [self.sources[number] for number in np.unique(self._source[positions]).tolist()]

    def counts(self, mask: Mask) -> list[tuple[str, str, int]]:
        """The number of suggestions in a mask by rule and source, the most first."""
        keys = self._rule[mask].astype(np.int64) * max(1, len(self.sources)) + self._source[mask]
        numbers, sizes = np.unique(keys, return_counts=True)
        pairs = (divmod(number, max(1, len(self.sources))) for number in numbers.tolist())
        counted = [
            (self.rules[rule], self.sources[source], size)
            for (rule, source), size in zip(pairs, sizes.tolist(), strict=True)
        ]
        return sorted(counted, key=lambda row: (-row[2], row[:2]))


_SOURCE_COLUMNS = ("doc_id", "raw_sha256", "source", "publisher", "url", "provenance")
_SHAPE = pa.schema(
    [
        *(("doc_id", pa.string()), ("index", pa.int32()), ("raw_start", pa.int32()), ("raw_end", pa.int32())),
        *((name, pa.string()) for name in ("before", "after")),
        *(("group", pa.int32()), ("lead", pa.string()), ("tail", pa.string()), ("confidence", pa.float64())),
    ]
)
_NO_ROWS = _SHAPE.empty_table()


def stated_source(row: Row, stated: Mapping[str, Row]) -> str:
    """The source by which decisions about groups are made; empty if there is none.

    It follows from what was delivered: not from what rules found in the text, nor from what a decision corrected.
    """
    origins = {origin["field"]: origin["origin"] for origin in row["provenance"]}
    values = {}
    for name in ("source", "publisher", "url"):
        if origins.get(name) == "sources.jsonl":
            values[name] = row[name]
        elif origins.get(name) == "decision":
            values[name] = stated.get(row["doc_id"], {}).get(name)
    return source_of(values) or ""


def corrected_documents(documents: pa.Table) -> list[str]:
    """The ids of documents of which a decision corrected metadata."""
    provenance = documents["provenance"].combine_chunks()
    by_decision = pc.equal(pc.list_flatten(provenance).field("origin"), "decision")
    rows = pc.list_parent_indices(provenance).filter(by_decision).unique()
    ids: list[str] = documents["doc_id"].take(rows).to_pylist()
    return ids
