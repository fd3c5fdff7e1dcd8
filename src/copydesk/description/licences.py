"""Which documents may be public, by their licences."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa


def public(licences: pa.Array, allowed: Iterable[str]) -> pa.Array:
    """Whether each licence is allowed: shape (n,) of string or null in, shape (n,) of bool out.

    Licences are SPDX expressions: of ``A OR B`` one must be allowed, of ``A AND B`` both. ``*`` allows any licence,
    and documents without one, which nothing else allows.

    >>> public(pa.array(["MIT OR LicenseRef-x", "MIT AND LicenseRef-x", None]), ["MIT"]).to_pylist()
    [True, False, False]
    """
    names = frozenset(allowed)
    if "*" in names:
        return pa.array([True] * len(licences), pa.bool_())
    stated = licences.to_pylist()
    return pa.array([licence is not None and _allowed(licence, names) for licence in stated], pa.bool_())


def _allowed(licence: str, names: frozenset[str]) -> bool:
    # AND binds more closely than OR (SPDX 3.0, annex D); an expression in params.yaml is allowed as a whole too.
    return licence in names or any(
        all(part.strip() in names for part in choice.split(" AND ")) for choice in licence.split(" OR ")
    )
