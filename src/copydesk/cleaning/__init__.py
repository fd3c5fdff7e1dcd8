"""Cleaning: an ordered list of rules, each a pass of reversible edits.

A family of rules is a file with a tuple ``RULES`` (or ``DETECTORS``); ``RULES`` below is their order. To add one,
write it in its family's file: it is then run, listed, tested by its examples, and switched in params.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning import characters, flags, keywords, lines, spacing
from copydesk.cleaning.rule import TIERS, Detector, Flag, Rule, Tier
from copydesk.errors import ConfigError
from copydesk.text import ComposedEdit, EditedText

#: Every rule, in the order in which they are applied: what a character is, then where words end, then lines.
RULES: tuple[Rule, ...] = (
    *characters.RULES,
    *spacing.RULES,
    *keywords.RULES,
    *lines.RULES,
)
DETECTORS: tuple[Detector, ...] = flags.DETECTORS


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
    cleaned = [Cleaned(EditedText(text)) for text in texts.to_pylist()]
    screens = [rule.screen for rule in (*how.applied, *how.suggested)] + [d.screen for d in detectors]
    # A text in which no screen finds anything is not changed by the first rule, so not by the next ...
    suspects = _passing(texts, screens)
    for rule in how.applied:
        current = pa.array([cleaned[i].edited.text for i in suspects], pa.string())
        for position in _passing(current, [rule.screen]):
            number = suspects[position]
            edited = cleaned[number].edited
            cleaned[number] = Cleaned(edited.apply(rule.edits(edited.text)))
    for number in suspects:
        edited = cleaned[number].edited
        suggestions = [e for rule in how.suggested for e in _suggested(rule, edited)]
        found = [flag for detector in detectors for flag in detector.flags(edited.text)]
        cleaned[number] = Cleaned(edited, tuple(sorted(suggestions)), tuple(sorted(found, key=lambda f: f[1:])))
    return cleaned


def clean_text(text: str, how: Plan) -> Cleaned:
    """Clean one text.

    >>> settings = {"apply": ["safe", "probable"], "rules": {}}
    >>> clean_text("the outcome of the war?Russia  does not", plan(settings)).edited.text
    'the outcome of the war? Russia does not'
    """
    return clean(pa.array([text], pa.string()), how)[0]


def least_sure(rules: Iterable[str], tiers: dict[str, Tier]) -> Tier:
    """The tier of an edit: that of the least sure of the rules that had a hand in it."""
    return max((tiers[rule] for rule in rules), key=TIERS.index)


def _passing(texts: pa.Array, screens: list[str]) -> list[int]:
    if not screens or not len(texts):
        return []
    pattern = "|".join(f"(?:{screen})" for screen in screens)
    mask = pc.match_substring_regex(texts, pattern)
    return list(pc.indices_nonzero(mask).to_pylist())


def _suggested(rule: Rule, edited: EditedText) -> Iterable[ComposedEdit]:
    for edit in rule.edits(edited.text):
        raw_start, raw_end = edited.to_raw(edit.start, edit.end)
        before = edited.raw[raw_start:raw_end]
        yield ComposedEdit(
            raw_start, raw_end, edit.start, edit.end, before, edit.replacement, (edit.rule,), edit.confidence
        )
