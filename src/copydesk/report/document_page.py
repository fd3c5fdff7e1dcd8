"""The page of one document: its texts side by side, what was done, what to look at, where its values come from."""

from __future__ import annotations

from typing import Any

from copydesk.description.provenance import FIELDS
from copydesk.markup.html import Html, facts, joined, tag
from copydesk.markup.html import row as table_row
from copydesk.markup.html import table as sheet
from copydesk.report.corpus_view import Corpus, Document, Row, address
from copydesk.report.decision_forms import Controls
from copydesk.report.page_frame import page
from copydesk.report.rules_page import deleted, inserted, spelled
from copydesk.report.side_by_side import side_by_side
from copydesk.tables.table import table

_AROUND = 30  # characters on each side of an edit
_SHOWN = 300  # characters of an edit or a flag in a table
_DELIVERED = ("path", "size", "encoding", "bom", "newline", "sha256")


def document_page(corpus: Corpus, doc_id: str, token: str | None = None) -> str:
    """The page of a document; with a token of the server's, also the forms to decide by."""
    document = corpus.document(doc_id)
    row = document.row
    controls = Controls(document, corpus.decisions().get(doc_id, []), token)
    applied = sum(edit["applied"] for edit in document.edits)
    figures = [
        ("source", row["source"] or row["publisher"] or "unknown"),
        ("language", row["language"] or "unknown"),
        ("words", f"{row['words']:,}"),
        ("sentences", f"{row['sentence_count']:,}"),
        ("edits", f"{applied:,}"),
        ("suggestions", f"{len(document.edits) - applied:,}"),
        ("flags", f"{len(row['flags']):,}"),
        ("split", row["split"]),
    ]
    sections = [
        ("texts", "Raw and clean text", joined([_legend(), side_by_side(document)])),
        ("edits", "Edits and suggestions", _edits(document, controls)),
        ("flags", "Flags", _flags(document)),
        ("metadata", "Metadata", _metadata(document, controls)),
        ("duplicates", "Duplicates", _duplicates(corpus, row)),
        ("signals", "Signals of quality", _signals(corpus, row)),
        ("file", "The file as delivered", facts((name, document.raw[name]) for name in _DELIVERED)),
        ("decisions", "Decisions", controls.decided()),
    ]
    contents = tag(
        "nav",
        tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in sections)),
        class_="contents",
        aria_label="On this page",
    )
    title = [tag("p", tag("bdi", row["title"]), class_="title", lang=row["language"])] if row["title"] else []
    body = (tag("section", tag("h2", title), content, id=name) for name, title, content in sections)
    name = address(doc_id)
    return page(
        name,
        doc_id,
        *title,
        facts(figures),
        contents,
        *body,
        _around(corpus, doc_id),
        corpus=corpus.title,
        forms=token is not None,
    )


def _legend() -> Html:
    kinds = (
        tag("span", tag("del", "taken out"), class_="edit"),
        tag("span", tag("ins", "put in"), class_="edit"),
        tag("span", "suggested", class_="suggestion"),
        tag("span", "flagged", class_="flag"),
        tag("span", tag("sup", "1", class_="sentence"), "sentence"),
    )
    return tag(
        "p",
        joined(kinds, Html(" &ensp; ")),
        tag("br"),
        "Point at a mark, or move to it with Tab, for its rule, tier and confidence; follow it for the row below.",
        class_="legend",
    )


def _edits(document: Document, controls: Controls) -> Html:
    if not document.edits:
        return _none()
    raw = document.raw["text"]
    header = ["edit", "rules", "tier", "confidence", "what it does", *controls.header]
    rows = []
    for edit in document.edits:
        number, start, end = edit["index"], edit["raw_start"], edit["raw_end"]
        place = f"#raw-{number}" if edit["applied"] else f"#suggestion-at-{number}"
        change = tag(
            "span",
            _spelled(raw[max(0, start - _AROUND) : start]),
            deleted(_short(edit["before"])),
            inserted(_short(edit["after"])),
            _spelled(raw[end : end + _AROUND]),
            class_="text",
        )
        name = tag("a", f"{'edit' if edit['applied'] else 'suggestion'} {number}", href=place)
        sure = f"{edit['confidence']:.2f}"
        cells = [name, " + ".join(edit["rules"]), edit["tier"], sure, change, *controls.edit(edit)]
        rows.append(table_row(cells, id=f"edit-{number}"))
    return sheet("Edits and suggestions", header, rows, class_="marks")


def _flags(document: Document) -> Html:
    rows = []
    for number, flag in enumerate(document.row["flags"]):
        text = document.row["text"][flag["start"] : flag["end"]]
        name = tag("a", f"flag {number}", href=f"#flag-at-{number}")
        where = f"{flag['start']:,} to {flag['end']:,}"
        shown = tag("span", _spelled(_short(text)), class_="text")
        rows.append(table_row((name, flag["kind"], where, shown), id=f"flag-{number}"))
    return sheet("Flags", ("flag", "kind", "characters of the clean text", "text"), rows) if rows else _none()


def _metadata(document: Document, controls: Controls) -> Html:
    origins = {origin["field"]: origin for origin in document.row["provenance"]}
    rows = []
    for name in FIELDS:
        value = document.row[name]
        cells = [name, _value(name, value), _origin(origins.get(name), document.raw["text"])]
        rows.append([*cells, *controls.field(name, value)])
    header = ("field", "value", "where it comes from", *controls.header)
    return sheet("Metadata", header, rows)


def _value(name: str, value: str | None) -> Html:
    if value is None:
        return tag("span", "not known", class_="quiet")
    if name == "url" and value.startswith(("https://", "http://")):
        return tag("a", value, href=value, rel="noopener noreferrer")
    return tag("bdi", value)


def _origin(origin: Row | None, raw: str) -> Html:
    if origin is None:
        return Html("")
    start, end = origin["raw_start"], origin["raw_end"]
    if start is None:
        return tag("span", origin["origin"])
    around = (raw[max(0, start - _AROUND) : start], raw[end : end + _AROUND])
    shown = (_spelled(around[0]), tag("mark", _short(raw[start:end]), class_="flag"), _spelled(around[1]))
    place = tag("span", f"characters {start:,} to {end:,} of the raw text: ", class_="quiet")
    return joined([origin["origin"], ", ", place, tag("span", *shown, class_="text")])


def _duplicates(corpus: Corpus, row: Row) -> Html:
    group = corpus.group(row["duplicate_group"]) if row["duplicate_group"] else []
    if len(group) < 2:
        return _none("No other document repeats this one.")
    rows = []
    for other in group:
        name: object = other["doc_id"]
        if name != row["doc_id"]:
            name = tag("a", name, href=f"../{address(other['doc_id'])}")
        kept = other["duplicate_of"] is None
        rows.append((name, other["title"] or "", f"{other['words']:,}", "kept" if kept else other["duplicate_kind"]))
    return sheet("Duplicates", ("document", "title", "words", "how it repeats the one that is kept"), rows)


def _signals(corpus: Corpus, row: Row) -> Html:
    columns = table("documents", corpus.project.schemas).columns
    shown = (c for c in columns if c.type in {"double", "int32"} and c.name in row)
    rows = ((c.name, f"{row[c.name]:,.6g}", c.description) for c in shown)
    listed = sheet("Signals", ("column", "value", "what it is"), rows, class_="numbers")
    return tag("details", tag("summary", "All signals"), listed)


def _around(corpus: Corpus, doc_id: str) -> Html:
    """Links to the documents before and behind this one."""
    place = corpus.places[doc_id]
    links: list[Any] = []
    for label, number in (("Previous document", place - 1), ("Next document", place + 1)):
        if 0 <= number < len(corpus.ids):
            links.append(tag("a", label, href=f"../{address(corpus.ids[number])}"))
    return tag("nav", *links, class_="pager", aria_label="Documents before and behind this one")


def _spelled(text: str) -> str:
    return text.replace("\n", "⏎")


def _short(text: str) -> str:
    shown = spelled(text)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 60]} … {shown[-50:]}"


def _none(text: str = "None.") -> Html:
    return tag("p", text, class_="quiet")
