"""Describe: metadata, signals, benchmark overlap and signatures of each document, and whether it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.core.decisions import Decision, obeyable
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.core.renamed_fields import ADVICE, COLUMNS
from copydesk.description.duplicates.benchmark_overlap import overlaps, runs, with_benchmark_flags, without_runs
from copydesk.description.duplicates.minhash import Signatures, minhash, normalised, text_keys
from copydesk.description.duplicates.takedown_matches import takedowns
from copydesk.description.headline import headline
from copydesk.description.keep_condition import Condition
from copydesk.description.provenance import (
    FIELDS,
    Extracted,
    complete_metadata,
    fields_of_edits,
    fields_of_page,
    removed_by_document,
)
from copydesk.description.rights import respecting
from copydesk.description.signals.signals import signals
from copydesk.description.splits import points_of
from copydesk.language.stated_language import stated_languages
from copydesk.project import Project
from copydesk.stages.alignments import alignments
from copydesk.stages.runner import Made, Output, Shard, Stage, read_passed_on, run_shards
from copydesk.store.open_backend import Root
from copydesk.store.shard_store import Part, Parts, Store
from copydesk.tables.licenses import public
from copydesk.tables.table import table


class Shared(NamedTuple):
    """Input of all shards: the store and its part with the benchmarks' runs of words, and the takedown ledger."""

    benchmark_runs: tuple[Root, Part] | None
    ledger: list[dict[str, Any]]


#: Columns that depend on other documents, so select.keep cannot use them.
LATER = frozenset({"duplicate_of", "duplicate_group", "duplicate_kind", "seen_in", "split"})

SIGNALS = (
    *("characters", "words", "mean_word_length", "symbol_word_ratio", "alpha_word_ratio", "stop_words"),
    *("bullet_line_ratio", "ellipsis_line_ratio"),
    *("dup_paragraph_frac", "dup_paragraph_char_frac", "dup_line_frac", "dup_line_char_frac"),
    *(f"top_{n}_gram_frac" for n in range(2, 5)),
    *(f"dup_{n}_gram_frac" for n in range(5, 11)),
    *("terminal_punct_lines", "curly_brackets", "lorem_ipsum", "javascript_lines", "policy_lines"),
    *("line_punct_ratio", "short_line_ratio", "char_dup_ratio", "list_ratio"),
)

_RIGHTS = (*FIELDS, "public", "rights")
_QUOTED = 5  # names of benchmarks in a message
_NO_RUNS: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)

STAGE = Stage(
    "describe",
    reads=(
        *("ingest.provenance", "ingest.languages", "ingest.rights", "ingest.decisions", "ingest.pages"),
        *("clean.text", "clean.edits", "split.spans"),
    ),
    writes={
        "description": Output(
            "documents",
            (
                "doc_id",
                *FIELDS,
                "public",
                "rights",
                "provenance",
                "raw_sha256",
                *SIGNALS,
                "flags",
                "benchmark_overlap",
            ),
        ),
        "signatures": Output("compared"),
        "dropped": Output("dropped"),
        "resembling": Output("dropped"),
    },
    params=("select", "decontaminate", "deduplicate", "publish"),
    by_document=True,
)


def run(project: Project) -> list[Parts]:
    """Check select.keep, store the benchmarks' runs of words, describe every shard."""
    _check_condition(project)
    benchmark_runs = _store_benchmark_runs(project)
    ledger = read_passed_on(project)["takedowns"]
    identity = [benchmark_runs.sha256 if benchmark_runs else None, ledger]
    shared = Shared((project.store.root, benchmark_runs) if benchmark_runs else None, ledger)
    return run_shards(project, STAGE, common=(identity, shared))


def _check_condition(project: Project) -> None:
    """Fail on an invalid condition, and warn of old column names in it."""
    schema = table("documents", project.schemas).arrow
    known_columns = pa.schema([field for field in schema if field.name not in LATER])
    for old in Condition(project.params["select"]["keep"], known_columns).old_names:
        say(f"warning: params.yaml: select.keep: {old} is now {COLUMNS[old]}; {ADVICE}")


def _store_benchmark_runs(project: Project) -> Part | None:
    """Put the runs of words of all benchmarks into the store; return None if there are no benchmarks."""
    benchmarks = read_passed_on(project)["benchmarks"]
    if not benchmarks:
        return None
    names, texts = ([row[field] for row in benchmarks] for field in ("name", "text"))
    length = project.params["decontaminate"]["words"]
    _warn_of_short_benchmarks(project, [names[number] for number in without_runs(texts, length)], length)
    return project.store.add(pa.table({"run": runs(texts, length)}))


def _warn_of_short_benchmarks(project: Project, names: list[str], length: int) -> None:
    """Print the names of benchmarks that are too short to be found in any document."""
    if names:
        quoted = ", ".join(names[:_QUOTED]) + (", ..." if len(names) > _QUOTED else "")
        path = project.seeds / "benchmarks.jsonl"
        say(
            f"describe: {path}: {plural(len(names), 'text')} with fewer than {length} words (decontaminate.words), "
            f"so they cannot be found in documents: {quoted}"
        )


def shard(given: Shard) -> Made:
    """Describe the documents of a shard."""
    text, settings, shared = given.tables["text"], given.params, cast("Shared", given.extra)
    ids, texts = text["doc_id"].combine_chunks(), text["text"].combine_chunks()
    description = _description(given, texts, shared)
    compared = normalised(texts)
    keys = text_keys(compared)
    near = settings["deduplicate"]["near"]
    sketches = minhash(compared if near or shared.ledger else compared.slice(0, 0))
    taken_down, resembling = takedowns(description, keys, sketches, shared.ledger)
    dropped = _first_reasons(
        taken_down,
        _excluded(description, obeyable(given.tables["decisions"], "exclude")),
        _not_kept(settings["select"]["keep"], text, description, given.tables["spans"]),
    )
    return {
        "description": description,
        "signatures": _signatures(
            ids,
            keys if settings["deduplicate"]["normalise"] else text_keys(texts),
            sketches if near else None,
            description["words"],
            pa.array([row["doc_id"] for row in dropped], pa.string()),
        ),
        "dropped": _in_order(dropped, ids),
        "resembling": _in_order(resembling, ids),
    }


def _description(given: Shard, texts: pa.Array, shared: Shared) -> pa.Table:
    """Metadata, signals, flags and benchmark overlap of each document."""
    settings = given.params
    corrections = {
        doc_id: {decision.field: decision.value for decision in decisions if decision.field}
        for doc_id, decisions in obeyable(given.tables["decisions"], "correct").items()
    }
    languages = stated_languages(given.tables["languages"])
    metadata, origins = complete_metadata(
        given.tables["provenance"], _extracted(given, texts), corrections, languages
    )
    reserved = dict(zip(*given.tables["rights"].to_pydict().values(), strict=True))
    rights = [reserved.get(doc_id, []) for doc_id in metadata["doc_id"].to_pylist()]
    benchmark_runs = _benchmark_runs(*shared.benchmark_runs) if shared.benchmark_runs else _NO_RUNS
    overlap = overlaps(texts, benchmark_runs, settings["decontaminate"]["words"])
    columns: dict[str, Any] = {
        **dict(zip(metadata.column_names, metadata.columns, strict=True)),
        "public": pc.and_(
            public(metadata["license"].combine_chunks(), settings["publish"]["allow"]),
            respecting(rights, settings["publish"]["respect"]),
        ),
        "rights": rights,
        "provenance": origins,
        **signals(texts),
        "flags": with_benchmark_flags(given.tables["text"]["flags"], overlap, settings["decontaminate"]["flag"]),
        "benchmark_overlap": [shared_words.share for shared_words in overlap],
    }
    return pa.table(columns)


def _signatures(
    ids: pa.Array, keys: pa.Array, sketches: Signatures | None, words: pa.ChunkedArray, dropped: pa.Array
) -> pa.Table:
    """The columns that deduplication compares; without ``sketches`` only exact duplicates can be found."""
    return pa.table(
        {
            "doc_id": ids,
            "text_key": keys,
            "minhash": [[]] * len(ids) if sketches is None else _lists(sketches),
            "words": words,
            "point": points_of(ids.to_pylist()),
            "kept": pc.invert(pc.is_in(ids, value_set=dropped)),
        }
    )


def _first_reasons(*dropped: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of dropped documents, from those by reason; a document with several reasons is listed with the first."""
    rows: dict[str, dict[str, Any]] = {}
    for of_reason in dropped:
        for row in of_reason:
            rows.setdefault(row["doc_id"], row)
    return list(rows.values())


def _in_order(rows: list[dict[str, Any]], ids: pa.Array) -> list[dict[str, Any]]:
    """Rows, sorted in the order of their documents."""
    places = {doc_id: place for place, doc_id in enumerate(ids.to_pylist())} if rows else {}
    return sorted(rows, key=lambda row: places[row["doc_id"]])


@lru_cache(maxsize=1)
def _benchmark_runs(store: Root, part: Part) -> NDArray[np.uint64]:
    """The benchmarks' runs of words; each process reads them once."""
    run_hashes: NDArray[np.uint64] = Store(store).read(part)["run"].to_numpy()
    return run_hashes


def _excluded(documents: pa.Table, decisions: Mapping[str, list[Decision]]) -> list[dict[str, Any]]:
    """The documents that the steward excluded."""
    excluded = documents.filter(pc.is_in(documents["doc_id"], value_set=pa.array([*decisions], pa.string())))
    return [
        {"doc_id": doc_id, "reason": "decision", "values": '{"decision": "exclude"}', "source": source}
        for doc_id, source in zip(excluded["doc_id"].to_pylist(), _sources(excluded).to_pylist(), strict=True)
    ]


def _not_kept(keep: str, *tables: pa.Table) -> list[dict[str, Any]]:
    """The documents that a condition drops; the tables have the same documents in the same order."""
    columns = {
        name: column for table in tables for name, column in zip(table.column_names, table.columns, strict=True)
    }
    documents = pa.table(columns)
    dropped = Condition(keep, documents.schema).dropped(documents)
    rows = pa.array([document.row for document in dropped], pa.int64())
    ids, sources = (column.take(rows).to_pylist() for column in (documents["doc_id"], _sources(documents)))
    return [
        {"doc_id": doc_id, "reason": document.reason, "values": document.values, "source": source}
        for doc_id, document, source in zip(ids, dropped, sources, strict=True)
    ]


def _sources(documents: pa.Table) -> pa.ChunkedArray:
    """The source of each document, or else its publisher."""
    return pc.coalesce(documents["source"], documents["publisher"])


def _extracted(given: Shard, texts: pa.Array) -> dict[str, dict[str, Extracted]]:
    """Metadata found in each document: in the markup of its page, in removed lines, and else its headline."""
    by_document = {
        doc_id: fields_of_edits(removed) for doc_id, removed in removed_by_document(given.tables["edits"]).items()
    }
    for page in given.tables["pages"].to_pylist():  # markup is more reliable than lines of the article
        by_document[page["doc_id"]] = {**by_document.get(page["doc_id"], {}), **fields_of_page(page["stated"])}
    stated = given.tables["provenance"]
    aligned = dict(alignments(given.tables["edits"]))
    for doc_id, title, text in zip(
        stated["doc_id"].to_pylist(), stated["title"].to_pylist(), texts.to_pylist(), strict=True
    ):
        needs_title = title is None and "title" not in by_document.get(doc_id, {})
        if needs_title and (span := headline(text)) is not None:
            start, end = np.array(span[:1]), np.array(span[1:])
            raw = aligned[doc_id].to_raw(start, end) if doc_id in aligned else (start, end)
            title_in_text = Extracted(text[slice(*span)], "text", int(raw[0][0]), int(raw[1][0]))
            by_document.setdefault(doc_id, {})["title"] = title_in_text
    return by_document


def _lists(matrix: Signatures) -> pa.Array:
    rows, width = matrix.shape
    values = pa.array(matrix.astype(np.int64).ravel())
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1) * width, pa.int32()), values)
