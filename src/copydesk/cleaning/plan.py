"""The rules of cleaning in their order, and which of them the settings apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from copydesk.cleaning.personal import personal_data
from copydesk.cleaning.rule import Detector, Rule
from copydesk.cleaning.rules import (
    boilerplate_lines,
    characters,
    deceptive_characters,
    drop_caps,
    glued_punctuation,
    glued_terms,
    glued_words,
    line_breaks,
    lost_punctuation,
    quotation_marks,
    torn_words,
    unrepairable,
    white_space,
)
from copydesk.cleaning.rules.template_lines import TEMPLATE_LINE, keeping, template_rule
from copydesk.cleaning.web_page_rules import PAGE_RULES, PageRule
from copydesk.core.plugins import added
from copydesk.errors import ConfigError
from copydesk.language.blocks import Block, Blocks, Kind, find_blocks, language_of_any
from copydesk.text.edits import TIERS, Tier

#: Every rule of the package, in order of application: first characters, then words, then lines; last, on clean text,
#: personal data.
RULES: tuple[Rule, ...] = (
    *characters.RULES,
    *white_space.RULES,
    *line_breaks.RULES,
    *drop_caps.RULES,
    *torn_words.RULES,
    *glued_words.RULES,
    *glued_terms.RULES,
    *glued_punctuation.RULES,
    *lost_punctuation.RULES,
    *quotation_marks.RULES,
    *boilerplate_lines.RULES,
    *personal_data.RULES,
)
#: Every rule of the package as it is listed: the rules for web pages come first, that of the steward's lines last.
LISTED: tuple[Rule | PageRule, ...] = (*PAGE_RULES, *RULES, TEMPLATE_LINE)
DETECTORS: tuple[Detector, ...] = (
    *unrepairable.DETECTORS,
    *deceptive_characters.DETECTORS,
    *quotation_marks.DETECTORS,
    *personal_data.DETECTORS,
)


_LINES = tuple(rule.name for rule in boilerplate_lines.RULES)
#: What a profile sets: the kind of all text, or None where blocks are looked for; and the tiers of rules.
_PROFILES: dict[str, tuple[Kind | None, dict[str, str]]] = {
    "web": (None, {}),
    "mixed": (None, dict.fromkeys(_LINES, "suggest")),
    "prose": ("prose", {}),
    "scan": ("scan", dict.fromkeys(_LINES, "suggest")),
}


class Subject(NamedTuple):
    """What the plan of a document depends on.

    Attributes
    ----------
    path : str
        Below the folder of seeds.
    source : str or None
    removed, kept : frozenset of str
        Lines that a steward decided to remove and to keep, their white space folded.
    language : str or None
        The stated language.
    """

    path: str
    source: str | None = None
    removed: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    language: str | None = None


class Plan(NamedTuple):
    """The rules that are applied and the rules that only suggest, in order, and the tier of each.

    ``kind`` and ``language`` are those of all text; None where each block has its own. ``stated`` is the stated
    language of the text, in which passages may be in another one.
    """

    applied: tuple[Rule, ...]
    suggested: tuple[Rule, ...]
    tiers: dict[str, Tier]
    kind: Kind | None = None
    language: str | None = None
    stated: str | None = None

    def blocks(self, text: str) -> Blocks:
        """The blocks of a text under these settings."""
        if self.kind is None:
            blocks = find_blocks(text, self.language or self.stated)
            return blocks if self.language is None else blocks.in_language(self.language)
        language = self.language or self.stated or language_of_any(text)
        return Blocks([Block(0, len(text), self.kind, language)])

    def on_pages(self) -> Plan:
        """The same rules as they are applied to web pages."""
        applied, suggested = (tuple(rule.on_pages() for rule in rules) for rules in self[:2])
        return self._replace(applied=applied, suggested=suggested)

    def with_lines(self, removed: frozenset[str], kept: frozenset[str]) -> Plan:
        """The same rules where a steward decided that some lines are removed, and that no rule removes others.

        These are the lines of the text that all other rules leave: what the steward was shown.
        """
        applied, suggested = self[:2]
        if kept:
            applied, suggested = (tuple(keeping(rule, kept) for rule in rules) for rules in self[:2])
        if removed - kept:
            applied = (*applied, template_rule(removed - kept))
        return self._replace(applied=applied, suggested=suggested)


def rules_in_force() -> tuple[Rule, ...]:
    """The rules of the package and of the plug-ins in force, in order: what hides personal data stays last."""
    plugins: list[Rule] = list(added("rule").values())
    return (*RULES[: -len(personal_data.RULES)], *plugins, *personal_data.RULES) if plugins else RULES


def listed_rules() -> tuple[Rule | PageRule, ...]:
    """The rules in force as they are listed: the rules for web pages come first, that of the steward's lines last."""
    return (*PAGE_RULES, *rules_in_force(), TEMPLATE_LINE)


def plan(settings: dict[str, Any], rules: Sequence[Rule] | None = None) -> Plan:
    """Read the section ``clean`` of params.yaml, for the rules in force or for others.

    Raises
    ------
    ConfigError
        If it names a rule that does not exist.
    """
    rules = rules_in_force() if rules is None else rules
    kind, of_profile = _PROFILES[settings.get("profile", "web")]
    entries = [(f".for[{number}]", entry) for number, entry in enumerate(settings.get("for", ()))]
    for where, section in (*entries, ("", settings)):
        for name, problem in unknown_rules(section, rules):
            raise ConfigError(f"params.yaml: clean{where}.rules.{name}: {problem}")
    chosen = {**of_profile, **settings["rules"]}
    tiers: dict[str, Any] = {rule.name: chosen.get(rule.name, rule.tier) for rule in rules}
    used = [rule for rule in rules if tiers[rule.name] != "off"]
    applied: list[Rule] = []
    suggested: list[Rule] = []
    for rule in used:
        if tiers[rule.name] not in settings["apply"]:
            suggested.append(rule)
        elif rule.name in settings["rules"] or "suggest" in settings["apply"]:
            applied.append(rule)  # as the settings want it
        else:
            precise, imprecise = rule.by_precision()
            applied.append(precise)
            suggested += [imprecise] if imprecise else []
    return Plan(
        tuple(applied),
        tuple(suggested),
        {
            **{rule.name: rule.tier for rule in PAGE_RULES},
            **{rule.name: tiers[rule.name] for rule in used},
            TEMPLATE_LINE.name: "safe",
        },
        settings.get("kind", kind),
        settings.get("language"),
    )


def unknown_rules(section: Mapping[str, Any], rules: Sequence[Rule] | None = None) -> Iterator[tuple[str, str]]:
    """The names in the field ``rules`` of a section of settings that are no rules, each with what to do about it.

    ``rules`` are those that there are; by default those in force.
    """
    known = [rule.name for rule in (rules_in_force() if rules is None else rules)]
    for name in sorted(set(section.get("rules", ())) - set(known)):
        alike = get_close_matches(name, known, n=1)
        meant = f"write {alike[0]}" if alike else f"expected one of {', '.join(known)}"
        yield name, f"no rule has this name; {meant}, or name the plug-in that adds it under plugins"


def plans(settings: dict[str, Any], documents: Sequence[Subject]) -> list[tuple[Plan, list[int]]]:
    """Group documents by the settings, the decisions about lines and the stated language that hold for them.

    Parameters
    ----------
    settings : dict
        The section ``clean`` of params.yaml.
    documents : sequence of Subject

    Returns
    -------
    list of (Plan, list of int)
        Each plan with the places of its documents; together all places.
    """
    places: dict[tuple[tuple[int, ...], frozenset[str], frozenset[str], str | None], list[int]] = {}
    entries = settings["for"]
    for place, document in enumerate(documents):
        fitting = tuple(number for number, entry in enumerate(entries) if holds_for(entry, document))
        places.setdefault((fitting, *document[2:]), []).append(place)
    return [
        (
            plan(_merged(settings, [entries[n] for n in fitting]))._replace(stated=stated).with_lines(removed, kept),
            group,
        )
        for (fitting, removed, kept, stated), group in places.items()
    ]


def holds_for(entry: Mapping[str, Any], document: Subject) -> bool:
    """Whether an entry of ``clean.for`` holds for a document."""
    by_path = "match" not in entry or fnmatchcase(document.path, entry["match"])
    return by_path and ("source" not in entry or entry["source"] == document.source)


def _merged(settings: dict[str, Any], entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    merged = dict(settings)
    for entry in entries:
        rules = {**merged["rules"], **entry.get("rules", {})}
        merged = {**merged, **{name: entry[name] for name in ("kind", "language", "profile") if name in entry}}
        merged["rules"] = rules
    return merged


def least_sure(rules: Iterable[str], tiers: dict[str, Tier]) -> Tier:
    """The tier of an edit: that of the least sure of the rules that made it."""
    return max((tiers[rule] for rule in rules), key=TIERS.index)
