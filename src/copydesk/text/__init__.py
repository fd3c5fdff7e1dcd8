"""Texts that remember what they were: edits, and the alignment between a text and its source.

A rule looks at a text and yields :class:`Edit`. :class:`EditedText` applies edits pass after pass and keeps
them composed in coordinates of the raw text, so that from ``raw`` and the edits the clean text follows, from
``text`` and the edits the raw text follows, and any span of one maps to its span of the other.

All offsets are Unicode code points, half-open. Every operation is linear in text plus edits.
"""

from __future__ import annotations

from copydesk.text.alignment import Alignment, Offsets
from copydesk.text.edited_text import EditedText, replay, revert
from copydesk.text.edits import ComposedEdit, Edit, EditPart, replay_parts

__all__ = [
    "Alignment",
    "ComposedEdit",
    "Edit",
    "EditPart",
    "EditedText",
    "Offsets",
    "replay",
    "replay_parts",
    "revert",
]
