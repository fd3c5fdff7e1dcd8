"""Decisions about groups of suggestions whose words only one document has.

Such a decision names no document, but it quotes the words around a change. When the document is taken down, the
decision quotes it still, and is about nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.decisions import folded_line, read_decisions
from copydesk.core.group_decisions import longest_word
from copydesk.core.ledger import in_force, read_ledger
from copydesk.dataset.manifest import read_listing
from copydesk.errors import ConfigError, CopydeskError
from copydesk.project import Project
from copydesk.stages.runner import read_receipts

_COLUMNS = ["doc_id", "sha256", "text"]


def own_wordings(project: Project, doc_id: str, raw_sha256: str) -> frozenset[str]:
    """The wordings that decisions about groups quote and only this document, or an exact copy of it, has.

    Documents that are taken down already do not count, also where the corpus still has them.

    Parameters
    ----------
    project : Project
        Its corpus is the one that was last built; later seeds are not read.
    doc_id, raw_sha256 : str
        The document, and the SHA-256 of its file.
    """
    decisions = []
    with suppress(ConfigError):  # a takedown does not wait for a line to be corrected; the next build names it
        decisions = [d for d in read_decisions(project.seeds, project.schemas) if d.of_group and longest_word(d)]
    if not decisions:
        return frozenset()
    own = [folded_line(text) for rows in _raw(project) for text in _of(rows, {doc_id}, {raw_sha256}).to_pylist()]
    remaining = {d.before: longest_word(d) for d in decisions if any(folded_line(d.before or "") in t for t in own)}
    ledger = in_force(read_ledger(project.seeds, project.schemas))
    ids, hashes = {doc_id, *ledger}, {raw_sha256, *(row["raw_sha256"] for row in ledger.values())}
    for rows in _raw(project) if remaining else ():
        others = _of(rows, ids, hashes, those=False)
        # White space is folded in the few texts that have the longest word.
        for before, word in list(remaining.items()):
            candidates = others.filter(pc.match_substring(others, word)).to_pylist()
            if any(folded_line(before or "") in folded_line(text) for text in candidates):
                del remaining[before]
    return frozenset(before for before in remaining if before)


def _raw(project: Project) -> Iterator[pa.Table]:
    """The raw texts of the corpus; if documents were dropped, those of all documents that the last build read."""
    for path in sorted(project.corpus.glob("data/raw/*.parquet")):
        yield pq.read_table(path, columns=_COLUMNS)
    with suppress(CopydeskError):  # a clone without a build has no other texts
        if read_listing(project.corpus)["dropped"]:
            parts = [parts["raw"] for parts in read_receipts(project, "ingest") if "raw" in parts]
            yield from project.store.read_all(parts, _COLUMNS)


def _of(rows: pa.Table, ids: set[str], hashes: set[str], *, those: bool = True) -> pa.ChunkedArray:
    """The texts of the documents with these ids or hashes, or with ``those=False`` of all others."""
    sets = (pa.array(sorted(values), pa.string()) for values in (ids, hashes))
    mask = pc.or_(*(pc.is_in(rows[name], value_set=values) for name, values in zip(_COLUMNS, sets, strict=False)))
    return rows["text"].filter(mask if those else pc.invert(mask))
