"""Which split a document is in: by the hash of an id, so that it stays there when others come or go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from copydesk.errors import ConfigError

#: In the order in which the shares are laid along the hash: a larger share of train takes from validation first.
SPLITS = ("train", "validation", "test")


def assign(ids: Iterable[str], leaders: Iterable[str | None], settings: dict[str, Any]) -> list[str]:
    """Assign documents to splits.

    Parameters
    ----------
    ids : iterable of str, length n
    leaders : iterable of str or None, length n
        The kept document of each one's group of duplicates, None for a document alone: a group shares a split.
    settings : dict
        The section ``splits`` of params.yaml.

    Returns
    -------
    list of str, length n
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
    points = np.fromiter(
        (_point(leader or doc_id) for doc_id, leader in zip(ids, leaders, strict=True)), dtype=np.float64
    )
    splits = ["train"] * len(points)
    if len(points) >= settings["minimum"]:
        bounds = np.cumsum(shares)[:-1]
        splits = [SPLITS[place] for place in np.searchsorted(bounds, points, side="right").tolist()]
    wanted = {name for name, share in zip(SPLITS, shares, strict=True) if share}
    return splits if wanted <= set(splits) else ["train"] * len(points)


def _point(name: str) -> float:
    """A number in [0, 1) that follows from a name alone."""
    # Another hash than the one that cuts shards: a split must not follow from where a shard ends.
    return int.from_bytes(hashlib.sha256(b"split:" + name.encode()).digest()[:6], "big") / 2**48
