"""The ledger of takedowns, ``seeds/takedowns.jsonl``: one line per document that was ever taken down.

A line is never removed: a withdrawn takedown keeps its line, with the date and the reason. So a missing line was
lost, for example in a merge, and the document must not come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from copydesk.core.config import load_json_lines
from copydesk.core.json_schema import PACKAGED

NAME = "takedowns.jsonl"

Ledger = dict[str, dict[str, Any]]


def read_ledger(seeds: Path, schemas: Path = PACKAGED) -> Ledger:
    """Read all lines, by document; errors as for :func:`copydesk.core.config.load_json_lines`."""
    return load_json_lines(seeds / NAME, "takedown", "doc_id", schemas)


def in_force(ledger: Mapping[str, dict[str, Any]]) -> Ledger:
    """Return the lines of documents that are taken down now, without withdrawn takedowns."""
    return {doc_id: row for doc_id, row in ledger.items() if not row.get("withdrawn")}
