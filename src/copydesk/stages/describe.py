"""Describe: signals and provenance of each document, what it shares with benchmarks, whether it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.config import load_json_lines
from copydesk.core.decisions import Decision, obeyable
from copydesk.core.progress import say
from copydesk.core.renamed_fields import ADVICE, COLUMNS
from copydesk.description.duplicates.benchmark_overlap import overlaps, runs, without_runs
from copydesk.description.duplicates.minhash import Signatures, minhash, normalised, text_keys
from copydesk.description.duplicates.takedown_matches import takedowns
from copydesk.description.headline import headline
from copydesk.description.keep_condition import Condition
from copydesk.description.licenses import public
from copydesk.description.provenance import FIELDS, Told, completed, removed_by_document, told, told_by_page
from copydesk.description.signals.signals import signals
from copydesk.description.splits import points_of
from copydesk.project import Project
from copydesk.stages.alignments import alignments
from copydesk.stages.runner import Made, Output, Shard, Stage, run_shards
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part, Parts, Store
from copydesk.tables.table import table


class Common(NamedTuple):
    """What is the same for all shards: the runs of words of the benchmarks in the store, the ledger of takedowns."""

    runs: tuple[Root, Part] | None
    ledger: list[dict[str, Any]]


#: Columns that other documents decide: no condition can ask for them.
LATER = frozenset({"duplicate_of", "duplicate_group", "duplicate_kind", "split"})

SIGNALS = (
    *("characters", "words", "mean_word_length", "symbol_word_ratio", "alpha_word_ratio", "stop_words"),
    *("bullet_line_ratio", "ellipsis_line_ratio"),
    *("dup_paragraph_frac", "dup_paragraph_char_frac", "dup_line_frac", "dup_line_char_frac"),
    *(f"top_{n}_gram_frac" for n in range(2, 5)),
    *(f"dup_{n}_gram_frac" for n in range(5, 11)),
    *("terminal_punct_lines", "curly_brackets", "lorem_ipsum", "javascript_lines", "policy_lines"),
    *("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"),
)

_QUOTED = 5  # names of benchmarks in a message

STAGE = Stage(
    "describe",
    reads=("ingest.provenance", "ingest.decisions", "ingest.pages", "clean.text", "clean.edits", "split.spans"),
    writes={
        "description": Output(
            "documents",
            ("doc_id", *FIELDS, "public", "provenance", "raw_sha256", *SIGNALS, "flags", "benchmark_overlap"),
        ),
        "signatures": Output("signatures"),
        "dropped": Output("dropped"),
        "resembling": Output("dropped"),
    },
    params=("select", "decontaminate", "deduplicate", "publish"),
    by_document=True,
)


def run(project: Project) -> list[Parts]:
    """Check the condition, gather the runs of words of the benchmarks, describe every shard."""
    schema = table("documents", project.schemas).arrow
    known_columns = pa.schema([field for field in schema if field.name not in LATER])
    for old in Condition(project.params["select"]["keep"], known_columns).old_names:
        say(f"warning: params.yaml: select.keep: {old} is now {COLUMNS[old]}; {ADVICE}")
    benchmarks = load_json_lines(project.benchmarks, "benchmark", "name", project.schemas)
    known, where = None, None
    if benchmarks:
        texts, length = [row["text"] for row in benchmarks.values()], project.params["decontaminate"]["words"]
        _warn_of_short_benchmarks(
            project, [list(benchmarks)[number] for number in without_runs(texts, length)], length
        )
        part = project.store.add(pa.table({"run": runs(texts, length)}))
        known, where = part.sha256, (project.store.root, part)
    ledger = list(load_json_lines(project.takedowns, "takedown", "doc_id", project.schemas).values())
    return run_shards(project, STAGE, common=([known, ledger], Common(where, ledger)))


def _warn_of_short_benchmarks(project: Project, names: list[str], length: int) -> None:
    """Say which benchmarks cannot be found in any document."""
    if names:
        quoted = ", ".join(names[:_QUOTED]) + (", ..." if len(names) > _QUOTED else "")
        say(
            f"describe: {project.benchmarks}: {len(names)} texts have fewer than {length} words "
            f"(decontaminate.words), so they are found in no document: {quoted}"
        )


def shard(given: Shard) -> Made:
    """Describe the documents of a shard."""
    text, settings = given.tables["text"], given.params
    ids, column = text["doc_id"].combine_chunks(), text["text"].combine_chunks()
    corrections = {
        doc_id: {decision.field: decision.value for decision in decisions if decision.field}
        for doc_id, decisions in obeyable(given.tables["decisions"], "correct").items()
    }
    provenance, origins = completed(given.tables["provenance"], _found(given, column), corrections)
    common: Common = given.extra
    known = _runs(*common.runs) if common.runs else np.zeros(0, dtype=np.uint64)
    shared = overlaps(column, known, settings["decontaminate"]["words"])
    licenses = provenance["license"].combine_chunks()
    columns: dict[str, Any] = {
        **dict(zip(provenance.column_names, provenance.columns, strict=True)),
        "public": public(licenses, settings["publish"]["allow"]),
        "provenance": origins,
        **signals(column),
        "flags": _flags(text["flags"], shared, settings["decontaminate"]["flag"]),
        "benchmark_overlap": [overlap.share for overlap in shared],
    }
    description = pa.table(columns)
    compared = normalised(column)
    near, as_normalised = settings["deduplicate"]["near"], settings["deduplicate"]["normalise"]
    keys = text_keys(compared)
    sketches = minhash(compared if near or common.ledger else compared.slice(0, 0))
    same, resembling = takedowns(description, keys, sketches, common.ledger)
    dropped: list[dict[str, Any]] = []
    for rows in (
        same,
        _excluded(description, obeyable(given.tables["decisions"], "exclude")),
        _dropped(settings["select"]["keep"], text, description, given.tables["spans"]),
    ):
        left_out = {row["doc_id"] for row in dropped}
        dropped += [row for row in rows if row["doc_id"] not in left_out]
    kept = pc.invert(pc.is_in(ids, value_set=pa.array([row["doc_id"] for row in dropped], pa.string())))
    signatures = {
        "doc_id": ids,
        "text_key": keys if as_normalised else text_keys(column),
        "minhash": _lists(sketches) if near else [[]] * len(ids),
        "words": description["words"],
        "point": points_of(ids.to_pylist()),
        "kept": kept,
    }
    return {
        "description": description,
        "signatures": pa.table(signatures),
        "dropped": _in_order(dropped, ids),
        "resembling": _in_order(resembling, ids),
    }


def _in_order(rows: list[dict[str, Any]], ids: pa.Array) -> list[dict[str, Any]]:
    """Rows in the order of their documents."""
    places = {doc_id: place for place, doc_id in enumerate(ids.to_pylist())} if rows else {}
    return sorted(rows, key=lambda row: places[row["doc_id"]])


@lru_cache(maxsize=1)
def _runs(store: Root, part: Part) -> NDArray[np.uint64]:
    """Runs of words, read once by each process."""
    runs: NDArray[np.uint64] = Store(store).read(part)["run"].to_numpy()
    return runs


def _excluded(documents: pa.Table, decisions: Mapping[str, list[Decision]]) -> list[dict[str, Any]]:
    """The documents that the steward left out."""
    found = documents.filter(pc.is_in(documents["doc_id"], value_set=pa.array([*decisions], pa.string())))
    sources = pc.coalesce(found["source"], found["publisher"]).to_pylist()
    return [
        {"doc_id": doc_id, "reason": "decision", "values": '{"decision": "exclude"}', "source": source}
        for doc_id, source in zip(found["doc_id"].to_pylist(), sources, strict=True)
    ]


def _dropped(keep: str, *tables: pa.Table) -> list[dict[str, Any]]:
    """The documents that a condition over the columns of some tables, row by row the same documents, leaves out."""
    columns = {
        name: column for table in tables for name, column in zip(table.column_names, table.columns, strict=True)
    }
    asked = pa.table(columns)
    found = Condition(keep, asked.schema).dropped(asked)
    rows = pa.array([each.row for each in found], pa.int64())
    ids = asked["doc_id"].take(rows).to_pylist()
    sources = pc.coalesce(asked["source"], asked["publisher"]).take(rows).to_pylist()
    return [
        {"doc_id": doc_id, "reason": each.reason, "values": each.values, "source": source}
        for doc_id, each, source in zip(ids, found, sources, strict=True)
    ]


def _found(given: Shard, texts: pa.Array) -> dict[str, dict[str, Told]]:
    """What the removed lines say of each document, and the headlines of those for which none was stated."""
    found = {doc_id: told(removed) for doc_id, removed in removed_by_document(given.tables["edits"]).items()}
    for page in given.tables["pages"].to_pylist():  # of what the page says of itself the article says less surely
        found[page["doc_id"]] = {**found.get(page["doc_id"], {}), **told_by_page(page["stated"])}
    stated = given.tables["provenance"]
    aligned = dict(alignments(given.tables["edits"]))
    for doc_id, title, text in zip(
        stated["doc_id"].to_pylist(), stated["title"].to_pylist(), texts.to_pylist(), strict=True
    ):
        place = headline(text) if title is None and "title" not in found.get(doc_id, {}) else None
        if place is not None:
            start, end = np.array(place[:1]), np.array(place[1:])
            raw = aligned[doc_id].to_raw(start, end) if doc_id in aligned else (start, end)
            headed = Told(text[slice(*place)], "text", int(raw[0][0]), int(raw[1][0]))
            found.setdefault(doc_id, {})["title"] = headed
    return found


def _flags(flags: pa.ChunkedArray, shared: list[Any], above: float) -> Any:
    """The flags of cleaning, and those of the runs that a benchmark holds too."""
    if not any(overlap.share > above for overlap in shared):
        return flags
    merged = []
    for known, overlap in zip(flags.to_pylist(), shared, strict=True):
        new = overlap.spans if overlap.share > above else []
        rows = [*known, *({"kind": "benchmark", "start": start, "end": end} for start, end in new)]
        merged.append(sorted(rows, key=lambda row: (row["start"], row["end"], row["kind"])))
    return merged


def _lists(matrix: Signatures) -> pa.Array:
    rows, width = matrix.shape
    values = pa.array(matrix.astype(np.int64).ravel())
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1) * width, pa.int32()), values)
