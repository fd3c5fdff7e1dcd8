"""The page lines.html: lines that stand in many documents of one source, and the forms to decide about them."""

from __future__ import annotations

from copydesk.core.decisions import OF_LINES, Decision, folded_line
from copydesk.markup.html import Html, html_table, joined, tag
from copydesk.report.corpus_view import Corpus, Row, address
from copydesk.report.decision_forms import decision_text, form, name_of_line, undo_form
from copydesk.report.page_frame import render_page

_PAGE = "lines.html"


def lines_page(corpus: Corpus, linked: bool, token: str | None = None) -> str:
    """Render lines.html; ``linked`` says whether each document has a page."""
    settings = corpus.project.params["select"]
    least, share = settings["template_documents"], settings["template_share"]
    about = tag(
        "p",
        f"Lines in at least {least:,} documents and {share:.1%} of those of one source. "
        "Such a line may belong to the site, or to the articles. A decision holds for all documents of the source, "
        "from the next build on.",
    )
    made = {(d.source, folded_line(d.line or "")): d for some in corpus.decisions().values() for d in some if d.line}
    header = ("source", "line", "stands in", "removed from", "documents", "example", "decision")
    rows = [
        (
            *(row["source"], row["line"], f"{row['standing']:,}", f"{row['removed']:,}", f"{row['documents']:,}"),
            tag("a", row["example"], href=address(row["example"])) if linked else row["example"],
            _decision(row, made.get((row["source"], row["line"])), token),
        )
        for row in corpus.template_lines
    ]
    listed = html_table("Lines", header, rows, class_="stacked") if rows else tag("p", "None.", class_="quiet")
    return render_page(_PAGE, "Lines", about, listed, corpus=corpus.title, forms=token is not None)


def _decision(row: Row, decision: Decision | None, token: str | None) -> Html | str:
    """The decision about a line; with a token the form to undo it, or to make one."""
    if decision is not None:
        text = decision_text(decision).partition(" in ")[0]
        return joined([tag("p", text), undo_form(decision, token, _PAGE)]) if token else text
    if token is None:
        return ""
    buttons = [
        tag("button", label, tag("span", f" {row['line']}", class_="hidden"), name="decision", value=kind)
        for label, kind in zip(("Remove", "Keep"), OF_LINES, strict=True)
    ]
    label = f"Reason for the decision about {row['line']}"
    reason = tag("input", type="text", name="reason", maxlength=1000, placeholder="Reason", aria_label=label)
    return form(token, _PAGE, reason, *buttons, line=name_of_line(row["source"], row["line"]))
