"""The plots of the card, as files that a page can show: ``plots/*.svg`` beside it."""

from __future__ import annotations

from copydesk.dataset.metrics import SENTENCE_BIN, WORDS_BIN, Metrics
from copydesk.markup.html import Html, tag
from copydesk.markup.plots import bars, binned

FOLDER = "plots"
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#222}.label{font-weight:bold}.bar{fill:#2a6fb0}"
    ".axis{stroke:#444}.grid{stroke:#ddd}</style>"
)
_BARS = 60  # of a histogram, at most
#: How many bins are merged into one: round numbers.
_WIDER = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]


def render_plots(metrics: Metrics) -> dict[str, str]:
    """The plots by their path in the dataset; always the same paths, because DVC must know its outputs."""
    summary = metrics.summary
    repeated = sum(summary["duplicates"].values())
    copies = {"unique": summary["documents"] - repeated, **summary["duplicates"]}
    drawn = {
        "document_length": _histogram("Documents by length", metrics.document_lengths, WORDS_BIN, "words"),
        "sentence_length": _histogram("Sentences by length", metrics.sentence_lengths, SENTENCE_BIN, "characters"),
        "languages": bars("Documents by language", metrics.languages, "documents"),
        "quality": bars("Documents that pass published filters", _short(metrics.filters), "documents"),
        "edits_per_rule": bars("Edits by rule", summary["edits"], "edits"),
        "duplicates": bars("Exact duplicates and near-duplicates", copies, "documents"),
    }
    return {f"{FOLDER}/{name}.svg": _file(figure) for name, figure in drawn.items()}


def _histogram(title: str, counts: dict[int, int], width: int, axis: str) -> Html:
    """Draw counts by the lower end of their bin; many bins are merged into wider ones."""
    last = max(counts, default=0) // width
    wide = next(wide for wide in _WIDER if last <= wide * _BARS)
    merged: dict[int, int] = {}
    for start, count in counts.items():
        place = start // width // wide
        merged[place] = merged.get(place, 0) + count
    return binned(title, merged, width * wide, axis, title.partition(" ")[0].lower())


def _short(filters: dict[str, int]) -> dict[str, int]:
    return {name.partition(" (")[0]: count for name, count in filters.items()}


def _file(figure: Html) -> str:
    """The drawing of a figure as a file of its own."""
    if "<svg" not in figure:  # there is nothing to count
        figure = tag("svg", tag("text", "None.", x=8, y=18), viewBox="0 0 640 30")
    drawing = figure[figure.index("<svg") : figure.index("</svg>")]
    opened, _, rest = drawing.partition(">")
    head = opened.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" width="640"', 1)
    return f'{head}>{_STYLE}<rect width="100%" height="100%" fill="#fff"/>{rest}</svg>\n'
