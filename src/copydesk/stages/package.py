"""Package: write the dataset from finished shards: Parquet files, card, manifest and statistics."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.atomic_files import (
    is_file_of,
    link_or_copy,
    remove_unfinished,
    replacing_folder,
    write_json,
    write_json_lines,
    write_text,
)
from copydesk.core.decisions import NAME as DECISIONS
from copydesk.core.decisions import OF_LINES, Decision, obeyable, source_of
from copydesk.core.plural import plural
from copydesk.core.progress import say
from copydesk.dataset.card_metadata import Config, DataFile
from copydesk.dataset.card_plots import FOLDER as PLOTS
from copydesk.dataset.common_lines import NAME as TEMPLATE_LINES
from copydesk.dataset.common_lines import CountedShard, line_counts, line_hash, template_lines
from copydesk.dataset.laid_files import LAID, LaidFiles
from copydesk.dataset.metrics import Counts, Metrics, count, figures, write_plots
from copydesk.dataset.sidecar_files import described
from copydesk.description.splits import SPLITS
from copydesk.errors import BuildError
from copydesk.project import Project
from copydesk.stages.kept_documents import ids_left_out
from copydesk.stages.runner import (
    Made,
    Output,
    Shard,
    Stage,
    read_inputs,
    read_passed_on,
    read_receipts,
    run_shards,
)
from copydesk.store.shard_store import Part, Parts
from copydesk.tables.logical_hash import Digests, combined, shape_of
from copydesk.tables.table import LABELS, PUBLISHED, ROW_NOUNS, SIGNATURES, TABLES, table

_COUNTED = ("source", "hash", "documents", "removed", "place", "decision", "met")
STAGE = Stage(
    "package",
    reads=(
        *("clean.text", "describe.description", "split.spans", "deduplicate.duplicates", "describe.dropped"),
        "describe.resembling",
        *("deduplicate.leaving", "split.sentences", "ingest.raw", "clean.edits", "ingest.decisions", "clean.unmet"),
        *("ingest.provenance", "clean.removed_lines", "describe.signatures"),
    ),
    writes={
        **{f"{name}_{split}": Output(name, published=True) for name in (*PUBLISHED, SIGNATURES) for split in SPLITS},
        "dropped": Output("dropped"),
        "resembling": Output("dropped"),
        "digests": Output("digests"),
        "figures": Output("figures"),
        "unmet": Output("decisions"),
        "lines": Output("lines", _COUNTED),
    },
    params=("deduplicate", "publish"),
)
_NO_LINE = "no document of this source has this line; write it as it stands in the clean text, or remove the decision"
_NO_GROUP = "no rule suggests this in any document that it is about; look at the queue, or remove the line"
_TOGETHER = 4  # files copied at a time
#: Tables that are joined into documents; if two have the same column, the later table wins.
_JOINED = ("text", "description", "spans", "duplicates")


def run(project: Project) -> None:
    """Join the documents shard by shard, write the data files, the card, the manifest, metrics and plots."""
    remove_unfinished(
        project.corpus, project.corpus / PLOTS, project.reports, project.reports / "plots", project.build
    )
    shards = run_shards(project, STAGE)
    labelled = read_receipts(project, LABELS)
    # A table without rows, or a file without rows, makes a dataset that cannot be loaded.
    parts = {
        name: {
            split: [part for shard in of_table if (part := shard[f"{name}_{split}"]).rows] for split in sorted(SPLITS)
        }
        for name, of_table in ((name, labelled if name == LABELS else shards) for name in TABLES)
    }
    lost = [shard["dropped"] for shard in shards if shard["dropped"].rows]
    dropped = list(project.store.rows(lost))
    write_json_lines(project.reports / "dropped.jsonl", dropped)
    alike = [shard["resembling"] for shard in shards if shard["resembling"].rows]
    resembling = list(project.store.rows(alike))
    write_json_lines(project.reports / "takedowns.jsonl", resembling)
    for row in resembling[:5]:
        say(f"package: {row['doc_id']} resembles a takedown ({row['values']}); decide, see reports/takedowns.jsonl")
    of_lines = _report_lines(project, shards)
    _report_unmet(project, [shard["unmet"] for shard in shards if shard["unmet"].rows], of_lines)
    if not any(parts["documents"].values()):
        listed = project.reports / "dropped.jsonl"
        raise BuildError(f"{project.corpus}: no documents to package; {len(dropped)} dropped, see {listed}")
    last = LaidFiles(project.corpus, project.build / LAID)
    with replacing_folder(project.corpus / "data") as data:
        laid = {name: _lay_out(project, last, data, name, by_split) for name, by_split in parts.items()}
    last.keep([file for files in laid.values() for file in files])
    logical = _logical_hashes(project, [shard["digests"] for shard in (*shards, *labelled)])
    configs = [Config(table(name, project.schemas), files, logical[name]) for name, files in laid.items() if files]
    metrics = figures(_counts(project, [shard["figures"] for shard in (*shards, *labelled)]), dropped)
    plugins = {plugin.name: plugin.sha256 for plugin in project.plugins}
    files = described(project.params, configs, metrics, project.schemas, dropped=dropped, plugins=plugins)
    for name, content in files.items():
        write_text(project.corpus / name, content)
    write_json(project.reports / "metrics.json", metrics.summary)
    write_plots(project.reports / "plots", metrics)
    _raise_alarms(project, metrics)
    size = sum(file.size for config in configs for file in config.files)
    rows = ", ".join(plural(config.rows, ROW_NOUNS[config.name]) for config in configs)
    file_count = plural(sum(len(config.files) for config in configs), "file")
    say(f"package: {rows} in {file_count}, {size:,} bytes; {plural(len(dropped), 'document')} dropped")


def shard(given: Shard) -> Made:
    """Join the tables about the documents of a shard, and divide all tables by split."""
    columns: dict[str, pa.ChunkedArray] = {}
    for name in _JOINED:
        part = given.tables[name]
        if columns and not part["doc_id"].equals(columns["doc_id"]):
            raise BuildError(f"{name}: documents differ from those of another stage; delete build/ and build again")
        columns |= dict(zip(part.column_names, part.columns, strict=True))
    documents = pa.table(columns)
    dropped = given.tables["dropped"].to_pylist() + _with_sources(given.tables["leaving"].to_pylist(), documents)
    if given.params["deduplicate"]["duplicates"] == "drop":
        dropped += _repeating(documents.filter(pc.is_valid(documents["duplicate_of"])))
        dropped += _seen_elsewhere(documents)
    gone = ids_left_out(given.tables, given.params["deduplicate"])
    kept = pc.invert(pc.is_in(documents["doc_id"], value_set=gone))
    tables = {"documents": documents, **{name: given.tables[name] for name in ("sentences", "raw", "edits")}}
    signatures = given.tables["signatures"].select(["doc_id", "text_key", "minhash"])
    tables[SIGNATURES] = signatures if given.params["publish"]["signatures"] else signatures.slice(0, 0)
    digests: list[dict[str, Any]] = []
    counts: Counts = Counter()
    decisions = given.tables["decisions"]
    unmet = pa.concat_tables([decisions.filter(pc.is_valid(decisions["problem"])), given.tables["unmet"]])
    made: dict[str, Any] = {"dropped": dropped, "resembling": given.tables["resembling"], "unmet": unmet}
    for split in SPLITS:
        mask = pc.and_(kept, pc.equal(documents["split"], split))
        ids = documents["doc_id"].filter(mask)
        for name, rows in tables.items():
            everything = len(ids) == documents.num_rows
            part = rows if everything else rows.filter(pc.is_in(rows["doc_id"], value_set=ids))
            if name not in ("documents", SIGNATURES):
                part = part.append_column("split", pa.repeat(pa.scalar(split), part.num_rows))
            made[f"{name}_{split}"] = part
            if part.num_rows:
                digests.append({"table": name, "split": split, **Digests.of(part).as_row()})
                counts.update(count(name, part))
    counted = pc.and_(kept, pc.is_null(documents["duplicate_of"])).combine_chunks()
    sources = [source_of(row) for row in given.tables["provenance"].to_pylist()]
    of_lines = obeyable(decisions, *OF_LINES)
    made["lines"] = line_counts(documents, sources, given.tables["removed_lines"], of_lines, counted)
    made["figures"] = [{"figure": key[0], "name": key[1], "count": n} for key, n in sorted(counts.items()) if n]
    return {**made, "digests": digests}


def _counts(project: Project, parts: list[Part]) -> Counts:
    """The sums of the counts of all shards."""
    counts: Counts = Counter()
    for row in project.store.rows(parts):
        counts[row["figure"], row["name"]] += row["count"]
    return counts


def _logical_hashes(project: Project, parts: list[Part]) -> dict[str, dict[str, str]]:
    """The logical hash of each split of each table, from the digests of the shards."""
    by_table: dict[str, dict[str, list[Digests]]] = {name: {} for name in TABLES}
    for row in project.store.rows(parts):
        by_table[row["table"]].setdefault(row["split"], []).append(Digests.from_row(row))
    return {
        name: {
            split: combined(shape_of(table(name, project.schemas).arrow), digests)
            for split, digests in sorted(by_split.items())
        }
        for name, by_split in by_table.items()
        if by_split
    }


def _with_sources(rows: list[dict[str, Any]], documents: pa.Table) -> list[dict[str, Any]]:
    """Rows of documents that leave, with the source or publisher by which losses are counted."""
    if not rows:
        return []
    sources = dict(
        zip(
            documents["doc_id"].to_pylist(),
            pc.coalesce(documents["source"], documents["publisher"]).to_pylist(),
            strict=True,
        )
    )
    return [{**row, "source": sources[row["doc_id"]]} for row in rows]


def _repeating(documents: pa.Table) -> list[dict[str, Any]]:
    rows = documents.select(["doc_id", "duplicate_of", "duplicate_kind", "source", "publisher"]).to_pylist()
    return [
        {
            "doc_id": row["doc_id"],
            "reason": "duplicate",
            "values": json.dumps(
                {name: row[name] for name in ("duplicate_of", "duplicate_kind")}, ensure_ascii=False
            ),
            "source": row["source"] or row["publisher"],
        }
        for row in rows
    ]


def _seen_elsewhere(documents: pa.Table) -> list[dict[str, Any]]:
    """The documents that releases of other corpora hold, and that repeat none of this one."""
    seen = pc.and_(pc.greater(pc.list_value_length(documents["seen_in"]), 0), pc.is_null(documents["duplicate_of"]))
    rows = documents.filter(seen).select(["doc_id", "seen_in", "source", "publisher"]).to_pylist()
    return [
        {
            "doc_id": row["doc_id"],
            "reason": "seen-elsewhere",
            "values": json.dumps({"seen_in": row["seen_in"]}, ensure_ascii=False),
            "source": row["source"] or row["publisher"],
        }
        for row in rows
    ]


def _report_lines(project: Project, shards: list[Parts]) -> list[Decision]:
    """List the lines that stand in many documents of one source; return the decisions that fit no line."""
    tables = read_inputs(project, ["clean.text", "clean.removed_lines", "ingest.decisions"])
    counted = [
        CountedShard(shard["lines"], given["clean.text"], given["clean.removed_lines"])
        for shard, given in zip(shards, tables, strict=True)
    ]
    least, share = (project.params["select"][name] for name in ("template_documents", "template_share"))
    rows, unmet = template_lines(project.store, counted, least, share)
    path = project.reports / TEMPLATE_LINES
    write_json_lines(path, rows)
    if undecided := sum(row["decision"] is None and row["standing"] >= least for row in rows):
        lines = plural(undecided, "line")
        say(f"package: {lines} in {least} or more documents of one source; decide, see {path}")
    return _about_lines(project, [given["ingest.decisions"] for given in tables], set(unmet)) if unmet else []


def _about_lines(project: Project, parts: list[Part], lines: set[tuple[str, int]]) -> list[Decision]:
    """The decisions about some lines, given by source and hash."""
    decisions_by_line: dict[tuple[str, int], Decision] = {}
    for rows in project.store.read_all(part for part in parts if part.rows):
        for decisions in obeyable(rows, *OF_LINES).values():
            decisions_by_line |= {(d.source or "", line_hash(d.line or "")): d for d in decisions}
    unmet = sorted((decisions_by_line[key] for key in lines), key=lambda decision: (decision.source, decision.line))
    return [decision._replace(doc_id=None, raw_sha256=None, problem=_NO_LINE) for decision in unmet]


def _report_unmet(project: Project, parts: list[Part], of_lines: list[Decision]) -> None:
    """Report the decisions that could not be applied."""
    rows = read_passed_on(project)["decisions"]
    rows += project.store.rows(parts)
    rows += [decision._asdict() for decision in of_lines]
    rows += _unmet_groups(project)
    path = project.reports / DECISIONS
    write_json_lines(path, rows)
    for row in rows[:5]:
        about = (
            row["doc_id"] or f"{row['line'] or row['before'] or row['rule']!r} in {row['source'] or 'all documents'}"
        )
        say(f"package: decision not applied: {row['decision']} {about}: {row['problem']}; see {path}")


def _unmet_groups(project: Project) -> list[dict[str, Any]]:
    """The decisions about groups of suggestions that no document has."""
    groups = read_passed_on(project).get("groups", [])
    if not groups:
        return []
    parts = [given["clean.met"] for given in read_inputs(project, ["clean.met"])]
    met = {Decision(**row) for row in project.store.rows(part for part in parts if part.rows)}
    return [{**row, "problem": _NO_GROUP} for row in groups if Decision(**row) not in met]


def _lay_out(
    project: Project, last: LaidFiles, data: Path, name: str, by_split: dict[str, list[Part]]
) -> list[DataFile]:
    """Write the files of a table into a folder, several at a time, and return their descriptions."""

    def laid(place: tuple[str, int, int, Part]) -> DataFile:
        split, number, count, part = place
        path = f"{name}/{split}-{number:05d}-of-{count:05d}.parquet"
        existing, target = project.corpus / "data" / path, data / path
        known = last.find(f"data/{path}", split, part.sha256)
        if known or is_file_of(existing, part.sha256):  # unchanged since the last build: nothing needs to be written
            link_or_copy(existing, target)
        else:
            project.store.copy(part, target)
        return known or DataFile.of(target, f"data/{path}", split, part.sha256)

    places = [(split, n, len(parts), part) for split, parts in by_split.items() for n, part in enumerate(parts)]
    with ThreadPoolExecutor(_TOGETHER) as threads:
        return list(threads.map(laid, places))


def _raise_alarms(project: Project, metrics: Metrics) -> None:
    """Report the sources that lost a larger share of their documents than ``select.alarm`` allows."""
    settings = project.params["select"]
    alarms = []
    for source, lost in sorted(metrics.lost.items()):
        total = lost + metrics.sources.get(source, 0)
        if total >= settings["alarm_minimum"] and lost > settings["alarm"] * total:
            alarms.append({"source": source, "documents": total, "dropped": lost, "share": round(lost / total, 6)})
    write_json_lines(project.reports / "alarms.jsonl", alarms)
    for alarm in alarms:
        say(
            f"package: ALARM: {alarm['source']} loses {alarm['dropped']} of {alarm['documents']} documents "
            f"(select.alarm: {settings['alarm']}); see {project.reports / 'dropped.jsonl'}"
        )
