"""The page about the corpus as a whole: what is in it, and what was done to it."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from copydesk.core.atomic_files import read_json_lines
from copydesk.markup.html import Html, facts, tag
from copydesk.markup.html import table as sheet
from copydesk.markup.plots import bars, binned, histogram
from copydesk.report.corpus_view import Corpus
from copydesk.report.page_frame import page
from copydesk.tables.table import table

_SENTENCE_BIN = 20  # characters, as in reports/plots/sentence_length.csv
#: Signals that are drawn; all of them are listed.
_DRAWN = (
    ("language_score", "how sure the language is"),
    ("mean_word_length", "mean length of words, characters"),
    ("dup_line_char_frac", "share of characters in repeated lines"),
    ("top_2_gram_frac", "share of characters in the most frequent pair of words"),
    ("line_punct_ratio", "share of lines that end in a mark"),
    ("alpha_word_ratio", "share of words with a letter"),
)


def corpus_page(corpus: Corpus) -> str:
    """The page index.html."""
    found = corpus.metrics
    summary = found.summary
    documents = corpus.documents
    words, characters = _numbers(documents, "words"), summary["characters"]
    figures = [
        ("documents", f"{summary['documents']:,}"),
        ("sentences", f"{summary['sentences']:,}"),
        ("words", f"{summary['words']:,}"),
        ("characters, raw", f"{characters['raw']:,}"),
        ("characters, clean", f"{characters['clean']:,}"),
        ("bytes as delivered", f"{summary['bytes']['raw']:,}"),
        ("may be public", f"{summary['public']:,}"),
        ("equal to another", f"{summary['duplicates']['exact']:,}"),
        ("similar to another", f"{summary['duplicates']['near']:,}"),
        *((f"split {name}", f"{count:,}") for name, count in summary["splits"].items()),
    ]
    flags = bars("Flags", summary["flags"], "flags", lambda kind: f"documents.html#flag={quote(kind)}")
    content = [
        facts(figures),
        _section(
            "What is in it",
            bars("Documents by source", found.sources, "documents"),
            bars("Documents by language", found.languages, "documents", _language),
            bars("Documents by license", found.licenses, "documents"),
        ),
        _section(
            "How long it is",
            histogram("Words of a document", words, "words", "documents"),
            binned("Length of sentences", _bins(found.sentence_lengths), _SENTENCE_BIN, "characters", "sentences"),
        ),
        _section("What to look at", flags, bars("Left out", summary["dropped"], "documents"), *_refused(corpus)),
        _section(
            "What cleaning did",
            bars("Edits by rule", summary["edits"], "edits", _rule),
            bars("Suggestions by rule", summary["suggestions"], "suggestions", _rule),
        ),
        _section(
            "Quality",
            *(histogram(name, _numbers(documents, name), axis, "documents") for name, axis in _DRAWN),
            wide=_signals(corpus),
        ),
    ]
    return page("index.html", "Corpus", *content, corpus=corpus.title)


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
    """Seeds that ingest refused, and fields that it left out, as the last build reported them."""
    path = corpus.project.reports / "quarantine.jsonl"
    rows = read_json_lines(path) if path.is_file() else []
    if not rows:
        return []
    title = "Refused seeds and fields"
    listed = sheet(title, ("seed", "reason", "detail"), ((r["path"], r["reason"], r["detail"]) for r in rows[:200]))
    return [tag("figure", tag("figcaption", f"{title}: {len(rows):,}"), listed, class_="plot")]


def _signals(corpus: Corpus) -> Html:
    """All signals of quality: where their values lie, and what they mean."""
    documents = corpus.documents
    rows = []
    for column in table("documents", corpus.project.schemas).columns:
        if column.type not in {"double", "int32"} or column.name not in documents.column_names:
            continue
        values = _numbers(documents, column.name)
        low, middle, high, most = np.quantile(values, (0.05, 0.5, 0.95, 1), method="inverted_cdf").tolist()
        rows.append((column.name, *(f"{value:,.6g}" for value in (low, middle, high, most)), column.description))
    header = ("column", "5 %", "median", "95 %", "most", "what it is")
    return tag("details", tag("summary", "All signals"), sheet("All signals", header, rows, class_="numbers"))
