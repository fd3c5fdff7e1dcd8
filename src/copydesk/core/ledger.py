"""The ledger of takedowns, ``seeds/takedowns.jsonl``: one line for each document, also when it was withdrawn.

A line never goes: a takedown that was withdrawn keeps its line, which then says when and why. So a line that is gone
was lost, in a merge for example, and nobody meant the document to come back.
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
    """All lines by document; errors as for :func:`copydesk.core.config.load_json_lines`."""
    return load_json_lines(seeds / NAME, "takedown", "doc_id", schemas)


def in_force(ledger: Mapping[str, dict[str, Any]]) -> Ledger:
    """The lines of documents that are taken down now, so without those that were withdrawn."""
    return {doc_id: row for doc_id, row in ledger.items() if not row.get("withdrawn")}
