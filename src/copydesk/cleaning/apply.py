"""Apply a plan of cleaning rules to a column of texts: screens first, Python for the texts that pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.cleaning.plan import DETECTORS, Plan
from copydesk.cleaning.rule import Analyses, Detector, Flag, Rule, Screen, patterns_of
from copydesk.core.decisions import folded_line
from copydesk.core.progress import timed
from copydesk.language.blocks import Blocks, Kind
from copydesk.text import ComposedEdit, Edit, EditedText, EditPart
from copydesk.text.edits import Tier

#: Start, end and kind of a span.
MarkedKind = tuple[int, int, Kind]
#: Screens that are scanned in one pass.
_GROUP_SIZE = 9
#: With fewer texts than this, compiling a pattern costs more than it saves: no screen is run.
_FEWEST_TO_SCREEN = 4


class Cleaned(NamedTuple):
    """A cleaned text: the edits that were applied, those that are suggested, and the defects that are flagged.

    ``removed_lines`` are the whole lines that rules removed, as they stood then, their white space folded.
    """

    edited: EditedText
    suggestions: tuple[ComposedEdit, ...] = ()
    flags: tuple[Flag, ...] = ()
    removed_lines: tuple[str, ...] = ()


def clean_column(
    texts: pa.Array,
    how: Plan,
    detectors: Sequence[Detector] = DETECTORS,
    first: Mapping[int, Sequence[Edit]] = MappingProxyType({}),
    kinds: Mapping[int, Sequence[MarkedKind]] = MappingProxyType({}),
) -> list[Cleaned]:
    """Clean a column of texts: screens run over the whole column, Python runs for the texts that pass one.

    Parameters
    ----------
    texts : pa.Array of string, shape (n,)
        Raw texts, none null.
    how : Plan
        From :func:`plan`.
    detectors : sequence of Detector
    first : mapping of int to edits
        For texts that are web pages, by position: the edits that leave the article. They are the first pass.
    kinds : mapping of int to spans
        For these texts, by position: start, end and kind of spans of the raw text whose markup says what they hold.

    Returns
    -------
    list of Cleaned, length n
    """
    return run_of_rules(texts, how, detectors, first, kinds).cleaned


def run_of_rules(
    texts: pa.Array,
    how: Plan,
    detectors: Sequence[Detector] = DETECTORS,
    first: Mapping[int, Sequence[Edit]] = MappingProxyType({}),
    kinds: Mapping[int, Sequence[MarkedKind]] = MappingProxyType({}),
    *,
    branches: bool = False,
) -> RunOfRules:
    """Clean a column of texts as :func:`clean_column` does.

    With ``branches`` each text is also cleaned without each of the rules that change it, see :class:`Branch`.
    """
    cleaned = [Cleaned(EditedText(text)) for text in texts.to_pylist()]
    for number, edits in first.items():
        cleaned[number] = Cleaned(cleaned[number].edited.apply(edits))
    if first:
        texts = pa.array([of_text.edited.text for of_text in cleaned], pa.string())
    column = RunOfRules(cleaned, texts, (*how.applied, *how.suggested, *detectors), how.blocks)
    column.kinds, column.pages = kinds, frozenset(first)
    column.apply_all(how.applied, how.tiers if branches else None)
    for rule in how.suggested:
        with timed(f"clean {rule.name}"):
            for number in column.passing(rule):
                before = cleaned[number]
                fitting = rule.on_pages() if number in first else rule
                suggestions = _suggested(fitting, before.edited, column.analyses[number])
                cleaned[number] = before._replace(suggestions=tuple(sorted((*before.suggestions, *suggestions))))
    for detector in detectors:
        with timed(f"clean {detector.kind}"):
            for number in column.passing(detector):
                before = cleaned[number]
                flags = (*before.flags, *detector.flags(before.edited.text))
                cleaned[number] = before._replace(flags=_in_order(flags))
    return column


def kinds_in_clean_text(edited: EditedText, kinds: Iterable[MarkedKind]) -> list[MarkedKind]:
    """Spans of the raw text with a kind, where they are in the clean text; those of which nothing is left are not."""
    placed = ((*edited.to_clean(start, end), kind) for start, end, kind in kinds)
    return [(start, end, kind) for start, end, kind in placed if not edited.text[start:end].isspace() and start < end]


def clean_text(text: str, how: Plan) -> Cleaned:
    """Clean one text.

    >>> from copydesk.cleaning.plan import plan
    >>> settings = {"apply": ["safe", "probable"], "rules": {}}
    >>> clean_text("the outcome of the war?Russia  does not", plan(settings)).edited.text
    'the outcome of the war? Russia does not'
    """
    return clean_column(pa.array([text], pa.string()), how)[0]


def inspected(edited: EditedText, how: Plan, detectors: Sequence[Detector] = DETECTORS) -> Cleaned:
    """Suggestions and flags for a text whose edits are settled."""
    analyses = Analyses(find=how.blocks)
    suggestions = sorted(edit for rule in how.suggested for edit in _suggested(rule, edited, analyses))
    flags = (flag for detector in detectors for flag in detector.flags(edited.text))
    return Cleaned(edited, tuple(suggestions), _in_order(flags))


class _ScreenGroup:
    """Screens that are scanned in one pass: the texts that pass each, and the texts that must be scanned again."""

    def __init__(self, screens: Sequence[Screen], count: int) -> None:
        self.passed: dict[Screen, set[int]] = {screen: set() for screen in screens}
        self.stale = set(range(count))

    def scan(self, numbers: list[int], texts: pa.Array) -> None:
        """Scan some texts: once for all patterns together, then for each one where any of them matched.

        A few texts pass unseen: to compile the patterns would cost more than it saves.
        """
        if len(numbers) < _FEWEST_TO_SCREEN:
            for passed in self.passed.values():
                passed.update(numbers)
            self.stale.clear()
            return
        candidates: Sequence[int] = range(len(texts))
        if len(self.passed) > 1:
            patterns = [pattern for screen in self.passed for pattern in patterns_of(screen)]
            candidates = _matching(texts, "|".join(f"(?:{pattern})" for pattern in patterns))
            texts = texts.take(pa.array(candidates, pa.int64()))
        for screen, passed in self.passed.items():
            passed.difference_update(numbers)
            for pattern in patterns_of(screen):
                passed.update(numbers[candidates[position]] for position in _matching(texts, pattern))
        self.stale.clear()

    def add_branch(self, place: int, number: int) -> None:
        """A text at a new place is the same as another one: what is known of that one holds for it too."""
        if number in self.stale:
            self.stale.add(place)
        for passed in self.passed.values():
            if number in passed:
                passed.add(place)

    def keep_first(self, count: int) -> None:
        """Forget the texts behind these."""
        first = range(count)
        self.stale.intersection_update(first)
        for passed in self.passed.values():
            passed.intersection_update(first)


class Branch(NamedTuple):
    """A text without one rule that changed it, or, where ``rule`` is None, as the safe rules alone make it.

    It leaves the text where the rule would have changed it first, and the rules behind act on it as on any text.

    Attributes
    ----------
    rule : str or None
    number : int
        Number of the text.
    cleaned : Cleaned
    """

    rule: str | None
    number: int
    cleaned: Cleaned


class RunOfRules:
    """A column of texts while the rules are applied: each text as it is now, its analyses, the screens it passes.

    Attributes
    ----------
    cleaned : list of Cleaned
        The texts as they are now.
    branches : list of Branch
        When all rules were applied.
    """

    def __init__(
        self,
        cleaned: list[Cleaned],
        texts: pa.Array,
        screened: Sequence[Rule | Detector],
        find: Callable[[str], Blocks],
    ) -> None:
        self.cleaned = cleaned
        self.branches: list[Branch] = []
        #: For each text the analyses of it as it is now.
        self.analyses = [Analyses(find=find) for _ in cleaned]
        self._find = find
        #: Texts for which no rule has asked for blocks: those of the others are settled.
        self._without_base = set(range(len(cleaned)))
        #: By analysis, the texts as they are now in which it found nothing: rules that share it pass them over.
        self._nothing_found: dict[Callable[[str], Any] | None, set[int]] = {}
        self.kinds: Mapping[int, Sequence[MarkedKind]] = {}
        #: Numbers of the texts that come from web pages.
        self.pages: frozenset[int] = frozenset()
        #: While rules are applied, the branches follow the texts in all lists: their rules and their texts' numbers.
        self._origins: list[tuple[str | None, int]] = [("", number) for number in range(len(cleaned))]
        self._of_text = list(range(len(cleaned)))
        # Two rules may have one screen; it stands alone if one of them says so.
        alone = {rule.screen for rule in screened if rule.screen_alone}
        grouped = [s for s in dict.fromkeys(rule.screen for rule in screened) if s is not None and s not in alone]
        parts = [grouped[start : start + _GROUP_SIZE] for start in range(0, len(grouped), _GROUP_SIZE)]
        parts += [[screen] for screen in alone if screen is not None]
        self._groups = [_ScreenGroup(part, len(texts)) for part in parts]
        self._group_of = {screen: group for group in self._groups for screen in group.passed}
        self._current: tuple[list[int], pa.Array] | None = list(range(len(texts))), texts
        #: All texts without the branches as they were, and which have changed since.
        self._whole, self._changed = texts, set[int]()

    def apply_all(self, rules: Sequence[Rule], tiers: Mapping[str, Tier] | None) -> None:
        """Apply rules to the texts, one after another; given their tiers, also to branches of the texts."""
        count = len(self.cleaned)
        with_safe_branch: set[int] = set()
        for rule in rules:
            is_safe = tiers is None or tiers[rule.name] == "safe"
            first_asked = self._keep_bases(is_safe=is_safe) if rule.asks_for_blocks else set()
            with timed(f"clean {rule.name}"):
                # A text comes next to its branches, which share most lines: what was found of a line is at hand.
                for number in sorted(self.passing(rule), key=self._of_text.__getitem__):
                    leaves_out, of_text = self._origins[number]
                    if leaves_out is None and not is_safe:
                        continue
                    state = self.cleaned[number], self.analyses[number]
                    if not self.apply(rule.on_pages() if of_text in self.pages else rule, number):
                        continue
                    if tiers is not None and number < count:
                        # Without this rule another one is the first to ask for blocks, maybe of another text.
                        has_base = number not in self._without_base and number not in first_asked
                        self._branch(rule.name, number, *state, has_base=has_base)
                        if not is_safe and number not in with_safe_branch:
                            with_safe_branch.add(number)
                            self._branch(None, number, *state, has_base=has_base)
                    for group in self._groups:
                        group.stale.add(number)
        self._end_branches(count)

    def _branch(self, rule: str | None, number: int, cleaned: Cleaned, analyses: Analyses, *, has_base: bool) -> None:
        place = len(self.cleaned)
        self.cleaned.append(cleaned)
        self.analyses.append(analyses if has_base else Analyses(find=self._find))
        self._origins.append((rule, number))
        self._of_text.append(number)
        if not has_base:
            self._without_base.add(place)
        for group in self._groups:
            group.add_branch(place, number)

    def _end_branches(self, count: int) -> None:
        """Take the branches out of the column: what follows is for the texts alone."""
        rest = zip(self._origins[count:], self.cleaned[count:], strict=True)
        self.branches = [Branch(rule, number, cleaned) for (rule, number), cleaned in rest]
        for column in (self.cleaned, self.analyses, self._origins, self._of_text):
            del column[count:]
        for group in self._groups:
            group.keep_first(count)

    def _keep_bases(self, *, is_safe: bool) -> set[int]:
        """From now on the blocks of a text are those of the text as it is now; return for which texts that is new."""
        new = {number for number in self._without_base if is_safe or self._origins[number][0] is not None}
        for number in new:
            self.analyses[number] = Analyses(self.cleaned[number].edited.text, self._finder(number))
        self._without_base -= new
        return new

    def _finder(self, number: int) -> Callable[[str], Blocks]:
        """What finds the blocks of a text: of a page, also by its markup."""
        of_text = self._origins[number][1]
        if of_text not in self.kinds:
            return self._find
        kinds = kinds_in_clean_text(self.cleaned[number].edited, self.kinds[of_text])
        return lambda text: self._find(text).overlaid(kinds)

    def apply(self, rule: Rule, number: int) -> bool:
        """Apply a rule to a text; return whether it changed it."""
        edited = self.cleaned[number].edited
        if rule.analyse and not rule.needs_blocks and not self.analyses[number].result(rule.analyse, edited.text):
            self._nothing_found.setdefault(rule.analyse, set()).add(number)
        elif edits := rule.edits(edited.text, self.analyses[number]):
            removed = (*self.cleaned[number].removed_lines, *_removed_lines(edited.text, edits))
            self.cleaned[number] = Cleaned(edited.apply(edits), removed_lines=removed)
            self.analyses[number] = self.analyses[number].after(edits)
            self._current = None
            self._changed.add(number)
            for numbers in self._nothing_found.values():
                numbers.discard(number)
            return True
        return False

    def passing(self, screened: Rule | Detector) -> Sequence[int]:
        """Numbers of the texts that pass a screen as they are now; only texts that changed are scanned again."""
        if screened.screen is None or len(self.cleaned) < _FEWEST_TO_SCREEN:
            quiet = self._nothing_found.get(screened.analyse, ()) if isinstance(screened, Rule) else ()
            numbers = range(len(self.cleaned))
            return [number for number in numbers if number not in quiet] if quiet else numbers
        group = self._group_of[screened.screen]
        if group.stale:
            group.scan(*self._texts(sorted(group.stale)))
        return sorted(group.passed[screened.screen])

    def _texts(self, numbers: list[int]) -> tuple[list[int], pa.Array]:
        """Texts as they are now, as a column; kept, because the next group often scans the same texts."""
        if self._current is None or self._current[0] != numbers:
            if len(numbers) < len(self.cleaned):
                texts = self._as_they_are(numbers)
            else:
                count = len(self._whole)
                mask = pa.array([number in self._changed for number in range(count)], pa.bool_())
                changed = sorted(number for number in self._changed if number < count)
                self._whole, self._changed = (
                    pc.replace_with_mask(self._whole, mask, self._as_they_are(changed)),
                    set(),
                )
                texts = pa.concat_arrays([self._whole, self._as_they_are(numbers[count:])])  # the branches
            self._current = numbers, texts
        return self._current

    def _as_they_are(self, numbers: Iterable[int]) -> pa.Array:
        return pa.array([self.cleaned[number].edited.text for number in numbers], pa.string())


def _removed_lines(text: str, edits: Iterable[Edit]) -> Iterable[str]:
    """The lines that edits remove whole: with a line break, and nothing in their place."""
    for edit in edits:
        if not edit.replacement and "\n" in (deleted := text[edit.start : edit.end]):
            yield from filter(None, map(folded_line, deleted.split("\n")))


def _matching(texts: pa.Array, pattern: str) -> list[int]:
    """Positions of the texts in which an RE2 pattern matches."""
    if not len(texts):
        return []
    positions: list[int] = pc.indices_nonzero(pc.match_substring_regex(texts, pattern)).to_pylist()
    return positions


def _in_order(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    return tuple(sorted(flags, key=lambda flag: (flag.start, flag.end, flag.kind)))


def _suggested(rule: Rule, edited: EditedText, analyses: Analyses) -> Iterable[ComposedEdit]:
    for edit in rule.edits(edited.text, analyses):
        raw_start, raw_end = edited.to_raw(edit.start, edit.end)
        before = edited.raw[raw_start:raw_end]
        part = EditPart(0, 0, len(before), edit.replacement, edit.rule, edit.confidence)
        places = raw_start, raw_end, edit.start, edit.end
        yield ComposedEdit(*places, before, edit.replacement, (edit.rule,), edit.confidence, (part,))
