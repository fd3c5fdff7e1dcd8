"""What is known of a listed document besides its text: its metadata, and what was said of rights."""

from __future__ import annotations

import json
from typing import Any

from copydesk.readers.field_names import USUAL_NAMES


def metadata_of(seed: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a document: its line in sources.jsonl, or else what its record says."""
    of_record = json.loads(seed["stated"] or "{}")
    return {name: of_record.get(name) if source.get(name) is None else source[name] for name in USUAL_NAMES}


def rights_of(seed: dict[str, Any], page: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the header of a response and its page say of rights, with the time of the response."""
    captured, of_header = json.loads(seed["rights"] or "[null, []]")
    statements = [dict(zip(("kind", "value", "place"), stated, strict=True)) for stated in of_header]
    return [{**stated, "date": captured} for stated in (*statements, *(page["rights"] if page else ()))]
