"""The page release.html: changes since the last release, document by document."""

from __future__ import annotations

from collections import Counter

from copydesk.differences.diff import diff
from copydesk.differences.diff_model import Change, Pair
from copydesk.differences.text_diff import TextPiece, document_diff
from copydesk.errors import ReleaseError
from copydesk.markup.html import Html, facts, html_table, joined, tag
from copydesk.releases.release_tags import release_versions
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.page_frame import render_page
from copydesk.revisions.revision import Revision, open_revision

_LISTED = 1000  # documents of a list
_COMPARED = 100  # documents whose texts are compared
_AROUND = 60  # characters shown at each end of unchanged text


def release_page(corpus: Corpus, linked: bool) -> str:
    """Render release.html; ``linked`` says whether each document has a page."""
    try:
        released = release_versions(str(corpus.project.corpus.parent))
        if not released:
            return _page(corpus, tag("p", "There is no release yet, so the whole corpus is new."))
        old = open_revision(corpus.project.corpus.parent, f"corpus@v{released[-1]}")
        return _page(corpus, *_changes(old, corpus, linked))
    except ReleaseError as error:
        # Without git, or without the data of the last release, the other pages still work.
        return _page(corpus, tag("p", f"The comparison with the last release failed: {error}"))


def _page(corpus: Corpus, *content: object) -> str:
    return render_page("release.html", "Changes since the last release", *content, corpus=corpus.title)


def _changes(old: Revision, corpus: Corpus, linked: bool) -> list[Html]:
    changes = diff(old, corpus.revision)
    counts = [
        ("from", changes.old),
        ("to", changes.new),
        ("added", f"{len(changes.added):,}"),
        ("removed", f"{len(changes.removed):,}"),
        *([("renamed", f"{len(changes.renamed):,}")] if changes.renamed else []),
        ("changed", f"{len(changes.changed):,}"),
        ("moved", f"{len(changes.moved):,}"),
    ]
    if changes.empty:
        return [facts(counts), tag("p", f"Nothing changed since {changes.old}.")]
    causes = Counter(cause for change in changes.changed for cause in change.causes)

    def name(doc_id: str) -> Html:
        has_page = linked and doc_id in corpus.positions
        return tag("a", doc_id, href=address(doc_id)) if has_page else tag("span", doc_id)

    sections = [
        _section("Rows", ("table", "old", "new", "difference"), _paired(changes.tables)),
        _section("Why documents changed", ("cause", "documents"), [(c, f"{n:,}") for c, n in sorted(causes.items())]),
        _section(
            "Settings", ("setting", "old", "new"), [tuple(map(str, parameter)) for parameter in changes.parameters]
        ),
        _section("Schemas", ("table", "column", "change"), [(c.table, c.column, c.what) for c in changes.schemas]),
        _section("Added", ("document",), [(name(i),) for i in changes.added]),
        _section("Removed", ("document", "dropped by"), [(i, changes.dropped.get(i, "")) for i in changes.removed]),
        _section("Renamed", ("document", "new id"), [(old, name(new)) for old, new in changes.renamed]),
        _section(
            "Moved between splits",
            ("document", "from", "to"),
            [(name(m.doc_id), m.old, m.new) for m in changes.moved],
        ),
        _section("Sources", ("source", "old", "new", "difference"), _paired(changes.sources)),
        _section("Languages", ("language", "old", "new", "difference"), _paired(changes.languages)),
    ]
    changed = [
        _document(change, name(change.doc_id), old, corpus.revision, number < _COMPARED)
        for number, change in enumerate(changes.changed[:_LISTED])
    ]
    more = len(changes.changed) - len(changed)
    ending = (
        [tag("p", f"{more:,} more; run copydesk diff {changes.old} to see them.", class_="quiet")] if more else []
    )
    whole = tag("section", tag("h2", "Changed"), *changed, *ending) if changed else None
    return [facts(counts), *(section for section in (*sections, whole) if section is not None)]


def _section(title: str, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Html | None:
    if not rows:
        return None
    more = f"{len(rows) - _LISTED:,} more" if len(rows) > _LISTED else None
    return tag(
        "section", tag("h2", title), html_table(title, header, rows[:_LISTED]), tag("p", more) if more else None
    )


def _paired(counts: dict[str, Pair]) -> list[tuple[object, ...]]:
    return [(name, f"{old:,}", f"{new:,}", f"{new - old:+,}") for name, (old, new) in counts.items() if old != new]


def _document(change: Change, name: Html, old: Revision, new: Revision, compared: bool) -> Html:
    what = ", ".join((*change.columns, *(f"rows of {table}" for table in change.tables)))
    counts = [
        ("causes", ", ".join(change.causes)),
        ("changed", what),
        ("sentences", f"+{change.sentences.added} −{change.sentences.removed}"),
        ("edits", f"+{change.edits.added} −{change.edits.removed}"),
    ]
    text = _difference(old, new, change.doc_id) if compared and "text_sha256" in change.columns else None
    return tag("article", tag("h3", name), facts(counts), text, class_="change")


def _difference(old: Revision, new: Revision, doc_id: str) -> Html:
    text = map(_piece, document_diff(old, new, doc_id).pieces)
    # It scrolls, so it must be reachable by keyboard.
    frame = {"tabindex": "0", "role": "group", "aria_label": f"What changed in the text of {doc_id}"}
    shown = tag("div", *text, class_="text difference", dir="auto", **frame)
    return tag("details", tag("summary", "Changes in the text, word by word"), shown, open=True)


def _piece(piece: TextPiece) -> Html:
    if piece.kind != "equal":
        return joined([tag("del", piece.old) if piece.old else None, tag("ins", piece.new) if piece.new else None])
    text = piece.new
    if len(text) <= 3 * _AROUND:
        return tag("span", text)
    left_out = tag("span", f" [{len(text) - 2 * _AROUND:,} characters] ", class_="quiet")
    return joined([tag("span", text[:_AROUND]), left_out, tag("span", text[-_AROUND:])])
