"""Plots as inline SVG, with labelled axes and a table of the figures below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor, log10

import numpy as np
import numpy.typing as npt

from copydesk.markup.html import Html, escaped, html_table, tag

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 30, 14, 46  # room for the axes
_ROW, _NAME, _COUNT = 26, 210, 76  # a bar, its name, its count
_SHOWN = 24  # bars of a plot, bins of a histogram
_NAMED = 26  # characters of a name
_SHARES = 20  # bins from 0 to 1
_USUAL, _FAR = 0.99, 2  # this share of values is usual; values beyond this multiple of them are outliers
_LABELS = 8  # numbers below an axis, at most
_OVERFLOW = 64  # room for the label of the overflow
_DWARFED = 50  # a largest bar of this many times the median bar has a logarithmic axis
_ROUND = (1, 2, 5, 10)  # labels of an axis are multiples of these times a power of ten


def bars(title: str, counts: Mapping[str, int], unit: str, link: Callable[[str], str | None] | None = None) -> Html:
    """Plot counts by name, the largest first. Names after the 24th are only in the table.

    Where the largest count dwarfs the others, the axis is logarithmic, and says so.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered[:_SHOWN]
    if not shown:
        return tag("figure", tag("figcaption", title), tag("p", "None.", class_="quiet"), class_="plot")
    most = max(count for _, count in shown) or 1
    logarithmic = most > _DWARFED * max(1, sorted(count for _, count in shown)[len(shown) // 2])
    height = _ROW * len(shown) + 30
    parts = []
    for number, (name, count) in enumerate(shown):
        y = number * _ROW
        width = (_WIDTH - _NAME - _COUNT) * (log10(count + 1) / log10(most + 1) if logarithmic else count / most)
        parts += [
            tag("text", _short(name), x=_NAME - 8, y=y + 17, text_anchor="end"),
            tag("rect", x=_NAME, y=y + 4, width=_round(max(width, 1)), height=_ROW - 8, class_="bar"),
            tag("text", f"{count:,}", x=_round(_NAME + max(width, 1) + 6), y=y + 17),
        ]
    axis = tag("line", x1=_NAME, x2=_NAME, y1=0, y2=_ROW * len(shown), class_="axis")
    named = tag("text", f"{unit}, logarithmic" if logarithmic else unit, x=_NAME, y=height - 8, class_="label")
    rows = [[tag("a", name, href=to) if link and (to := link(name)) else name, f"{n:,}"] for name, n in ordered]
    more = len(ordered) - len(shown)
    return _figure(
        title, height, [*parts, axis, named], ("name", unit), rows, more=f"{more:,} more below" if more else ""
    )


def histogram(title: str, values: npt.NDArray[np.float64], axis: str, unit: str) -> Html:
    """Plot a histogram of values >= 0, with bins of a round width. Shares are drawn from 0 to 1."""
    high = float(values.max(initial=0))
    shares = high <= 1
    usual = float(np.quantile(values, _USUAL, method="inverted_cdf")) if len(values) else 0.0
    step = 1 / _SHARES if shares else _step(min(high, _FAR * usual) or high, _SHOWN)
    places = np.floor(values / step + 1e-9).astype(np.int64)
    bins, counts = np.unique(np.minimum(places, _SHARES - 1) if shares else places, return_counts=True)
    counted = dict(zip(bins.tolist(), counts.tolist(), strict=True))
    return binned(title, counted, step, axis, unit, bins=_SHARES if shares else 0)


def binned(title: str, counts: Mapping[int, int], step: float, axis: str, unit: str, *, bins: int = 0) -> Html:
    """Plot counts by the number of their bin. Bins are ``step`` wide and begin at 0; draw at least ``bins``."""
    if not counts:
        return tag("figure", tag("figcaption", title), tag("p", "None.", class_="quiet"), class_="plot")
    drawn = _folded(counts)
    last = max(*drawn, bins - 1)
    overflows = drawn != counts
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    bin_width = wide / (last + 1)
    ticks = _ticks(max(drawn.values()))
    top = ticks[-1]
    floor_y = _TOP + high
    parts = []
    for tick in ticks:
        y = _round(floor_y - high * tick / top)
        parts.append(tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", f"{tick:,}", x=_LEFT - 6, y=y + 4, text_anchor="end"))
    for number, count in sorted(drawn.items()):
        size = high * count / top
        x = _LEFT + number * bin_width
        gap = 1 if bin_width > 3 else 0
        parts.append(
            tag(
                "rect",
                tag("title", f"{_bin(number, step, is_overflow=overflows and number == last)}: {count:,}"),
                x=_round(x),
                y=_round(floor_y - size),
                width=_round(max(bin_width - gap, 0.5)),
                height=_round(size),
                class_="bar",
            )
        )
    for value in _round_values((last if overflows else last + 1) * step):
        x = _round(_LEFT + value / step * bin_width)
        parts.append(tag("line", x1=x, x2=x, y1=floor_y, y2=floor_y + 4, class_="axis"))
        # The label of the overflow stands there.
        if not overflows or x < _WIDTH - _RIGHT - _OVERFLOW:
            parts.append(tag("text", _number(value), x=x, y=floor_y + 18, text_anchor="middle"))
    if overflows:
        end = _WIDTH - _RIGHT + 24
        parts.append(tag("text", f"≥ {_number(last * step)}", x=end, y=floor_y + 18, text_anchor="end"))
    parts.append(tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=floor_y, y2=floor_y, class_="axis"))
    parts.append(
        tag("text", axis, x=_LEFT + wide / 2, y=_HEIGHT - 6, text_anchor="middle", class_="label"),
    )
    middle = _TOP + high / 2
    turned = f"rotate(-90 12 {_round(middle)})"
    parts.append(
        tag("text", unit, x=12, y=_round(middle), text_anchor="middle", transform=turned, class_="label"),
    )
    rows = [[_bin(n, step), f"{c:,}"] for n, c in sorted(counts.items())]
    folded = f"The last bar counts {_number(last * step)} or more." if overflows else ""
    return _figure(title, _HEIGHT, parts, (axis, unit), rows, more=folded)


def _folded(counts: Mapping[int, int]) -> dict[int, int]:
    """Return the bins to draw: a few outliers are counted together in the last bin."""
    below, total = 0, sum(counts.values())
    for usual in sorted(counts):
        below += counts[usual]
        if below >= _USUAL * total:
            break
    last = max(counts) if max(counts) <= _FAR * (usual + 1) else usual + 1
    folded = {number: count for number, count in counts.items() if number < last}
    return {**folded, last: sum(count for number, count in counts.items() if number >= last)}


def _figure(
    title: str,
    height: int,
    parts: Sequence[Html],
    header: tuple[str, str],
    rows: Iterable[Iterable[object]],
    *,
    more: str = "",
) -> Html:
    description = f"{title}: a plot; its figures are in the table below."
    drawn = tag("svg", *parts, viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=description)
    figures = tag("details", tag("summary", "Figures"), html_table(f"{title}: figures", header, rows))
    note = tag("p", more, class_="quiet") if more else None
    return tag("figure", tag("figcaption", title), drawn, *([note] if note else []), figures, class_="plot")


def _step(span: float, most: int) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten such that ``most`` steps cover ``span``."""
    power = 10.0 ** floor(log10(span / most))
    return next(power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= most)


def _round_values(span: float) -> list[float]:
    """Round values from 0 to ``span``, at most eight of them and 0."""
    power = 10.0 ** floor(log10(span / _LABELS))
    spacing = next(power * factor for factor in _ROUND if span / (power * factor) <= _LABELS + 1e-9)
    return [_round(number * spacing, 9) for number in range(floor(span / spacing + 1e-9) + 1)]


def _bin(number: int, step: float, *, is_overflow: bool = False) -> str:
    start = _number(number * step)
    return f"{start} or more" if is_overflow else f"{start} to {_number((number + 1) * step)}"


def _ticks(most: int) -> list[int]:
    step = max(1, round(_step(most, 5)))
    return list(range(0, most + step, step))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"


def _round(value: float, digits: int = 2) -> float:
    return round(value, digits)


def _short(name: str) -> Html:
    return escaped(name if len(name) <= _NAMED else f"{name[: _NAMED - 1]}…")
