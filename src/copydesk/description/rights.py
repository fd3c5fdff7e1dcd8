"""Which documents reserve the rights that ``publish.respect`` names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa


def mining_reservation(rights: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the first of some statements that reserves text and data mining; None if none does.

    These are a TDM reservation of 1, the directive ``noai``, and an RSL license, whose terms nobody has read.

    >>> mining_reservation([{"kind": "robots", "value": "noindex"}, {"kind": "rsl", "value": "/l.xml"}])
    {'kind': 'rsl', 'value': '/l.xml'}
    """
    for right in rights:
        match right["kind"]:
            case "tdm-reservation" if right["value"] == "1":
                return right
            case "robots" if "noai" in right["value"].split(", "):
                return right
            case "rsl":
                return right
    return None


def respecting(rights: Sequence[Sequence[Mapping[str, Any]] | None], respect: Iterable[str]) -> pa.Array:
    """Whether publishing each document respects the rights that it reserves: shape (n,) of bool.

    Parameters
    ----------
    rights : sequence, length n
        The column ``rights``.
    respect : iterable of str
        The setting ``publish.respect``.
    """
    if "tdm" not in respect:
        return pa.array([True] * len(rights), pa.bool_())
    return pa.array([mining_reservation(of_document or ()) is None for of_document in rights], pa.bool_())
