"""Forms for decisions about edits, fields and documents, and the list of decisions made so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from copydesk.core.decisions import Decision
from copydesk.core.group_decisions import GroupDecisions, wording
from copydesk.markup.html import Html, html_table, joined, tag
from copydesk.report.corpus_view import Document, Row, address
from copydesk.report.rules_page import deleted, inserted

_PAST = {
    **{"accept": "accepted", "reject": "rejected", "correct": "corrected", "exclude": "excluded"},
    **{"remove-line": "removed", "keep-line": "kept"},
}
_SHOWN = 120  # characters


def name_of(decision: Decision) -> str:
    """The identifier of a decision in a form: a hash of everything in it."""
    return hashlib.sha256(json.dumps(decision).encode()).hexdigest()[:20]


def name_of_line(source: str, line: str) -> str:
    """The identifier of a line of a source in a form, where characters that cannot be seen are spelled out."""
    return hashlib.sha256(json.dumps([source, line]).encode()).hexdigest()[:20]


def exclusion(decisions: Sequence[Decision]) -> str:
    """The identifier of the decision that excludes the document; empty if there is none."""
    return next((name_of(decision) for decision in decisions if decision.decision == "exclude"), "")


def decision_text(decision: Decision) -> str:
    """The decision in words."""
    if decision.line is not None:
        return f"the line {_PAST[decision.decision]} in all documents of {_short(decision.source or '')}"
    if decision.of_group:
        return group_text(decision)
    if decision.field:
        return f"{decision.field} corrected to {_short(decision.value or 'not known')}"
    what = "document" if decision.raw_start is None else "edit" if decision.part is None else "part of the edit"
    return f"the {what} {_PAST[decision.decision]}"


def group_text(decision: Decision) -> str:
    """A decision about a group in words."""
    words = f"“{_short(decision.before or '')}” → “{_short(decision.after or '')}” of "
    what = "all suggestions of " if decision.before is None else words
    return f"{what}{all_of(decision.rule or '', decision.source)} {_PAST[decision.decision]}"


def all_of(rule: str, source: str | None) -> str:
    """A rule in a source; None: in all documents."""
    where = "in all documents" if source is None else f"in {_short(source)}" if source else "without a source"
    return f"{rule} {where}"


class Controls:
    """The forms on the page of a document. Without a token there are none, and decisions are only shown."""

    def __init__(
        self,
        document: Document,
        decisions: Sequence[Decision],
        token: str | None,
        groups: GroupDecisions = GroupDecisions(()),  # noqa: B008
    ) -> None:
        self._groups = groups
        self._raw = document.raw["text"]
        self._row = document.row
        self._decisions = decisions
        self._token = token
        self._page = address(self._row["doc_id"])
        self._edits = {(*decision.place, decision.part): decision for decision in decisions}
        self._fields = {decision.field: decision for decision in decisions if decision.field}

    @property
    def header(self) -> tuple[str, ...]:
        """The heading of the column with the forms."""
        return ("decide",) if self._token else ()

    def edit(self, edit: Row) -> list[Html]:
        """The cell of an edit: its form, or the decision about it."""
        if not self._token:
            return []
        decision = self._edits.get((*_place(edit), None))
        if decision is not None:
            return [self._made(decision, edit["applied"] == (decision.decision == "accept"))]
        number = edit["index"]
        place = {"edit": number, "raw_start": edit["raw_start"], "raw_end": edit["raw_end"]}
        kinds = ["reject"] if edit["applied"] else ["accept", "reject"]
        words = wording(self._raw, edit["raw_start"], edit["raw_end"], edit["after"])
        fitting = [] if edit["applied"] or not self._groups else self._groups.fitting(edit["rules"][0], words)
        note = [tag("p", f"{group_text(fitting[0])}; takes effect in the next build")] if fitting else []
        label = f"Reason for the decision about edit {number}"
        reason = tag("input", type="text", name="reason", maxlength=1000, placeholder="Reason", aria_label=label)
        buttons = [
            tag("button", kind.title(), tag("span", f" edit {number}", class_="hidden"), name="decision", value=kind)
            for kind in kinds
        ]
        return [joined([*note, self._form(reason, *buttons, **place)])]

    def part(self, edit: Row, number: int) -> list[Html]:
        """The form to reject a part of an edit, or the decision about it."""
        if not self._token:
            return []
        decision = self._edits.get((*_place(edit), number))
        if decision is not None:
            return [self._made(decision, False)]
        label = tag("span", f" part {number} of edit {edit['index']}", class_="hidden")
        place = {"edit": edit["index"], "raw_start": edit["raw_start"], "raw_end": edit["raw_end"], "part": number}
        return [self._form(tag("button", "Reject", label, name="decision", value="reject"), **place)]

    def field(self, name: str, value: str | None) -> list[Html]:
        """The cell of a metadata field: its form, or the decision about it."""
        if not self._token:
            return []
        decision = self._fields.get(name)
        if decision is not None:
            return [self._made(decision, value == decision.value)]
        text = tag(
            "input", type="text", name="value", value=value or "", maxlength=2000, aria_label=f"Correct {name}"
        )
        button = tag("button", "Correct", tag("span", f" {name}", class_="hidden"), name="decision", value="correct")
        form = self._form(text, button, field=name)
        note = tag("p", "Leave it empty if it is not known.", class_="quiet")
        return [tag("details", tag("summary", "Correct"), form, note)]

    def decided(self) -> Html:
        """All decisions about the document, and the form to exclude it."""
        parts = []
        if self._decisions:
            header = ("decision", "about", "value", *(("undo",) if self._token else ()))
            rows = (listed(d, self._token, self._page, self._row["raw_sha256"]) for d in self._decisions)
            parts.append(html_table("Decisions", header, rows, class_="stacked"))
        else:
            parts.append(tag("p", "No decisions yet.", class_="quiet"))
        if self._token and not any(decision.decision == "exclude" for decision in self._decisions):
            label = tag("label", "Reason (for reviewers)", for_="reason")
            reason = tag("input", type="text", name="reason", id="reason", maxlength=1000)
            button = tag("button", "Exclude this document", name="decision", value="exclude")
            parts.append(self._form(label, reason, button))
        return joined(parts)

    def _made(self, decision: Decision, applied: bool) -> Html:
        when = "" if applied else "; takes effect in the next build"
        return joined([tag("p", f"{_PAST[decision.decision]}{when}"), undo_form(decision, self._token, self._page)])

    def _form(self, *content: object, **values: object) -> Html:
        shown = {"raw_sha256": self._row["raw_sha256"], "excluded": exclusion(self._decisions)}
        return form(self._token, self._page, *content, **shown, **values)


def _place(edit: Row) -> tuple[object, ...]:
    return edit["raw_start"], edit["raw_end"], edit["before"], edit["after"]


def form(token: str | None, page: str, *content: object, **values: object) -> Html:
    """A form for the server, which then redirects to the page of the form."""
    hidden = (
        tag("input", type="hidden", name=name, value=value)
        for name, value in {"token": token, "page": page, **values}.items()
    )
    return tag("form", *hidden, *content, method="post", action="/decide")


def undo_form(decision: Decision, token: str | None, page: str, **values: object) -> Html:
    """The form that undoes a decision."""
    about = decision.field or decision.line or (group_text(decision) if decision.of_group else None)
    about = about or (f"edit at {decision.raw_start:,}" if decision.raw_start is not None else "exclusion")
    button = tag("button", "Undo", tag("span", f" {about}", class_="hidden"), name="decision", value="withdraw")
    return form(token, page, button, known=name_of(decision), **values)


def listed(decision: Decision, token: str | None, page: str, raw_sha256: str | None = None) -> list[object]:
    """The cells of a decision: what was decided, about what, the value; with a token also the form to undo it."""
    if decision.line is not None:
        about: object = f"the line in all documents of {_short(decision.source or '')}"
        value: object = _short(decision.line)
    elif decision.of_group:
        about = f"suggestions of {all_of(decision.rule or '', decision.source)}"
        value = joined([deleted(_short(decision.before or "")), inserted(_short(decision.after or ""))])
    elif decision.field:
        about = decision.field
        value = decision.value or "not known"
    elif decision.raw_start is not None:
        about = f"characters {decision.raw_start:,} to {decision.raw_end:,} of the raw text"
        if decision.part is not None:
            about += f", part {decision.part} ({decision.rule})"
        value = joined([deleted(_short(decision.before or "")), inserted(_short(decision.after or ""))])
    else:
        about, value = "the document", ""
    stale = raw_sha256 is not None and decision.raw_sha256 != raw_sha256
    state = f"{_PAST[decision.decision]}{'; not applied, because the file has changed since' if stale else ''}"
    return [state, about, value, *([undo_form(decision, token, page)] if token else [])]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
