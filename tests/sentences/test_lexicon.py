"""Lexicons are files that people edit: their mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.errors import CopydeskError
from copydesk.sentences.lexicon import ABBREVIATIONS, languages, lexicon, read
from copydesk.sentences.model import WEIGHTS


@pytest.mark.parametrize("language", languages())
def test_each_word_stands_once_and_without_its_full_stop(language: str) -> None:
    path = WEIGHTS.parent / f"{language}.txt"
    sections = read(path)
    listed = [word for kind in ABBREVIATIONS for word in sections.get(kind, ())]
    assert sorted({word for word in listed if listed.count(word) > 1}) == []
    assert [word for word in listed if word.endswith(".")] == []
    for name in ("starters", "saying"):
        assert [word for word in sections.get(name, ()) if word != word.lower()] == []
        assert len(set(sections.get(name, ()))) == len(sections.get(name, ()))
    assert path.read_text("utf-8").startswith("# "), "say where the words come from"


def test_a_capital_in_the_list_asks_for_a_capital_in_the_text() -> None:
    english = lexicon("en").abbreviations
    assert english["Mass"] == "open" and english["MASS"] == "open" and "mass" not in english


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[titel]\nDr\n", r"xx.txt:1: no section is called 'titel'.*title, month"),
        ("Dr\n[title]\n", r"xx.txt:1: 'Dr' stands before the first section"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "xx.txt"
    path.write_text(content, "utf-8")
    with pytest.raises(CopydeskError, match=message):
        read(path)
