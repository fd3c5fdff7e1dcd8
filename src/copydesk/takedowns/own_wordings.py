"""Decisions about groups of suggestions whose words only one document has.

Such a decision names no document, but it quotes the words around a change. When the document is taken down, the
decision quotes it still, and is about nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.decisions import read_decisions
from copydesk.errors import ConfigError
from copydesk.project import Project


def own_wordings(project: Project, doc_id: str, raw_sha256: str) -> frozenset[str]:
    """The wordings that decisions about groups quote and only this document, or an exact copy of it, has.

    Parameters
    ----------
    project : Project
        Its corpus is the one that was last built.
    doc_id, raw_sha256 : str
        The document, and the SHA-256 of its file.
    """
    quoted: set[str] = set()
    with suppress(ConfigError):  # a takedown does not wait for a line to be corrected; the next build names it
        quoted |= {d.before for d in read_decisions(project.seeds, project.schemas) if d.of_group and d.before}
    if not quoted:
        return frozenset()
    standing_elsewhere: set[str] = set()
    found: set[str] = set()
    for own, others in _texts(project, doc_id, raw_sha256):
        for before in quoted:
            pattern = r"[\s\p{Z}]+".join(map(re.escape, before.split()))
            if _stands_in(own, pattern):
                found.add(before)
            if _stands_in(others, pattern):
                standing_elsewhere.add(before)
    return frozenset(found - standing_elsewhere)


def _texts(project: Project, doc_id: str, raw_sha256: str) -> Iterator[tuple[pa.ChunkedArray, pa.ChunkedArray]]:
    """The raw texts of each file of the corpus: those of the document and its copies, and all others."""
    for path in sorted(project.corpus.glob("data/raw/*.parquet")):
        rows = pq.read_table(path, columns=["doc_id", "sha256", "text"])
        own = pc.or_(pc.equal(rows["doc_id"], doc_id), pc.equal(rows["sha256"], raw_sha256))
        yield rows["text"].filter(own), rows["text"].filter(pc.invert(own))


def _stands_in(texts: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())
