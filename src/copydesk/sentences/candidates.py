"""Sentence boundary candidates and the context of each: marks, words, quotations, brackets.

The model (``model.py``) decides about most candidates. Those that are certain without it are decided here, each with
an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
from copydesk.sentences.context import AROUND, Context
from copydesk.sentences.enclosures import closed_spans
from copydesk.sentences.lexicon import ABBREVIATIONS, Lexicon
from copydesk.sentences.list_items import FIRST_ITEM, ITEM_NUMBER, ListItem, list_items
from copydesk.sentences.model import ends_in_any_state
from copydesk.sentences.two_words import by_two_words
from copydesk.sentences.words import BULLETS, DASHES, OPENERS, classes

_OTHERS = frozenset(TERMINALS + BULLETS)
_SIGNS = re.compile('["“„«”»()]')
_BEHIND = re.compile(r"[.!?…](?<=[^\W\d_]{3}.) ([^\W\d_])")  # behind a word, not behind "p." or "т. е."
_ITEM = re.compile(r"\(?\d{1,3}[.)]")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[ .…]*|\s*\.(?: \.)+ ?")
_COUNTED = frozenset(("digits", "item", "Initial", "Roman"))
_NEVER_LAST = frozenset(("title", "reference", "numbered", "initial"))

_Candidate = tuple[int, Context | None]


def candidates(text: str, words: Lexicon) -> Iterator[_Candidate]:
    """Offsets in order behind which a sentence may end inside a line, each with its context.

    A context of None says that a sentence ends there for certain.
    """
    for _, _, found in candidates_by_line(text, words):
        yield from found


def candidates_by_line(
    text: str, words: Lexicon, *, only_doubtful: bool = False
) -> Iterator[tuple[int, int, list[_Candidate]]]:
    """Lines that hold more than white space: where each starts and ends, and its candidates.

    With ``only_doubtful``, candidates that the model decides in the same way whatever the rest of their context is
    are decided at once: where no sentence ends, there is none, and the context of others is None.
    """
    text = canonical(text)
    around = _Surroundings(text, words, only_doubtful=only_doubtful)
    stop = -1
    while stop < len(text):
        start = stop + 1
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        end = stop
        while end > start and text[end - 1].isspace():  # so that it changes nothing
            end -= 1
        if end > start:
            yield start, end, around.candidates(start, end, stop)


def _is_closed(spans: list[tuple[int, int]], end: int) -> bool:
    """Whether a position is in one of the spans; those before it are dropped."""
    while spans and spans[-1][1] < end:
        spans.pop()
    return bool(spans) and spans[-1][0] <= end


class _Surroundings:
    """Computes the contexts of the candidates of a text, in order."""

    def __init__(self, text: str, words: Lexicon, *, only_doubtful: bool) -> None:
        self._text = text
        self._words = words
        self._only_doubtful = only_doubtful
        self._decide = by_two_words(words.language) if only_doubtful else None
        self._find_marks = (CANDIDATE_OF_CHINESE if "。" in text else CANDIDATE).finditer
        self._closed = closed_spans(text)
        self._classes = classes(words.language)
        self._line_start = self._line_end = 0
        self._items: list[ListItem] = []  # of the list that the line holds, the last first
        # What only some contexts need.
        self._casualness = -1
        # Quotation marks of the line that are the same on both sides, others that are open, brackets that are open.
        self._straight = self._quoted = self._depth = 0
        self._signs: list[tuple[int, str]] | None = None  # of the line that are not counted yet, the last first

    def candidates(self, line_start: int, line_end: int, stop: int) -> list[_Candidate]:
        """The candidates of the next line, which ends where white space begins, or at a line feed behind that."""
        text, decide, closed = self._text, self._decide, self._closed
        self._line_start, self._line_end, self._signs = line_start, line_end, None
        items = self._items = self._list_items(line_start) if text[line_start] in FIRST_ITEM else []
        found: list[_Candidate] = []
        for match in self._find_marks(text, line_start, stop):
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
            seen: Context | bool | None = decide(text, start, end, mark, behind) if decide and behind else None
            if seen is None:
                if text[start] in _OTHERS:  # of a script with full stops of its own, or the bullet of the next item
                    found.append((start if text[start] in BULLETS else end, None))
                    continue
                seen = self._context(start, end, mark)
                items = self._items
            if seen is not False:
                found.append((end, None if seen is True else seen))
        found += [(item.start, None) for item in reversed(items)]
        return found

    def _list_items(self, start: int) -> list[ListItem]:
        return list_items(self._text, start, self._line_end, self._words)

    def _casual(self) -> int:
        """How often the text goes on in lower case behind a mark: never, now and then, above 5 %, above 20 %.

        Once is now and then in a text of few sentences.
        """
        if self._casualness < 0:
            letters = _BEHIND.findall(self._text)
            low = 0
            for match in _BEHIND.finditer(self._text) if any(map(str.islower, letters)) else ():
                if match[1].islower():
                    earliest = max(0, match.start() - AROUND)
                    begin = max(self._text.rfind(" ", earliest, match.start()) + 1, earliest)
                    low += self._classes.before(self._text[begin : match.start()]) not in ABBREVIATIONS
            self._casualness = (low > 0) + (low > 0.05 * len(letters) + 0.5) + (low > 0.2 * len(letters) + 1)
        return self._casualness

    def _context(self, start: int, end: int, mark: str) -> Context | bool:
        """The context of a mark; True if a sentence certainly ends there, False if none can."""
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
        if after in LOW and kind in ".?!" and self._casual() < 3 and self._interrupts(start, end, kind, mark):
            return False
        if kind == ".":
            certain = (before == "number2" or opener == "quote") and not glued and not closed
            certain = certain and ends(before, earlier, opener, after)
        elif kind == ";":  # "la mafia local; De acuerdo con el secretario"
            certain = after == "Starter" and not self._depth_at(end)
        else:  # "Thanks :-) See you"
            certain = kind == "none" and before == "smiley" and after in CAPITAL
        if certain or (before == "item" and self._words.items_apart):
            return True
        after = FOR_MODEL.get(after, after)
        context = Context(kind, closed, before, earlier, first, opener, after, written, later, glued)
        if self._only_doubtful and (decided := ends_in_any_state(context)) is not None:
            return decided
        bracketed = self._depth_at(end) > 0
        quoted = self._straight % 2 == 1 or self._quoted > 0
        rest = min(3, (self._line_end - end) // 16)
        return context._replace(quoted=quoted, bracketed=bracketed, rest=rest, casual=self._casual())

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
            inside = reports and self._casual() < 3
        elif after == "dash":  # "“Can one buy dollars? – asks a woman"
            inside = later in LOW
            later = "none"
        else:  # ". , and", "Hi! !!"
            inside = after == "inner" or (after == "mark" and not opener and not _begins_with_ellipsis(right, kind))
        return None if inside else (opener, after, written, later, glued)

    def _interrupts(self, start: int, end: int, kind: str, mark: str) -> bool:
        """Whether a mark before a small letter is inside a sentence: "(see. below)", "Oh!... no", "Who ? and why"."""
        if kind == ".":
            return self._depth_at(end) > 0
        alone = self._text[start - 1 : start].isspace() and self._casual() < 2
        alone = alone and not self._text[self._line_start].islower()
        return alone or "…" in mark or ".." in mark

    def _may_be_glued(self, start: int, end: int, kind: str, after: str) -> bool:
        """Whether a mark without a space behind it may end a sentence: "the war.Russia", not "U.S.A"."""
        previous = self._text[start - 1 : start]
        if not previous or previous.isspace() or kind not in ".?!…":
            return False
        if self._text[end + 1 : end + 2] == ".":  # "Ph.D.-level"
            return False
        if after in LOW:  # "the problem?or is it normal?", where the writer cares little
            return kind in "?!" and previous.islower() and self._casual() > 0
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
            if word in FIRST_ITEM and not self._items:
                self._items = self._list_items(start - 1)
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
            casual = self._casual() if after in LOW else 0
            inside = (opens or after in TELLING) and goes_on(before, opens, after, later, casual)
            if inside or (before in NEVER_ALONE and _opens(words, earlier, self._words)):
                return None
        return (before, earlier, first) if before else None

    def _may_have_note(self, start: int) -> bool:
        """Whether a note may be referred to behind a mark: "in spring.4 Its", "(type 2).10 This"; not "No.5 It"."""
        word = self._text[max(0, start - 4) : start]
        return word.endswith(")") or (len(word) > 3 and word.isalpha() and word.islower())

    def _depth_at(self, end: int) -> int:
        """How many brackets are open at a position of the line, when they and the quotations up to it are counted."""
        signs = self._signs
        if signs is None:
            self._straight = self._quoted = self._depth = 0
            found = _SIGNS.finditer(self._text, self._line_start, self._line_end)
            signs = self._signs = [(match.start(), match.group()) for match in found]
            signs.reverse()
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
        return self._depth


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
