"""The page index.html: figures about the whole corpus."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from copydesk.core.atomic_files import read_json_lines
from copydesk.markup.html import Html, facts, html_table, tag
from copydesk.markup.plots import bars, binned, histogram
from copydesk.report.corpus_view import Corpus
from copydesk.report.page_frame import render_page
from copydesk.tables.table import table

_SENTENCE_BIN = 20  # characters, as in reports/plots/sentence_length.csv
#: Signals with a histogram, and the label of its axis. The table lists all signals.
_DRAWN = (
    ("language_score", "lead of the detected language"),
    ("mean_word_length", "mean word length, characters"),
    ("dup_line_char_frac", "share of characters in repeated lines"),
    ("top_2_gram_frac", "share of characters in the most frequent pair of words"),
    ("line_punct_ratio", "share of lines that end in punctuation"),
    ("alpha_word_ratio", "share of words with a letter"),
)


def corpus_page(corpus: Corpus) -> str:
    """Render index.html."""
    metrics = corpus.metrics
    summary = metrics.summary
    documents = corpus.documents
    words, characters = _numbers(documents, "words"), summary["characters"]
    figures = [
        ("documents", f"{summary['documents']:,}"),
        ("sentences", f"{summary['sentences']:,}"),
        ("words", f"{summary['words']:,}"),
        ("characters, raw", f"{characters['raw']:,}"),
        ("characters, clean", f"{characters['clean']:,}"),
        ("bytes of the seeds", f"{summary['bytes']['raw']:,}"),
        ("publishable", f"{summary['public']:,}"),
        ("exact duplicates", f"{summary['duplicates']['exact']:,}"),
        ("near-duplicates", f"{summary['duplicates']['near']:,}"),
        *((f"in split {name}", f"{count:,}") for name, count in summary["splits"].items()),
    ]
    flags = bars("Flags", summary["flags"], "flags", lambda kind: f"documents.html#flag={quote(kind)}")
    content = [
        facts(figures),
        _section(
            "Contents",
            bars("Documents by source", metrics.sources, "documents"),
            bars("Documents by language", metrics.languages, "documents", _language),
            bars("Documents by license", metrics.licenses, "documents"),
        ),
        _section(
            "Lengths",
            histogram("Document length", words, "words", "documents"),
            binned("Sentence length", _bins(metrics.sentence_lengths), _SENTENCE_BIN, "characters", "sentences"),
        ),
        _section("To review", flags, bars("Dropped documents", summary["dropped"], "documents"), *_refused(corpus)),
        _section(
            "Cleaning",
            bars("Edits by rule", summary["edits"], "edits", _rule),
            bars("Suggestions by rule", summary["suggestions"], "suggestions", _rule),
        ),
        _section(
            "Quality signals",
            *(histogram(name, _numbers(documents, name), axis, "documents") for name, axis in _DRAWN),
            wide=_signals(corpus),
        ),
    ]
    return render_page("index.html", "Corpus", *content, corpus=corpus.title)


def _section(title: str, *plots: Html, wide: Html | None = None) -> Html:
    body = tag("div", *plots, class_="plots")
    return tag("section", tag("h2", title), body, *([wide] if wide is not None else []))


def _language(name: str) -> str:
    return f"documents.html#language={quote(name)}"


def _rule(name: str) -> str:
    return f"rules.html#{quote(name)}"


def _bins(lengths: dict[int, int]) -> dict[int, int]:
    return {start // _SENTENCE_BIN: count for start, count in lengths.items()}


def _numbers(documents: pa.Table, name: str) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = documents[name].to_numpy().astype(np.float64)
    return values


def _refused(corpus: Corpus) -> list[Html]:
    """Seeds that ingest refused, and fields that it dropped, from the quarantine of the last build."""
    path = corpus.project.reports / "quarantine.jsonl"
    rows = read_json_lines(path) if path.is_file() else []
    if not rows:
        return []
    title = "Refused seeds and fields"
    listed = html_table(
        title, ("seed", "reason", "details"), ((r["path"], r["reason"], r["detail"]) for r in rows[:200])
    )
    return [tag("figure", tag("figcaption", f"{title}: {len(rows):,}"), listed, class_="plot")]


def _signals(corpus: Corpus) -> Html:
    """The distribution and the description of every signal."""
    documents = corpus.documents
    rows = []
    for column in table("documents", corpus.project.schemas).columns:
        if column.type not in {"double", "int32"} or column.name not in documents.column_names:
            continue
        values = _numbers(documents, column.name)
        quantiles = np.quantile(values, (0.1, 0.5, 0.9, 1), method="inverted_cdf").tolist()
        rows.append((column.name, *(f"{value:,.6g}" for value in quantiles), column.description))
    header = ("column", "p10", "median", "p90", "max", "description")
    return tag("details", tag("summary", "All signals"), html_table("All signals", header, rows, class_="numbers"))
