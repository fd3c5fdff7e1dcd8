"""What changed between two revisions of a corpus, by document.

Two shards with the same SHA-256 are never read. A column that only one revision has changes no document: it stands
among the changes of the schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.differences.causes import Context, facts_of, placed_rows
from copydesk.differences.model import Diff, Move, Pair
from copydesk.differences.row_differences import THREADS, Side, match, related_documents
from copydesk.revisions.revision import Revision

_RELATED = ("sentences", "raw", "edits")


def diff(old: Revision, new: Revision) -> Diff:
    """Compare two revisions document by document.

    Raises
    ------
    ReleaseError
        If a shard that differs cannot be read.
    """
    sides = Side.of(old, new, "documents")
    before, after = (side.table(without=("text",)) for side in sides)
    matched = match(before, after)
    added, removed = sorted(matched.added), sorted(matched.removed)
    columns = matched.differing()
    related = {name: related_documents(old, new, name, {*added, *removed}) for name in _RELATED}
    ids = sorted(set(columns).union(*related.values()))
    tables = {doc_id: tuple(name for name in _RELATED if doc_id in related[name]) for doc_id in ids}
    context = Context.of(old, new)
    facts = facts_of(ids, columns, tables, placed_rows(ids, before, after, context), context)
    dropped = {row["doc_id"]: row["reason"] for row in new.listing.get("dropped", [])}
    complete = all(new.at_hand(shard) for shard in context.common)
    shared = _counts(new, context.common if complete else [])
    counted = [_counts(side.revision, side.shards) for side in sides]
    return Diff(
        old=old.name,
        new=new.name,
        added=added,
        removed=removed,
        dropped={doc_id: dropped[doc_id] for doc_id in removed if doc_id in dropped},
        moved=[Move(f.doc_id, f.old_split, f.new_split) for f in facts if f.old_split != f.new_split],
        changed=facts,
        sources=_paired(*(shared[0] + sources for sources, _ in counted)),
        languages=_paired(*(shared[1] + languages for _, languages in counted)),
        complete=complete,
        tables=_totals(old, new),
        schemas=context.schemas,
        parameters=context.parameters,
    )


def _counts(revision: Revision, shards: list[str]) -> tuple[Counter[str], Counter[str]]:
    """Documents by source and by language."""
    names = ["source", "publisher", "language"]
    sources, languages = Counter[str](), Counter[str]()
    with ThreadPoolExecutor(THREADS) as threads:
        for some in threads.map(lambda shard: revision.read(shard, names), shards):
            # A past revision may not have all of them.
            outlet, publisher, language = (
                some[name] if name in some.column_names else pa.nulls(some.num_rows, pa.string()) for name in names
            )
            for counter, column in ((sources, pc.coalesce(outlet, publisher)), (languages, language)):
                counted = pc.value_counts(pc.fill_null(column, "unknown")).to_pylist()
                counter.update({row["values"]: row["counts"] for row in counted})
    return sources, languages


def _paired(old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, Pair]:
    return {name: Pair(old.get(name, 0), new.get(name, 0)) for name in sorted({*old, *new})}


def _totals(old: Revision, new: Revision) -> dict[str, Pair]:
    rows = [{name: t["rows"] for name, t in r.listing["tables"].items() if "rows" in t} for r in (old, new)]
    return _paired(*rows) if all(rows) else {}
