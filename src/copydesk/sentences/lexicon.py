"""What a language adds to the splitter: abbreviations by kind, words that sentences begin with, verbs of saying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from copydesk.errors import ConfigError

_DATA = Path(__file__).parent / "data"

#: Kinds of words that are written with a full stop, by what usually follows.
ABBREVIATIONS = (
    "title",  # a name: "Dr. Smith"
    "month",  # a number, or the end: "on Jan. 5", "in Jan. He left"
    "company",  # anything: "Ford Inc. said", "at Ford Inc. He left"
    "reference",  # the thing meant: "cf. Smith", "e.g. Paris"; hardly ever the end
    "numbered",  # a number; without one it is a word: "No. 5", "Oh no."
    "nation",  # what belongs to it: "the U.S. Senate"; or the end
    "open",  # anything: "etc.", "a.m."
    "name",  # a name that ends in "!" or "?": "Yahoo! said"
)
_SECTIONS = (*ABBREVIATIONS, "starters", "saying", "ordinals", "items")


@dataclass(frozen=True)
class Lexicon:
    """Words of one language, in lower case.

    ``abbreviations`` maps an abbreviation without its last full stop to its kind; in lower case it stands for any
    case, with a capital only for words with one. ``starters`` are words so common that a capital tells where they
    stand, not what they name. ``saying`` are verbs that report speech. ``ordinals`` says that "3." is read "third",
    so that a full stop behind a number rarely ends a sentence. ``items_apart`` says that the number of a list item
    counts as a sentence of its own.
    """

    language: str
    abbreviations: Mapping[str, str]
    starters: frozenset[str]
    saying: frozenset[str]
    ordinals: bool
    items_apart: bool


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a lexicon, as ISO 639-1 codes."""
    return tuple(sorted(path.stem for path in _DATA.glob("[a-z][a-z].txt")))


@cache
def lexicon(language: str | None) -> Lexicon:
    """Lexicon of a language; of one that has none, the marks and shapes of words alone decide."""
    if language not in languages():
        return Lexicon("und", {}, frozenset(), frozenset(), ordinals=False, items_apart=False)
    assert language is not None
    sections = read(_DATA / f"{language}.txt")
    kinds = {word: kind for kind in ABBREVIATIONS for word in sections.get(kind, ())}
    kinds |= {word.upper(): kind for word, kind in kinds.items() if not word.islower()}
    return Lexicon(
        language,
        kinds,
        frozenset(sections.get("starters", ())),
        frozenset(sections.get("saying", ())),
        ordinals="yes" in sections.get("ordinals", ()),
        items_apart="apart" in sections.get("items", ()),
    )


def read(path: Path) -> dict[str, list[str]]:
    """Sections ``[name]`` with words between white space; what stands behind ``#`` is comment.

    Raises
    ------
    ConfigError
        A section that does not exist, or a word before the first section.
    """
    sections: dict[str, list[str]] = {}
    section = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content.startswith("["):
            section = content.strip("[]")
            if section not in _SECTIONS:
                known = ", ".join(_SECTIONS)
                raise ConfigError(f"{path.name}:{number}: no section is called {section!r}; there are {known}")
            sections[section] = []
        elif content and section is None:
            raise ConfigError(f"{path.name}:{number}: {content!r} stands before the first section")
        elif content and section:
            sections[section] += content.split()
    return sections
