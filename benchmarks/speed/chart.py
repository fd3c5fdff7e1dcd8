"""Bars on a logarithmic scale, as SVG, drawn by hand: nothing else here needs a library for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, LEFT, RIGHT, TOP = 860, 270, 70, 58
BAR, GAP, BETWEEN = 13, 2, 12
COLOURS = ("#2f6f9f", "#d08a3c", "#6f9f4f")


class Bars(NamedTuple):
    """A label, and a value for each series; None where there is none."""

    label: str
    values: tuple[float | None, ...]


def chart(title: str, unit: str, series: Sequence[str], rows: Sequence[Bars]) -> str:
    """Horizontal bars, a group for each row.

    >>> chart("Cost", "ms", ["all"], [Bars("ours", (1.0,)), Bars("theirs", (20.0,))]).count("<rect")
    4
    """
    known = [value for row in rows for value in row.values if value]
    low = 10 ** math.floor(math.log10(min(known)))
    high = 10 ** math.ceil(math.log10(max(known)))
    if low == high:
        high *= 10
    group = len(series) * (BAR + GAP) + BETWEEN
    bottom = TOP + len(rows) * group
    scale = (WIDTH - LEFT - RIGHT) / math.log10(high / low)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 34}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{bottom + 34}" fill="white"/>',
        f'<text x="12" y="22" font-size="15">{escape(title)}</text>',
    ]
    at = LEFT
    for name, colour in zip(series, COLOURS, strict=False):
        parts.append(f'<rect x="{at}" y="34" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{at + 17}" y="44">{escape(name)}</text>')
        at += 40 + 7 * len(name)
    for power in range(round(math.log10(high / low)) + 1):
        value, x = low * 10**power, LEFT + scale * power
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#555">{value:g} {unit}</text>')
    for number, row in enumerate(rows):
        y = TOP + number * group + BETWEEN / 2
        middle = y + (group - BETWEEN) / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle:.1f}" text-anchor="end">{escape(row.label)}</text>')
        for place, value in enumerate(row.values):
            top = y + place * (BAR + GAP)
            if value:
                long = max(1.0, scale * math.log10(value / low))
                colour = COLOURS[place]
                parts.append(
                    f'<rect x="{LEFT}" y="{top:.1f}" width="{long:.1f}" height="{BAR}" fill="{colour}"/>'
                    f'<text x="{LEFT + long + 5:.1f}" y="{top + 10.5:.1f}" font-size="11">{value:.3g}</text>'
                )
    return "\n".join([*parts, "</svg>", ""])
