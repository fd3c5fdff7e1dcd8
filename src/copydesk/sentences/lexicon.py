"""What a language adds to the splitter: abbreviations by kind, words that sentences begin with, verbs of saying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from copydesk.errors import ConfigError

_DATA = Path(__file__).parent / "data"
WORDS = _DATA / "words"

#: Kinds of words that are written with a full stop, by what usually follows.
ABBREVIATIONS = (
    "title",  # a name: "Dr. Smith"
    "month",  # a number, or the end: "on Jan. 5", "in Jan. He left"
    "company",  # anything: "Ford Inc. said", "at Ford Inc. He left"
    "reference",  # the thing meant: "cf. Smith", "e.g. Paris"; hardly ever the end
    "numbered",  # a number; without one it is a word: "No. 5", "Oh no."
    "nation",  # what belongs to it: "the U.S. Senate"; or the end
    "open",  # anything: "etc.", "a.m."
    "measure",  # behind a number anything, elsewhere a name: "в 1916 г. он", "в г. Москве"
    "unit",  # behind a number anything, elsewhere it is a word: "5 ft. 6 in. tall", "he lives in. He"
    "amount",  # what is counted: "5 Mio. Euro", hardly ever the end
    "name",  # a name that ends in "!" or "?": "Yahoo! said"
)
_SECTIONS = (*ABBREVIATIONS, "dates", "starters", "saying", "ordinals", "items")


@dataclass(frozen=True)
class Lexicon:
    """Words of one language, in lower case.

    ``abbreviations`` maps an abbreviation without its last full stop to its kind; in lower case it stands for any
    case, with a capital only for words with one; one that begins with "-" is the end of a compound, such as "-str" of
    "Goethestr. 12". ``starters`` are words so common that a capital tells where they
    stand, not what they name. ``saying`` are verbs that report speech, ``dates`` names of days and months.
    ``ordinals`` says that "3." is read "third", so that a full stop behind a number rarely ends a sentence.
    ``items_apart`` says that the number of a list item counts as a sentence of its own. ``cases`` says how common
    words are written: "common" in lower case, "name" with a capital, "starter" if they often begin a sentence.
    """

    language: str
    abbreviations: Mapping[str, str]
    starters: frozenset[str]
    saying: frozenset[str]
    dates: frozenset[str]
    ordinals: bool
    items_apart: bool
    cases: Mapping[str, str] = field(default_factory=dict)

    def kind(self, word: str) -> str | None:
        """Kind of abbreviation that a word without its full stop is; None for other words."""
        kind = self.abbreviations.get(word)
        if kind is None and not (len(word) == 1 and word.isupper()):  # "p." is a page, "P." an initial
            kind = self.abbreviations.get(word.lower())
        if kind is None and word.endswith(self._endings):
            kind = next(self.abbreviations[f"-{end}"] for end in self._endings if word.endswith(end))
        return kind

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(word[1:] for word in self.abbreviations if word.startswith("-"))

    def begins(self, word: str) -> bool:
        """Whether sentences often begin with a word in lower case."""
        return word in self.starters or self.cases.get(word) == "starter"


#: Languages that share the lexicon of another.
_SHARED = {"nb": "no", "nn": "no", "bs": "hr", "cnr": "hr", "sh": "hr", "sr": "hr", "ms": "id"}


@cache
def languages() -> tuple[str, ...]:
    """Languages that have a lexicon, as ISO 639-1 codes."""
    return tuple(sorted(path.stem for path in _DATA.glob("[a-z][a-z].txt")))


@cache
def lexicon(language: str | None) -> Lexicon:
    """Lexicon of a language; one that has none knows the titles and abbreviations that most languages share."""
    language = _SHARED.get(language or "", language)
    kinds = _kinds(read(_DATA / "und.txt"))
    if language not in languages():
        return Lexicon("und", kinds, frozenset(), frozenset(), frozenset(), ordinals=False, items_apart=False)
    assert language is not None
    sections = read(_DATA / f"{language}.txt")
    return Lexicon(
        language,
        {**kinds, **_kinds(sections)},
        frozenset(sections.get("starters", ())),
        frozenset(sections.get("saying", ())),
        frozenset(sections.get("dates", ())),
        ordinals="yes" in sections.get("ordinals", ()),
        items_apart="apart" in sections.get("items", ()),
        cases=_cases(language),
    )


def _cases(language: str) -> dict[str, str]:
    """How each common word is written: class of one with a capital, by the counts of count_words.py."""
    path = WORDS / f"{language}.tsv"
    if not path.exists():
        return {}
    lines = path.read_text("utf-8").split("\n")
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {word: written for word, *counts in rows if (written := _written(*map(int, counts)))}


def _written(low: int, capital: int, first: int) -> str:
    inside = low + capital
    if 8 * capital <= inside and inside:
        return "starter" if first >= 5 and 8 * first >= inside else "common"
    return "name" if 4 * capital >= 3 * inside and capital > 1 else ""


def _kinds(sections: Mapping[str, list[str]]) -> dict[str, str]:
    kinds = {word: kind for kind in ABBREVIATIONS for word in sections.get(kind, ())}
    return kinds | {word.upper(): kind for word, kind in kinds.items() if not word.islower()}


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
