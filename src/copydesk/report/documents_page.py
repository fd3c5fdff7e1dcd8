"""The list of documents: static pages, and the whole list as data for search and filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from copydesk.core.plural import plural
from copydesk.markup.html import Html, html_table, tag
from copydesk.report.corpus_view import Corpus, Counts, Row, address
from copydesk.report.page_frame import render_page

_PER_PAGE = 200
_TITLE = 120  # characters
HEADER = (
    "document",
    "source",
    "language",
    "words",
    "sentences",
    "edits",
    "suggestions",
    "flags",
    "duplicate",
    "split",
)


def documents_pages(corpus: Corpus, linked: bool) -> Iterator[tuple[str, str]]:
    """Render the pages of the list; ``linked`` says whether each document has a page."""
    rows = list(_rows(corpus))
    pages = [rows[start : start + _PER_PAGE] for start in range(0, len(rows), _PER_PAGE)]
    for number, some in enumerate(pages, start=1):
        name = _name(number)
        listed = html_table("Documents", HEADER, (_cells(row, linked) for row in some), id="list", class_="numbers")
        pager = _pager(number, len(pages))
        count = tag("p", plural(len(rows), "document"), role="status", id="count")
        note = None if linked else tag("p", "To open a document, run ", tag("code", "copydesk report --serve"), ".")
        # The first page has the search, which covers all documents.
        data = {"rows": rows, "linked": linked, "perPage": _PER_PAGE} if number == 1 else None
        search = _search(corpus) if number == 1 else None
        yield name, render_page(name, "Documents", note, search, count, listed, pager, corpus=corpus.title, data=data)


def _rows(corpus: Corpus) -> Iterator[list[Any]]:
    names = ["doc_id", "title", "source", "publisher", "language", "words", "sentence_count"]
    table = corpus.documents.select([*names, "duplicate_kind", "split", "flags"])
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield _listed(row, corpus.edit_counts.get(row["doc_id"], Counts()))


def _listed(row: Row, counts: Counts) -> list[Any]:
    """A row of the data for the script: the columns of the header, then the page and the title."""
    flags = Counter(flag["kind"] for flag in row["flags"])
    return [
        row["doc_id"],
        row["source"] or row["publisher"] or "unknown",
        row["language"] or "unknown",
        row["words"],
        row["sentence_count"],
        counts.edits,
        counts.suggestions,
        dict(sorted(flags.items())),
        row["duplicate_kind"] or "",
        row["split"],
        address(row["doc_id"]),
        (row["title"] or "")[:_TITLE],
    ]


def _cells(row: list[Any], linked: bool) -> list[object]:
    *cells, target, title = row
    name = tag("a", cells[0], href=target) if linked else cells[0]
    shown = [name, tag("span", title, class_="quiet")] if title else [name]
    flags = ", ".join(f"{kind} {count}" for kind, count in cells[7].items())
    counted = [f"{cell:,}" if isinstance(cell, int) else cell for cell in cells[1:7]]
    return [Html(" ".join(map(_as_html, shown))), *counted, flags, *cells[8:]]


def _as_html(value: object) -> Html:
    return value if isinstance(value, Html) else tag("span", value)


def _search(corpus: Corpus) -> Html:
    """The search fields; the script fills in the choices and shows them."""
    inputs = [
        ("text", "Search in ids, titles and sources", tag("input", type="search", id="text", autocomplete="off"))
    ]
    inputs += [
        (name, label, tag("select", tag("option", "any", value=""), id=name))
        for name, label in (
            ("language", "Language"),
            ("source", "Source"),
            ("flag", "Flag"),
            ("duplicate", "Duplicate"),
            ("split", "Split"),
            ("sort", "Sort by"),
        )
    ]
    inputs.append(
        ("open", "With suggestions", tag("input", type="checkbox", id="open")),
    )
    fields = (tag("div", tag("label", label, for_=name), field) for name, label, field in inputs)
    return tag("search", *fields, id="search", hidden=True, aria_label="Documents")


def _pager(number: int, pages: int) -> Html:
    targets = [
        ("Previous", number - 1 if number > 1 else None),
        ("Next", number + 1 if number < pages else None),
    ]
    links = [
        tag("a", label, href=_name(to), id=label.lower(), hidden=False)
        if to
        else tag("span", label, class_="quiet", aria_disabled="true")
        for label, to in targets
    ]
    position = tag("span", f"Page {number:,} of {pages:,}", id="position")
    return tag("nav", links[0], position, links[1], class_="pager", id="pager", aria_label="Pages of the list")


def _name(number: int) -> str:
    return "documents.html" if number == 1 else f"documents-{number}.html"
