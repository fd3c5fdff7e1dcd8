"""Clean: raw text becomes clean text, and every edit is recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning.apply import Cleaned, RunOfRules, kinds_in_clean_text, run_of_rules
from copydesk.cleaning.plan import Plan, Subject, holds_for, least_sure, plans
from copydesk.cleaning.rule import Flag
from copydesk.cleaning.rules_left_out import plan_of_branch
from copydesk.cleaning.steward_decisions import decided, decided_edits, groups_met
from copydesk.cleaning.web_page_rules import UNTRACED
from copydesk.core.decisions import OF_EDITS, OF_LINES, Decision, obeyable, source_of
from copydesk.core.progress import say
from copydesk.language.blocks import Blocks, plain_prose
from copydesk.language.stated_language import stated_languages
from copydesk.project import Project
from copydesk.stages.runner import Made, Output, Shard, Stage, read_inputs, run_shards
from copydesk.store.shard_store import Parts
from copydesk.text import ComposedEdit, Edit
from copydesk.text.edit_choice import Otherwise, edit_choice, recorded_differences

_PORTION = 8 << 20  # bytes of text that are cleaned together

STAGE = Stage(
    "clean",
    reads=("ingest.raw", "ingest.decisions", "ingest.pages", "ingest.languages"),
    writes={
        "text": Output("documents", ("doc_id", "text", "blocks", "flags", "text_sha256")),
        "edits": Output("edits", unsplit=True),
        "unmet": Output("decisions"),
        "met": Output("decisions"),
        "removed_lines": Output("lines", ("doc_id", "line")),
        "languages": Output("documents", ("doc_id", "language")),  # as stated, for the next stage
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
    met: set[Decision] = set()
    decisions = obeyable(given.tables["decisions"], *OF_EDITS)
    pages = _pages(given)
    ids = raw["doc_id"].to_pylist()
    documents = _cleaned(given, ids, pages, decisions)
    texts_now = pa.array([settled.cleaned.edited.text for settled, _ in documents], pa.string())
    prose = plain_prose(texts_now, [settled.blocks for settled, _ in documents])
    for doc_id, (settled, how), is_prose in zip(ids, documents, prose, strict=True):
        cleaned = _with_marks(settled.cleaned, pages.get(doc_id))
        unmet += settled.unmet
        met |= settled.met
        text = cleaned.edited.text
        texts.append(
            {
                "doc_id": doc_id,
                "text": text,
                "blocks": _blocks(settled, how, pages.get(doc_id), is_prose=is_prose),
                "flags": [flag._asdict() for flag in cleaned.flags],
                "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        )
        edits += _rows(doc_id, cleaned, how, settled.otherwise)
        removed_lines += ({"doc_id": doc_id, "line": line} for line in dict.fromkeys(cleaned.removed_lines))
    problems = [decision._asdict() for decision in unmet]
    groups = sorted((decision._replace(doc_id=None, raw_sha256=None) for decision in met), key=str)
    return {
        "text": texts,
        "edits": edits,
        "unmet": problems,
        "met": [decision._asdict() for decision in dict.fromkeys(groups)],
        "removed_lines": removed_lines,
        "languages": given.tables["languages"],
    }


def cleaned_documents(given: Shard) -> list[Cleaned]:
    """The texts of a shard, cleaned and decided, without the rows that a build makes of them."""
    ids, pages = given.tables["raw"]["doc_id"].to_pylist(), _pages(given)
    settled = _cleaned(given, ids, pages, obeyable(given.tables["decisions"], *OF_EDITS))
    return [
        _with_marks(settled_document.cleaned, pages.get(doc_id))
        for doc_id, (settled_document, _) in zip(ids, settled, strict=True)
    ]


def _pages(given: Shard) -> dict[str, dict[str, Any]]:
    return {page["doc_id"]: page for page in given.tables["pages"].to_pylist()}


class _Settled(NamedTuple):
    """A document as cleaned and decided: also the decisions that could not be obeyed, those about groups that could,
    what rules do otherwise, and the blocks of the clean text if rules have asked for them."""

    cleaned: Cleaned
    unmet: list[Decision]
    met: frozenset[Decision]
    otherwise: list[Otherwise]
    blocks: Blocks | None


def _cleaned(
    given: Shard, ids: list[str], pages: dict[str, dict[str, Any]], decisions: Mapping[str, list[Decision]]
) -> list[tuple[_Settled, Plan]]:
    """Each document, cleaned by the settings that apply to it, with these settings."""
    raw = given.tables["raw"]
    stated = given.tables["provenance"].to_pylist() if "provenance" in given.tables else []
    sources = {metadata["doc_id"]: source_of(metadata) for metadata in stated}
    lines = obeyable(given.tables["decisions"], *OF_LINES)
    languages = stated_languages(given.tables["languages"])
    documents = []
    for path, doc_id in zip(raw["path"].to_pylist(), ids, strict=True):
        removed, kept = (_lines_of(lines.get(doc_id, ()), kind) for kind in OF_LINES)
        documents.append(Subject(path, sources.get(doc_id), removed, kept, languages.get(doc_id)))
    column = raw["text"].combine_chunks()
    sizes = pc.binary_length(column).to_pylist()
    results: dict[int, tuple[_Settled, Plan]] = {}
    for how, all_places in plans(given.params["clean"], documents):
        for places in _portions(all_places, sizes):
            page_edits = {n: pages[ids[place]]["edits"] for n, place in enumerate(places) if ids[place] in pages}
            first = {n: [Edit(**edit) for edit in edits] for n, edits in page_edits.items()}
            kinds = {n: [tuple(k.values()) for k in pages[ids[places[n]]]["kinds"]] for n in page_edits}
            group = column if len(places) == len(ids) else column.take(pa.array(places, pa.int64()))
            run = run_of_rules(group, how, first=first, kinds=kinds, branches=True)
            orders = {n: decisions[ids[place]] for n, place in enumerate(places) if ids[place] in decisions}
            for place, settled in zip(places, _settled(run, how, orders), strict=True):
                results[place] = settled, how
    return [results[place] for place in range(len(ids))]


def _portions(places: Sequence[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """The places of documents, in portions of bounded size: the versions of their texts are in memory together."""
    portion: list[int] = []
    size = 0
    for place in places:
        if portion and size + sizes[place] > _PORTION:
            yield portion
            portion, size = [], 0
        portion.append(place)
        size += sizes[place]
    if portion:
        yield portion


def _settled(run: RunOfRules, how: Plan, orders: Mapping[int, list[Decision]]) -> list[_Settled]:
    """The texts of a run as stewards want them, and what rules do otherwise where others are left out."""

    def fitting(number: int, rules: Plan) -> Plan:
        return rules.on_pages() if number in run.pages else rules

    settled = []
    for number, cleaned in enumerate(run.cleaned):
        made, unmet, met = cleaned, list[Decision](), frozenset[Decision]()
        blocks = None if number in run.pages else run.analyses[number].known_blocks()
        if number in orders:
            made, unmet = decided(cleaned, orders[number], fitting(number, how))
            met = groups_met(cleaned, made, orders[number])
            blocks = None
        settled.append(_Settled(made, unmet, met, [], blocks))
    for branch in run.branches:
        choice, rules = plan_of_branch(how, branch.rule)
        made_without = branch.cleaned.edited
        if branch.number in orders:
            made_without = decided_edits(made_without, orders[branch.number], fitting(branch.number, rules))
        edited, otherwise = settled[branch.number].cleaned.edited, settled[branch.number].otherwise
        otherwise += recorded_differences(edited, made_without, choice, how.tiers)
    return settled


def _lines_of(decisions: Iterable[Decision], kind: str) -> frozenset[str]:
    return frozenset(decision.line for decision in decisions if decision.decision == kind and decision.line)


def _blocks(settled: _Settled, how: Plan, page: dict[str, Any] | None, *, is_prose: bool) -> list[dict[str, Any]]:
    """The blocks of a text; none for plain prose, whose languages the next stage detects."""
    kinds = page["kinds"] if page else []
    if is_prose and how.kind is None and how.language is None and not kinds:
        return []
    edited = settled.cleaned.edited
    spans = kinds_in_clean_text(edited, (tuple(kind.values()) for kind in kinds))
    return [block._asdict() for block in (settled.blocks or how.blocks(edited.text)).overlaid(spans).blocks]


def _with_marks(cleaned: Cleaned, page: dict[str, Any] | None) -> Cleaned:
    """Flag the places where a part of the article was not found in its page, and the end of a truncated text."""
    if page is None:
        return cleaned
    places = {cleaned.edited.to_clean(gap["start"], gap["end"]) for gap in page["missing"]}
    flags = [*cleaned.flags, *(Flag(UNTRACED, start, end) for start, end in places if start < end)]
    if page["flag"] and (last := cleaned.edited.text.split()[-1:]):
        start = cleaned.edited.text.rindex(last[0])
        flags.append(Flag(page["flag"], start, start + len(last[0])))
    return cleaned._replace(flags=tuple(sorted(flags, key=lambda f: (f.start, f.end, f.kind))))


def _rows(doc_id: str, cleaned: Cleaned, how: Plan, otherwise: Sequence[Otherwise]) -> list[dict[str, Any]]:
    applied: list[tuple[ComposedEdit, bool]] = [(edit, True) for edit in cleaned.edited.edits]
    suggested = [(edit, False) for edit in cleaned.suggestions]
    ordered = sorted(applied + suggested, key=lambda row: (row[0][:2], not row[1], row[0][2:]))
    rows = [
        {
            "doc_id": doc_id,
            "index": index,
            **edit._asdict(),
            "tiers": [how.tiers[rule] for rule in edit.rules],
            "parts": [part._asdict() for part in edit.parts],
            "tier": least_sure(edit.rules, how.tiers),
            "applied": was_applied,
            "otherwise": [],
        }
        for index, (edit, was_applied) in enumerate(ordered)
    ]
    if rows:
        owners = {name: _owner(rows, name) for name in dict.fromkeys(place.choice for place in otherwise)}
        for place in otherwise:
            owners[place.choice]["otherwise"].append(place._asdict())
    return rows


def _owner(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The row that says what rules do otherwise: the first edit that the choice leaves out, if one is left."""
    choice = edit_choice(name)
    applied = (row for row in rows if row["applied"])
    leaving_out = (row for row in applied if choice.left_out(dict(zip(row["rules"], row["tiers"], strict=True))))
    return next(leaving_out, rows[0])
