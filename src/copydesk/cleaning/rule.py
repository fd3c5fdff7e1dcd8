"""What a cleaning rule is.

A rule is pure: what it finds depends on the text alone. Its ``screen`` is an RE2 pattern that is run over a whole
column of texts at once, or a function of a column; a text that does not pass the screen never reaches ``find``. So a
screen must pass a text whenever ``find`` would find something, and should pass little else.

``find`` is a hand-written scan, or a ``re`` pattern that cannot backtrack: single runs of a character class, each
ending where the class ends. Patterns of another kind have no place here: texts are hostile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import pyarrow as pa

from copydesk.text import Edit

Tier = Literal["safe", "probable", "suggest"]
#: From the surest to the least sure.
TIERS: tuple[Tier, ...] = ("safe", "probable", "suggest")
#: Of a rule that is neither applied nor suggested until params.yaml gives it a tier.
Off = Literal["off"]


#: An RE2 pattern, or a function that tells for each text of a column whether it passes.
Screen = str | Callable[[pa.Array], list[bool]]


class Found(NamedTuple):
    """Replace ``text[start:end]``: an :class:`~copydesk.text.Edit` before it has the name of its rule."""

    start: int
    end: int
    replacement: str
    confidence: float = 1.0


class Rule(NamedTuple):
    """A repair.

    Attributes
    ----------
    name : str
        Name in params.yaml and in the table of edits.
    tier : Tier or Off
        ``safe``: the text itself proves it; ``probable``: a careful editor would do it; ``suggest``: ask one;
        ``off``: not unless params.yaml says so.
    screen : Screen
        Texts that do not pass it are left alone.
    find : callable
        Yields what to replace in a text, without overlap, in any order.
    repairs : (str, str)
        A real text and what the rule makes of it.
    leaves : str
        A real text that looks similar and must not change.
    find_in_pages : callable or None
        What finds instead in the text of a web page, where that differs from other text.
    """

    name: str
    tier: Tier | Off
    screen: Screen
    find: Callable[[str], Iterable[Found]]
    repairs: tuple[str, str]
    leaves: str
    find_in_pages: Callable[[str], Iterable[Found]] | None = None

    def on_pages(self) -> Rule:
        """The rule as it is applied to web pages."""
        return self._replace(find=self.find_in_pages or self.find)

    def edits(self, text: str) -> list[Edit]:
        """What the rule finds in a text, as edits that carry its name."""
        return [Edit(f.start, f.end, f.replacement, self.name, f.confidence) for f in self.find(text)]


class Flag(NamedTuple):
    """A defect that cannot be repaired without inventing text.

    Attributes
    ----------
    kind : str
        What is wrong: the name of the detector.
    start, end : int
        Its span in the clean text: code points, half-open.

    Examples
    --------
    >>> from copydesk import clean
    >>> clean("He said: “I will not go.").flags
    (Flag(kind='unbalanced-quote', start=9, end=24),)
    """

    kind: str
    start: int
    end: int


class Detector(NamedTuple):
    """Marks what no rule may repair. ``screen`` and ``find`` work as in :class:`Rule`."""

    kind: str
    screen: Screen
    find: Callable[[str], Iterable[tuple[int, int]]]
    marks: str
    leaves: str

    def flags(self, text: str) -> list[Flag]:
        """What the detector finds in a text, in order of position."""
        return [Flag(self.kind, start, end) for start, end in sorted(self.find(text))]
