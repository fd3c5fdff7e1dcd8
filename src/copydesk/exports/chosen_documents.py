"""Which documents of a revision an export holds: those that may be passed on today and were not taken down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.core.config import Params
from copydesk.description.rights import respecting
from copydesk.labels.export_labels import taken_down
from copydesk.revisions.revision import Revision
from copydesk.tables.licenses import license_counts, public
from copydesk.tables.renamed_columns import with_current_names, with_old_names

#: What decides whether a document may be passed on; older releases lack some of it.
_COLUMNS = ("doc_id", "license", "public", "rights")


class ChosenDocuments(NamedTuple):
    """The documents of an export.

    Attributes
    ----------
    documents : int
        How many it holds.
    left_out : frozenset of str
        Ids of the documents that it does not hold.
    restricted, taken_down : int
        How many of those may not be published, and how many were taken down.
    licenses, licenses_left_out : str
        How many of the documents in it, and of those that may not be published, have which license.
    """

    documents: int
    left_out: frozenset[str]
    restricted: int
    taken_down: int
    licenses: str
    licenses_left_out: str


def choose_documents(revision: Revision, params: Params, *, include_restricted: bool = False) -> ChosenDocuments:
    """Choose the documents of a revision that an export holds.

    Parameters
    ----------
    revision : Revision
    params : Params
        The settings of today: they may allow less than when the column ``public`` was computed.
    include_restricted : bool
        Whether documents that may not be published stay.
    """
    taken = taken_down(revision)
    left_out = set(taken)
    count = restricted = 0
    licenses: list[pa.ChunkedArray] = []
    licenses_left_out: list[pa.ChunkedArray] = []
    for documents in _documents(revision):
        present = documents.filter(pc.invert(pc.is_in(documents["doc_id"], pa.array(sorted(taken), pa.string()))))
        allowed = pa.array([True] * present.num_rows) if include_restricted else _allowed(present, params)
        closed = present.filter(pc.invert(allowed))
        left_out.update(closed["doc_id"].to_pylist())
        count += present.num_rows - closed.num_rows
        restricted += closed.num_rows
        licenses.append(present.filter(allowed)["license"].combine_chunks())
        licenses_left_out.append(closed["license"].combine_chunks())
    counts = (license_counts(pa.chunked_array(parts, pa.string())) for parts in (licenses, licenses_left_out))
    return ChosenDocuments(count, frozenset(left_out), restricted, len(taken), *counts)


def _documents(revision: Revision) -> Iterator[pa.Table]:
    for shard in revision.shards("documents"):
        path = revision.locate(shard)
        present = {*pq.read_schema(path).names}
        columns = [name for name in with_old_names(_COLUMNS) if name in present]
        yield with_current_names(pq.ParquetFile(path).read(columns, use_threads=False))


def _allowed(documents: pa.Table, params: Params) -> pa.Array:
    """Whether each document may be published, by the build of the revision and by the settings of today."""
    settings = params["publish"]
    allowed = public(documents["license"], settings["allow"])
    if "public" in documents.column_names:
        allowed = pc.and_(allowed, documents["public"].combine_chunks())
    if "rights" in documents.column_names:
        allowed = pc.and_(allowed, respecting(documents["rights"].to_pylist(), settings["respect"]))
    return allowed
