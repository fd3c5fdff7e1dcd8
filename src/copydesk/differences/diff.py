"""Compare two revisions of a corpus, document by document.

Shards with equal SHA-256 are never read. A column that only one revision has is a change of the schema, not of
documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.differences.causes import RevisionContext, changed_documents, split_and_provenance_rows
from copydesk.differences.changed_rows import AFTER, CHANGE_TYPE, DELETE, INSERT, changed_rows
from copydesk.differences.diff_model import Diff, Move, Pair, Rename, RowCounts
from copydesk.differences.row_differences import THREADS, ChangedShards, documents_with_other_rows, match_documents
from copydesk.revisions.revision import Revision
from copydesk.tables.table import LABELS

_RELATED = ("sentences", "raw", "edits")
#: Columns of documents that have ids of documents.
_WITH_IDS = frozenset({"doc_id", "duplicate_of", "duplicate_group"})


def diff(old: Revision, new: Revision) -> Diff:
    """Compare two revisions document by document.

    Raises
    ------
    ReleaseError
        If a shard that differs cannot be read.
    """
    sides = ChangedShards.of(old, new, "documents")
    before, after = (side.table(without=("text",)) for side in sides)
    matched = match_documents(before, after)
    added, removed = sorted(matched.added), sorted(matched.removed)
    columns = matched.differing()
    related = {name: documents_with_other_rows(old, new, name, {*added, *removed}) for name in _RELATED}
    ids = sorted(set(columns).union(*related.values()))
    tables = {doc_id: tuple(name for name in _RELATED if doc_id in related[name]) for doc_id in ids}
    context = RevisionContext.of(old, new)
    changes = changed_documents(ids, columns, tables, split_and_provenance_rows(ids, before, after, context), context)
    dropped = {row["doc_id"]: row["reason"] for row in new.listing.get("dropped", [])}
    dropped |= dict.fromkeys(new.taken_down, "takedown")
    renamed = _renamed(before, after, [doc_id for doc_id in removed if doc_id not in dropped], added)
    names = {name for rename in renamed for name in rename}
    complete = all(new.is_local(shard) for shard in context.common)
    shared = _counts(new, context.common if complete else [])
    own_counts = [_counts(side.revision, side.shards) for side in sides]
    return Diff(
        old=old.name,
        new=new.name,
        added=[doc_id for doc_id in added if doc_id not in names],
        removed=[doc_id for doc_id in removed if doc_id not in names],
        dropped={doc_id: dropped[doc_id] for doc_id in removed if doc_id in dropped},
        moved=[Move(c.doc_id, c.old_split, c.new_split) for c in changes if c.old_split != c.new_split],
        changed=changes,
        sources=_paired(*(shared[0] + sources for sources, _ in own_counts)),
        languages=_paired(*(shared[1] + languages for _, languages in own_counts)),
        complete=complete,
        tables=_totals(old, new),
        schemas=context.schemas,
        parameters=context.parameters,
        labels=_changed_labels(old, new),
        renamed=renamed,
    )


def _renamed(before: pa.Table | None, after: pa.Table | None, gone: list[str], added: list[str]) -> list[Rename]:
    """The documents that are gone and whose row is there under a new id; of several, the first of both sides.

    A document of which anything else changed too is none of them: it would hide that change.
    """
    sides = [rows for rows in (before, after) if rows is not None and "raw_sha256" in rows.column_names]
    if len(sides) < 2 or not gone or not added:
        return []
    names = [name for name in sides[0].column_names if name in sides[1].column_names and name not in _WITH_IDS]
    ids_by_row: list[dict[str, list[str]]] = []
    for rows, ids in zip(sides, (gone, added), strict=True):
        by_row: dict[str, list[str]] = defaultdict(list)
        for row in rows.filter(pc.is_in(rows["doc_id"], value_set=pa.array(ids))).sort_by("doc_id").to_pylist():
            by_row[repr([row[name] for name in names])].append(row["doc_id"])
        ids_by_row.append(by_row)
    old, new = ids_by_row
    return sorted(Rename(*pair) for row, ids in old.items() for pair in zip(ids, new.get(row, ()), strict=False))


def _changed_labels(old: Revision, new: Revision) -> RowCounts:
    if not any(revision.shards(LABELS) for revision in (old, new)):
        return RowCounts()
    counts = Counter(changed_rows(LABELS, old, new)[CHANGE_TYPE].to_pylist())
    return RowCounts(counts[INSERT], counts[DELETE], counts[AFTER])


def _counts(revision: Revision, shards: list[str]) -> tuple[Counter[str], Counter[str]]:
    """Documents by source and by language."""
    names = ["source", "publisher", "language"]
    sources, languages = Counter[str](), Counter[str]()
    with ThreadPoolExecutor(THREADS) as threads:
        for table in threads.map(lambda shard: revision.read(shard, names), shards):
            # A past revision may lack some of the columns.
            outlet, publisher, language = (
                table[name] if name in table.column_names else pa.nulls(table.num_rows, pa.string()) for name in names
            )
            for counter, column in ((sources, pc.coalesce(outlet, publisher)), (languages, language)):
                counts = pc.value_counts(pc.fill_null(column, "unknown")).to_pylist()
                counter.update({row["values"]: row["counts"] for row in counts})
    return sources, languages


def _paired(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, Pair]:
    return {name: Pair(old.get(name, 0), new.get(name, 0)) for name in sorted({*old, *new})}


def _totals(old: Revision, new: Revision) -> dict[str, Pair]:
    rows = [{name: t["rows"] for name, t in r.listing["tables"].items() if "rows" in t} for r in (old, new)]
    return _paired(*rows) if all(rows) else {}
