"""The cleaner in the form that scorers take: text in; text, edits and flags out, in offsets of the input."""

from __future__ import annotations

from typing import Any

from copydesk.cleaning import Cleaned, clean_text, lines, plan

_APPLIED = plan({"apply": ["safe", "probable"], "rules": {}})
_ALL = plan({"apply": ["safe", "probable", "suggest"], "rules": {}})

#: The bench's name for what a rule repairs, where it differs from what the edit itself shows.
_CLASSES = {
    "hard-wrap": "line_break",
    "line-hyphen": "line_break",
    "line-end": "line_break",
    "spaces": "whitespace",
    "space-before-mark": "space_before_punct",
    "full-width": "fullwidth",
    "split-capital": "join",
    "torn-word": "join",
    "stray-capital": "drop_cap",
    "lost-full-stop": "sentence_punct",
    "lost-comma": "comma_case",
    "quote-direction": "quote",
    "missing-space": "sentence_space",
    "glued-keyword": "glue",
    "glued-word": "glue",
    "glued-word-maybe": "glue",
}
_LINES = frozenset({rule.name for rule in lines.RULES})

Scored = tuple[str, list[dict[str, Any]], list[dict[str, Any]]]


def clean(text: str) -> Scored:
    """What the tiers ``safe`` and ``probable`` make of a text."""
    return _scored(clean_text(text, _APPLIED))


def clean_all(text: str) -> Scored:
    """The same with suggestions applied too."""
    return _scored(clean_text(text, _ALL))


def _scored(cleaned: Cleaned) -> Scored:
    edited = cleaned.edited
    edits = [
        {
            "start": e.raw_start,
            "end": e.raw_end,
            "replacement": e.after,
            "class": _class(e.rules[0]),
            "rule": e.rules[0],
        }
        for e in edited.edits
    ]
    flags = []
    for flag in cleaned.flags:
        start, end = edited.to_raw(flag.start, flag.end)
        kind = {"replacement-character": "replacement_char"}.get(flag.kind, flag.kind.replace("-", "_"))
        flags.append({"start": start, "end": end, "class": kind})
    return edited.text, edits, flags


def _class(rule: str) -> str | None:
    return "boilerplate" if rule in _LINES else _CLASSES.get(rule)
