"""Phrases of boilerplate stand in text files that a person who knows a language can extend."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from copydesk.cleaning.rules import boilerplate_patterns
from copydesk.cleaning.rules.boilerplate_lines import RULES
from copydesk.cleaning.rules.phrase_files import FOLDER, alternatives, read_phrases

FILES = sorted(FOLDER.glob("*.txt"))
#: Sections that are word lists of a date line or of a row of buttons.
LISTS = {"share: word", "date-line: published", "date-line: weekday"}


def sections_of(path: Path) -> dict[str, list[str]]:
    """Lines by section, comments too."""
    parts = re.split(r"^\[(.+)\]\n", path.read_text("utf-8"), flags=re.MULTILINE)
    return {
        name: part.split() and part.strip().split("\n") for name, part in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_there_is_a_pattern_for_each_section_and_phrases_for_each_pattern() -> None:
    phrases = read_phrases()
    assert len(phrases) - len(LISTS) == len(boilerplate_patterns.PATTERNS)
    assert all(any(pattern.phrases is listed or pattern.phrases == listed for pattern in boilerplate_patterns.PATTERNS)
               for name, listed in phrases.items() if name not in LISTS)  # fmt: skip
    assert {name.partition(":")[0] for name in phrases} <= {rule.name for rule in RULES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_how_to_add_a_phrase_and_has_none_twice(path: Path) -> None:
    assert path.read_text("utf-8").startswith("# How lines that are not the article begin, in ")
    for name, lines in sections_of(path).items():
        twice = [line for line, count in Counter(lines).items() if count > 1]
        assert not twice, f"{path.name}: [{name}]"


@pytest.mark.parametrize("name", sorted(read_phrases()))
def test_the_example_of_a_section_is_such_a_line(name: str) -> None:
    examples = [line for path in FILES for line in sections_of(path).get(name, []) if line.startswith("#")]
    (example,) = examples
    line = example.removeprefix("# ")
    kind = name.partition(":")[0]
    if kind == "date-line":
        assert boilerplate_patterns.date_line(line)
    else:
        judged = boilerplate_patterns.judged_by_words(line)
        assert judged is not None and judged[0] == kind


def test_a_phrase_that_is_added_is_found(tmp_path: Path) -> None:
    (tmp_path / "es.txt").write_text("# Spanish\n[read-more: whole line]\nsiga leyendo\n\n[share: word]\nenviar\n")
    (tmp_path / "pt.txt").write_text("[read-more: whole line]\nleia mais em *\nsiga leyendo\n")
    phrases = read_phrases(tmp_path)
    assert phrases == {"read-more: whole line": ["siga leyendo", "leia mais em *"], "share: word": ["enviar"]}
    assert alternatives(phrases["read-more: whole line"]) == r"leia\ mais\ em\ [a-z.]+|siga\ leyendo"


@pytest.mark.parametrize("text", ["siga leyendo\n", "[share: word]\nEnviar\n", "[Share]\nenviar\n"])
def test_a_line_that_is_no_phrase_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "es.txt").write_text(text)
    with pytest.raises(ValueError, match=r"es\.txt:[12]: .*expected a phrase in small letters, in a section"):
        read_phrases(tmp_path)
