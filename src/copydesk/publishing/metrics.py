"""Figures about a corpus, for ``dvc metrics`` and ``dvc plots``: counts, never times."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.files import write_text

_BIN = 20  # characters


class Metrics(NamedTuple):
    """Figures about a corpus.

    ``sources`` counts documents by outlet or publisher, ``lost`` those that were dropped; ``sentence_lengths`` counts
    sentences by length in characters, in bins of 20.
    """

    summary: dict[str, Any]
    languages: dict[str, int]
    licences: dict[str, int]
    sources: dict[str, int]
    lost: dict[str, int]
    sentence_lengths: dict[int, int]


def measure(tables: Mapping[str, Iterable[pa.Table]], dropped: Iterable[Mapping[str, Any]] = ()) -> Metrics:
    """Count what is in the published tables, given shard by shard, and what was dropped."""
    counts: Counter[str] = Counter()
    rules: dict[str, Counter[str]] = {"applied": Counter(), "suggested": Counter()}
    flags: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    for documents in tables["documents"]:
        counts["documents"] += documents.num_rows
        counts["characters_clean"] += pc.sum(documents["characters"]).as_py()
        counts["words"] += pc.sum(documents["words"]).as_py()
        counts["duplicates"] += documents.num_rows - documents["duplicate_of"].null_count
        flags.update(pc.struct_field(pc.list_flatten(documents["flags"]), "kind").to_pylist())
        languages.update(_named(documents["language"], "unknown"))
        licences.update(_named(documents["licence"], "LicenseRef-unknown"))
        sources.update(_named(pc.coalesce(documents["source_outlet"], documents["publisher"]), "unknown"))
        splits.update(_named(documents["split"], ""))
        counts["public"] += pc.sum(documents["public"]).as_py()
        counts["near"] += pc.sum(pc.equal(documents["duplicate_kind"], "near")).as_py() or 0
    for raw in tables["raw"]:
        counts["bytes_raw"] += pc.sum(raw["size"]).as_py()
        counts["characters_raw"] += pc.sum(pc.utf8_length(raw["text"])).as_py()
    for sentences in tables["sentences"]:
        counts["sentences"] += sentences.num_rows
        length = pc.subtract(sentences["end"], sentences["start"]).to_numpy()
        bins, numbers = np.unique(length // _BIN * _BIN, return_counts=True)
        lengths.update(dict(zip(bins.tolist(), numbers.tolist(), strict=True)))
    for edits in tables["edits"]:
        for kind, mask in (("applied", edits["applied"]), ("suggested", pc.invert(edits["applied"]))):
            rules[kind].update(pc.list_flatten(edits.filter(mask)["rules"]).to_pylist())
    dropped = list(dropped)
    lost = Counter(row["source"] or "unknown" for row in dropped)
    summary = {
        "documents": counts["documents"],
        "public": counts["public"],
        "splits": _sorted(splits),
        "duplicates": {"exact": counts["duplicates"] - counts["near"], "near": counts["near"]},
        "dropped": _sorted(Counter(row["reason"] for row in dropped)),
        "sentences": counts["sentences"],
        "words": counts["words"],
        "characters": {"raw": counts["characters_raw"], "clean": counts["characters_clean"]},
        "bytes": {"raw": counts["bytes_raw"]},
        "edits": _sorted(rules["applied"]),
        "suggestions": _sorted(rules["suggested"]),
        "flags": _sorted(flags),
    }
    return Metrics(summary, _sorted(languages), _sorted(licences), _sorted(sources), _sorted(lost), _sorted(lengths))


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


def _sorted(counter: Counter[Any]) -> dict[Any, int]:
    return dict(sorted(counter.items()))


def _named(column: pa.ChunkedArray, unknown: str) -> dict[str, int]:
    counted = pc.value_counts(pc.fill_null(column, unknown)).to_pylist()
    return {row["values"]: row["counts"] for row in counted}
