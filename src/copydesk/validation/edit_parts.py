"""Whether the parts of an edit, as the table has them, make up the edit."""

from __future__ import annotations

from typing import Any

from copydesk.errors import EditError
from copydesk.text import EditPart, replay_parts


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
