"""Which documents releases of other corpora hold: groups of duplicates in the joined corpus, told by signatures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import Sketches, group_rows, near_groups
from copydesk.description.duplicates.minhash import Signatures

_NOWHERE = -1


def seen_in(
    ids: pa.Array,
    keys: pa.Array,
    signatures: Signatures | Sketches,
    owners: NDArray[np.int64],
    releases: Sequence[str],
) -> pa.Array:
    """The releases with a document that is in the group of each document of this corpus.

    Parameters
    ----------
    ids, keys, signatures
        As for ``near_groups``, of this corpus and of all releases, shape (n,).
    owners : numpy.ndarray of int64, shape (n,)
        The number of the release that holds each document; -1 for those of this corpus, which come first.
    releases : sequence of str
        Their names.

    Returns
    -------
    pa.Array of list of string
        For each document of this corpus, the names of releases, sorted.
    """
    groups = near_groups(ids, keys, signatures, np.zeros(len(ids), dtype=np.int64))
    group_of = group_rows(groups, ids)
    others = np.flatnonzero(owners != _NOWHERE)
    pairs = np.unique(np.stack([group_of[others], owners[others]]), axis=1)
    order = np.argsort([releases[number] for number in pairs[1]], kind="stable")
    pairs = pairs[:, order[np.argsort(pairs[0][order], kind="stable")]]
    own_groups = group_of[owners == _NOWHERE]
    starts, ends = (np.searchsorted(pairs[0], own_groups, side=side) for side in ("left", "right"))
    offsets = np.concatenate([[0], np.cumsum(ends - starts)])
    places = np.repeat(starts - offsets[:-1], ends - starts) + np.arange(offsets[-1])
    names = pa.array(list(releases), pa.string()).take(pa.array(pairs[1][places]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)
