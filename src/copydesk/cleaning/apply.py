"""Apply a plan of cleaning rules to a column of texts: screens first, Python for the texts that pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning.plan import DETECTORS, Plan
from copydesk.cleaning.rule import Detector, Flag, Rule, Screen
from copydesk.core.progress import timed
from copydesk.text import ComposedEdit, Edit, EditedText

#: Patterns that are scanned for together, and how many texts are too few to scan at all.
_TOGETHER, _FEW = 8, 4
#: Rules whose patterns ordinary texts pass: where all others match nothing, these would have them tried one by one.
_OFTEN = frozenset(("split-capital", "torn-word", "glued-word", "glued-word-maybe", "unbalanced-quote"))


class Cleaned(NamedTuple):
    """A cleaned text: what was done, what might be, and what a reader should look at."""

    edited: EditedText
    suggestions: tuple[ComposedEdit, ...] = ()
    flags: tuple[Flag, ...] = ()


def clean(
    texts: pa.Array,
    how: Plan,
    detectors: Sequence[Detector] = DETECTORS,
    first: Mapping[int, Sequence[Edit]] = MappingProxyType({}),
) -> list[Cleaned]:
    """Clean a column of texts: screens over the whole column, Python for the texts that need it.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        Raw texts, none null.
    how : Plan
        From :func:`plan`.
    detectors : sequence of Detector
    first : mapping of int to edits
        Of texts that are web pages, by their numbers, the edits that leave the article: the first pass.

    Returns
    -------
    list of Cleaned, length n
    """
    screens = [(rule.screen, rule.name) for rule in (*how.applied, *how.suggested)]
    column = _Column(texts, dict(screens + [(d.screen, d.kind) for d in detectors]), first)
    cleaned = column.cleaned
    for rule in how.applied:
        with timed(f"clean {rule.name}"):
            for number in column.passing(rule.screen):
                column.apply(rule.on_pages() if number in first else rule, number)
    for rule in how.suggested:
        with timed(f"clean {rule.name}"):
            for number in column.passing(rule.screen):
                known = cleaned[number]
                fitting = rule.on_pages() if number in first else rule
                suggestions = sorted((*known.suggestions, *_suggested(fitting, known.edited)))
                cleaned[number] = known._replace(suggestions=tuple(suggestions))
    for detector in detectors:
        with timed(f"clean {detector.kind}"):
            for number in column.passing(detector.screen):
                known = cleaned[number]
                flags = (*known.flags, *detector.flags(known.edited.text))
                cleaned[number] = known._replace(flags=tuple(sorted(flags, key=lambda f: (f.start, f.end, f.kind))))
    return cleaned


def clean_text(text: str, how: Plan) -> Cleaned:
    """Clean one text.

    >>> from copydesk.cleaning.plan import plan
    >>> settings = {"apply": ["safe", "probable"], "rules": {}}
    >>> clean_text("the outcome of the war?Russia  does not", plan(settings)).edited.text
    'the outcome of the war? Russia does not'
    """
    return clean(pa.array([text], pa.string()), how)[0]


def inspected(edited: EditedText, how: Plan, detectors: Sequence[Detector] = DETECTORS) -> Cleaned:
    """What might still be done to a text whose edits are settled, and what a reader should look at."""
    suggestions = sorted(edit for rule in how.suggested for edit in _suggested(rule, edited))
    flags = (flag for detector in detectors for flag in detector.flags(edited.text))
    return Cleaned(edited, tuple(suggestions), tuple(sorted(flags, key=lambda f: (f.start, f.end, f.kind))))


class _Screened:
    """Screens that are scanned for together: which texts pass each, and which texts changed since that was found."""

    def __init__(self, screens: Sequence[Screen], count: int) -> None:
        self.passed: dict[Screen, set[int]] = {screen: set() for screen in screens}
        self.stale = set(range(count))

    def scan(self, numbers: list[int], texts: pa.Array) -> None:
        """Find which of some texts pass: one scan for all patterns, then each on what matched any."""
        some: Sequence[int] = range(len(texts))
        if len(self.passed) > 1:
            some = _passing(texts, "|".join(f"(?:{screen})" for screen in self.passed))
            texts = texts.take(pa.array(some, pa.int64()))
        for screen, passed in self.passed.items():
            passed.difference_update(numbers)
            passed.update(numbers[some[position]] for position in _passing(texts, screen))
        self.stale.clear()


class _Column:
    """Texts on their way through the rules, and which of them pass a screen as they are now."""

    def __init__(self, texts: pa.Array, screens: Mapping[Screen, str], first: Mapping[int, Sequence[Edit]]) -> None:
        self.cleaned = [Cleaned(EditedText(text)) for text in texts.to_pylist()]
        for number, edits in first.items():
            self.cleaned[number] = Cleaned(self.cleaned[number].edited.apply(edits))
        if first:
            texts = pa.array([cleaned.edited.text for cleaned in self.cleaned], pa.string())
        alone = [screen for screen, name in screens.items() if name in _OFTEN or not isinstance(screen, str)]
        rest = [screen for screen in screens if screen not in alone]
        together = [rest[start : start + _TOGETHER] for start in range(0, len(rest), _TOGETHER)]
        together += [[screen] for screen in alone]
        groups = [_Screened(group, len(texts)) for group in together]
        self._groups = {screen: group for group in groups for screen in group.passed}
        self._now: tuple[list[int], pa.Array] | None = list(range(len(texts))), texts

    def apply(self, rule: Rule, number: int) -> None:
        """Apply a rule to a text."""
        edited = self.cleaned[number].edited
        if edits := rule.edits(edited.text):
            self.cleaned[number] = Cleaned(edited.apply(edits))
            self._now = None
            for group in self._groups.values():
                group.stale.add(number)

    def passing(self, screen: Screen) -> list[int]:
        """Numbers of the texts that pass a screen as they are now: only those that changed are scanned again."""
        if len(self.cleaned) < _FEW and isinstance(screen, str):
            return list(range(len(self.cleaned)))  # compiling the pattern costs more than it saves
        group = self._groups[screen]
        if group.stale:
            group.scan(*self._texts(sorted(group.stale)))
        return sorted(group.passed[screen])

    def _texts(self, numbers: list[int]) -> tuple[list[int], pa.Array]:
        """Texts as they are now, as a column; it is kept, since one screen after another asks for the same."""
        if self._now is None or self._now[0] != numbers:
            self._now = numbers, pa.array([self.cleaned[number].edited.text for number in numbers], pa.string())
        return self._now


def _passing(texts: pa.Array, screen: Screen) -> list[int]:
    """Positions of the texts that pass a screen."""
    if not len(texts):
        return []
    if isinstance(screen, str):
        positions: list[int] = pc.indices_nonzero(pc.match_substring_regex(texts, screen)).to_pylist()
        return positions
    return [position for position, passes in enumerate(screen(texts)) if passes]


def _suggested(rule: Rule, edited: EditedText) -> Iterable[ComposedEdit]:
    for edit in rule.edits(edited.text):
        raw_start, raw_end = edited.to_raw(edit.start, edit.end)
        before = edited.raw[raw_start:raw_end]
        yield ComposedEdit(
            raw_start, raw_end, edit.start, edit.end, before, edit.replacement, (edit.rule,), edit.confidence
        )
