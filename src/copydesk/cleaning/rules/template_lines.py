"""Lines that a steward decided to remove from the documents of a source, or to keep in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from copydesk.cleaning.rule import Found, Rule
from copydesk.cleaning.rules.boilerplate_lines import delete_lines
from copydesk.cleaning.rules.line_scan import _lines
from copydesk.core.decisions import folded_line


def template_rule(lines: frozenset[str]) -> Rule:
    """The rule that removes some lines, given with their white space folded, wherever they stand in a text."""
    return TEMPLATE_LINE._replace(find=partial(_template_lines, lines))


def keeping(rule: Rule, lines: frozenset[str]) -> Rule:
    """A rule that removes none of some lines, given with their white space folded."""
    on_pages = rule.find_in_pages and partial(_without_lines, rule.find_in_pages, lines)
    return rule._replace(find=partial(_without_lines, rule.find, lines), find_in_pages=on_pages)


def _template_lines(lines: frozenset[str], text: str) -> Iterator[Found]:
    listed = list(_lines(text))
    template_lines = [line for line in listed if folded_line(text[line.start : line.end]) in lines]
    # A text of nothing else stays: a document without text could not be packaged.
    if len(template_lines) < len(listed):
        for _, start, end in delete_lines(text, template_lines):
            yield Found(start, end, "")


def _without_lines(find: Any, lines: frozenset[str], text: str, *given: Any) -> Iterable[Found]:
    return (f for f in find(text, *given) if f.replacement or folded_line(text[f.start : f.end]) not in lines)


_END = "He will not return to the town where it began, he told the paper."
_PROMISE = "The Desk reads the fine print for you."
#: As it is listed; :func:`template_rule` makes the one that acts.
TEMPLATE_LINE = Rule(
    "template-line",
    "safe",
    None,
    partial(_template_lines, frozenset({_PROMISE})),
    repairs=(f"{_END}\n{_PROMISE}\nHis friends do not believe it.", f"{_END}\nHis friends do not believe it."),
    leaves=f"{_END}\n{_PROMISE} So it says.",
)
