"""The page decisions.html: all decisions, and those that the last build could not apply."""

from __future__ import annotations

from copydesk.core.atomic_files import read_json_lines
from copydesk.core.decisions import NAME, Decision
from copydesk.markup.html import Html, html_table, tag
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.decision_forms import listed
from copydesk.report.page_frame import render_page


def decisions_page(corpus: Corpus, linked: bool, token: str | None = None) -> str:
    """Render decisions.html; ``linked`` says whether each document has a page."""
    decisions = [decision for some in corpus.decisions().values() for decision in some]
    about = tag("p", "Each decision is a line of ", tag("code", f"seeds/{NAME}"), ". The next build applies it.")
    header = ("document", "decision", "about", "value", *(("undo",) if token else ()))
    rows = [[_name(decision, corpus, linked), *listed(decision, token, "decisions.html")] for decision in decisions]
    decided = (
        html_table("Decisions", header, rows, class_="stacked")
        if rows
        else tag("p", "No decisions yet.", class_="quiet")
    )
    content = [about, decided, tag("h2", "Not applied by the last build"), _unmet(corpus)]
    return render_page("decisions.html", "Decisions", *content, corpus=corpus.title, forms=token is not None)


def _name(decision: Decision, corpus: Corpus, linked: bool) -> Html:
    if decision.doc_id is None:
        name, page = ("suggestions", "queue.html") if decision.of_group else ("lines", "lines.html")
        return tag("a", name, href=page)
    has_page = linked and decision.doc_id in corpus.positions
    return tag("a", decision.doc_id, href=address(decision.doc_id)) if has_page else tag("span", decision.doc_id)


def _unmet(corpus: Corpus) -> Html:
    path = corpus.project.reports / NAME
    rows = read_json_lines(path) if path.is_file() else []
    if not rows:
        return tag("p", "None.", class_="quiet")
    cells = (
        (row["doc_id"] or row["line"] or row["before"] or row["rule"], row["decision"], row["problem"])
        for row in rows
    )
    return html_table("Not applied", ("document or line", "decision", "reason"), cells)
