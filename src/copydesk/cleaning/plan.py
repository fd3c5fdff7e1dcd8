"""The rules of cleaning in their order, and which of them the settings apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from copydesk.cleaning.rule import TIERS, Detector, Rule, Tier
from copydesk.cleaning.rules import (
    boilerplate_lines,
    characters,
    deceptive_characters,
    drop_caps,
    glued_punctuation,
    glued_words,
    line_breaks,
    lost_punctuation,
    personal_data,
    quotation_marks,
    torn_words,
    unrepairable,
    white_space,
)
from copydesk.cleaning.web_page_rules import PAGE_RULES, PageRule
from copydesk.core.plugins import added
from copydesk.errors import ConfigError

#: Every rule of the package, in order of application: first characters, then words, then lines; last, on clean text,
#: personal data.
RULES: tuple[Rule, ...] = (
    *characters.RULES,
    *white_space.RULES,
    *line_breaks.RULES,
    *drop_caps.RULES,
    *torn_words.RULES,
    *glued_words.RULES,
    *glued_punctuation.RULES,
    *lost_punctuation.RULES,
    *quotation_marks.RULES,
    *boilerplate_lines.RULES,
    *personal_data.RULES,
)
#: Every rule of the package as it is listed: the rules for web pages come first.
LISTED: tuple[Rule | PageRule, ...] = (*PAGE_RULES, *RULES)
DETECTORS: tuple[Detector, ...] = (
    *unrepairable.DETECTORS,
    *deceptive_characters.DETECTORS,
    *quotation_marks.DETECTORS,
    *personal_data.DETECTORS,
)


class Plan(NamedTuple):
    """The rules that are applied and the rules that only suggest, in order, and the tier of each."""

    applied: tuple[Rule, ...]
    suggested: tuple[Rule, ...]
    tiers: dict[str, Tier]

    def on_pages(self) -> Plan:
        """The same rules as they are applied to web pages."""
        applied, suggested = (tuple(rule.on_pages() for rule in rules) for rules in self[:2])
        return self._replace(applied=applied, suggested=suggested)


def rules_in_force() -> tuple[Rule, ...]:
    """The rules of the package and of the plug-ins in force, in order: what hides personal data stays last."""
    plugins: list[Rule] = list(added("rule").values())
    return (*RULES[: -len(personal_data.RULES)], *plugins, *personal_data.RULES) if plugins else RULES


def listed_rules() -> tuple[Rule | PageRule, ...]:
    """The rules in force as they are listed: the rules for web pages come first."""
    return (*PAGE_RULES, *rules_in_force())


def plan(settings: dict[str, Any], rules: Sequence[Rule] | None = None) -> Plan:
    """Read the section ``clean`` of params.yaml, for the rules in force or for others.

    Raises
    ------
    ConfigError
        If it names a rule that does not exist.
    """
    rules = rules_in_force() if rules is None else rules
    known = [rule.name for rule in rules]
    unknown = sorted(set(settings["rules"]) - set(known))
    if unknown:
        raise ConfigError(f"params.yaml: clean.rules: no rules {unknown}; expected some of {known}")
    tiers: dict[str, Any] = {rule.name: settings["rules"].get(rule.name, rule.tier) for rule in rules}
    used = [rule for rule in rules if tiers[rule.name] != "off"]
    return Plan(
        tuple(rule for rule in used if tiers[rule.name] in settings["apply"]),
        tuple(rule for rule in used if tiers[rule.name] not in settings["apply"]),
        {**{rule.name: rule.tier for rule in PAGE_RULES}, **{rule.name: tiers[rule.name] for rule in used}},
    )


def least_sure(rules: Iterable[str], tiers: dict[str, Tier]) -> Tier:
    """The tier of an edit: that of the least sure of the rules that made it."""
    return max((tiers[rule] for rule in rules), key=TIERS.index)
