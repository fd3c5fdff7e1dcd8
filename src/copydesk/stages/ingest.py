"""Ingest: files become rows of raw text that encode to the same bytes, or are quarantined with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.atomic_files import write_json, write_json_lines
from copydesk.core.config import load_json_lines
from copydesk.core.decisions import read_decisions, source_of
from copydesk.core.decisions_by_subject import DecisionsBySubject, about_groups, rows_of_decisions
from copydesk.core.group_decisions import longest_word
from copydesk.core.ledger import Ledger, in_force, read_ledger
from copydesk.core.plugins import load_plugins
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.engines.local import Local
from copydesk.errors import BuildError, QuarantineError
from copydesk.project import Project
from copydesk.readers import FIELD, readable_endings
from copydesk.readers.base import STATED
from copydesk.readers.document_listing import ListedRows, Listing, list_in_file, without_taken_down
from copydesk.readers.listed_metadata import metadata_of, rights_of
from copydesk.readers.listed_texts import read_listed
from copydesk.readers.seed_files import Refusal, list_seeds, signature_hashes
from copydesk.stages.page_reading import PageTask, known_pages, page_row, read_new_pages
from copydesk.stages.runner import Made, Output, Shard, Stage, output_table, run_scheduled, schedule_shards
from copydesk.store.shard_store import Parts
from copydesk.tables.column_digest import column_digest
from copydesk.tables.shard_cutting import ShardLimits, shard_ranges_of_hashes

STAGE = Stage(
    "ingest",
    reads=(),
    writes={
        "raw": Output("raw", unsplit=True),
        "provenance": Output("documents", ("doc_id", *STATED, "raw_sha256")),
        "languages": Output("documents", ("doc_id", "language")),
        "rights": Output("documents", ("doc_id", "rights")),
        "refused": Output("quarantine"),
        "decisions": Output("decisions"),
        "pages": Output("pages"),
        "unread_pages": Output("pages"),
    },
    params=("ingest",),
    plugins="reader",
)


def run(project: Project) -> None:
    """List the seeds, divide them into shards, read each shard, and report the refusals."""
    load_plugins(project.plugins)
    sources = load_json_lines(project.seeds / "sources.jsonl", "source", "doc_id", project.schemas)
    benchmarks = load_json_lines(project.seeds / "benchmarks.jsonl", "benchmark", "name", project.schemas)
    ledger = in_force(read_ledger(project.seeds, project.schemas))
    decided = DecisionsBySubject.of(read_decisions(project.seeds, project.schemas))
    project.build.mkdir(parents=True, exist_ok=True)
    with scratch("listing", project.build) as folder:
        signatures: list[str] = []
        listing, refusals = _list(project, ledger, folder / "listed", signatures)
        unlisted = _unlisted(listing, sources.keys() | decided.of_documents.keys())
        shards = shard_ranges_of_hashes(listing.id_hashes, listing.sizes, ShardLimits(**project.params["shards"]))
        work = (work_of(project, listing.rows(start, stop), sources, decided) for start, stop in shards)
        parts = _run(project, work, has_pages=listing.has_pages)
    unknown, absent = (sorted(unlisted & described.keys()) for described in (sources, decided.of_documents))
    passed_on = {
        "benchmarks": [benchmarks[name] for name in sorted(benchmarks)],
        "takedowns": [ledger[doc_id] for doc_id in sorted(ledger)],
        "decisions": [decision._asdict() for decision in decided.about_nothing(absent)],
        "groups": [decision._asdict() for decision in decided.of_groups],
        # Deduplication depends on them: if it depended on the folder of seeds, DVC would hash all seeds once more.
        "signatures": signature_hashes(project.seeds, signatures),
    }
    write_json(project.passed_on, passed_on)
    if unknown:
        path = project.seeds / "sources.jsonl"
        say(f"ingest: {path} describes documents that do not exist: {_few(unknown)}")
    refused = project.store.rows(p["refused"] for p in parts if p["refused"].rows)
    _report_refusals(project, [*(refusal._asdict() for refusal in refusals), *refused])
    if not any(p["raw"].rows for p in parts):
        raise BuildError(
            f"{project.seeds}: no documents; expected at least one that can be read ({readable_endings()})"
        )


def _run(project: Project, work: Iterable[tuple[Any, Any]], *, has_pages: bool) -> list[Parts]:
    """Run the shards; before, read those of their web pages that were in no shard of the last build."""
    common = _page_readers() if has_pages else None
    schedule = schedule_shards(project, STAGE, work, common=(common, None))
    if has_pages and schedule.todo:
        store = project.store
        listed = (task.extra[2].table() for task in schedule.todo)
        pages = pa.concat_tables(rows.filter(rows["page"]) for rows in listed)
        known = known_pages(store, schedule.last.gone(schedule.keys))
        shape = output_table(STAGE.writes["pages"], project.schemas)
        encodings = project.params["ingest"]["encodings"]
        task = PageTask(store.root, shape, project.seeds.resolve(), _records(project), encodings, pages)
        known = read_new_pages(schedule.runner, task, known)
        schedule = schedule.with_extra(
            lambda task: (*task.extra[:-1], known.of(task.extra[2].table()["sha256"].to_pylist()))
        )
    if not isinstance(schedule.runner, Local):  # its nodes need not see the scratch folders of this machine
        schedule = schedule.with_extra(lambda task: (*task.extra[:2], task.extra[2].table(), *task.extra[3:]))
    return run_scheduled(project, schedule)


def _rows(listed: ListedRows | pa.Table) -> list[dict[str, Any]]:
    table = listed.table() if isinstance(listed, ListedRows) else listed
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _list(project: Project, ledger: Ledger, file: Path, signatures: list[str]) -> tuple[Listing, list[Refusal]]:
    """The documents to read, and the refusals of seeds, of records and of documents that were taken down.

    The paths of signatures of other corpora are added to ``signatures``.
    """
    limits = project.params["ingest"]
    seeds, refused_seeds = list_seeds(project.seeds, limits["max_bytes"], signatures)
    listing, refused_records = list_in_file(project.seeds, seeds, project.build, limits, project.schemas, file)
    listing, taken_down = without_taken_down(listing, ledger)
    return listing, [*refused_seeds, *refused_records, *taken_down]


def _unlisted(listing: Listing, ids: Set[str]) -> set[str]:
    """Those of some ids that no listed document has."""
    unlisted = set(ids)
    for _, rows in listing.batches() if ids else ():
        unlisted.difference_update(rows["doc_id"].to_pylist())
    return unlisted


def _report_refusals(project: Project, refusals: list[dict[str, Any]]) -> None:
    """Write reports/quarantine.jsonl and name the first refusals; fail if ingest.strict is set.

    Raises
    ------
    QuarantineError
        If anything was refused and ``ingest.strict`` is set.
    """
    rows = sorted(refusals, key=lambda row: str(row["path"]))
    quarantine = project.reports / "quarantine.jsonl"
    write_json_lines(quarantine, rows)
    if not rows:
        return
    say(f"ingest: {_counted(rows)}, see {quarantine}: {_few([row['path'] for row in rows])}")
    if any(row["reason"] == "unknown-format" for row in rows):
        say(f"ingest: files with these endings can be read: {readable_endings()}")
    if project.params["ingest"]["strict"]:
        first = "".join(f"\n  {row['path']}: {row['reason']}: {row['detail']}" for row in rows[:20])
        raise QuarantineError(f"{_counted(rows)} (ingest.strict); see {quarantine}{first}")


def shard(given: Shard) -> Made:
    """Read the seeds of a shard."""
    folder, records, listed, sources, decisions, of_sources, of_groups, known = given.extra
    groups = [(decision, longest_word(decision)) for decision in of_groups]
    made: dict[str, list[Any]] = {name: [] for name in STAGE.writes}
    pages = known.rows() if known else {}
    encodings = given.params["ingest"]["encodings"]
    for seed, read in read_listed(Path(folder), Path(records), _rows(listed), encodings):
        row = read
        page = _page(seed, read, pages) if seed["page"] and not isinstance(read, Refusal) else None
        if page is not None and page["reason"] is not None:
            made["unread_pages"].append(page)
            row = Refusal(seed["path"], page["reason"], page["detail"])
        of_document = decisions.get(seed["doc_id"], [])
        made["decisions"] += rows_of_decisions(of_document, seed["sha256"], isinstance(row, Refusal))
        if isinstance(row, Refusal):
            made["refused"].append(row._asdict())
            continue
        made["raw"].append(row)
        if page is not None:
            made["pages"].append(page)
        elif seed["flag"] is not None:
            made["pages"].append(_cut_off(row["doc_id"], seed["flag"]))
        metadata = metadata_of(seed, sources.get(row["doc_id"], {}))
        if rights := rights_of(seed, page):
            made["rights"].append({"doc_id": row["doc_id"], "rights": rights})
        if (language := metadata.pop("language")) is not None:
            made["languages"].append({"doc_id": row["doc_id"], "language": language})
        made["provenance"].append({"doc_id": row["doc_id"], **metadata, "raw_sha256": row["sha256"]})
        source = source_of(metadata) or "" if of_sources or groups else ""
        made["decisions"] += [
            decision._replace(doc_id=row["doc_id"], raw_sha256=row["sha256"])._asdict()
            for decision in (*of_sources.get(source, ()), *about_groups(groups, source, row["text"]))
        ]
    return made


def _page(seed: dict[str, Any], row: dict[str, Any], pages: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """What was made of a web page, for the document that has it now."""
    known = pages.get((row["sha256"], row["encoding"]))
    return {**(known or page_row(seed, row)), "doc_id": row["doc_id"], "flag": seed["flag"]}


def _cut_off(doc_id: str, flag: str) -> dict[str, Any]:
    """What is known of a text that is no page and ends before its end."""
    empty = {"edits": [], "missing": [], "stated": "{}", "kinds": [], "rights": []}
    return {**dict.fromkeys(("sha256", "encoding", "reason", "detail")), "doc_id": doc_id, "flag": flag, **empty}


def _records(project: Project) -> Path:
    return (project.build / "records").resolve()


def work_of(
    project: Project, of_shard: ListedRows, sources: dict[str, Any], decided: DecisionsBySubject
) -> tuple[Any, Any]:
    """The identity of a shard's input, and the value for its function."""
    listed = of_shard.table()
    ids = listed["doc_id"].to_pylist() if sources or decided.of_documents else []
    known = {doc_id: sources[doc_id] for doc_id in ids if doc_id in sources}
    made = {doc_id: decided.of_documents[doc_id] for doc_id in ids if doc_id in decided.of_documents}
    by_source = decided.of_sources or any(decision.source is not None for decision in decided.of_groups)
    here = _sources_of(listed, sources) if by_source else set()
    decided.seen.update(here & decided.of_sources.keys())
    lines = {source: decided.of_sources[source] for source in sorted(here & decided.of_sources.keys())}
    groups = [decision for decision in decided.of_groups if decision.source is None or decision.source in here]
    rows = [
        column_digest(listed[name].combine_chunks())
        for name in ("doc_id", "path", "sha256", "stated", "flag", "rights")
    ]
    readers = _page_readers() if pc.any(listed["page"]).as_py() else []
    identity = hashlib.sha256(
        json.dumps([rows, known, made, lines, groups, readers], sort_keys=True).encode()
    ).hexdigest()
    folders = str(project.seeds.resolve()), str(_records(project))
    return identity, (*folders, of_shard, known, made, lines, groups, None)


def _sources_of(listed: pa.Table, sources: dict[str, Any]) -> set[str]:
    """The sources of some documents; empty for those without one."""
    seeds = listed.select(["doc_id", "stated"]).to_pylist()
    metadata = (metadata_of(seed, sources.get(seed["doc_id"], {})) for seed in seeds)
    return {source_of(stated) or "" for stated in metadata}


def _page_readers() -> list[str]:
    from copydesk.webpages.trafilatura_article import page_libraries

    return page_libraries()


def _counted(rows: list[dict[str, Any]]) -> str:
    fields = sum(row["reason"] == FIELD for row in rows)
    counts = (len(rows) - fields, "seed", "refused"), (fields, "field", "of records left out")
    return ", ".join(f"{plural(count, noun)} {what}" for count, noun, what in counts if count)


def _few(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
