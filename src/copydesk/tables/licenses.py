"""Which licenses allow a document to be public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

#: What people write who looked for a license and found none.
UNKNOWN = "LicenseRef-unknown"


def public(licenses: pa.Array, allowed: Iterable[str]) -> pa.Array:
    """Whether each license is allowed: shape (n,) of string or null in, shape (n,) of bool out.

    Licenses are SPDX expressions: for ``A OR B`` one must be allowed, for ``A AND B`` both. ``*`` allows any license
    and also documents without one.

    >>> public(pa.array(["MIT OR LicenseRef-x", "MIT AND LicenseRef-x", None]), ["MIT"]).to_pylist()
    [True, False, False]
    """
    names = frozenset(allowed)
    if "*" in names:
        return pa.array([True] * len(licenses), pa.bool_())
    stated = licenses.to_pylist()
    return pa.array([license is not None and _allowed(license, names) for license in stated], pa.bool_())


def license_counts(licenses: pa.ChunkedArray) -> str:
    """How many documents have which license, the most frequent first, in words.

    >>> license_counts(pa.chunked_array([["MIT", None], [None, "CC0-1.0"]]))
    '2 of unknown license, 1 of CC0-1.0, 1 of MIT'
    """
    counts: Counter[str] = Counter()
    for row in licenses.value_counts().to_pylist():
        counts["unknown license" if row["values"] in (None, UNKNOWN) else row["values"]] += row["counts"]
    return ", ".join(f"{count:,} of {name}" for name, count in sorted(counts.items(), key=lambda c: (-c[1], c[0])))


def _allowed(license: str, names: frozenset[str]) -> bool:
    # AND binds more closely than OR (SPDX 3.0, annex D); an expression in params.yaml is allowed as a whole too.
    return license in names or any(
        all(part.strip() in names for part in choice.split(" AND ")) for choice in license.split(" OR ")
    )
