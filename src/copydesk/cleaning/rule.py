"""What a cleaning rule is, and what a detector is.

A rule is pure: its edits depend on the text alone. Its ``screen`` is an RE2 pattern that is run over a whole column
of texts at once; a text in which the pattern does not match never reaches ``find``. So a screen must match whenever
``find`` would yield something, and should match little else.

``find`` is a hand-written scan, or an ``re`` pattern that cannot backtrack: single runs of a character class, each
ending where the class ends. Other patterns are not allowed, because texts may be hostile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from copydesk.cleaning.measured_precision import Place, measured_precision, too_imprecise
from copydesk.language.blocks import Block, Blocks, Kind, find_blocks
from copydesk.text import Edit
from copydesk.text.edits import Tier

#: RE2 patterns of which one must match, or the only one. What is scanned fast is a pattern that begins with a letter
#: or sign itself, as ``\n`` is, and several patterns of a thousand states rather than one of a million.
Screen = str | tuple[str, ...]
#: The tier of a rule that is neither applied nor suggested until params.yaml gives it another one.
Off = Literal["off"]


class Analyses:
    """What rules have computed of one text as it is now: each analysis once, and the blocks.

    The blocks are those of ``base``, the text before the first rule that has to know them: what a rule joined or
    removed must not change what the next one takes the text for, nor may it matter which rule was the first to ask.

    Parameters
    ----------
    base : str, optional
        The text whose blocks are meant; the text as it is now if not given.
    find : callable
        Finds the blocks of a text.
    edits : sequence
        What has been done to it since, in order: start, end and length of the replacement of each edit of a rule.
    """

    def __init__(
        self,
        base: str | None = None,
        find: Callable[[str], Blocks] = find_blocks,
        edits: Sequence[Sequence[tuple[int, int, int]]] = (),
    ) -> None:
        self._base, self._find, self._edits = base, find, edits
        self._results: dict[Callable[..., Any], Any] = {}
        self._blocks: Blocks | None = None
        #: The blocks before ``edits``, where they are known.
        self._earlier: Blocks | None = None

    def result(self, analyse: Callable[..., Any], text: str, *, needs_blocks: bool = False) -> Any:
        """The result of a function of the text, or of the text and its blocks."""
        if analyse not in self._results:
            self._results[analyse] = analyse(text, self.blocks(text)) if needs_blocks else analyse(text)
        return self._results[analyse]

    def blocks(self, text: str) -> Blocks:
        """The blocks, at their places in the text as it is now."""
        if self._blocks is None:
            self._blocks = self._earlier or self._find(text if self._base is None else self._base)
            for edits in self._edits:
                self._blocks = self._blocks.after(edits)
        return self._blocks

    def known_blocks(self) -> Blocks | None:
        """The blocks of the text as it is now, if they were found of this text and no earlier one."""
        return None if self._edits else self._blocks

    def after(self, edits: Sequence[Edit]) -> Analyses:
        """What is still known when a rule's edits have been applied."""
        if self._base is None:
            return Analyses(find=self._find)
        changes = [(e.start, e.end, len(e.replacement)) for e in edits]
        following = Analyses(self._base, self._find, [*([] if self._blocks else self._edits), changes])
        following._earlier = self._blocks or self._earlier
        return following


class _BlocksWhenAsked(Blocks):
    """The blocks of a text, found when a rule first looks at them: most texts hold nothing for which it would."""

    def __init__(self, find: Callable[[], Blocks]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        self.__dict__.update(self._find().__dict__)
        return self.__dict__[name]


class Found(NamedTuple):
    """Replace ``text[start:end]``: an ``copydesk.text.Edit`` without the name of its rule.

    Attributes
    ----------
    start, end : int
        The span, in code points; both the same for an insertion.
    replacement : str
        Empty for a deletion.
    confidence : float
        From 0 to 1.

    Examples
    --------
    >>> Found(3, 5, " ")  # in "one  two"
    Found(start=3, end=5, replacement=' ', confidence=1.0)
    """

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
        ``safe``: the text itself proves the defect; ``probable``: a careful editor would make the repair;
        ``suggest``: an editor must decide; ``off``: not used unless params.yaml gives it a tier.
    screen : str, tuple of str or None
        RE2 pattern, or several: texts in which none matches are skipped. None if no pattern can express it: ``find``
        is then called for every text.
    find : callable
        ``find(text)`` yields what to replace, without overlap, in any order; with ``analyse`` it is
        ``find(text, analysis)``, with ``needs_blocks`` the blocks of the text come last.
    repairs : (str, str)
        A real text and what the rule makes of it.
    leaves : str
        A real text that looks similar and must not change.
    find_in_pages : callable or None
        Used instead of ``find`` on the text of a web page, where the two differ.
    analyse : callable or None
        ``analyse(text)`` is computed once for a text, however many rules name the same function; with
        ``needs_blocks`` it is ``analyse(text, blocks)``. Where its result is false, as an empty mapping is, none of
        them has anything to do.
    screen_alone : bool
        For rules whose screen matches most texts. Scanned on its own: in a group it would force every other screen
        to be tried.
    kinds : frozenset of str or None
        Kinds of blocks in which the rule acts; None for all.
    languages : frozenset of str or None
        Languages in which it acts, as ISO 639 codes; None for all.
    needs_blocks : bool
        Whether ``find`` is given the blocks of the text, and so is ``analyse``.
    states_chance : bool
        Whether ``find`` computes the confidence of each edit. Elsewhere it is the measured precision of the rule in
        the language and the kind of block; that of ``find`` where too few edits were labelled to measure it.
    imprecise_in : frozenset of (str, str)
        Languages with kinds of blocks in which the rule does not act, or with ``only_there`` alone acts.
    """

    name: str
    tier: Tier | Off
    screen: Screen | None
    find: Callable[..., Iterable[Found]]
    repairs: tuple[str, str]
    leaves: str
    find_in_pages: Callable[..., Iterable[Found]] | None = None
    analyse: Callable[..., Any] | None = None
    screen_alone: bool = False
    kinds: frozenset[Kind] | None = None
    languages: frozenset[str] | None = None
    needs_blocks: bool = False
    states_chance: bool = False
    imprecise_in: frozenset[Place] = frozenset()
    only_there: bool = False

    @property
    def asks_for_blocks(self) -> bool:
        """Whether the blocks of a text decide what the rule does."""
        return self.needs_blocks or self.kinds is not None or self.languages is not None or bool(self.imprecise_in)

    def on_pages(self) -> Rule:
        """The rule as it is applied to web pages."""
        return self._replace(find=self.find_in_pages or self.find)

    def edits(self, text: str, analyses: Analyses | None = None) -> list[Edit]:
        """The edits of this rule in a text; ``analyses`` keeps those of this text for the next rule."""
        analyses = analyses or Analyses()
        # The languages are cheaper to tell than an analysis.
        if self.analyse and self.languages and not any(map(self.holds_in, analyses.blocks(text).blocks)):
            return []
        given = [analyses.result(self.analyse, text, needs_blocks=self.needs_blocks)] if self.analyse else []
        if self.needs_blocks:
            given.append(_BlocksWhenAsked(lambda: analyses.blocks(text)))
        found = list(self.find(text, *given))
        if not found:
            return []
        measured = {} if self.states_chance else measured_precision(self.name)
        if not self.asks_for_blocks:
            sure = measured.get(None)
            return [Edit(*f[:3], self.name, f.confidence if sure is None else sure) for f in found]
        blocks = analyses.blocks(text)
        placed = [(f, block) for f in found if self.holds_in(block := blocks.at(f.start))]
        return [Edit(*f[:3], self.name, measured.get((b.language, b.kind), f.confidence)) for f, b in placed]

    def holds_in(self, block: Block) -> bool:
        """Whether the rule acts in a block: by its kind and its language."""
        return (
            (self.kinds is None or block.kind in self.kinds)
            and (self.languages is None or block.language in self.languages)
            and ((block.language, block.kind) in self.imprecise_in) == self.only_there
        )

    def by_precision(self) -> tuple[Rule, Rule | None]:
        """The rule where it is precise enough to be applied, and the rule where it may only suggest, if anywhere."""
        places = too_imprecise(self.name)
        if not places:
            return self, None
        return self._replace(imprecise_in=places), self._replace(imprecise_in=places, only_there=True)


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
    """Flags a defect that no rule may repair. ``screen``, ``find`` and ``screen_alone`` work as in :class:`Rule`."""

    kind: str
    screen: Screen
    find: Callable[[str], Iterable[tuple[int, int]]]
    marks: str
    leaves: str
    screen_alone: bool = False

    def flags(self, text: str) -> list[Flag]:
        """The flags of this detector in a text, in order of position."""
        return [Flag(self.kind, start, end) for start, end in sorted(self.find(text))]


def patterns_of(screen: Screen) -> tuple[str, ...]:
    """The patterns of a screen."""
    return (screen,) if isinstance(screen, str) else screen
