"""Why a document changed.

Causes are computed from the two revisions, in this order; each explains some of the
columns that differ, and the next is tried for the remaining ones:

``source``              the delivered file, or its path, differs
``decision``            its lines in seeds/decisions.jsonl differ, and so does what they decide
``splits.jsonl``        its line there differs, and so does its split
``metadata``            a column that sources.jsonl states in one of the revisions
``rule NAME``           the file is the same, and the edits of this rule differ
``parameter KEY``       a setting differs whose section decides a remaining column
``benchmarks``          the overlap with benchmarks, where seeds/benchmarks.jsonl differs
``duplicates``          another document of its group was added, removed or changed
``corpus size``         the split alone, if one of the revisions has only one split
``schema``              none of the above, and the schema of a remaining column or table differs in more than a
                        description
``code``                none of the above
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.decisions import NAME, Decision, folded_line, from_row
from copydesk.core.hand_written import SPLIT_LIST
from copydesk.core.json_schema import load_json
from copydesk.core.renamed_text import renamed_line
from copydesk.dataset.rows_by_split import split_of
from copydesk.description.provenance import FIELDS
from copydesk.differences.diff_model import Change, Parameter
from copydesk.differences.row_differences import ChangedShards, Row, common_shards, count_changes, net_rows
from copydesk.differences.schema_changes import SchemaChange, published_changes
from copydesk.revisions.revision import Revision

_PLACED = frozenset(("duplicate_of", "duplicate_group", "duplicate_kind", "seen_in", "split"))
_OVERLAP = frozenset(("benchmark_overlap", "flags"))
#: Columns and tables that depend on edits even if the text is the same.
_FROM_EDITS = frozenset({"edits/", "sentences/", "provenance", "flags", *FIELDS})
#: What follows from the language of a document.
_FROM_LANGUAGE = frozenset(
    {"language_score", "language_share", "passages", "blocks", "sentence_language", "sentences", "sentences/"}
    | {"paragraphs", "sentence_count"}
)
_EDIT = ("raw_start", "raw_end", "before", "after", "rules", "tier", "applied", "confidence")


class DecisionScope(NamedTuple):
    """The scope of the decisions that only one revision has: columns of a document, and spans of its raw text."""

    columns: frozenset[str]
    spans: frozenset[tuple[int, int]]


class RevisionContext(NamedTuple):
    """Two revisions, and the differences between them that concern no single document."""

    old: Revision
    new: Revision
    common: list[str]
    schemas: list[SchemaChange]
    parameters: list[Parameter]
    benchmarks: bool
    one_split: bool
    decisions: Mapping[str, DecisionScope]
    decided_lines: frozenset[str]
    decided_groups: tuple[Decision, ...] = ()
    relisted: frozenset[str] = frozenset()  # documents whose line in splits.jsonl differs

    @classmethod
    def of(cls, old: Revision, new: Revision) -> RevisionContext:
        """Compare schemas, settings, benchmarks, splits and decisions of two revisions."""
        splits = [{split_of(path) for path in r.shards("documents")} for r in (old, new)]
        return cls(
            old,
            new,
            common_shards(old, new, "documents"),
            published_changes(old.schemas, new.schemas),
            _parameters(old.params, new.params),
            old.text("seeds/benchmarks.jsonl") != new.text("seeds/benchmarks.jsonl"),
            splits[0] != splits[1] and min(map(len, splits)) == 1,
            *_decisions(old, new),
            frozenset(i for i, _ in old.split_list.items() ^ new.split_list.items()),
        )


def _decisions(old: Revision, new: Revision) -> tuple[dict[str, DecisionScope], frozenset[str], tuple[Decision, ...]]:
    """The decisions that only one of the revisions has: by document their scope, the lines, those about groups."""
    texts = (revision.text(f"seeds/{NAME}") or "" for revision in (old, new))
    counted = [Counter(renamed_line("decision", line) for line in text.split("\n")) for text in texts]
    by_document: dict[str, list[Decision]] = {}
    lines: set[str] = set()
    groups: list[Decision] = []
    for line in (counted[0] - counted[1]) + (counted[1] - counted[0]):
        if line.strip():
            decision = from_row(load_json(line, NAME))
            if decision.line is not None:
                lines.add(folded_line(decision.line))
            elif decision.of_group:
                groups.append(decision)
            elif decision.doc_id is not None:
                by_document.setdefault(decision.doc_id, []).append(decision)
    scopes = {
        doc_id: DecisionScope(
            frozenset(d.field for d in decisions if d.field),
            frozenset((d.raw_start, d.raw_end or 0) for d in decisions if d.raw_start is not None),
        )
        for doc_id, decisions in by_document.items()
    }
    return scopes, frozenset(lines), tuple(groups)


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Parameter]:
    flat = [
        {
            f"{name}.{key}" if key else name: value
            for name, given in p.items()
            for key, value in (given if isinstance(given, dict) else {"": given}).items()
        }
        for p in (old, new)
    ]
    names = sorted({*flat[0], *flat[1]})
    return [Parameter(n, flat[0].get(n), flat[1].get(n)) for n in names if flat[0].get(n) != flat[1].get(n)]


_NOTHING = DecisionScope(frozenset(), frozenset())


def changed_documents(
    ids: list[str],
    columns: Mapping[str, list[str]],
    tables: Mapping[str, tuple[str, ...]],
    at: tuple[dict[str, Row], dict[str, Row]],
    context: RevisionContext,
) -> list[Change]:
    """Return for each changed document what differs and why."""
    old, new = context.old, context.new
    reworded = [i for i in ids if "text_sha256" in columns.get(i, ()) or "sentences" in tables[i]]
    sentences = net_rows(old, new, "sentences", reworded, ("text",))
    edits = net_rows(old, new, "edits", [i for i in ids if "edits" in tables[i]], _EDIT)
    moved = net_rows(old, new, "raw", [i for i in ids if "raw" in tables[i]], ("path",))
    changes = []
    for doc_id in ids:
        was, now = (rows[doc_id] for rows in at)
        differing = tuple(columns.get(doc_id, ()))
        edited = edits.get(doc_id, [])
        resourced = "raw_sha256" in differing or doc_id in moved
        decided = context.decisions.get(doc_id, _NOTHING)
        # A decision applies to one file; its spans are meaningless for another.
        spans = frozenset[tuple[int, int]]() if resourced else decided.spans
        by_rules = [
            row
            for row in _not_of_groups(edited, () if resourced else context.decided_groups)
            if (row["raw_start"], row["raw_end"]) not in spans and not _removes_only(row, context.decided_lines)
        ]
        unexplained = {*differing, *(f"{name}/" for name in tables[doc_id])}
        explained = _explained(unexplained, decided, edited, by_rules)
        stated = _stated(was) | _stated(now) | ({"provenance"} if _stated(was) != _stated(now) else set())
        rules = [] if resourced else rules_of(by_rules)
        listed = ["decision"] if explained else []
        if "split" in unexplained and doc_id in context.relisted:
            listed.append(SPLIT_LIST)
            explained.add("split")
        other_causes = causes_of(unexplained - explained, resourced, stated, rules, context)
        causes = (*listed, *other_causes)
        changes.append(
            Change(
                doc_id,
                differing,
                tables[doc_id],
                causes,
                count_changes(sentences.get(doc_id, []), lambda row: row["text"]),
                count_changes(edited, edit_identity),
                # In a corpus without a column split, no document moves.
                was.get("split") or now.get("split", ""),
                now.get("split") or was.get("split", ""),
            )
        )
    return changes


def _removes_only(edit: Row, lines: frozenset[str]) -> bool:
    """Whether an edit removes but lines about which there are other decisions now."""
    removed = [*filter(None, map(folded_line, edit["before"].split("\n")))] if lines and not edit["after"] else []
    return bool(removed) and lines.issuperset(removed)


def _not_of_groups(edited: list[Row], groups: Sequence[Decision]) -> list[Row]:
    """The differing edits that no decision about a group explains.

    An accepted suggestion may have become one edit with its neighbours: these are explained with it.
    """
    if not groups:
        return edited
    explained = [row for row in edited if any(_may_be_of(row, group) for group in groups)]
    spans = [(row["raw_start"], row["raw_end"]) for row in explained]
    starts, ends = sorted(start for start, _ in spans), sorted(end for _, end in spans)
    # A span is touched unless it ends before another starts, or starts behind its end.
    return [
        row
        for row in edited
        if bisect_right(starts, row["raw_end"]) == bisect_left(ends, row["raw_start"])  # as many begun as ended
    ]


def _may_be_of(row: Row, group: Decision) -> bool:
    if group.rule not in row["rules"].split("\n"):
        return False
    before, words = folded_line(row["before"]), folded_line(group.before or "")
    return group.before is None or before in words or words in before


def _explained(unexplained: set[str], decided: DecisionScope, edited: list[Row], by_rules: list[Row]) -> set[str]:
    """The columns and tables that decisions explain."""
    explained = unexplained & decided.columns
    if explained:
        explained |= unexplained & ({"provenance", "public"} if "license" in explained else {"provenance"})
    if len(by_rules) < len(edited):
        explained |= unexplained if "text_sha256" in unexplained else unexplained & _FROM_EDITS
    return explained


def split_and_provenance_rows(
    ids: list[str], before: pa.Table | None, after: pa.Table | None, context: RevisionContext
) -> tuple[dict[str, Row], dict[str, Row]]:
    """Split and provenance of changed documents, also of those whose row in documents is the same."""
    changed_ids = pa.array(ids, pa.string())
    rows_by_id: tuple[dict[str, Row], dict[str, Row]] = ({}, {})
    for rows, table in zip(rows_by_id, (before, after), strict=True):
        if table is not None:
            names = [name for name in ("doc_id", "split", "provenance") if name in table.column_names]
            changed = table.select(names).filter(pc.is_in(table["doc_id"], changed_ids))
            rows.update((row["doc_id"], row) for row in changed.to_pylist())
    same = ChangedShards(context.new, context.common).some(
        (i for i in ids if i not in rows_by_id[1]), ("doc_id", "split")
    )
    for row in same.to_pylist() if same is not None else ():
        rows_by_id[0][row["doc_id"]] = rows_by_id[1][row["doc_id"]] = row
    return rows_by_id


def _stated(row: Row) -> set[str]:
    origins = row.get("provenance") or []
    # Rights come from markup, or from a header, which is no part of the raw text.
    return {"rights", *(origin["field"] for origin in origins if origin["origin"] == "sources.jsonl")}


def causes_of(
    left: set[str], resourced: bool, stated: set[str], rules: Sequence[str], context: RevisionContext
) -> tuple[str, ...]:
    """Why a document differs, see the module; ``left`` are the columns to explain, and tables such as ``edits/``."""
    causes = []
    if resourced:
        causes.append("source")
        left = left & stated  # the rest follows from the new text
    if left & stated:
        causes.append("metadata")
        following: frozenset[str] = _FROM_LANGUAGE if "language" in left & stated else frozenset()
        left = left - stated - {"provenance"} - ({"public"} if left & {"license", "rights"} else set()) - following
    if rules:
        causes += [f"rule {name}" for name in rules]
        # Suggested edits change no text; columns that do not depend on edits remain unexplained then.
        follows = left if "text_sha256" in left else _FROM_EDITS
        left = left - follows
    deciding = {p.name: _decides(p.name.partition(".")[0], left) & left for p in context.parameters}
    causes += [f"parameter {name}" for name, decided in deciding.items() if decided]
    left = left.difference(*deciding.values())
    if context.benchmarks and left & _OVERLAP:
        causes.append("benchmarks")
        left = left - _OVERLAP
    if left & _PLACED:
        causes.append("corpus size" if left & _PLACED == {"split"} and context.one_split else "duplicates")
        left = left - _PLACED
    if left:
        causes.append("schema" if left & _redefined(context.schemas) else "code")
    return tuple(causes)


def _redefined(changes: Iterable[SchemaChange]) -> set[str]:
    """Columns of documents, and other tables such as ``edits/``, whose schema differs."""
    return {
        re.split(r"[.\[]", change.column)[0] if change.table == "documents" else f"{change.table}/"
        for change in changes
        if change.what != "description changed"
    }


def _decides(section: str, names: Iterable[str]) -> set[str]:
    """The columns and tables that a section of params.yaml decides."""
    if section == "clean":
        return {name for name in names if name not in {"raw/", "public", *_PLACED}}
    known = {"deduplicate": _PLACED, "splits": {"split"}, "publish": {"public"}, "decontaminate": _OVERLAP}
    return set({**known, "ingest": {"raw/"}}.get(section, ()))


def edit_identity(row: Row) -> tuple[Any, ...]:
    """What identifies an edit, whatever its offsets are."""
    return row["before"], row["after"], str(row["rules"]), row["tier"], row["applied"]


def rules_of(edits: list[Row]) -> list[str]:
    """The names of the rules whose edits of the same raw text differ, given the edits that differ.

    An edit of two rules becomes an edit of one rule when the other is disabled. So edits that touch are grouped, and
    a rule is named if it takes part in more or fewer edits of a group; if no rule does, all rules of the group are
    named.
    """
    names: set[str] = set()
    end, balance = -1, Counter[str]()
    for edit in sorted(edits, key=lambda edit: (edit["raw_start"], edit["raw_end"])):
        if edit["raw_start"] > end:
            names |= _unbalanced(balance)
            balance = Counter()
        end = max(end, edit["raw_end"])
        for rule in edit["rules"].split("\n"):
            balance[rule] += edit["sign"]
    return sorted(names | _unbalanced(balance))


def _unbalanced(balance: Counter[str]) -> set[str]:
    return {rule for rule, count in balance.items() if count} or set(balance)
