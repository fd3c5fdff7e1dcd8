"""The page of all decisions, and of those that the last build could not obey."""

from __future__ import annotations

from copydesk.core.atomic_files import read_json_lines
from copydesk.core.decisions import NAME, Decision
from copydesk.markup.html import Html, tag
from copydesk.markup.html import html_table as sheet
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.decision_forms import listed
from copydesk.report.page_frame import page


def decisions_page(corpus: Corpus, linked: bool, token: str | None = None) -> str:
    """The page decisions.html; ``linked`` where each document has a page."""
    found = [decision for some in corpus.decisions().values() for decision in some]
    about = tag("p", "Each is a line of ", tag("code", f"seeds/{NAME}"), ", which the next build obeys.")
    header = ("document", "decision", "about", "value", *(("take back",) if token else ()))
    rows = [[_name(decision, corpus, linked), *listed(decision, token, "decisions.html")] for decision in found]
    decided = sheet("Decisions", header, rows) if rows else tag("p", "None so far.", class_="quiet")
    content = [about, decided, tag("h2", "Not obeyed by the last build"), _unmet(corpus)]
    return page("decisions.html", "Decisions", *content, corpus=corpus.title, forms=token is not None)


def _name(decision: Decision, corpus: Corpus, linked: bool) -> Html:
    here = linked and decision.doc_id in corpus.places
    return tag("a", decision.doc_id, href=address(decision.doc_id)) if here else tag("span", decision.doc_id)


def _unmet(corpus: Corpus) -> Html:
    path = corpus.project.reports / NAME
    rows = read_json_lines(path) if path.is_file() else []
    if not rows:
        return tag("p", "None.", class_="quiet")
    cells = ((row["doc_id"], row["decision"], row["problem"]) for row in rows)
    return sheet("Not obeyed", ("document", "decision", "why not"), cells)
