"""Match documents against the takedown ledger: drop exact text matches, report near matches."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.description.duplicates.clusters import THRESHOLD
from copydesk.description.duplicates.minhash import WORDLESS, Signatures

Rows = list[dict[str, Any]]


def takedowns(documents: pa.Table, keys: pa.Array, signatures: Signatures, ledger: Rows) -> tuple[Rows, Rows]:
    """Find documents that match a takedown.

    Parameters
    ----------
    documents : pa.Table, n rows
        ``doc_id``, ``source`` and ``publisher``.
    keys : pa.Array, shape (n,)
        Of the normalised texts, by `text_keys`.
    signatures : numpy.ndarray of uint32, shape (n, 128)
        Of the normalised texts, by `minhash`; unused if the ledger is empty.
    ledger : list of dict
        Lines of ``takedowns.jsonl``.

    Returns
    -------
    (list, list) of rows of the table ``dropped``
        Exact matches, which are dropped, and near matches, which a steward decides on.
    """
    if not ledger:
        return [], []
    ids = documents["doc_id"].to_pylist()
    sources = pc.coalesce(documents["source"], documents["publisher"]).to_pylist()
    owners = {row["text_key"]: row["doc_id"] for row in ledger}
    exact = {n: owners[key] for n, key in enumerate(keys.to_pylist()) if key in owners}
    similar: dict[int, tuple[str, float]] = {}
    for row in ledger:
        if not row["minhash"]:
            continue
        agreement = (signatures == np.array(row["minhash"], dtype=np.uint32)).mean(axis=1)
        agreement[(signatures == WORDLESS).all(axis=1)] = 0
        for n in np.flatnonzero(agreement >= THRESHOLD).tolist():
            if n not in exact and agreement[n] > similar.get(n, ("", 0.0))[1]:
                similar[n] = (row["doc_id"], float(agreement[n]))
    return (
        [_row(ids[n], "takedown", {"takedown": owner}, sources[n]) for n, owner in exact.items()],
        [
            _row(ids[n], "resembles a takedown", {"takedown": owner, "similarity": round(value, 3)}, sources[n])
            for n, (owner, value) in sorted(similar.items())
        ],
    )


def _row(doc_id: str, reason: str, values: dict[str, Any], source: str | None) -> dict[str, Any]:
    return {
        "doc_id": doc_id,
        "reason": reason,
        "values": json.dumps(values, ensure_ascii=False),
        "source": source,
    }
