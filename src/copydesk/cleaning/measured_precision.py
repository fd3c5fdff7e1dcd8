"""The measured precision of rules by language and kind of text: the confidence of edits, and what may be applied.

``precision.json`` is written by ``benchmarks/quality/measure_precision.py`` and held by a test.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

PRECISION_FILE = Path(__file__).with_name("precision.json")
#: With fewer labelled edits than this nothing is said about a rule.
FEWEST = 50
#: Where the precision of a rule is surely lower, it only suggests.
LEAST_PRECISION = 0.98
_Z = 1.96  # of a 95 % interval

#: A language and a kind of text.
Place = tuple[str | None, str]


@cache
def measured_precision(rule: str) -> dict[Place | None, float]:
    """Share of right edits of a rule: by language and kind, and of all together under None; only where measured."""
    counts = _counts(rule)
    cells: list[tuple[Place | None, tuple[int, int]]] = [*counts.items()]
    right, count = (sum(cell[side] for cell in counts.values()) for side in range(2))
    cells.append((None, (right, count)))
    return {place: round(right / count, 3) for place, (right, count) in cells if count >= FEWEST}


@cache
def too_imprecise(rule: str) -> frozenset[Place]:
    """Languages and kinds in which a rule is surely less precise than edits that are applied must be."""
    return frozenset(
        place
        for place, (right, count) in _counts(rule).items()
        if count >= FEWEST and upper_bound(right, count) < LEAST_PRECISION
    )


def upper_bound(right: int, count: int) -> float:
    """The upper end of the interval of a share (Wilson 1927, 95 %)."""
    share, spread = right / count, _Z * _Z / count
    root = math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return (share + spread / 2 + _Z * root) / (1 + spread)


def _counts(rule: str) -> dict[Place, tuple[int, int]]:
    languages = _read().get(rule, {})
    return {
        (None if language == "und" else language, kind): (right, count)
        for language, kinds in languages.items()
        for kind, (right, count) in kinds.items()
    }


@cache
def _read() -> dict[str, dict[str, dict[str, tuple[int, int]]]]:
    measured: dict[str, dict[str, dict[str, tuple[int, int]]]] = json.loads(PRECISION_FILE.read_text("utf-8"))
    return measured
