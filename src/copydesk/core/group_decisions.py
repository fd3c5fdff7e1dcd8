"""Decisions about groups of suggestions: all of a rule, or those of one wording, in one source or in all.

Two suggestions of a rule have the same wording if the words around the change are the same before it and after it:
wherever "ofsilence" is to become "of silence", the decision is the same. Where several decisions fit a suggestion,
the narrowest holds: one about the edit itself, then one about the wording, then one about the source.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from copydesk.core.decisions import Decision, folded_line

_REACH = 60  # code points of a word on each side of a change: texts without spaces stay linear


class Wording(NamedTuple):
    """The words around a change, before and after it; white space is one space."""

    before: str
    after: str


def wording(raw: str, start: int, end: int, after: str) -> Wording:
    """The wording of a suggestion that replaces ``raw[start:end]``.

    >>> wording("The woods were full ofsilence, and", 22, 22, " ")
    Wording(before='ofsilence', after='of silence')
    >>> wording("He left.\\nREAD MORE: Ten things\\nShe", 8, 30, "")
    Wording(before='READ MORE: Ten things', after='')
    """
    changed = raw[start:end]
    within_word = not changed.strip()
    lead = _word_end(raw[max(0, start - _REACH) : start]) if within_word or not changed[0].isspace() else ""
    tail = _word_start(raw[end : end + _REACH]) if within_word or not changed[-1].isspace() else ""
    return Wording(folded_line(lead + changed + tail), folded_line(lead + after + tail))


class GroupDecisions:
    """The decisions about groups that may concern a document.

    Parameters
    ----------
    decisions : iterable of Decision
        Those of other kinds are ignored. The source of each is that of the document, or None.
    """

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._by_group: dict[tuple[str | None, str | None, str | None], list[Decision]] = {}
        # Those of a source come first: they are narrower.
        for decision in sorted((d for d in decisions if d.of_group), key=lambda d: d.source is None):
            self._by_group.setdefault((decision.rule, *_folded(decision)), []).append(decision)

    def __bool__(self) -> bool:
        return bool(self._by_group)

    @property
    def accepted_rules(self) -> frozenset[str]:
        """Rules of which some suggestions may be accepted."""
        every = (decision for of_group in self._by_group.values() for decision in of_group)
        return frozenset(decision.rule for decision in every if decision.decision == "accept" and decision.rule)

    def fitting(self, rule: str, words: Wording) -> list[Decision]:
        """The decisions about a suggestion of a rule, the narrowest first."""
        return [*self._by_group.get((rule, *words), ()), *self._by_group.get((rule, None, None), ())]


def longest_word(decision: Decision) -> str:
    """A text that every raw text with a suggestion of this group has in it; empty if there is none."""
    return max((decision.before or "").split(), key=len, default="")


def _folded(decision: Decision) -> tuple[str | None, str | None]:
    if decision.before is None or decision.after is None:
        return None, None
    return folded_line(decision.before), folded_line(decision.after)


def _word_end(text: str) -> str:
    """The word that ends a text, or the mark that does."""
    at = len(text)
    while at and text[at - 1].isalnum():
        at -= 1
    return text[at:] or text[-1:].strip()


def _word_start(text: str) -> str:
    at = 0
    while at < len(text) and text[at].isalnum():
        at += 1
    return text[:at] or text[:1].strip()
