"""Plots: axes of round numbers, every value counted, and the figures beside them."""

from __future__ import annotations

import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from copydesk.markup.plots import bars, binned, histogram


def drawn(plot: str) -> list[int]:
    """Counts that the bars of a histogram say."""
    return [int(n.replace(",", "")) for n in re.findall(r"<title>[^<]*: ([\d,]+)</title>", plot)]


def listed(plot: str) -> list[int]:
    """Counts in the table below a plot."""
    return [int(n.replace(",", "")) for n in re.findall(r"</th><td>([\d,]+)</td>", plot)]


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=200))
def test_every_value_is_drawn_and_listed_once(values: list[float]) -> None:
    plot = histogram("t", np.array(values), "x", "y")
    assert sum(drawn(plot)) == sum(listed(plot)) == len(values)
    places = [float(y) for y in re.findall(r'y="([-\d.]+)"[^>]*class="bar"', plot)]
    assert all(0 <= y <= 260 for y in places)
    assert len(re.findall('text-anchor="middle"', plot)) <= 14


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.0, 0.5, 1.0], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([3.0, 100.0, 480.0], ["0", "100", "200", "300", "400", "500"]),
        ([0.0], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_axes_have_round_numbers(values: list[float], labels: list[str]) -> None:
    plot = histogram("t", np.array(values), "x", "y")
    assert re.findall(r'text-anchor="middle">([^<]*)</text>', plot) == labels


def test_a_few_values_far_out_do_not_flatten_the_others() -> None:
    values = np.array([*range(100)] * 10 + [1_000_000])
    plot = histogram("t", values.astype(float), "x", "y")
    assert len(drawn(plot)) > 10
    assert drawn(plot)[-1] == 1
    assert "The last bar counts 100 or more." in plot
    assert ">≥ 100</text>" in plot
    assert "<title>100 or more: 1</title>" in plot
    assert "1,000,000 to 1,000,010" in plot


def test_a_share_of_one_is_in_the_last_bar() -> None:
    assert drawn(histogram("t", np.array([1.0, 0.97]), "x", "y")) == [2]


def test_bars_are_as_long_as_their_counts_and_the_rest_is_listed() -> None:
    plot = bars("t", {f"name {n}": n for n in range(1, 31)}, "documents")
    widths = [float(w) for w in re.findall(r'width="([\d.]+)"[^>]*class="bar"', plot)]
    assert len(widths) == 24
    assert widths == pytest.approx([widths[0] * n / 30 for n in range(30, 6, -1)], abs=0.01)
    assert len(listed(plot)) == 30
    assert "6 more below" in plot


def test_nothing_is_said_to_be_nothing() -> None:
    for plot in (bars("t", {}, "x"), binned("t", {}, 20, "x", "y"), histogram("t", np.zeros(0), "x", "y")):
        assert "None." in plot
        assert "<svg" not in plot


@given(st.integers(1, 10**9), st.integers(1, 60))
def test_labels_of_an_axis_are_few_and_round(width: int, last: int) -> None:
    plot = binned("t", {0: 5, last: 5}, width, "x", "y")
    labels = [int(n.replace(",", "")) for n in re.findall(r'text-anchor="middle">([\d,]+)</text>', plot)]
    assert 2 <= len(labels) <= 10
    assert labels == [number * labels[1] for number in range(len(labels))]
    assert str(labels[1]).rstrip("0") in {"1", "2", "5"}


def test_where_one_bar_dwarfs_the_others_the_axis_is_logarithmic() -> None:
    counts = {"markup": 124_658, "spaces": 900, "hyphens": 90, "quotes": 9}
    plot = bars("t", counts, "edits")
    widths = [float(w) for w in re.findall(r'width="([\d.]+)"[^>]*class="bar"', plot)]
    assert "edits, logarithmic" in plot
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > widths[0] / 10
    assert "logarithmic" not in bars("t", {"a": 100, "b": 50, "c": 10}, "edits")
