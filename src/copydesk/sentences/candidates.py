"""Sentence boundary candidates and the context of each: marks, words, quotations, brackets.

The model (``model.py``) decides about most candidates. Those that are certain without it are decided here, each with
an example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from copydesk.sentences.candidate_pattern import CANDIDATE, CANDIDATE_OF_CHINESE, kind_of_mark
from copydesk.sentences.canonical_marks import TERMINALS, canonical
from copydesk.sentences.certain_cases import (
    BY_NEIGHBOURS,
    CAPITAL,
    FOR_MODEL,
    LOW,
    NEVER_ALONE,
    NUMBERS,
    TELLING,
    before_mark,
    ends,
    goes_on,
)
from copydesk.sentences.enclosures import closed_spans
from copydesk.sentences.lexicon import ABBREVIATIONS, Lexicon
from copydesk.sentences.list_items import FIRST_ITEM, ListItem, list_items
from copydesk.sentences.words import BULLETS, DASHES, OPENERS, classes

_TERMINALS = frozenset(TERMINALS)
AROUND = 48  # characters of context on each side
_SIGNS = re.compile('["“„«”»()]')
_COUNTED_SIGNS = '"“„«”»('
_CAPITALS = "".join(filter(str.isupper, map(chr, range(0x530))))  # of Latin, Greek, and Cyrillic
_BEHIND = re.compile(r"[.!?…](?<=[^\W\d_]{3}.) ([^\W\d_])")  # behind a word, not behind "p." or "т. е."
# What each match of it in lower case begins with. One pattern for each mark: the regex engine searches for one
# character six times as fast as for one of a set.
_LOW_BEHIND = [re.compile(rf"{re.escape(mark)} (?![{_CAPITALS}])[^\W\d_](?<=[^\W\d_]{{3}}.{{3}})") for mark in ".!?…"]
_ITEM = re.compile(r"\(?\d{1,3}[.)]")
ITEM_NUMBER = re.compile(rf"[{BULLETS}]?(?:\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}|[a-h]|[ivx]{{1,4}})")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[ .…]*|\s*\.(?: \.)+ ?")
_COUNTED = frozenset(("digits", "item", "Initial", "Roman"))
_NEVER_LAST = frozenset(("title", "reference", "numbered", "initial"))


class Context(NamedTuple):
    """The context of a candidate, in so few classes that each combination is scored only once."""

    mark: str  # the kind of mark: . ? ! … ; : - or none
    closed: str  # what closes behind it: nothing, a quotation, a bracket, both, another sign
    before: str  # class of the word before it
    earlier: str  # class of the word before that
    first: bool  # whether the word before is the first of its line, or of its sentence
    opener: str  # what opens before the next word
    after: str  # class of the next word
    written: str  # whether the next word is common or a name, by how it is written elsewhere
    later: str  # class of the word after that
    glued: bool  # whether no space stands behind it
    quoted: bool  # whether a quotation is open behind it
    bracketed: bool  # whether a bracket is open behind it
    rest: int  # how much of the line is left, in steps of 16 characters up to 3
    casual: int  # how often the text goes on in lower case behind a mark, in steps up to 3


_Candidate = tuple[int, Context | None]
Decide = Callable[[str, int, int, str, str], bool | None]


def candidates(text: str, words: Lexicon) -> Iterator[_Candidate]:
    """Offsets in order behind which a sentence may end inside a line, each with its context.

    A context of None says that a sentence ends there for certain.
    """
    for _, _, found in candidates_by_line(text, words):
        yield from found


def candidates_by_line(
    text: str, words: Lexicon, decide: Decide | None = None
) -> Iterator[tuple[int, int, list[_Candidate]]]:
    """Lines that hold more than white space: where each starts and ends, and its candidates.

    With ``decide`` (see ``two_words.py``), places that it decides about need no context: where no sentence ends, there
    is no candidate, and the context of others is None.
    """
    text = canonical(text)
    around = _Surroundings(text, words)
    closed = closed_spans(text)
    find_marks = (CANDIDATE_OF_CHINESE if "。" in text else CANDIDATE).finditer
    stop = -1
    while stop < len(text):
        line_start = stop + 1
        stop = text.find("\n", line_start)
        stop = len(text) if stop < 0 else stop
        line_end = stop
        while line_end > line_start and text[line_end - 1].isspace():  # so that it changes nothing
            line_end -= 1
        if line_end == line_start:
            continue
        found: list[_Candidate] = []
        items = around.begin_line(line_start, line_end)
        for match in find_marks(text, line_start, stop):
            start, end = match.span()
            if end >= line_end:
                break
            if closed and _is_closed(closed, end):
                continue
            if items:
                while items and items[-1].end < end:
                    found.append((items.pop().start, None))
                if items and items[-1].start < end:  # the mark of its number
                    continue
            mark = match.group()
            behind: str | None = match[1]
            decided = decide(text, start, end, mark, behind) if decide and behind else None
            if decided is not None:
                if decided:
                    found.append((end, None))
            elif text[start] in _TERMINALS:
                found.append((end, None))
            elif text[start] in BULLETS:
                found.append((start, None))
            else:
                seen = around.context(start, end, mark)
                items = around.items
                if seen is not False:
                    found.append((end, None if seen is True else seen))
        found += [(item.start, None) for item in reversed(items)]
        yield line_start, line_end, found


def _is_closed(spans: list[tuple[int, int]], end: int) -> bool:
    """Whether a position is in one of the spans; those before it are dropped."""
    while spans and spans[-1][1] < end:
        spans.pop()
    return bool(spans) and spans[-1][0] <= end


class _Surroundings:
    """Computes the contexts of the candidates of a text, in order."""

    def __init__(self, text: str, words: Lexicon) -> None:
        self._text = text
        self._words = words
        self._classes = classes(words.language)
        self._line_start = self._line_end = 0
        self.items: list[ListItem] = []  # of the list that the line holds, the last first
        # Quotation marks that are the same on both sides, others that are open, brackets that are open.
        self._straight = self._quoted = self._depth = 0
        # What only contexts need: most lines hold no place that needs one.
        self._casual = -1
        self._has_signs = False
        self._signs: list[tuple[int, str]] = []  # of the line that are not counted yet, the last first
        self._is_counted = False

    def begin_line(self, start: int, end: int) -> list[ListItem]:
        """Go to a line; return the items of the list that it holds, the last first."""
        self._line_start, self._line_end = start, end
        self._is_counted = False
        self.items = self._items(start) if self._text[start] in FIRST_ITEM else []
        return self.items

    def _items(self, start: int) -> list[ListItem]:
        return list_items(self._text, start, self._line_end, self._words)

    def _begin_counting(self) -> None:
        """Find the quotations and brackets of the line, of which none is counted yet."""
        if self._casual < 0:
            self._casual = self._casualness()
            self._has_signs = any([sign in self._text for sign in _COUNTED_SIGNS])
        if self._has_signs:
            signs = _SIGNS.finditer(self._text, self._line_start, self._line_end)
            self._signs = [(match.start(), match.group()) for match in signs]
            self._signs.reverse()
        self._straight = self._quoted = self._depth = 0
        self._is_counted = True

    def _casualness(self) -> int:
        """How often the text goes on in lower case behind a mark: never, now and then, above 5 %, above 20 %.

        Once is now and then in a text of few sentences.
        """
        if not any([pattern.search(self._text) for pattern in _LOW_BEHIND]):
            return 0
        matches = list(_BEHIND.finditer(self._text))
        low = 0
        for match in matches:
            if match[1].islower():
                begin = self._text.rfind(" ", max(0, match.start() - AROUND), match.start()) + 1
                low += self._classes.before(self._text[begin : match.start()]) not in ABBREVIATIONS
        return (low > 0) + (low > 0.05 * len(matches) + 0.5) + (low > 0.2 * len(matches) + 1)

    def context(self, start: int, end: int, mark: str) -> Context | bool:
        """The context of a mark; True if a sentence certainly ends there, False if none can."""
        if not self._is_counted:
            self._begin_counting()
        kind, closed, noted = kind_of_mark(mark)
        behind = self._behind(start, end, kind, closed)
        if behind is None:
            return False
        opener, after, written, later, glued = behind
        ahead = self._ahead(start, kind + closed, after, later)
        # Digits may refer to a note, "still.12 It was"; but "3.5 million", "fig.5 shows"
        if ahead is None or (noted and not (after in CAPITAL and self._may_have_note(start))):
            return False
        if kind != ".":  # other marks end a sentence before names, too
            written = ""
        before, earlier, first = ahead
        if self._signs and self._signs[-1][0] < end:
            self._count(end)
        if after in LOW and self._casual < 3 and self._interrupts(start, kind, mark):
            return False
        if kind == ".":
            certain = (before == "number2" or opener == "quote") and not glued and not closed
            certain = certain and ends(before, earlier, opener, after)
        elif kind == ";":  # "la mafia local; De acuerdo con el secretario"
            certain = after == "Starter" and not self._depth
        else:  # "Thanks :-) See you"
            certain = kind == "none" and before == "smiley" and after in CAPITAL
        if certain or (before == "item" and self._words.items_apart):
            return True
        quoted, bracketed = self._straight % 2 == 1 or self._quoted > 0, self._depth > 0
        rest = min(3, (self._line_end - end) // 16)
        after = FOR_MODEL.get(after, after)
        # As Context(kind, ...), in a third of the time.
        return tuple.__new__(
            Context,
            (
                kind,
                closed,
                before,
                earlier,
                first,
                opener,
                after,
                written,
                later,
                glued,
                quoted,
                bracketed,
                rest,
                self._casual,
            ),
        )

    def _behind(self, start: int, end: int, kind: str, closed: str) -> tuple[str, str, str, str, bool] | None:
        """Opener, after, written, later and glued of a mark's context; None where the sentence goes on by them."""
        right = self._text[end : min(end + AROUND, self._line_end)]
        words = right.split(None, 2)
        if not words:
            return None
        opener, after, written = self._classes.after(words[0])
        if after == "opener" and len(words) > 1:  # "« Il est": an opening mark that stands alone
            del words[0]
            after, written = self._classes.after(words[0])[1:]
        later = self._classes.after(words[1])[1] if len(words) > 1 else "none"
        glued = not right[0].isspace()
        if glued:
            inside = not self._may_be_glued(start, end, kind, after)
        elif after in LOW:  # "“Will they print it?” she asked", "(He was there.) and left", "Leave me! she said"
            reports = closed not in ("", "other") or (kind in ("?", "!") and "says" in (after, later))
            inside = reports and self._casual < 3
        elif after == "dash":  # "“Can one buy dollars? – asks a woman"
            inside = later in LOW
            later = "none"
        else:  # ". , and", "Hi! !!"
            inside = after == "inner" or (after == "mark" and not opener and not _begins_with_ellipsis(right, kind))
        return None if inside else (opener, after, written, later, glued)

    def _interrupts(self, start: int, kind: str, mark: str) -> bool:
        """Whether a mark before a small letter is inside a sentence: "(see. below)", "Oh!... no", "Who ? and why"."""
        if kind == ".":
            return self._depth > 0
        alone = self._text[start - 1 : start].isspace() and self._casual < 2
        alone = alone and not self._text[self._line_start].islower()
        return kind in "?!" and (alone or "…" in mark or ".." in mark)

    def _may_be_glued(self, start: int, end: int, kind: str, after: str) -> bool:
        """Whether a mark without a space behind it may end a sentence: "the war.Russia", not "U.S.A"."""
        previous = self._text[start - 1 : start]
        if not previous or previous.isspace() or kind not in ".?!…":
            return False
        if self._text[end + 1 : end + 2] == ".":  # "Ph.D.-level"
            return False
        if after in LOW:  # "the problem?or is it normal?", where the writer cares little
            return kind in "?!" and previous.islower() and self._casual > 0
        return after in CAPITAL and not (previous.isupper() and kind == ".")

    def _ahead(self, start: int, mark: str, after: str, later: str) -> tuple[str, str, bool] | None:
        """Before, earlier and first of a mark's context; None where no sentence can end with it."""
        left = self._text[max(self._line_start, start - AROUND) : start + (mark == "none")]
        words = left.rsplit(None, 2)
        if not words:
            return "none", "none", True
        word = words[-1]
        if mark[0] == "…" and word[-1] in ".?!…" and left[-1].isspace():
            return None  # "compounds. . . . The practice": the ellipsis begins the next sentence
        earlier = self._classes.before(words[-2]) if len(words) > 1 else "none"
        first = len(words) < 2 or word[0] in BULLETS or _begins(words, earlier)
        if mark == "none":  # "1) The first item", "* The next"
            bullet = first and word == "*" and self._text.startswith(word, self._line_start)
            if bullet or _ITEM.fullmatch(word):
                return None
        if mark[0] == "." and first and ITEM_NUMBER.fullmatch(word):
            if word in FIRST_ITEM and not self.items:
                self.items = self._items(start - 1)
            return "item", earlier, first
        before = self._classes.before(word)
        if before == "numbered":  # "No. 5", but "Oh no. He left"
            before = "" if after in _COUNTED else self._classes.shape(word.lstrip(OPENERS))
        elif before in BY_NEIGHBOURS:
            before = before_mark(before, earlier, first, after)
        elif earlier in NUMBERS and self._words.kind(word) == "unit":  # "6 in. tall", but "the house he lives in. He"
            before = "open"
        if mark == ".":
            opens = first or word[0] in "(["  # "(e.g. The Hague)"
            inside = (opens or after in TELLING) and goes_on(before, opens, after, later, self._casual)
            if inside or (before in NEVER_ALONE and _opens(words, earlier, self._words)):
                return None
        return (before, earlier, first) if before else None

    def _may_have_note(self, start: int) -> bool:
        """Whether a note may be referred to behind a mark: "in spring.4 Its", "(type 2).10 This"; not "No.5 It"."""
        word = self._text[max(0, start - 4) : start]
        return word.endswith(")") or (len(word) > 3 and word.isalpha() and word.islower())

    def _count(self, end: int) -> None:
        """Count the quotations and brackets of the line up to a position."""
        signs = self._signs
        while signs and signs[-1][0] < end:
            sign = signs.pop()[1]
            if sign == '"':
                self._straight += 1
            elif sign == "(":
                self._depth += 1
            elif sign == ")":
                self._depth = max(0, self._depth - 1)
            else:
                self._quoted += -1 if sign in "”»" else 1


def _begins(preceding: list[str], earlier: str) -> bool:
    """Whether the last of the words before a mark is the first of a sentence, by the word before it."""
    word = preceding[-2]
    if word[-1] == ".":
        return earlier not in _NEVER_LAST and not (earlier == "month" and preceding[-1].isdecimal())
    return word[-1] in "?!…:" or word in BULLETS or (len(preceding) == 2 and word in DASHES + "*·")


def _opens(preceding: list[str], earlier: str, words: Lexicon) -> bool:
    """Whether the words before a mark only open one: "The U.S. Chamber", "At 5 a.m. Mr. Lee", "В 1916 г. Я"."""
    *opening, last = preceding
    kind = words.kind(last)
    if earlier in NUMBERS and ("." in last or kind):
        opening = " ".join(opening[:-1]).split()
        if kind == "measure":
            return _opens_with_date(opening, words)
    word = opening[-1].lstrip(OPENERS) if opening else ""
    is_word = word[:1].isupper() and word.isalpha() and "I" not in (word, last)
    return is_word and words.begins(word.lower())


def _opens_with_date(opening: list[str], words: Lexicon) -> bool:
    """Whether the words before a year only open a sentence: nothing, "В", "В мае", "5 мая"."""
    begin = next((n for n in range(len(opening), 0, -1) if opening[n - 1][-1] in ".!?…"), 0)
    first, *others = opening[begin:] or [""]
    return len(others) < 2 and (not first or first.isdecimal() or words.begins(first.lower()))


def _begins_with_ellipsis(right: str, kind: str) -> bool:
    """Whether an ellipsis stands behind a mark and a sentence behind that: "at Yale. ... He left"."""
    ellipsis = _ELLIPSIS.match(right)
    following = right[ellipsis.end() : ellipsis.end() + 1] if ellipsis else ""
    return following.isalnum() and (kind == "." or not following.islower())
