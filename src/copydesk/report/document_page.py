"""The page of one document: both texts side by side, edits, flags, metadata with their origin, decisions."""

from __future__ import annotations

from typing import Any

from copydesk.core.group_decisions import GroupDecisions
from copydesk.description.provenance import FIELDS
from copydesk.markup.html import Html, facts, html_table, joined, tag
from copydesk.markup.html import row as table_row
from copydesk.report.corpus_view import Corpus, Document, Row, address
from copydesk.report.decision_forms import Controls
from copydesk.report.page_frame import render_page
from copydesk.report.rules_page import deleted, inserted, spelled
from copydesk.report.side_by_side import FLAGS, LONGEST, side_by_side, tip
from copydesk.tables.table import table
from copydesk.text import ComposedEdit, EditPart

_AROUND = 30  # characters on each side of an edit
_SHOWN = 300  # characters of an edit or a flag in a table
_PARTS = 12  # parts of an edit in a table
#: A page has at most twice the bytes of its raw text, and may have this many: edits beyond are not listed.
LEAST_BYTES = 64 << 10
_FRAME = 4 << 10  # bytes of headings, figures and links between the parts of a page
_MARKS = 300  # bytes of the two marks of an edit, without its tooltip
_DELIVERED = ("path", "size", "encoding", "bom", "newline", "sha256")


def document_page(corpus: Corpus, doc_id: str, token: str | None = None, *, everything: bool = False) -> str:
    """Render the page of a document, with forms for decisions if a token is given.

    Unless ``everything`` is wanted, edits are listed up to the size of a page: suggestions and unsure edits first.
    """
    document = corpus.document(doc_id)
    row = document.row
    source = corpus.source(row)
    groups = GroupDecisions(d for d in corpus.decisions().get("", ()) if d.source in (None, source))
    controls = Controls(document, corpus.decisions().get(doc_id, []), token, groups)
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
    rest = [
        ("flags", "Flags", _flags(document, None)),
        ("metadata", "Metadata", _metadata(document, controls)),
        ("duplicates", "Duplicates", _duplicates(corpus, row)),
        ("signals", "Quality signals", _signals(corpus, row)),
        ("file", "Seed file", facts((name, document.raw[name]) for name in _DELIVERED)),
        ("decisions", "Decisions", controls.decided()),
    ]
    frame = len(render_page(address(doc_id), doc_id, *(content for _, _, content in rest), corpus=corpus.title))
    size = max(LEAST_BYTES, 2 * document.raw["size"]) - frame - _FRAME
    shape: dict[str, Any] = {"in_one": not everything and len(side_by_side(document, ()).encode()) > size}
    needed = len(side_by_side(document, (), **shape).encode())
    if needed > size and not everything:  # so many short edits and flags that even their marks are too long
        shape["longest"] = int(min(LONGEST, len(document.raw["text"])) * size / needed)
        needed = len(side_by_side(document, (), **shape).encode())
    size -= needed
    shown = shape.get("longest", LONGEST)
    rows = _edit_rows(document, controls, None if everything else size, shown)
    texts = joined([_legend(), side_by_side(document, rows, **shape)])
    edits = _edits(rows, len(document.edits), address(doc_id), controls)
    rest[0] = ("flags", "Flags", _flags(document, texts))
    sections = [("texts", "Raw and clean text", texts), ("edits", "Edits and suggestions", edits), *rest]
    contents = tag(
        "nav",
        tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in sections)),
        class_="contents",
        aria_label="On this page",
    )
    title = [tag("p", tag("bdi", row["title"]), class_="title", lang=row["language"])] if row["title"] else []
    body = (tag("section", tag("h2", title), content, id=name) for name, title, content in sections)
    name = address(doc_id)
    return render_page(
        name,
        doc_id,
        *title,
        facts(figures),
        contents,
        *body,
        _pager(corpus, doc_id),
        corpus=corpus.title,
        forms=token is not None,
    )


def _legend() -> Html:
    kinds = (
        tag("span", tag("del", "deleted"), class_="edit"),
        tag("span", tag("ins", "inserted"), class_="edit"),
        tag("span", "suggested", class_="suggestion"),
        tag("span", "flagged", class_="flag"),
        tag("span", tag("sup", "1"), "sentence"),
    )
    return tag(
        "p",
        joined(kinds, Html(" &ensp; ")),
        tag("br"),
        "Hover over a mark, or press Tab, to see its rule, tier and confidence. Click it to go to its row below.",
        class_="legend",
    )


def _edit_rows(document: Document, controls: Controls, size: int | None, shown: int) -> dict[int, Html]:
    """The rows of edits and suggestions by their number, up to a size in bytes; None: of all.

    Those in the first ``shown`` characters of the raw text are linked to their marks.
    """
    rows: dict[int, Html] = {}
    # Suggestions and what is least sure need somebody to look at them.
    for edit in sorted(document.edits, key=lambda edit: (edit["applied"], edit["confidence"])):
        row = _edit_row(document.raw["text"], edit, controls, linked=edit["raw_start"] < max(shown, 1))
        if size is not None:
            size -= len(row.encode()) + len(tip(edit).encode()) + _MARKS
            if size < 0:
                break
        rows[edit["index"]] = row
    return dict(sorted(rows.items()))


def _edit_row(raw: str, edit: Row, controls: Controls, *, linked: bool) -> Html:
    number, start, end = edit["index"], edit["raw_start"], edit["raw_end"]
    anchor = f"#raw-{number}" if edit["applied"] else f"#suggestion-at-{number}"
    change = tag(
        "span",
        _spelled(raw[max(0, start - _AROUND) : start]),
        deleted(_short(edit["before"])),
        inserted(_short(edit["after"])),
        _spelled(raw[end : end + _AROUND]),
        class_="text",
    )
    label = f"{'edit' if edit['applied'] else 'suggestion'} {number}"
    name = tag("a", label, href=anchor) if linked else tag("span", label)
    rules = joined([" + ".join(edit["rules"]), _parts(edit, controls)])
    cells = [name, rules, edit["tier"], f"{edit['confidence']:.2f}", change, *controls.edit(edit)]
    return table_row(cells, id=f"edit-{number}")


def _edits(rows: dict[int, Html], total: int, page: str, controls: Controls) -> Html:
    if not total:
        return _none()
    header = ["edit", "rules", "tier", "confidence", "change", *controls.header]
    table = html_table("Edits and suggestions", header, rows.values(), class_="marks stacked") if rows else None
    more = total - len(rows)
    note = f"{more:,} more are not listed, the surest ones: all are in the table edits of the corpus."
    every = [tag("a", "List all", href=f"../{page}?all=1#edits")] if controls.header else []
    return joined([table, *([tag("p", note, " ", *every, class_="quiet")] if more else [])])


def _parts(edit: Row, controls: Controls) -> Html:
    """The parts of an edit that has several: what each does, which build on it, and the form to reject it."""
    if len(edit["parts"]) < 2 or not edit["applied"]:
        return Html("")
    known = {**edit, "rules": tuple(edit["rules"]), "parts": tuple(EditPart(**part) for part in edit["parts"])}
    whole = ComposedEdit(**{name: known[name] for name in ComposedEdit._fields})
    items, text = [], whole.before
    for number, part in enumerate(whole.parts[:_PARTS]):
        change = (deleted(_short(text[part.start : part.end])), inserted(_short(part.replacement)))
        text = text[: part.start] + part.replacement + text[part.end :]
        needing = whole.dependents(number)
        names = ", ".join(map(str, needing[:_PARTS]))
        note = [tag("span", f" needed by part {names}", class_="quiet")] if needing else []
        line = (f"part {number}, {part.rule}: ", tag("span", *change, class_="text"), *note)
        items.append(tag("li", *line, *([] if needing else controls.part(edit, number))))
    more = len(whole.parts) - _PARTS
    rest = [tag("p", f"{more:,} more parts are not shown.", class_="quiet")] if more > 0 else []
    return tag("details", tag("summary", f"{len(whole.parts):,} parts"), tag("ul", *items), *rest)


def _flags(document: Document, texts: Html | None) -> Html:
    """The rows of flags, linked to their marks in the texts where these are shown."""
    rows = []
    for number, flag in enumerate(document.row["flags"][:FLAGS]):
        text = document.row["text"][flag["start"] : flag["end"]]
        marked = texts is None or f'id="flag-at-{number}"' in texts
        name = tag("a", f"flag {number}", href=f"#flag-at-{number}") if marked else tag("span", f"flag {number}")
        span = f"{flag['start']:,}–{flag['end']:,}"
        shown = tag("span", _spelled(_short(text)), class_="text")
        rows.append(table_row((name, flag["kind"], span, shown), id=f"flag-{number}"))
    if not rows:
        return _none()
    more = len(document.row["flags"]) - len(rows)
    note = tag("p", f"{more:,} more flags are not listed.", class_="quiet") if more else None
    return joined([html_table("Flags", ("flag", "kind", "span in the clean text", "text"), rows), note])


def _metadata(document: Document, controls: Controls) -> Html:
    origins = {origin["field"]: origin for origin in document.row["provenance"]}
    rows = []
    for name in FIELDS:
        value = document.row[name]
        cells = [name, _value(name, value), _origin(origins.get(name), document.raw["text"])]
        rows.append([*cells, *controls.field(name, value)])
    header = ("field", "value", "origin", *controls.header)
    return html_table("Metadata", header, rows, class_="stacked")


def _value(name: str, value: str | None) -> Html:
    if value is None:
        return tag("span", "unknown", class_="quiet")
    if name == "url" and value.startswith(("https://", "http://")):
        return tag("a", value, href=value, rel="noopener noreferrer")
    return tag("bdi", value)


def _origin(origin: Row | None, raw: str) -> Html:
    if origin is None:
        return Html("")
    start, end = origin["raw_start"], origin["raw_end"]
    if start is None:
        return tag("span", origin["origin"])
    context = (raw[max(0, start - _AROUND) : start], raw[end : end + _AROUND])
    shown = (_spelled(context[0]), tag("mark", _short(raw[start:end]), class_="flag"), _spelled(context[1]))
    place = tag("span", f"raw text, characters {start:,}–{end:,}: ", class_="quiet")
    return joined([origin["origin"], ", ", place, tag("span", *shown, class_="text")])


def _duplicates(corpus: Corpus, row: Row) -> Html:
    group = corpus.group(row["duplicate_group"]) if row["duplicate_group"] else []
    if len(group) < 2:
        return _none("No duplicates.")
    rows = []
    for other in group:
        name: object = other["doc_id"]
        if name != row["doc_id"]:
            name = tag("a", name, href=f"../{address(other['doc_id'])}")
        kept = other["duplicate_of"] is None
        rows.append((name, other["title"] or "", f"{other['words']:,}", "kept" if kept else other["duplicate_kind"]))
    return html_table("Duplicates", ("document", "title", "words", "kept, or kind of duplicate"), rows)


def _signals(corpus: Corpus, row: Row) -> Html:
    columns = table("documents", corpus.project.schemas).columns
    shown = (c for c in columns if c.type in {"double", "int32"} and c.name in row)
    rows = ((c.name, f"{row[c.name]:,.6g}") for c in shown)
    listed = joined(
        [
            tag("p", "The page ", tag("a", "Corpus", href="../index.html"), " describes them.", class_="quiet"),
            html_table("Signals", ("column", "value"), rows, class_="numbers"),
        ]
    )
    return tag("details", tag("summary", "All signals"), listed)


def _pager(corpus: Corpus, doc_id: str) -> Html:
    """Links to the previous and the next document."""
    position = corpus.positions[doc_id]
    links: list[Any] = []
    for label, number in (("Previous document", position - 1), ("Next document", position + 1)):
        if 0 <= number < len(corpus.ids):
            links.append(tag("a", label, href=f"../{address(corpus.ids[number])}"))
    return tag("nav", *links, class_="pager", aria_label="Previous and next document")


def _spelled(text: str) -> str:
    return text.replace("\n", "⏎")


def _short(text: str) -> str:
    shown = spelled(text)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 60]} … {shown[-50:]}"


def _none(text: str = "None.") -> Html:
    return tag("p", text, class_="quiet")
