"""The page queue.html: open suggestions of the corpus, grouped by wording, and the forms to decide about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from copydesk.core.decisions import Decision
from copydesk.core.plural import plural
from copydesk.markup.html import Html, html_table, joined, tag
from copydesk.report.corpus_view import Corpus, address
from copydesk.report.decision_forms import all_of, exclusion, form, group_text, name_of, undo_form
from copydesk.report.page_frame import render_page
from copydesk.report.rules_page import deleted, inserted
from copydesk.report.suggestion_queue import (
    CONFIDENCES,
    ORDERS,
    Mask,
    Selection,
    Suggestion,
    SuggestionGroup,
    SuggestionQueue,
    short_name,
)

PAGE = "queue.html"
_PER_PAGE = 25  # groups
_ONE_BY_ONE = 20  # suggestions of a group
_SHOWN = 200  # characters of a change
_LISTED = 200  # rules and sources
_SOURCES = 3  # of a group, by name
_REASON = 1000  # characters


class View(NamedTuple):
    """A page of the queue: what is selected, and the number of the page, from 1."""

    selection: Selection
    number: int = 1

    @classmethod
    def of(cls, queue: SuggestionQueue, values: Mapping[str, str]) -> View:
        """Read an address; what the corpus does not have, or no longer has, is left out."""
        number = values.get("page", "")
        named = Selection(
            next((rule for rule in queue.rules if short_name(rule) == values.get("rule")), None),
            next((source for source in queue.sources if short_name(source) == values.get("source")), None),
            next((name for name in CONFIDENCES if short_name(name) == values.get("confidence")), None),
            next((name for name in ORDERS if short_name(name) == values.get("order")), ORDERS[0]),
        )
        return cls(named, int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 8 else 1)

    @property
    def query(self) -> str:
        """The address of the page behind the question mark."""
        rule, source, confidence, order = self.selection
        values = {"rule": rule, "source": source, "confidence": confidence}
        named = {name: short_name(value) for name, value in values.items() if value is not None}
        if order != ORDERS[0]:
            named["order"] = short_name(order)
        return urlencode({**named, **({"page": str(self.number)} if self.number > 1 else {})})

    @property
    def source_name(self) -> str:
        """The selected source in a form; empty for all."""
        source = self.selection.source
        return "" if source is None else short_name(source)


def queue_page(corpus: Corpus, values: Mapping[str, str], token: str | None = None) -> str:
    """Render queue.html; ``values`` are those of the address, see :class:`View`.

    Without a token there are no forms.
    """
    queue, decisions = corpus.queue, corpus.decisions()
    view = View.of(queue, values)
    mask = queue.selected(view.selection, decisions)
    count, groups = queue.groups(mask, view.selection, (max(view.number, 1) - 1) * _PER_PAGE, _PER_PAGE)
    if not groups and count:  # what was on the last page is decided
        view = view._replace(number=-(-count // _PER_PAGE))
        count, groups = queue.groups(mask, view.selection, (view.number - 1) * _PER_PAGE, _PER_PAGE)
    left = int(queue.open_ones(decisions).sum())
    status = f"{plural(left, 'suggestion')} left of {len(queue):,}; {plural(int(mask.sum()), 'suggestion')} selected"
    shown = f"{plural(count, 'group')} of the same wording" + (
        f", confidence {view.selection.confidence}" if view.selection.confidence else ""
    )
    cards = _Cards(corpus, view, token)
    listed = [cards.card(group, place) for place, group in enumerate(groups)]
    content = [
        tag("p", "Nothing is changed before the next build. A decision about a group is one line for all of it."),
        tag("p", f"{status}: {shown}.", role="status", id="count"),
        _done(decisions, values.get("done"), view, token),
        _search(queue, view) if token else tag("p", "To decide, run ", tag("code", "copydesk report --serve"), "."),
        _whole_rule(queue, mask, view, token),
        *(listed or [tag("p", "Nothing is open here.", class_="quiet")]),
        _pager(view, count) if token else None,
        _keys() if token else None,
        tag("h2", "Open by rule and source"),
        _counts(queue, queue.open_ones(decisions), linked=token is not None),
    ]
    return render_page(PAGE, "Queue", *content, corpus=corpus.title, forms=token is not None)


class _Cards:
    """The groups of a page, each with its first suggestion in its text, what it comprises, and the forms."""

    def __init__(self, corpus: Corpus, view: View, token: str | None) -> None:
        self._corpus = corpus
        self._view = view
        self._token = token

    def card(self, group: SuggestionGroup, place: int) -> Html:
        """Render a group; ``place`` is its number on the page."""
        members = self._corpus.queue.suggestions(group.positions[:_ONE_BY_ONE])
        size = len(group.positions)
        about = tag("p", self._about(group), " · ", self._document(members[0]), class_="quiet")
        parts = [_change(members[0]), about]
        if self._token:
            label = f"Group {place + 1}: {_short(group.words.before) or group.rule}"
            values = {"group": group.number, "words": group.name, "at": place}
            if size == 1:
                parts.append(self._one(members[0], place, ("Accept", "Reject"), [_reason(label)]))
            else:
                parts.append(_form(self._view, self._token, f"all {size:,}", label, **values))
        if size > 1:
            more = size - len(members)
            rest = tag("p", f"{more:,} more are not shown.", class_="quiet") if more else None
            items = (self._item(member, place) for member in members)
            parts.append(tag("details", tag("summary", "One by one"), tag("ul", *items, class_="samples"), rest))
        line = _json_line({**group.named(self._view.selection.source), "decision": "accept"})
        summary = tag("summary", "For decisions.jsonl", tag("span", f" {group.rule}", class_="hidden"))
        parts.append(tag("details", summary, tag("p", tag("code", line), " and the date")))
        # A card has the focus while its keys work.
        return tag("article", *parts, class_="group", id=f"group-{place}", tabindex="-1")

    def _about(self, group: SuggestionGroup) -> str:
        documents, sources = self._corpus.queue.spread(group.positions)
        named = ", ".join(map(_source_name, sources[:_SOURCES]))
        more = f" and {len(sources) - _SOURCES:,} more" if len(sources) > _SOURCES else ""
        low, high = (f"{value:.2f}" for value in (group.least_confident, group.most_confident))
        confidence = f"confidence {low}" if low == high else f"confidence {low} to {high}"
        where = [plural(documents, "document")] if len(group.positions) > 1 else []
        return " · ".join([group.rule, named + more, confidence, *where])

    def _item(self, one: Suggestion, place: int) -> Html:
        forms = [self._one(one, place, ("Accept this", "Reject this"), [])] if self._token else []
        return tag("li", _change(one), " ", self._document(one), *forms)

    def _one(self, one: Suggestion, place: int, labels: tuple[str, str], fields: list[Html]) -> Html:
        """The form to decide about one suggestion."""
        known = exclusion(self._corpus.decisions().get(one.doc_id, []))
        edit = {"edit": one.number, "raw_start": one.raw_start, "raw_end": one.raw_end, "excluded": known}
        values = {"raw_sha256": self._corpus.queue.sha256[one.doc_id], "queue": self._view.query, "at": place, **edit}
        buttons = _buttons(labels, tag("span", f" suggestion {one.number} of {one.doc_id}", class_="hidden"))
        return form(self._token, address(one.doc_id), *fields, *buttons, **values)

    def _document(self, one: Suggestion) -> Html:
        target = address(one.doc_id)
        return tag("a", one.doc_id, href=f"{target}#edit-{one.number}") if self._token else tag("span", one.doc_id)


def _form(view: View, token: str, what: str, label: str, **values: object) -> Html:
    labels = f"Accept {what}", f"Reject {what}"
    buttons = _buttons(labels, tag("span", f" of {label}", class_="hidden"))
    # The source stands in the form by itself, too: an address that lost it must not widen the decision.
    return form(token, PAGE, _reason(label), *buttons, queue=view.query, source=view.source_name, **values)


def _buttons(labels: tuple[str, str], spoken: Html) -> list[Html]:
    kinds = zip(labels, ("accept", "reject"), strict=True)
    return [tag("button", label, spoken, name="decision", value=kind) for label, kind in kinds]


def _reason(label: str) -> Html:
    return tag(
        "input", type="text", name="reason", maxlength=_REASON, placeholder="Reason", aria_label=f"Reason, {label}"
    )


def _whole_rule(queue: SuggestionQueue, mask: Mask, view: View, token: str | None) -> Html | None:
    """The form to decide about all suggestions of the selected rule, in the selected source or in all."""
    rule, source, confidence, _ = view.selection
    if token is None or rule is None:
        return None
    if confidence is not None:
        note = "To decide about all of a rule, select any confidence: the decision takes none into account."
        return tag("p", note, class_="quiet")
    total = int(mask.sum())
    if not total:
        return None
    about = tag(
        "p", f"All {total:,} open suggestions of {all_of(rule, source)}, and those that later documents bring:"
    )
    values = {"rule": short_name(rule)}
    return tag("div", about, _form(view, token, f"all {total:,}", all_of(rule, source), **values), class_="whole")


def _done(decisions: Mapping[str, list[Decision]], name: str | None, view: View, token: str | None) -> Html | None:
    """What was decided last, with the form to undo it."""
    made = (decision for of_document in decisions.values() for decision in of_document)
    last = next((decision for decision in made if name_of(decision) == name), None) if name else None
    if last is None or token is None:
        return None
    about = group_text(last) if last.of_group else f"{last.decision}ed in {last.doc_id}"
    what = tag("span", f"Saved: {about} ")
    return tag("div", what, undo_form(last, token, PAGE, queue=view.query), class_="saved", role="status")


def _search(queue: SuggestionQueue, view: View) -> Html:
    """The fields that select; they work without a script."""
    rule, source, confidence, order = view.selection
    made = [
        _select("rule", queue.rules, rule, any_of=True),
        _select("source", queue.sources, source, any_of=True),
        _select("confidence", CONFIDENCES, confidence, any_of=True),
        _select("order", ORDERS, order),
    ]
    return tag("form", *made, tag("button", "Select"), action=PAGE, method="get", class_="select", role="search")


def _select(name: str, choices: Iterable[str], chosen: str | None, *, any_of: bool = False) -> Html:
    options = [tag("option", "any", value="")] if any_of else []
    options += [
        tag("option", _short(_source_name(value)), value=short_name(value), selected=value == chosen)
        for value in choices
    ]
    return tag("div", tag("label", name.title(), for_=name), tag("select", *options, name=name, id=name))


def _counts(queue: SuggestionQueue, mask: Mask, *, linked: bool) -> Html:
    counted = queue.counts(mask)
    if not counted:
        return tag("p", "None.", class_="quiet")

    def linking(rule: str, source: str) -> object:
        target = View(Selection(rule, source)).query
        return tag("a", rule, href=f"{PAGE}?{target}") if linked else rule

    rows = [(linking(rule, source), _source_name(source), f"{size:,}") for rule, source, size in counted[:_LISTED]]
    more = len(counted) - _LISTED
    rest = tag("p", f"{more:,} more are not shown.", class_="quiet") if more > 0 else None
    header = ("rule", "source", "suggestions")
    return joined([html_table("Open by rule and source", header, rows, class_="numbers"), rest])


def _pager(view: View, count: int) -> Html:
    pages = max(1, -(-count // _PER_PAGE))
    links: list[object] = []
    for label, number in (("Previous", view.number - 1), ("Next", view.number + 1)):
        if 1 <= number <= pages:
            links.append(tag("a", label, href=f"{PAGE}?{view._replace(number=number).query}"))
    position = tag("span", f"Page {view.number:,} of {pages:,}", id="position")
    return tag("nav", *links, position, class_="pager", aria_label="Pages of the queue")


def _keys() -> Html:
    keys = {
        "n": "next group",
        "p": "previous group",
        "a": "accept it",
        "r": "reject it",
        "w": "write a reason",
        "u": "undo what was saved last",
    }
    return tag(
        "p", "Keys: ", joined((joined([tag("kbd", k), f" {v}"]) for k, v in keys.items()), ", "), class_="legend"
    )


def _change(one: Suggestion) -> Html:
    shown = deleted(_short(one.before)), inserted(_short(one.after))
    return tag("p", _spelled(one.lead), *shown, _spelled(one.tail), class_="text")


def _source_name(source: str) -> str:
    return source or "no source"


def _json_line(row: Mapping[str, str]) -> str:
    """A row in JSON, to be copied: with escapes if some of its characters cannot be seen."""
    line = json.dumps(row, ensure_ascii=False)
    return line if line.isprintable() else json.dumps(row)


def _spelled(text: str) -> str:
    return text.replace("\n", "⏎")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 60]} … {text[-50:]}"
