"""Phrases with which boilerplate lines begin: text files in the folder ``phrases``, one for each language.

A file has sections, such as ``[read-more: whole line]``, with a phrase on each line below. The section is named after
the rule that removes the line, and after what may follow the phrase (``boilerplate_patterns``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "phrases"


def read_phrases(folder: Path = FOLDER) -> dict[str, list[str]]:
    """Read the phrases of all languages, by section.

    Raises
    ------
    ValueError
        If a phrase stands above the first section, or is not in small letters.
    """
    phrases: dict[str, dict[str, None]] = {}
    for path in sorted(folder.glob("*.txt")):
        section = None
        for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
            phrase = line.strip()
            if not phrase or phrase.startswith("#"):
                continue
            if header := re.fullmatch(r"\[([a-z-]+: [a-z ]+)\]", phrase):
                section = phrases.setdefault(header[1], {})
            elif section is None or phrase != phrase.lower():
                raise ValueError(f"{path}:{number}: {phrase!r}: expected a phrase in small letters, in a section")
            else:
                section[phrase] = None
    return {name: list(listed) for name, listed in phrases.items()}


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of some phrases, the longest first; ``*`` in a phrase is a word."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\*", "[a-z.]+") for phrase in longest_first)
