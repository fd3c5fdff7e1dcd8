"""Which split a document is in: by the hash of an id, so that it stays there when others come or go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from copydesk.errors import ConfigError

#: In the order in which the shares are laid along the hash: a larger share of train takes from validation first.
SPLITS = ("train", "validation", "test")


def assign(points: NDArray[np.float64], settings: dict[str, Any]) -> pa.Array:
    """Assign documents to splits.

    Parameters
    ----------
    points : numpy.ndarray of float64, shape (n,)
        Of each document's id, or, so that a group of duplicates shares a split, of the one that is kept of its group.
    settings : dict
        The section ``splits`` of params.yaml.

    Returns
    -------
    pa.Array of string, shape (n,)
        All ``train`` where there are fewer than ``minimum`` documents, or where a split would be empty.

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
    """A number in [0, 1) for each id, which follows from it alone: shape (n,)."""
    # Another hash than the one that cuts shards: a split must not follow from where a shard ends.
    digests = b"".join(hashlib.sha256(b"split:" + name.encode()).digest()[:6] + b"\0\0" for name in ids)
    return np.frombuffer(digests, dtype=">u8").astype(np.float64) / 2**64
