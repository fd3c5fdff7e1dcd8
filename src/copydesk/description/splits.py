"""Assign splits. One that was given stays: by a release, by hand, or by the value of a column.

What is not given is dealt by the hash of an id, so that a document keeps its split when others are added or removed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from copydesk.errors import ConfigError

#: In the order of their intervals of the hash: a larger share of train is taken from validation first. It is also
#: the order in which they are protected: of similar documents, the one in the later split stays.
SPLITS = ("train", "validation", "test")
#: Number of each split, for documents that have one; documents without one have ``UNASSIGNED``.
Places = NDArray[np.int8]
UNASSIGNED = -1
_DAY = len("2024-01-31")


def assign(points: NDArray[np.float64], settings: dict[str, Any], given: Places | None = None) -> pa.Array:
    """Assign documents to splits.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n,)
        Of each document's id; for a group of duplicates, of the id of the kept document, so that all share a split.
    settings : dict
        The section ``splits`` of params.yaml.
    given : numpy.ndarray of int8, shape (n,), optional
        Numbers of the splits that documents have already; ``UNASSIGNED`` for the others.

    Returns
    -------
    pa.Array of string, shape (n,)
        Documents without a split are ``train`` if there are fewer than ``minimum`` documents. Where no document has
        one, all are ``train`` if a split would be empty.

    Raises
    ------
    ConfigError
        If the shares do not add up to 1.
    """
    given = np.full(len(points), UNASSIGNED, dtype=np.int8) if given is None else given
    places = dealt(points, settings, given, few=len(points) < settings["minimum"])
    if (given == UNASSIGNED).all() and not splits_with_a_share(settings) <= set(places.tolist()):
        places[:] = 0
    return pa.array(SPLITS).take(pa.array(places))


def dealt(points: NDArray[np.float64], settings: dict[str, Any], given: Places, *, few: bool) -> Places:
    """The number of the split that was given, else of the one in which a point falls, or of ``train`` if ``few``.

    Raises
    ------
    ConfigError
        As for ``assign``.
    """
    shares = [settings[name] for name in SPLITS]
    if abs(sum(shares) - 1) > 1e-9:
        stated = ", ".join(f"{name}: {settings[name]}" for name in SPLITS)
        raise ConfigError(f"params.yaml: splits: the shares add up to {sum(shares):g}, expected 1 ({stated})")
    places = np.zeros(len(points), dtype=np.int8)
    if not few:
        places = np.searchsorted(np.cumsum(shares)[:-1], points, side="right").astype(np.int8)
    return np.where(given == UNASSIGNED, places, given).astype(np.int8)


def splits_with_a_share(settings: dict[str, Any]) -> set[int]:
    """Numbers of the splits that are not to be empty."""
    return {number for number, name in enumerate(SPLITS) if settings[name]}


def places_of(splits: pa.Array) -> Places:
    """The number of each split in a column of string, ``UNASSIGNED`` for null: shape (n,) in and out."""
    numbers = pc.fill_null(pc.index_in(splits, value_set=pa.array(SPLITS)), UNASSIGNED)
    places: Places = numbers.to_numpy(zero_copy_only=False).astype(np.int8)
    return places


def listed_places(ids: pa.Array, listed: Mapping[str, str]) -> Places:
    """The splits that ``splits.jsonl`` gives to documents, by their ids: shape (n,) in and out."""
    names = pa.array(list(listed), pa.string())
    splits = pa.array(list(listed.values()), pa.string())
    return places_of(splits.take(pc.index_in(ids, value_set=names)))


def places_by_day(days: pa.Array, settings: dict[str, Any]) -> Places:
    """Splits by the day of publication: shape (n,) in and out; ``train`` for documents without one.

    Raises
    ------
    ConfigError
        If validation does not begin before test.
    """
    starts = [settings["validation_from"] or settings["test_from"], settings["test_from"]]
    if not starts[1]:
        starts[1] = "9999-99-99"  # after any day: nothing is in test
    if starts[0] > starts[1]:
        raise ConfigError(
            f"params.yaml: splits: validation_from ({starts[0]}) is after test_from ({starts[1]}); expected the "
            "days of train, validation and test to follow each other"
        )
    days = pc.fill_null(pc.utf8_slice_codeunits(days, 0, _DAY), "")  # of a time too, the day as it is stated
    after = [pc.greater_equal(days, start).to_numpy(zero_copy_only=False).astype(np.int8) for start in starts]
    places: Places = after[0] + after[1]
    return places


def places_by_value(values: pa.Array, settings: dict[str, Any], given: Places) -> tuple[Places, list[str]]:
    """Splits by the value of a column: all documents with a value are in one split, as far as they may be.

    A value goes where documents that have a split already put it: of several splits into the one that is protected
    least, since what was trained on must not be tested on.

    Parameters
    ----------
    values : pa.Array of string, shape (n,)
    settings : dict
        The section ``splits`` of params.yaml.
    given : numpy.ndarray of int8, shape (n,)

    Returns
    -------
    places : numpy.ndarray of int8, shape (n,)
        ``UNASSIGNED`` where the value is null and no split was given.
    mixed : list of str
        Sorted values whose documents have been given several splits.
    """
    encoded = values.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    codes = pc.fill_null(encoded.indices, len(names)).to_numpy(zero_copy_only=False).astype(np.int64)
    lowest = np.full(len(names) + 1, len(SPLITS), dtype=np.int8)
    highest = np.full(len(names) + 1, UNASSIGNED, dtype=np.int8)
    has_split = given != UNASSIGNED
    np.minimum.at(lowest, codes[has_split], given[has_split])
    np.maximum.at(highest, codes[has_split], given[has_split])
    mixed = sorted(name for name, low, high in zip(names, lowest[:-1], highest[:-1], strict=True) if low < high)
    points = np.append(points_of(names), 0.0)[codes]
    of_value = np.where(highest == UNASSIGNED, UNASSIGNED, lowest).astype(np.int8)[codes]
    of_value[has_split] = given[has_split]
    places = places_of(assign(points, settings, of_value))
    places[(codes == len(names)) & ~has_split] = UNASSIGNED
    return places, mixed


def points_of(ids: Iterable[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, which depends on the id alone: shape (n,)."""
    # Not the hash that cuts shards: splits must not correlate with the ends of shards.
    digests = b"".join(hashlib.sha256(b"split:" + name.encode()).digest()[:6] + b"\0\0" for name in ids)
    return np.frombuffer(digests, dtype=">u8").astype(np.float64) / 2**64
