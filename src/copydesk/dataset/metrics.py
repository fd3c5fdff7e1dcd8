"""Statistics of a corpus, for the card, ``dvc metrics`` and ``dvc plots``: counts, never times."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.atomic_files import write_text
from copydesk.dataset.published_filters import FILTERS, SIGNALS, passing, spread
from copydesk.tables.licenses import UNKNOWN
from copydesk.tables.renamed_columns import with_current_names
from copydesk.tables.table import LABELS, SIGNATURES

SENTENCE_BIN = 20  # characters
WORDS_BIN = 10
_LABELS = 100  # names of labels that are counted


class Metrics(NamedTuple):
    """Statistics of a corpus.

    ``sources`` counts documents by source or publisher, ``lost`` the dropped ones; ``sentence_lengths`` counts
    sentences by length in characters, in bins of 20, ``document_lengths`` documents by words, in bins of 10;
    ``signals`` counts documents by hundredths of each signal, ``filters`` those that pass each published filter;
    ``rights`` counts statements on text and data mining by kind.
    """

    summary: dict[str, Any]
    languages: dict[str, int]
    licenses: dict[str, int]
    sources: dict[str, int]
    lost: dict[str, int]
    sentence_lengths: dict[int, int]
    document_lengths: dict[int, int]
    signals: dict[str, dict[int, int]]
    filters: dict[str, int]
    rights: dict[str, int]


#: Counts by statistic and by name within it.
Counts = Counter[tuple[str, str]]


def count(name: str, rows: pa.Table) -> Counts:
    """Count some rows of a published table; the counts of several shards can be added up."""
    counts: Counts = Counter()
    for figure, numbers in _COUNTED[name](rows).items():
        counts.update({(figure, str(key)): number for key, number in numbers.items()})
    return counts


def measure(tables: Mapping[str, Iterable[pa.Table]], dropped: Iterable[Mapping[str, Any]] = ()) -> Metrics:
    """The statistics of published tables, given shard by shard, and of the dropped documents."""
    counts: Counts = Counter()
    for name, shards in tables.items():
        for rows in shards:
            counts.update(count(name, rows))
    return figures(counts, dropped)


def figures(counts: Counts, dropped: Iterable[Mapping[str, Any]] = ()) -> Metrics:
    """The statistics that follow from the counts of all shards and from the dropped documents."""
    by_figure: dict[str, Counter[str]] = defaultdict(Counter)
    for (figure, key), number in counts.items():
        by_figure[figure][key] += number
    total = by_figure["total"]
    dropped = list(dropped)
    lost = Counter(row["source"] or "unknown" for row in dropped)
    summary = {
        "documents": total["documents"],
        "public": total["public"],
        "splits": _sorted(by_figure["splits"]),
        "duplicates": {"exact": total["duplicates"] - total["near"], "near": total["near"]},
        "dropped": _sorted(Counter(row["reason"] for row in dropped)),
        "sentences": total["sentences"],
        "words": total["words"],
        "characters": {"raw": total["characters_raw"], "clean": total["characters_clean"]},
        "bytes": {"raw": total["bytes_raw"]},
        "edits": _sorted(by_figure["applied"]),
        "suggestions": _sorted(by_figure["suggested"]),
        "flags": _sorted(by_figure["flags"]),
    }
    if total["labels"]:
        summary["labels"] = _sorted(Counter(dict(_first(by_figure["labels"], _LABELS))))
    languages, licenses, sources = (_sorted(by_figure[figure]) for figure in ("languages", "licenses", "sources"))
    return Metrics(
        summary,
        languages,
        licenses,
        sources,
        _sorted(lost),
        sentence_lengths=_numbered(by_figure["lengths"]),
        document_lengths=_numbered(by_figure["document_lengths"]),
        signals={name: _numbered(by_figure[f"signal {name}"]) for name in SIGNALS},
        filters={name: by_figure["filters"][name] for name in FILTERS},
        rights=_sorted(by_figure["rights"]),
    )


def _count_documents(rows: pa.Table) -> Found:
    rows = with_current_names(rows)  # of a past release that is issued again
    return {
        "total": {
            "documents": rows.num_rows,
            "characters_clean": _sum(rows["characters"]),
            "words": _sum(rows["words"]),
            "duplicates": rows.num_rows - rows["duplicate_of"].null_count,
            "public": _sum(rows["public"]),
            "near": _sum(pc.equal(rows["duplicate_kind"], "near")),
        },
        "flags": _kinds(rows, "flags"),
        "languages": _named(rows["language"], "unknown"),
        "licenses": _named(rows["license"], UNKNOWN),
        "sources": _named(pc.coalesce(rows["source"], rows["publisher"]), "unknown"),
        "splits": _named(rows["split"], ""),
        "document_lengths": _binned(rows["words"].to_numpy(), WORDS_BIN),
        **{f"signal {name}": counted for name, counted in spread(rows).items()},
        "filters": passing(rows),
        "rights": _kinds(rows, "rights"),
    }


def _count_raw(rows: pa.Table) -> Found:
    return {"total": {"bytes_raw": _sum(rows["size"]), "characters_raw": _sum(pc.utf8_length(rows["text"]))}}


def _count_sentences(rows: pa.Table) -> Found:
    length = pc.subtract(rows["end"], rows["start"]).to_numpy()
    return {"total": {"sentences": rows.num_rows}, "lengths": _binned(length, SENTENCE_BIN)}


def _count_edits(rows: pa.Table) -> Found:
    kinds = (("applied", rows["applied"]), ("suggested", pc.invert(rows["applied"])))
    return {kind: Counter(pc.list_flatten(rows.filter(mask)["rules"]).to_pylist()) for kind, mask in kinds}


def _count_labels(rows: pa.Table) -> Found:
    return {"total": {"labels": rows.num_rows}, "labels": Counter(rows["label"].to_pylist())}


#: Counts of some rows, by statistic and by name.
Found = dict[str, Mapping[Any, int]]
_COUNTED: dict[str, Callable[[pa.Table], Found]] = {
    "documents": _count_documents,
    "raw": _count_raw,
    "sentences": _count_sentences,
    "edits": _count_edits,
    LABELS: _count_labels,
    SIGNATURES: lambda _: {},  # one for each document
}


def write_plots(folder: Path, metrics: Metrics) -> None:
    """Write the tables that ``dvc plots show`` draws."""
    lengths = ({"characters": start, "sentences": n} for start, n in metrics.sentence_lengths.items())
    edits = ({"edits": n, "rule": rule} for rule, n in metrics.summary["edits"].items())
    for name, header, rows in (
        ("sentence_length.csv", ("characters", "sentences"), lengths),
        ("edits_per_rule.csv", ("edits", "rule"), edits),
    ):
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(folder / name, sheet.getvalue())


def _kinds(rows: pa.Table, column: str) -> Counter[str]:
    """The kinds of what a column lists; an old release may not have the column."""
    if column not in rows.column_names:
        return Counter()
    return Counter(pc.struct_field(pc.list_flatten(rows[column]), "kind").to_pylist())


def _binned(values: npt.NDArray[np.integer[Any]], width: int) -> dict[int, int]:
    """The number of values in each bin, by its lower end."""
    bins, numbers = np.unique(values // width * width, return_counts=True)
    return dict(zip(bins.tolist(), numbers.tolist(), strict=True))


def _numbered(counter: Counter[str]) -> dict[int, int]:
    return _sorted(Counter({int(key): number for key, number in counter.items()}))


def _sum(column: pa.ChunkedArray) -> int:
    return pc.sum(column).as_py() or 0


def _first(counter: Counter[str], most: int) -> list[tuple[str, int]]:
    """The most frequent names, those with equal counts by name."""
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:most]


def _sorted(counter: Counter[Any]) -> dict[Any, int]:
    return dict(sorted(counter.items()))


def _named(column: pa.ChunkedArray, unknown: str) -> dict[str, int]:
    counted = pc.value_counts(pc.fill_null(column, unknown)).to_pylist()
    return {row["values"]: row["counts"] for row in counted}
