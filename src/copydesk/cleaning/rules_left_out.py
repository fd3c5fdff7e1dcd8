"""Texts without some of the rules: what the other rules make of a text, for every rule that changed it.

A rule sees the text that the rules before it made. So leaving one out is more than taking its edits back: a later
rule may find something else. Where it does, the table of edits records it, and whoever loads the dataset can leave
out the rule and have the text that a build without it makes.
"""

from __future__ import annotations

from copydesk.cleaning.plan import Plan
from copydesk.text.edit_choice import SAFE, EditChoice


def plan_of_branch(how: Plan, rule: str | None) -> tuple[EditChoice, Plan]:
    """What a branch leaves out, and the settings of a build that does: ``rule`` as in ``Branch``."""
    if rule is not None:
        applied, suggested = (tuple(other for other in rules if other.name != rule) for rules in how[:2])
        return EditChoice("without", frozenset({rule})), how._replace(applied=applied, suggested=suggested)
    safe = tuple(other for other in how.applied if how.tiers[other.name] == "safe")
    others = tuple(other for other in how.applied if how.tiers[other.name] != "safe")
    # The others suggest, and a steward may have accepted what they suggest.
    return EditChoice(SAFE), how._replace(applied=safe, suggested=(*how.suggested, *others))
