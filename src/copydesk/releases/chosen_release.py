"""Rows of a loaded release with other edits than it was published with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from copydesk._version import __version__
from copydesk.dataset.manifest import read_listing
from copydesk.description.signals.signals import signals
from copydesk.errors import ReleaseError
from copydesk.language.detection import detect
from copydesk.language.stated_language import with_stated
from copydesk.tables.sentence_ids import sentence_ids
from copydesk.text.chosen_rows import MEASURED, ChosenDocument, changed_columns, choose
from copydesk.text.edit_choice import EditChoice, refuse_unknown_rules

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

#: Columns that depend on other texts too, so they cannot be computed for one text.
_OF_THE_CORPUS = ("duplicate_kind", "benchmark_overlap")
_BATCH = 100  # documents
Batch = dict[str, list[Any]]


class ChosenRelease:
    """A release whose documents have the chosen edits.

    Parameters
    ----------
    folder : Path
        The files of the release.
    choice : EditChoice
    name : str
        Names the release in messages.

    Raises
    ------
    InputError
        If the choice names a rule that neither an edit of the release nor this copydesk has.
    """

    def __init__(self, folder: Path, choice: EditChoice, name: str) -> None:
        self.folder, self.choice, self.name = folder, choice, name
        refuse_unknown_rules(choice, self._rules_with_edits(), f"{name}: ")

    def documents(self, rows: Dataset | IterableDataset, *, with_signals: bool) -> Dataset | IterableDataset:
        """Rows of ``documents`` with the chosen text; its signals are computed, or their columns are absent."""
        absent = [name for name in (_OF_THE_CORPUS if with_signals else MEASURED) if name in rows.features]
        features = type(rows.features)({name: kind for name, kind in rows.features.items() if name not in absent})
        return self._mapped(rows, self._with_signals if with_signals else self._documents, features, absent)

    def sentences(self, rows: Dataset | IterableDataset, features: Any) -> Dataset | IterableDataset:
        """Rows of ``sentences`` of the chosen texts, from rows of ``documents``."""
        # The sentences of older releases do not have the column.
        function = self._sentences_with_split if "split" in features else self._sentences
        return self._mapped(rows, function, features, [*rows.features])

    def _mapped(
        self, rows: Any, function: Callable[[Batch], Mapping[str, Any]], features: Any, absent: list[str]
    ) -> Any:
        settings = {"batched": True, "batch_size": _BATCH, "features": features, "remove_columns": absent}
        if not hasattr(rows, "_fingerprint"):
            return rows.map(function, **settings)
        # The rows' own fingerprint says nothing of the table of edits.
        edits = self._listing["tables"].get("edits"), sorted(self._withheld)
        choice = self.choice.kind, sorted(self.choice.rules)
        identity = (rows._fingerprint, function.__name__, choice, edits, __version__)
        fingerprint = hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
        return rows.map(function, **settings, new_fingerprint=fingerprint)

    def _documents(self, batch: Batch) -> Batch:
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        changed = [changed_columns(row, self._chosen(row)) for row in rows]
        names = (name for name in changed[0] if name not in MEASURED) if changed else ()
        return {name: [columns[name] for columns in changed] for name in names}

    def _with_signals(self, batch: Batch) -> Mapping[str, Any]:
        chosen: dict[str, Any] = self._documents(batch)
        texts = pa.array(chosen["text"], pa.string())
        origins = batch.get("provenance") or [[]] * len(texts)
        stated = [
            language if any(origin["field"] == "language" for origin in of_document or ()) else None
            for language, of_document in zip(batch.get("language") or [None] * len(texts), origins, strict=True)
        ]
        languages = with_stated(detect(texts), stated)
        chosen |= {name: column for name, column in signals(texts).items() if name in batch}
        chosen |= {
            "language": languages.labels,
            "language_score": languages.scores,
            "language_share": languages.shares,
            "languages": languages.all_shares,
        }
        return {name: c.to_pylist() if isinstance(c, pa.Array) else c for name, c in chosen.items()}

    def _sentences(self, batch: Batch) -> Batch:
        return self._sentence_rows(batch, with_split=False)

    def _sentences_with_split(self, batch: Batch) -> Batch:
        return self._sentence_rows(batch, with_split=True)

    def _sentence_rows(self, batch: Batch, *, with_split: bool) -> Batch:
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        columns: Batch = {}
        for row in rows:
            made = sentence_columns(row["doc_id"], self._chosen(row))
            if with_split:
                made["split"] = [row["split"]] * len(made["doc_id"])
            for name, values in made.items():
                columns.setdefault(name, []).extend(values)
        return columns

    def _chosen(self, row: dict[str, Any]) -> ChosenDocument:
        if row["doc_id"] in self._withheld:
            raise ReleaseError(
                f"{self.name}: the edits of document {row['doc_id']!r} are withheld, because personal data are "
                "masked in it; load the release with its published edits"
            )
        start, stop = self._places.get(row["doc_id"], (0, 0))
        return choose(row, self._edits.slice(start, stop - start).to_pylist(), self.choice)

    @cached_property
    def _listing(self) -> dict[str, Any]:
        return read_listing(self.folder)

    @cached_property
    def _withheld(self) -> frozenset[str]:
        return frozenset(self._listing["withheld"])

    @cached_property
    def _edits(self) -> pa.Table:
        """The applied edits of all splits, those of a document one after another."""
        files = sorted((self.folder / "data" / "edits").glob("*.parquet"))
        if not files:
            return pa.table({"doc_id": pa.array([], pa.string())})
        return pads.dataset(files).to_table(filter=pc.field("applied")).combine_chunks()

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        """Where the edits of each document begin and end."""
        ids = self._edits["doc_id"].to_numpy(zero_copy_only=False)
        if not len(ids):
            return {}
        bounds = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), len(ids)]
        return {ids[start]: (start, stop) for start, stop in pairwise(bounds)}

    def _rules_with_edits(self) -> set[str]:
        files = sorted((self.folder / "data" / "edits").glob("*.parquet"))
        if not files:
            return set()
        names = pads.dataset(files).to_table(columns=["rules"])["rules"]
        return set(pc.unique(pc.list_flatten(names)).to_pylist())


def sentence_columns(doc_id: str, chosen: ChosenDocument) -> dict[str, list[Any]]:
    """The rows of ``sentences`` of a document with the chosen edits, as columns.

    The paragraph of a sentence is the line in which it begins, counted without blank lines.
    """
    text, spans = chosen.edited.text, chosen.sentences
    starts, ends = (np.array([span[side] for span in spans], dtype=np.int64) for side in range(2))
    raw_starts, raw_ends = chosen.edited.alignment.to_raw(starts, ends)
    texts = [text[start:end] for start, end in spans]
    paragraphs: list[int] = []
    paragraph = -1
    previous_end = 0
    for number, (start, end) in enumerate(spans):
        if number == 0 or "\n" in text[previous_end:start]:
            paragraph += 1
        paragraphs.append(paragraph)
        paragraph += sum(1 for line in text[start:end].split("\n")[1:] if line.strip())
        previous_end = end
    return {
        "doc_id": [doc_id] * len(spans),
        "sentence_id": sentence_ids([doc_id] * len(spans), texts),
        "index": [*range(len(spans))],
        "paragraph": paragraphs,
        "text": texts,
        "start": starts.tolist(),
        "end": ends.tolist(),
        "raw_start": raw_starts.tolist(),
        "raw_end": raw_ends.tolist(),
    }
