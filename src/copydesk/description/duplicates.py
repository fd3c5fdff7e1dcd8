"""Exact duplicates: documents whose texts are equal, or equal but for case, punctuation and white space."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def text_keys(texts: pa.Array, normalise: bool) -> pa.Array:
    """SHA-256 of each text, by which duplicates are told: shape (n,) in, shape (n,) of hexadecimal out.

    A text without letters or digits is compared as it is: normalised, all of them would be equal.
    """
    if normalise:
        reduced = pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\pL\pM\pN]+", " ")
        bare = pc.utf8_trim(reduced, " ")
        texts = pc.if_else(pc.equal(bare, ""), texts, bare)
    return pa.array([hashlib.sha256(t.encode()).hexdigest() for t in texts.to_pylist()], pa.string())


def group(ids: pa.Array, keys: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Group documents with equal keys; the first in corpus order is the one that is kept.

    Parameters
    ----------
    ids, keys : pa.Array of string, shape (n,)

    Returns
    -------
    (pa.Array, pa.Array) of string, each of shape (n,)
        ``duplicate_of``, the kept document for each that is not kept, and ``duplicate_group``, the kept
        document for each that has a duplicate; null elsewhere.
    """
    codes = keys.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    # dictionary_encode numbers keys by first appearance and np.unique sorts by number: codes are positions.
    keeper = first[codes] if len(codes) else codes
    alone = (counts[codes] == 1) if len(codes) else np.zeros(0, dtype=bool)
    kept = keeper == np.arange(len(codes))
    names = ids.take(pa.array(keeper, pa.int64()))
    null = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(kept), null, names), pc.if_else(pa.array(alone), null, names)
