"""Cleaning: an ordered list of rules, each a pass of reversible edits.

A family of rules is a file with a tuple ``RULES`` (or ``DETECTORS``); ``RULES`` below is their order. To add one,
write it in its family's file: it is then run, listed, tested by its examples, and switched in params.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning import (
    breaks,
    capitals,
    characters,
    fragments,
    glue,
    joints,
    lines,
    marks,
    personal,
    quotes,
    spacing,
    stops,
)
from copydesk.cleaning.rule import TIERS, Detector, Flag, Rule, Screen, Tier
from copydesk.errors import ConfigError
from copydesk.text import ComposedEdit, EditedText

#: Every rule, in the order in which they are applied: what a character is, then where words end, then lines; last,
#: on clean text, what is to be hidden.
RULES: tuple[Rule, ...] = (
    *characters.RULES,
    *spacing.RULES,
    *breaks.RULES,
    *capitals.RULES,
    *fragments.RULES,
    *glue.RULES,
    *joints.RULES,
    *stops.RULES,
    *quotes.RULES,
    *lines.RULES,
    *personal.RULES,
)
DETECTORS: tuple[Detector, ...] = (*marks.DETECTORS, *quotes.DETECTORS, *personal.DETECTORS)


#: Patterns that are scanned for together, and how many texts are too few to scan at all.
_TOGETHER, _FEW = 4, 4


class Plan(NamedTuple):
    """Which rules are applied and which only suggest, in order."""

    applied: tuple[Rule, ...]
    suggested: tuple[Rule, ...]
    tiers: dict[str, Tier]


class Cleaned(NamedTuple):
    """A cleaned text: what was done, what might be, and what a reader should look at."""

    edited: EditedText
    suggestions: tuple[ComposedEdit, ...] = ()
    flags: tuple[Flag, ...] = ()


def plan(settings: dict[str, Any], rules: Sequence[Rule] = RULES) -> Plan:
    """Read the section ``clean`` of params.yaml.

    Raises
    ------
    ConfigError
        If it names a rule that is not there.
    """
    known = [rule.name for rule in rules]
    unknown = sorted(set(settings["rules"]) - set(known))
    if unknown:
        raise ConfigError(f"params.yaml: clean.rules: no rules {unknown}; expected some of {known}")
    tiers: dict[str, Any] = {rule.name: settings["rules"].get(rule.name, rule.tier) for rule in rules}
    used = [rule for rule in rules if tiers[rule.name] != "off"]
    return Plan(
        tuple(rule for rule in used if tiers[rule.name] in settings["apply"]),
        tuple(rule for rule in used if tiers[rule.name] not in settings["apply"]),
        {rule.name: tiers[rule.name] for rule in used},
    )


def clean(texts: pa.Array, how: Plan, detectors: Sequence[Detector] = DETECTORS) -> list[Cleaned]:
    """Clean a column of texts: screens over the whole column, Python for the texts that need it.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        Raw texts, none null.
    how : Plan
        From :func:`plan`.

    Returns
    -------
    list of Cleaned, length n
    """
    screens = [rule.screen for rule in (*how.applied, *how.suggested)] + [d.screen for d in detectors]
    column = _Column(texts, screens)
    cleaned = column.cleaned
    for rule in how.applied:
        for number in column.passing(rule.screen):
            edited = cleaned[number].edited
            cleaned[number] = Cleaned(edited.apply(rule.edits(edited.text)))
    for rule in how.suggested:
        for number in column.passing(rule.screen):
            known = cleaned[number]
            suggestions = sorted((*known.suggestions, *_suggested(rule, known.edited)))
            cleaned[number] = known._replace(suggestions=tuple(suggestions))
    for detector in detectors:
        for number in column.passing(detector.screen):
            known = cleaned[number]
            flags = sorted((*known.flags, *detector.flags(known.edited.text)), key=lambda f: (f.start, f.end, f.kind))
            cleaned[number] = known._replace(flags=tuple(flags))
    return cleaned


def clean_text(text: str, how: Plan) -> Cleaned:
    """Clean one text.

    >>> settings = {"apply": ["safe", "probable"], "rules": {}}
    >>> clean_text("the outcome of the war?Russia  does not", plan(settings)).edited.text
    'the outcome of the war? Russia does not'
    """
    return clean(pa.array([text], pa.string()), how)[0]


def inspected(edited: EditedText, how: Plan, detectors: Sequence[Detector] = DETECTORS) -> Cleaned:
    """What might still be done to a text whose edits are settled, and what a reader should look at."""
    suggestions = sorted(edit for rule in how.suggested for edit in _suggested(rule, edited))
    flags = (flag for detector in detectors for flag in detector.flags(edited.text))
    return Cleaned(edited, tuple(suggestions), tuple(sorted(flags, key=lambda f: (f.start, f.end, f.kind))))


def least_sure(rules: Iterable[str], tiers: dict[str, Tier]) -> Tier:
    """The tier of an edit: that of the least sure of the rules that had a hand in it."""
    return max((tiers[rule] for rule in rules), key=TIERS.index)


class _Column:
    """Texts on their way through the rules, and which of them pass a screen as they are now."""

    def __init__(self, texts: pa.Array, screens: Sequence[Screen]) -> None:
        self.cleaned = [Cleaned(EditedText(text)) for text in texts.to_pylist()]
        self._passed: dict[Screen, Sequence[int]] = {}
        patterns = []
        for screen in dict.fromkeys(screens):
            if isinstance(screen, str) and len(texts) < _FEW:
                self._passed[screen] = range(len(texts))  # compiling the pattern costs more than it saves
            elif isinstance(screen, str):
                patterns.append(screen)
            else:
                self._passed[screen] = _passing(texts, screen)
        for start in range(0, len(patterns), _TOGETHER):
            self._scan(texts, patterns[start : start + _TOGETHER])

    def passing(self, screen: Screen) -> list[int]:
        """Numbers of the texts that pass a screen: scanned once as they came, and again once they have changed."""
        if len(self.cleaned) < _FEW and isinstance(screen, str):
            return list(range(len(self.cleaned)))
        changed = [number for number, text in enumerate(self.cleaned) if text.edited.edits]
        now = _passing(pa.array([self.cleaned[number].edited.text for number in changed], pa.string()), screen)
        return sorted(set(self._passed[screen]).difference(changed).union(changed[position] for position in now))

    def _scan(self, texts: pa.Array, patterns: list[str]) -> None:
        """Find which texts match which patterns: one scan for all of them, then each on what matched any."""
        some = _passing(texts, "|".join(f"(?:{pattern})" for pattern in patterns))
        suspects = texts.take(pa.array(some, pa.int64()))
        for pattern in patterns:
            self._passed[pattern] = [some[position] for position in _passing(suspects, pattern)]


def _passing(texts: pa.Array, screen: Screen) -> list[int]:
    """Positions of the texts that pass a screen."""
    if not len(texts):
        return []
    if isinstance(screen, str):
        positions: list[int] = pc.indices_nonzero(pc.match_substring_regex(texts, screen)).to_pylist()
        return positions
    return [position for position, passes in enumerate(screen(texts)) if passes]


def _suggested(rule: Rule, edited: EditedText) -> Iterable[ComposedEdit]:
    for edit in rule.edits(edited.text):
        raw_start, raw_end = edited.to_raw(edit.start, edit.end)
        before = edited.raw[raw_start:raw_end]
        yield ComposedEdit(
            raw_start, raw_end, edit.start, edit.end, before, edit.replacement, (edit.rule,), edit.confidence
        )
