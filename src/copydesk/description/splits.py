"""Assign splits by the hash of an id, so that a document keeps its split when others are added or removed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.errors import ConfigError

#: In the order of their intervals of the hash: a larger share of train is taken from validation first.
SPLITS = ("train", "validation", "test")


def assign(points: NDArray[np.float64], settings: dict[str, Any]) -> pa.Array:
    """Assign documents to splits.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n,)
        Of each document's id; for a group of duplicates, of the id of the kept document, so that all share a split.
    settings : dict
        The section ``splits`` of params.yaml.

    Returns
    -------
    pa.Array of string, shape (n,)
        All ``train`` if there are fewer than ``minimum`` documents, or if a split would be empty.

    Raises
    ------
    ConfigError
        If the shares do not add up to 1.
    """
    shares = [settings[name] for name in SPLITS]
    if abs(sum(shares) - 1) > 1e-9:
        stated = ", ".join(f"{name}: {settings[name]}" for name in SPLITS)
        raise ConfigError(f"params.yaml: splits: the shares add up to {sum(shares):g}, expected 1 ({stated})")
    places = np.zeros(len(points), dtype=np.int8)
    if len(points) >= settings["minimum"]:
        places = np.searchsorted(np.cumsum(shares)[:-1], points, side="right").astype(np.int8)
    if not np.isin(np.flatnonzero(shares), places).all():
        places[:] = 0
    return pa.array(SPLITS).take(pa.array(places))


def points_of(ids: Iterable[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, which depends on the id alone: shape (n,)."""
    # Not the hash that cuts shards: splits must not correlate with the ends of shards.
    digests = b"".join(hashlib.sha256(b"split:" + name.encode()).digest()[:6] + b"\0\0" for name in ids)
    return np.frombuffer(digests, dtype=">u8").astype(np.float64) / 2**64
