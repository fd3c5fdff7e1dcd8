"""The blocks of a text are found when a rule needs them, and once."""

from __future__ import annotations

import pytest

from copydesk.cleaning.apply import clean_column
from copydesk.cleaning.plan import Plan, plan
from copydesk.cleaning.rule import Analyses
from copydesk.language.blocks import Blocks, find_blocks
from copydesk.text import Edit


def found_for(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    import pyarrow as pa

    found: list[str] = []
    blocks = Plan.blocks
    monkeypatch.setattr(Plan, "blocks", lambda how, text: found.append(text) or blocks(how, text))
    clean_column(pa.array([text] * 4), plan({"apply": ["safe", "probable"], "rules": {}}))
    return len(found) // 4


def test_a_text_without_defects_has_none_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The ministers met in the capital on Monday - a holiday - and they left without any comment. Nobody spoke."
    assert found_for(text, monkeypatch) == 0


def test_a_text_that_many_rules_edit_has_them_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The ministers met  in the capital ,they said.Nobody knew whythe meeting was con-\ntinued ,and all left."
    assert found_for(text, monkeypatch) == 1


@pytest.mark.parametrize("asks_early", [True, False])
def test_blocks_move_with_the_edits_whenever_they_were_found(asks_early: bool) -> None:
    text = "He said that it would rain all day.\n\nfor x in rows:\n    print(x)\n"
    analyses = Analyses(text, find_blocks)
    if asks_early:
        analyses.blocks(text)
    first = analyses.after([Edit(0, 3, "", "r")])
    if asks_early:
        first.blocks(text[3:])
    second = first.after([Edit(0, 0, "So ", "r")])
    expected = Blocks(find_blocks(text).blocks).after([(0, 3, 0)]).after([(0, 0, 3)])
    assert second.blocks("So " + text[3:]).blocks == expected.blocks


def test_blocks_are_known_of_the_text_they_were_found_in() -> None:
    text = "He said that it would rain all day.\n\nfor x in rows:\n    print(x)\n"
    analyses = Analyses(text, find_blocks)
    assert analyses.known_blocks() is None
    found = analyses.blocks(text)
    assert analyses.known_blocks() is found
    changed = analyses.after([Edit(0, 3, "", "r")])
    changed.blocks(text[3:])
    assert changed.known_blocks() is None
