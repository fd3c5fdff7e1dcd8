"""Ingest: files become rows of raw text from which their bytes come back, or are quarantined with a reason."""

from __future__ import annotations

import hashlib
from itertools import chain
from pathlib import Path
from typing import Any

from copydesk.config import load_json_lines
from copydesk.decisions import Decision, read_decisions
from copydesk.errors import BuildError, QuarantineError, UnreadableError
from copydesk.files import write_json_lines
from copydesk.progress import say
from copydesk.project import Project
from copydesk.readers import READERS
from copydesk.readers.folder import Refusal, Seed, list_seeds
from copydesk.readers.hashes import hashes_of
from copydesk.shards import Cut, cut
from copydesk.stages.shardwise import Made, Output, Shard, Stage, run_shards

#: Columns of ``documents`` that sources.jsonl fills: its own name for each.
PROVENANCE = {
    "title": "title",
    "byline": "byline",
    "source_outlet": "outlet",
    "publisher": "publisher",
    "url": "url",
    "published": "published",
    "licence": "licence",
}

_NOWHERE = "there is no such document; remove the line"
_REFUSED = "the document was refused, see reports/quarantine.jsonl"
_CHANGED = "the file has changed since it was looked at; look again, and decide again or remove the line"

STAGE = Stage(
    "ingest",
    reads=(),
    writes={
        "raw": Output("raw"),
        "provenance": Output("documents", ("doc_id", *PROVENANCE, "raw_sha256")),
        "refused": Output("quarantine"),
        "decisions": Output("decisions"),
    },
    params=("ingest",),
)


def run(project: Project) -> None:
    """List the seeds, cut them into shards, read each shard, write what was refused."""
    limits = project.params["ingest"]
    seeds, refusals = list_seeds(project.seeds, limits["max_bytes"])
    sources = load_json_lines(project.seeds / "sources.jsonl", "source", "doc_id", project.schemas)
    benchmarks = load_json_lines(project.seeds / "benchmarks.jsonl", "benchmark", "name", project.schemas)
    write_json_lines(project.benchmarks, (benchmarks[name] for name in sorted(benchmarks)))
    ledger = load_json_lines(project.seeds / "takedowns.jsonl", "takedown", "doc_id", project.schemas)
    write_json_lines(project.takedowns, (ledger[doc_id] for doc_id in sorted(ledger)))
    owners = {row["raw_sha256"]: doc_id for doc_id, row in reversed(ledger.items())}
    hashed, gone = [], []
    for seed, sha256 in zip(seeds, hashes_of(project.seeds, seeds, project.hashes), strict=True):
        if by := _taken(seed, sha256, ledger, owners):
            gone.append(Refusal(seed.path, "taken-down", f"{by}; remove the file"))
        else:
            hashed.append((seed, sha256))
    seeds, refusals = [seed for seed, _ in hashed], [*refusals, *gone]
    decisions = _by_document(read_decisions(project.seeds, project.schemas))
    nowhere = [d for doc_id in sorted(decisions.keys() - {s.doc_id for s in seeds}) for d in decisions[doc_id]]
    write_json_lines(project.decisions, (d._replace(problem=_NOWHERE)._asdict() for d in nowhere))
    shards = cut([s.doc_id for s in seeds], [s.size for s in seeds], Cut(**project.params["shards"]))
    parts = run_shards(
        project,
        STAGE,
        [_work(project.seeds, hashed[start:stop], sources, decisions) for start, stop in shards],
    )
    refused = chain.from_iterable(project.store.read(p["refused"]).to_pylist() for p in parts if p["refused"].rows)
    rows = sorted([*(r._asdict() for r in refusals), *refused], key=lambda row: str(row["path"]))
    quarantine = project.reports / "quarantine.jsonl"
    write_json_lines(quarantine, rows)
    unknown = sorted(sources.keys() - {s.doc_id for s in seeds})
    if unknown:
        say(f"ingest: {project.seeds / 'sources.jsonl'} describes documents that are not there: {_few(unknown)}")
    if rows:
        say(f"ingest: {len(rows)} seeds refused, see {quarantine}: {_few([r['path'] for r in rows])}")
    if rows and limits["strict"]:
        listed = "".join(f"\n  {r['path']}: {r['reason']}: {r['detail']}" for r in rows[:20])
        raise QuarantineError(f"{len(rows)} seeds refused (ingest.strict); see {quarantine}{listed}")
    if not any(p["raw"].rows for p in parts):
        raise BuildError(f"{project.seeds}: no documents; expected at least one readable {' or '.join(READERS)} file")


def shard(given: Shard) -> Made:
    """Read the seeds of a shard."""
    folder, seeds, sources, decisions = given.extra
    rows, provenance, refused = [], [], []
    passed: list[dict[str, Any]] = []
    for seed, sha256 in seeds:
        row = _read(Path(folder), Seed(*seed), sha256, given.params["ingest"]["encodings"])
        passed += _checked(decisions.get(seed[0], []), sha256, isinstance(row, Refusal))
        if isinstance(row, Refusal):
            refused.append(row._asdict())
            continue
        rows.append(row)
        known = sources.get(row["doc_id"], {})
        stated = {name: known.get(own) for name, own in PROVENANCE.items()}
        provenance.append({"doc_id": row["doc_id"], **stated, "raw_sha256": sha256})
    return {"raw": rows, "provenance": provenance, "refused": refused, "decisions": passed}


def _read(folder: Path, seed: Seed, sha256: str | None, encodings: list[str]) -> dict[str, Any] | Refusal:
    path = folder / seed.path
    try:
        data = path.read_bytes()
    except OSError as error:
        return Refusal(seed.path, "unreadable", f"{error.strerror}; make the file readable")
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BuildError(f"{path}: changed while it was being read; build again")
    try:
        raw = READERS[path.suffix.lower()].read(data, encodings)
    except UnreadableError as error:
        return Refusal(seed.path, error.reason, error.detail)
    return {"doc_id": seed.doc_id, "path": seed.path, "sha256": sha256, "size": len(data), **raw._asdict()}


def _work(
    folder: Path, seeds: list[tuple[Seed, str | None]], sources: dict[str, Any], decisions: dict[str, list[Decision]]
) -> tuple[Any, Any]:
    known = {seed.doc_id: sources[seed.doc_id] for seed, _ in seeds if seed.doc_id in sources}
    made = {seed.doc_id: decisions[seed.doc_id] for seed, _ in seeds if seed.doc_id in decisions}
    identity = [[s.doc_id, s.path, sha256, known.get(s.doc_id), made.get(s.doc_id)] for s, sha256 in seeds]
    return identity, (str(folder.resolve()), seeds, known, made)


def _by_document(decisions: list[Decision]) -> dict[str, list[Decision]]:
    by_document: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_document.setdefault(decision.doc_id, []).append(decision)
    return by_document


def _checked(decisions: list[Decision], sha256: str | None, refused: bool) -> list[dict[str, Any]]:
    """The decisions about a seed as rows, each with the problem if it cannot be obeyed."""
    rows = []
    for decision in decisions:
        problem = _REFUSED if refused else _CHANGED if decision.raw_sha256 != sha256 else None
        rows.append(decision._replace(problem=problem)._asdict())
    return rows


def _taken(seed: Seed, sha256: str | None, ledger: dict[str, Any], owners: dict[str, str]) -> str | None:
    """How a seed is known to have been taken down, by its id or by the owner of its bytes; None if it was not."""
    if seed.doc_id in ledger:
        return f"document {seed.doc_id} is in seeds/takedowns.jsonl"
    if sha256 in owners:
        return f"the same bytes as document {owners[sha256]}, which is in seeds/takedowns.jsonl"
    return None


def _few(names: list[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
