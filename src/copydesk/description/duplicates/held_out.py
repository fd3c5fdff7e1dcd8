"""Keep similar documents in one split without moving any: what resembles a held-out document leaves train.

A split that was given stays. So if a group of near-duplicates has documents of two splits, those of the split that is
protected less leave the dataset, as far as they resemble one of the other split. Documents that have no split yet
leave too if they resemble it, and stay otherwise: a new document that resembles both sides expels no old one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.description.duplicates.clusters import (
    LEADERS,
    THRESHOLD,
    Groups,
    InMemory,
    Rows,
    Sketches,
    apart,
    by_id,
    equal_components,
    first_waiting,
    group_rows,
    inverse,
    near_groups,
    shared_buckets,
)
from copydesk.description.duplicates.minhash import COMPONENTS, Signatures
from copydesk.description.splits import SPLITS, UNASSIGNED, Places, assign

Mask = NDArray[np.bool_]
_NOBODY = -1
#: Times that pairs are looked for. A group that still has two splits then loses all that are not in the protected
#: one: its buckets are so large that the search for pairs does not see all of them.
_SEARCHES = 4


class Separated(NamedTuple):
    """Groups of n documents that each have one split.

    Attributes
    ----------
    groups : Groups
        Those of the documents that stay.
    places : numpy.ndarray of int8, shape (n,)
        The split that was given to a member of the group; ``UNASSIGNED`` if none was.
    resembled : numpy.ndarray of int64, shape (n,)
        For documents that leave, the row of a document in the split that is protected more; -1 for the others.
    """

    groups: Groups
    places: Places
    resembled: Rows


def separated(  # noqa: PLR0917  (what is known of documents, as for near_groups)
    ids: pa.Array,
    keys: pa.Array,
    signatures: Signatures | Sketches,
    sizes: NDArray[np.int64],
    given: Places,
    groups: Groups | None = None,
) -> Separated:
    """Group similar documents, and leave out those that hinder that each group has one split.

    What is left of a group is searched again by itself, so that the outcome for a group follows from its documents.
    Neither the order of the documents nor how they were divided among workers matters.

    Parameters
    ----------
    ids, keys, signatures, sizes
        As for ``near_groups``.
    given : numpy.ndarray of int8, shape (n,)
        Numbers of the splits that documents have already; of two, the larger is protected more.
    groups : Groups, optional
        Of these documents, if they are known.
    """
    sketches = InMemory(signatures) if isinstance(signatures, np.ndarray) else signatures
    resembled = np.full(len(ids), _NOBODY)
    groups = near_groups(ids, keys, sketches, sizes) if groups is None else groups
    for search in range(len(ids) + 1):
        stays = resembled == _NOBODY
        group_of = group_rows(groups, ids)
        highest = np.full(len(ids), UNASSIGNED, dtype=np.int8)
        lowest = np.full(len(ids), np.iinfo(np.int8).max, dtype=np.int8)
        known = stays & (given != UNASSIGNED)
        np.maximum.at(highest, group_of[known], given[known])
        np.minimum.at(lowest, group_of[known], given[known])
        places = highest[group_of]
        torn = stays & (lowest[group_of] < places)
        if not torn.any():
            break
        protected = torn & (given == places)
        nearest = np.full(len(ids), _NOBODY)
        if search < _SEARCHES:
            nearest = _resembling(ids, keys, sketches, protected, torn & ~protected, group_of)
        searched = np.zeros(len(ids), dtype=bool)
        searched[group_of[nearest != _NOBODY]] = True
        rest = torn & ~protected & ~searched[group_of]
        nearest[rest] = _first_of_group(ids, group_of, protected)[group_of[rest]]
        resembled = np.where(stays, nearest, resembled)
        parts = near_groups(ids, keys, sketches, sizes, among=torn & (resembled == _NOBODY), within=group_of)
        searched_again = pa.array(torn)
        groups = Groups(*(pc.if_else(searched_again, new, old) for new, old in zip(parts, groups, strict=True)))
    return Separated(groups, np.where(stays, places, UNASSIGNED).astype(np.int8), resembled)


def splits_of_groups(
    ids: pa.Array, groups: Separated, points: NDArray[np.float64], settings: dict[str, Any]
) -> pa.Array:
    """The split of each document, the same for all of a group: shape (n,); ``train`` for documents that leave.

    ``points`` are those of the documents' own ids, see ``assign``; ``settings`` the section ``splits``.
    """
    stays = groups.resembled == _NOBODY
    leaders = group_rows(groups.groups, ids)[stays]
    splits = np.full(len(ids), SPLITS[0], dtype=object)
    splits[stays] = assign(points[leaders], settings, groups.places[stays]).to_pylist()
    return pa.array(splits, pa.string())


def _first_of_group(ids: pa.Array, group_of: Rows, chosen: Mask) -> Rows:
    """By the row that names a group, the chosen document in it with the smallest id: shape (n,)."""
    rows = pc.sort_indices(ids).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = rows[chosen[rows]][::-1]
    first = np.full(len(ids), _NOBODY)
    first[group_of[rows]] = rows  # the last assignment of a group stays
    return first


def _resembling(  # noqa: PLR0917  (two sets of documents, and all that is known of them)
    ids: pa.Array, keys: pa.Array, sketches: Sketches, ones: Mask, others: Mask, group_of: Rows
) -> Rows:
    """For each of the ``others``, the row of one of the ``ones`` in its group that it equals or resembles, else -1.

    In each bucket the first ``LEADERS`` of the ones of a group are compared with all of its others. Shape (n,).
    """
    order, codes = by_id(ids, keys)
    back = inverse(order)
    one, other = ones[order], others[order]
    partner = np.full(len(order), _NOBODY)
    first = np.full(codes.max(initial=0) + 1, _NOBODY)
    chosen = np.flatnonzero(one)[::-1]
    first[codes[chosen]] = chosen
    partner[other] = first[codes[other]]
    for rows, band_keys in sketches.bands(ones | others):
        picked, buckets = shared_buckets(back[rows], apart(band_keys, group_of[rows]))
        members = back[rows][picked]
        waiting = one[members]
        for _ in range(LEADERS):
            leaders = first_waiting(members, buckets, waiting, int(buckets.max(initial=-1)) + 1)
            compared = np.flatnonzero((leaders != _NOBODY) & other[members] & (partner[members] == _NOBODY))
            if not len(compared):
                break
            pairs = leaders[compared], members[compared]
            similar = equal_components(sketches.take, order[pairs[0]], order[pairs[1]]) >= THRESHOLD * COMPONENTS
            partner[pairs[1][similar]] = pairs[0][similar]
            waiting &= members != leaders
    partners = np.full(len(order), _NOBODY)
    places = np.flatnonzero(partner != _NOBODY)
    partners[order[places]] = order[partner[places]]
    return partners
