"""Whether the parts of an edit, its tiers and what rules do otherwise, as the table has them, fit the edit."""

from __future__ import annotations

from typing import Any

from copydesk.errors import EditError
from copydesk.text import EditPart, replay_parts
from copydesk.text.edits import TIERS


def parts_agree(row: dict[str, Any]) -> bool:
    """Whether the parts of a row of ``edits`` make its ``after`` of its ``before``, by its rules and confidence."""
    parts = [EditPart(**part) for part in row["parts"]]
    steps = [part.step for part in parts]
    try:
        return (
            replay_parts(row["before"], parts) == row["after"]
            and {part.rule for part in parts} == set(row["rules"])
            and min(part.confidence for part in parts) == row["confidence"]
            and steps == sorted(steps)
            and set(steps) == set(range(len(set(steps))))
        )
    except EditError:
        return False


def tiers_agree(row: dict[str, Any]) -> bool:
    """Whether a row of ``edits`` has a tier for each rule, and that of the least sure one as its own."""
    return len(row["tiers"]) == len(row["rules"]) and max(row["tiers"], key=TIERS.index) == row["tier"]


def places_lie_apart(row: dict[str, Any], length: int) -> bool:
    """Whether the places of a row's ``otherwise`` lie in a raw text of this length, those of one choice apart."""
    ends: dict[str, int] = {}
    for place in row["otherwise"]:
        if not ends.get(place["choice"], -1) < place["raw_start"] <= place["raw_end"] <= length:
            return False
        ends[place["choice"]] = place["raw_end"]
    return True
