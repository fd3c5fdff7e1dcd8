"""The alignment of each document's clean text with its raw text, from the table of edits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

from copydesk.text import Alignment

_PLACES = ("raw_start", "raw_end", "start", "end")


def alignments(edits: pa.Table) -> Iterator[tuple[str, Alignment]]:
    """Alignments of the edited documents, by id; other documents equal their raw text."""
    applied = edits.filter(edits["applied"])
    ids = applied["doc_id"].to_numpy()
    if not len(ids):
        return
    places = [applied[name].to_numpy().astype(np.int64) for name in _PLACES]
    bounds = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), len(ids)]
    for start, stop in pairwise(bounds):
        yield ids[start], Alignment(*(place[start:stop] for place in places))
