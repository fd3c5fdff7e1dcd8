"""Clean: raw text becomes clean text, and every edit is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from copydesk.cleaning.apply import Cleaned, clean_column, kinds_in_clean_text
from copydesk.cleaning.plan import Plan, Subject, holds_for, least_sure, plans
from copydesk.cleaning.rule import Flag
from copydesk.cleaning.steward_decisions import decided
from copydesk.cleaning.web_page_rules import UNTRACED
from copydesk.core.decisions import OF_LINES, Decision, obeyable, source_of
from copydesk.core.progress import say
from copydesk.language.blocks import FORM
from copydesk.project import Project
from copydesk.stages.runner import Made, Output, Shard, Stage, read_inputs, run_shards
from copydesk.store.shard_store import Parts
from copydesk.text import ComposedEdit, Edit

STAGE = Stage(
    "clean",
    reads=("ingest.raw", "ingest.decisions", "ingest.pages"),
    writes={
        "text": Output("documents", ("doc_id", "text", "blocks", "flags", "text_sha256")),
        "edits": Output("edits"),
        "unmet": Output("decisions"),
        "removed_lines": Output("lines", ("doc_id", "line")),
    },
    params=("clean",),
    plugins="rule",
    by_document=True,
)


def run(project: Project) -> list[Parts]:
    """Clean every shard. The source of a document matters only if the settings name sources."""
    entries = project.params["clean"]["for"]
    by_source = any("source" in entry for entry in entries)
    parts = run_shards(project, STAGE._replace(reads=(*STAGE.reads, "ingest.provenance")) if by_source else STAGE)
    if entries:
        _warn_of_idle_entries(project, entries)
    return parts


def _warn_of_idle_entries(project: Project, entries: list[dict[str, Any]]) -> None:
    """Name the entries of ``clean.for`` that fit no document: most likely a path or a source is misspelled."""
    idle = dict(enumerate(entries))
    inputs = read_inputs(project, ["ingest.raw", "ingest.provenance"])
    paths = project.store.read_all((shard["ingest.raw"] for shard in inputs), ["path"])
    stated = project.store.read_all(shard["ingest.provenance"] for shard in inputs)
    for of_shard, metadata in zip(paths, stated, strict=True):
        if not idle:
            return
        documents = [
            Subject(path, source_of(row))
            for path, row in zip(of_shard["path"].to_pylist(), metadata.to_pylist(), strict=True)
        ]
        idle = {
            n: entry for n, entry in idle.items() if not any(holds_for(entry, document) for document in documents)
        }
    for number, entry in idle.items():
        condition = ", ".join(f"{name}: {entry[name]}" for name in ("match", "source") if name in entry)
        say(
            f"warning: params.yaml: clean.for[{number}] fits no document ({condition}); paths are those below "
            "seeds/, of a record FILE#ID, as in the column path of the table raw"
        )


def shard(given: Shard) -> Made:
    """Clean the texts of a shard."""
    raw = given.tables["raw"]
    texts: list[dict[str, Any]] = []
    edits: list[dict[str, Any]] = []
    unmet: list[Decision] = []
    removed_lines: list[dict[str, Any]] = []
    decisions = obeyable(given.tables["decisions"], "accept", "reject")
    pages = {page["doc_id"]: page for page in given.tables["pages"].to_pylist()}
    ids = raw["doc_id"].to_pylist()
    for doc_id, (cleaned, how) in zip(ids, _cleaned(given, ids, pages), strict=True):
        if doc_id in decisions:
            rules = how.on_pages() if doc_id in pages else how
            cleaned, not_met = decided(cleaned, decisions[doc_id], rules)  # noqa: PLW2901  (as the steward wants it)
            unmet += not_met
        if doc_id in pages:
            cleaned = _marked(cleaned, pages[doc_id])  # noqa: PLW2901
        text = cleaned.edited.text
        texts.append(
            {
                "doc_id": doc_id,
                "text": text,
                "blocks": _blocks(cleaned, how, pages.get(doc_id)),
                "flags": [flag._asdict() for flag in cleaned.flags],
                "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
        edits += _rows(doc_id, cleaned, how)
        removed_lines += ({"doc_id": doc_id, "line": line} for line in dict.fromkeys(cleaned.removed_lines))
    problems = [decision._asdict() for decision in unmet]
    return {"text": texts, "edits": edits, "unmet": problems, "removed_lines": removed_lines}


def _cleaned(given: Shard, ids: list[str], pages: dict[str, dict[str, Any]]) -> list[tuple[Cleaned, Plan]]:
    """Each document, cleaned by the settings that apply to it, with these settings."""
    raw = given.tables["raw"]
    stated = given.tables["provenance"].to_pylist() if "provenance" in given.tables else []
    sources = {metadata["doc_id"]: source_of(metadata) for metadata in stated}
    lines = obeyable(given.tables["decisions"], *OF_LINES)
    documents = [
        Subject(path, sources.get(doc_id), *(_lines_of(lines.get(doc_id, ()), kind) for kind in OF_LINES))
        for path, doc_id in zip(raw["path"].to_pylist(), ids, strict=True)
    ]
    column = raw["text"].combine_chunks()
    results: dict[int, tuple[Cleaned, Plan]] = {}
    for how, places in plans(given.params["clean"], documents):
        page_edits = {n: pages[ids[place]]["edits"] for n, place in enumerate(places) if ids[place] in pages}
        first = {n: [Edit(**edit) for edit in edits] for n, edits in page_edits.items()}
        kinds = {n: [tuple(k.values()) for k in pages[ids[places[n]]]["kinds"]] for n in page_edits}
        group = column if len(places) == len(ids) else column.take(pa.array(places, pa.int64()))
        for place, cleaned in zip(places, clean_column(group, how, first=first, kinds=kinds), strict=True):
            results[place] = cleaned, how
    return [results[place] for place in range(len(ids))]


def _lines_of(decisions: Iterable[Decision], kind: str) -> frozenset[str]:
    return frozenset(decision.line for decision in decisions if decision.decision == kind and decision.line)


def _blocks(cleaned: Cleaned, how: Plan, page: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The blocks of a text; none for plain prose in one language, which the next stage detects."""
    text, kinds = cleaned.edited.text, page["kinds"] if page else []
    if how.kind is None and how.language is None and not kinds and not FORM.search(text):
        return []
    spans = kinds_in_clean_text(cleaned.edited, (tuple(kind.values()) for kind in kinds))
    return [block._asdict() for block in how.blocks(text).overlaid(spans).blocks]


def _marked(cleaned: Cleaned, page: dict[str, Any]) -> Cleaned:
    """Flag the places where a part of the article was not found in its page, and the end of a truncated text."""
    places = {cleaned.edited.to_clean(gap["start"], gap["end"]) for gap in page["missing"]}
    flags = [*cleaned.flags, *(Flag(UNTRACED, start, end) for start, end in places if start < end)]
    if page["flag"] and (last := cleaned.edited.text.split()[-1:]):
        start = cleaned.edited.text.rindex(last[0])
        flags.append(Flag(page["flag"], start, start + len(last[0])))
    return cleaned._replace(flags=tuple(sorted(flags, key=lambda f: (f.start, f.end, f.kind))))


def _rows(doc_id: str, cleaned: Cleaned, how: Plan) -> list[dict[str, Any]]:
    applied: list[tuple[ComposedEdit, bool]] = [(edit, True) for edit in cleaned.edited.edits]
    suggested = [(edit, False) for edit in cleaned.suggestions]
    ordered = sorted(applied + suggested, key=lambda row: (row[0][:2], not row[1], row[0][2:]))
    return [
        {
            "doc_id": doc_id,
            "index": index,
            **edit._asdict(),
            "parts": [part._asdict() for part in edit.parts],
            "tier": least_sure(edit.rules, how.tiers),
            "applied": was_applied,
        }
        for index, (edit, was_applied) in enumerate(ordered)
    ]
