"""Decisions that contradict each other, or say nothing, are refused with their line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.core.decisions import read_decisions
from copydesk.errors import ConfigError

LINE = {"decision": "remove-line", "source": "The Desk", "line": "Read our terms.", "date": "2026-01-02"}
EDIT = {"decision": "reject", "raw_start": 0, "raw_end": 1, "before": "a", "after": "", "date": "2026-01-02"}


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    (folder / "decisions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return folder


def test_two_decisions_about_one_line_are_refused_whatever_their_white_space(tmp_path: Path) -> None:
    other = {**LINE, "decision": "keep-line", "line": "Read our\u00a0 terms."}
    with pytest.raises(ConfigError, match=r"two decisions about one line of 'The Desk': .*remove one of them"):
        read_decisions(write(tmp_path, LINE, other))
    assert len(read_decisions(write(tmp_path, LINE, {**other, "source": "Another Desk"}))) == 2


@pytest.mark.parametrize("row", [{**LINE, "line": " \u00a0"}, EDIT, {**EDIT, "doc_id": "a"}])
def test_a_decision_about_nothing_is_refused(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"decisions\.jsonl:1"):
        read_decisions(write(tmp_path, row))
