"""Why a document changed.

Causes are computed from what lies in the two revisions, in this order; each takes the
columns that it explains, and the next is asked for those that are left:

``source``              the file as delivered is another, or has another path
``decision``            seeds/decisions.jsonl says something else of it, and what it decides differs
``metadata``            a column that sources.jsonl states in one of the revisions
``rule NAME``           the file is the same and the edits of this rule are not
``parameter KEY``       a setting differs whose section decides a column that is left
``benchmarks``          the overlap with benchmarks, where seeds/benchmarks.jsonl differs
``duplicates``          another document of its group came, went or changed
``corpus size``         the split alone, where one of the revisions has but one split
``schema``              none of the above, and the schema of a column or table that is left says more than another
                        description
``code``                none of the above
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.core.decisions import NAME, Decision, from_row
from copydesk.core.json_schema import load_json
from copydesk.core.renamed_text import renamed_line
from copydesk.description.provenance import FIELDS
from copydesk.differences.model import Change, Parameter
from copydesk.differences.row_differences import Row, Side, common_shards, delta_of, net_rows
from copydesk.differences.schema_changes import SchemaChange, published_changes
from copydesk.revisions.revision import Revision

_PLACED = frozenset(("duplicate_of", "duplicate_group", "duplicate_kind", "split"))
_OVERLAP = frozenset(("benchmark_overlap", "flags"))
#: What follows from edits even where the text is the same.
_FROM_EDITS = frozenset({"edits/", "sentences/", "provenance", "flags", *FIELDS})
_EDIT = ("raw_start", "raw_end", "before", "after", "rules", "tier", "applied", "confidence")


class Decided(NamedTuple):
    """What decisions that only one revision has are about: columns of a document, and spans of its raw text."""

    columns: frozenset[str]
    places: frozenset[tuple[int, int]]


class Context(NamedTuple):
    """What differs between two revisions as a whole."""

    old: Revision
    new: Revision
    common: list[str]
    schemas: list[SchemaChange]
    parameters: list[Parameter]
    benchmarks: bool
    one_split: bool
    decisions: Mapping[str, Decided]

    @classmethod
    def of(cls, old: Revision, new: Revision) -> Context:
        """What two revisions say before any document is looked at."""
        splits = [{path.rpartition("/")[2].partition("-")[0] for path in r.shards("documents")} for r in (old, new)]
        return cls(
            old,
            new,
            common_shards(old, new, "documents"),
            published_changes(old.schemas, new.schemas),
            _parameters(old.params, new.params),
            old.text("seeds/benchmarks.jsonl") != new.text("seeds/benchmarks.jsonl"),
            splits[0] != splits[1] and min(map(len, splits)) == 1,
            _decisions(old, new),
        )


def _decisions(old: Revision, new: Revision) -> dict[str, Decided]:
    """By document what was decided in one of the revisions alone."""
    texts = (revision.text(f"seeds/{NAME}") or "" for revision in (old, new))
    lines = [Counter(renamed_line("decision", line) for line in text.split("\n")) for text in texts]
    found: dict[str, list[Decision]] = {}
    for line in (lines[0] - lines[1]) + (lines[1] - lines[0]):
        if line.strip():
            decision = from_row(load_json(line, NAME))
            found.setdefault(decision.doc_id, []).append(decision)
    return {
        doc_id: Decided(
            frozenset(d.field for d in decisions if d.field),
            frozenset((d.raw_start, d.raw_end or 0) for d in decisions if d.raw_start is not None),
        )
        for doc_id, decisions in found.items()
    }


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


_NOTHING = Decided(frozenset(), frozenset())


def facts_of(
    ids: list[str],
    columns: Mapping[str, list[str]],
    tables: Mapping[str, tuple[str, ...]],
    at: tuple[dict[str, Row], dict[str, Row]],
    context: Context,
) -> list[Change]:
    """Say of each changed document what differs and why."""
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
        # A decision holds for the file that was looked at: of another one nothing follows from its places.
        places = frozenset[tuple[int, int]]() if resourced else decided.places
        by_rules = [row for row in edited if (row["raw_start"], row["raw_end"]) not in places]
        left = {*differing, *(f"{name}/" for name in tables[doc_id])}
        explained = _explained(left, decided, edited, by_rules)
        stated = _stated(was) | _stated(now) | ({"provenance"} if _stated(was) != _stated(now) else set())
        rules = [] if resourced else rules_of(by_rules)
        others = causes_of(left - explained, resourced, stated, rules, context)
        causes = ("decision", *others) if explained else others
        changes.append(
            Change(
                doc_id,
                differing,
                tables[doc_id],
                causes,
                delta_of(sentences.get(doc_id, []), lambda row: row["text"]),
                delta_of(edited, edit_key),
                # A corpus from before there were splits moves nothing.
                was.get("split") or now.get("split", ""),
                now.get("split") or was.get("split", ""),
            )
        )
    return changes


def _explained(left: set[str], decided: Decided, edited: list[Row], by_rules: list[Row]) -> set[str]:
    """Those columns and tables that decisions explain."""
    explained = left & decided.columns
    if explained:
        explained |= left & ({"provenance", "public"} if "license" in explained else {"provenance"})
    if len(by_rules) < len(edited):
        explained |= left if "text_sha256" in left else left & _FROM_EDITS
    return explained


def placed_rows(
    ids: list[str], before: pa.Table | None, after: pa.Table | None, context: Context
) -> tuple[dict[str, Row], dict[str, Row]]:
    """Split and provenance of changed documents, also of those whose row in documents is the same."""
    wanted = pa.array(ids, pa.string())
    found: tuple[dict[str, Row], dict[str, Row]] = ({}, {})
    for rows, table in zip(found, (before, after), strict=True):
        if table is not None:
            names = [name for name in ("doc_id", "split", "provenance") if name in table.column_names]
            some = table.select(names).filter(pc.is_in(table["doc_id"], wanted))
            rows.update((row["doc_id"], row) for row in some.to_pylist())
    same = Side(context.new, context.common).some((i for i in ids if i not in found[1]), ("doc_id", "split"))
    for row in same.to_pylist() if same is not None else ():
        found[0][row["doc_id"]] = found[1][row["doc_id"]] = row
    return found


def _stated(row: Row) -> set[str]:
    origins = row.get("provenance") or []
    return {origin["field"] for origin in origins if origin["origin"] == "sources.jsonl"}


def causes_of(
    left: set[str], resourced: bool, stated: set[str], rules: Sequence[str], context: Context
) -> tuple[str, ...]:
    """Why a document differs, see the module; ``left`` are the columns to explain, and tables as ``edits/``."""
    causes = []
    if resourced:
        causes.append("source")
        left = left & stated  # all else follows from the new text
    if left & stated:
        causes.append("metadata")
        left = left - stated - {"provenance"} - ({"public"} if "license" in left else set())
    if rules:
        causes += [f"rule {name}" for name in rules]
        # Edits that are only suggested change no text, and what no text decides is still to be explained.
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
    """Columns of documents, and other tables as ``edits/``, that a schema defines in another way."""
    return {
        re.split(r"[.\[]", change.column)[0] if change.table == "documents" else f"{change.table}/"
        for change in changes
        if change.what != "description changed"
    }


def _decides(section: str, names: Iterable[str]) -> set[str]:
    """Those columns and tables that a section of params.yaml decides."""
    if section == "clean":
        return {name for name in names if name not in {"raw/", "public", *_PLACED}}
    known = {"deduplicate": _PLACED, "splits": {"split"}, "publish": {"public"}, "decontaminate": _OVERLAP}
    return set({**known, "ingest": {"raw/"}}.get(section, ()))


def edit_key(row: Row) -> tuple[Any, ...]:
    """What an edit is told by wherever it stands."""
    return row["before"], row["after"], str(row["rules"]), row["tier"], row["applied"]


def rules_of(edits: list[Row]) -> list[str]:
    """Rules whose edits of one and the same raw text differ, by name, given the edits that differ.

    An edit that two rules made becomes that of one when the other is switched off. So the edits that differ are
    taken together where they touch, and a rule is named when it has a hand in more or fewer of them there; where
    that holds for none, all that were at work there are named.
    """
    names: set[str] = set()
    end, hands = -1, Counter[str]()
    for edit in sorted(edits, key=lambda edit: (edit["raw_start"], edit["raw_end"])):
        if edit["raw_start"] > end:
            names |= _unbalanced(hands)
            hands = Counter()
        end = max(end, edit["raw_end"])
        for rule in edit["rules"].split("\n"):
            hands[rule] += edit["sign"]
    return sorted(names | _unbalanced(hands))


def _unbalanced(hands: Counter[str]) -> set[str]:
    return {rule for rule, count in hands.items() if count} or set(hands)
