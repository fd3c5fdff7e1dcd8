"""Sentence boundary candidates and the context of each: marks, words, quotations, brackets.

The model (``model.py``) decides about most candidates. Those that are certain without it are decided here, each with
an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from copydesk.sentences.lexicon import Lexicon
from copydesk.sentences.words import BULLETS, DASHES, OPENERS, classes

# One pass over a text finds all candidates. The pattern begins with a set of characters, for which the regex engine
# searches fast, and distinguishes the cases by looking back. No part can match the beginning of the next one, so
# there is no backtracking.
_CLOSERS = r"(?:[\"'”’»›)\]}*_]|[“‘](?=\s|$)|[ \u00a0\u202f]»)*"
_ALONE = "。！？｡।॥։።۔"  # these need no space behind them
_CANDIDATE = re.compile(
    rf"[.!?…؟;:{BULLETS}{_ALONE}A-Z0-9)\]>_=*–—-](?:"
    rf"(?<=\s[.!?…])[.!?…]*(?: [.!?…]+)*{_CLOSERS}"  # marks that stand alone
    rf"|(?<=[.!?…؟])[.!?…؟]*{_CLOSERS}"  # marks behind a word
    r"|(?<=[A-Z0-9)\]>_=*])(?= [A-Z0-9(<\[*])"  # none: a caption or heading runs into the text
    rf"|(?<=[;:]){_CLOSERS}(?= )"  # a pause
    r"|(?<= [-–—])[-–—]*(?= )|(?<=[–—])[–—]*(?= )"  # a dash
    rf"|(?<=[{BULLETS}])"  # the bullet of the next item
    rf"|(?<=[{_ALONE}])[{_ALONE}]*[」』”’）》\"')]*"
    r")"
)
_AROUND = 48  # characters of context on each side
_QUOTES = {'"': "straight", "“": "open", "„": "open", "«": "open", "”": "close", "»": "close"}
_BEHIND = re.compile(r"[.!?…](?<=[^\W\d_]{3}.) ([^\W\d_])")  # behind a word, not behind "p." or "т. е."
_ITEM = re.compile(r"\(?\d{1,3}[.)]")
_ITEM_NUMBER = re.compile(rf"[{BULLETS}]?\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[ .…]*|\s*\.(?: \.)+ ?")
_CAPITAL = frozenset(("Word", "Starter", "Initial", "CAPS", "I", "Title", "Says"))
_LOW = frozenset(("low", "says"))
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
    later: str  # class of the word after that
    glued: bool  # whether no space stands behind it
    quoted: bool  # whether a quotation is open behind it
    bracketed: bool  # whether a bracket is open behind it
    rest: int  # how much of the line is left, in steps of 16 characters up to 3
    casual: int  # how often the text goes on in lower case behind a mark, in steps up to 3


def candidates(text: str, words: Lexicon) -> Iterator[tuple[int, Context | None]]:
    """Offsets in order behind which a sentence may end inside a line, each with its context.

    A context of None says that a sentence ends there for certain.
    """
    around = _Surroundings(text, words)
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if start >= around.line_end:
            around.next_line(start)
        if end >= around.line_end:
            continue
        mark = match.group()
        if mark[0] in _ALONE:
            yield end, None
        elif mark[0] in BULLETS:
            yield start, None
        else:
            seen = around.context(start, end, mark)
            if seen is True:
                yield end, None
            elif seen is not False:
                yield end, seen


class _Surroundings:
    """Computes the contexts of the candidates of a text, in order."""

    def __init__(self, text: str, words: Lexicon) -> None:
        self._text = text
        self._words = words
        self._classes = classes(words.language)
        self._used = [character for character in (*_QUOTES, "(") if character in text]
        self._counted_for: list[str] = []  # those of them that the line holds
        self._casual = _casual(text)
        self.line_end = -1
        self._line_start = self._counted = 0
        self._open = {"straight": 0, "open": 0, "close": 0}
        self._depth = 0

    def next_line(self, position: int) -> None:
        """Go to the line of a position behind the line so far."""
        begin = max(self.line_end, 0)
        self._line_start = self._counted = self._text.rfind("\n", begin, position) + 1 or begin
        end = self._text.find("\n", position)
        self.line_end = len(self._text) if end < 0 else end
        self._counted_for = [c for c in self._used if self._text.find(c, self._line_start, self.line_end) >= 0]
        self._open = dict.fromkeys(self._open, 0)
        self._depth = 0

    def context(self, start: int, end: int, mark: str) -> Context | bool:
        """The context of a mark; True if a sentence certainly ends there, False if none can."""
        kind, closed = _mark(mark)
        behind = self._behind(start, end, kind, closed)
        if behind is None:
            return False
        opener, after, later, glued = behind
        ahead = self._ahead(start, kind, after)
        if ahead is None:
            return False
        before, earlier, first = ahead
        if self._counted_for:
            self._count(end)
        if kind == ";" and after == "Starter" and not self._depth:
            return True  # "la mafia local; De acuerdo con el secretario"
        if before == "item" and self._words.items_apart:
            return True
        quoted = self._open["straight"] % 2 == 1 or self._open["open"] > self._open["close"]
        rest = min(3, (self.line_end - end) // 16)
        around = (kind, closed, before, earlier, first, opener, after, later, glued)
        # As Context(*around, ...), in a third of the time.
        return tuple.__new__(Context, (*around, quoted, self._depth > 0, rest, self._casual))

    def _behind(self, start: int, end: int, kind: str, closed: str) -> tuple[str, str, str, bool] | None:
        """Opener, after, later and glued of a mark's context; None where they show that the sentence goes on."""
        right = self._text[end : min(end + _AROUND, self.line_end)]
        words = right.split(None, 2)
        if not words:
            return None
        opener, after = self._classes.after(words[0])
        if after == "opener" and len(words) > 1:  # "« Il est": an opening mark that stands alone
            del words[0]
            after = self._classes.after(words[0])[1]
        later = self._classes.after(words[1])[1] if len(words) > 1 else "none"
        glued = not right[0].isspace()
        if glued:
            goes_on = not self._may_be_glued(start, kind, after)
        elif after in _LOW:  # "“Will they print it?” she asked", "(He was there.) and left"
            goes_on = closed not in ("", "other") and self._casual < 3
        elif after == "dash":  # "“Can one buy dollars? – asks a woman"
            goes_on = later in _LOW
            later = "none"
        else:  # ". , and", "Hi! !!"
            goes_on = after == "inner" or (after == "mark" and not opener and not _begins_with_ellipsis(right))
        return None if goes_on else (opener, after, later, glued)

    def _may_be_glued(self, start: int, kind: str, after: str) -> bool:
        """Whether a mark without a space behind it may end a sentence: "the war.Russia", not "U.S.A"."""
        previous = self._text[start - 1 : start]
        if not previous or previous.isspace() or kind not in ".?!…":
            return False
        if after in _LOW:  # "the problem?or is it normal?", where the writer cares little
            return kind in "?!" and previous.islower() and self._casual > 0
        return after in _CAPITAL and not (previous.isupper() and kind == ".")

    def _ahead(self, start: int, kind: str, after: str) -> tuple[str, str, bool] | None:
        """Before, earlier and first of a mark's context; None where no sentence can end with it."""
        left = self._text[max(self._line_start, start - _AROUND) : start + (kind == "none")]
        words = left.rsplit(None, 2)
        if not words:
            return "none", "none", True
        word = words[-1]
        if kind == "…" and word[-1] in ".?!…" and left[-1].isspace():
            return None  # "compounds. . . . The practice": the ellipsis begins the next sentence
        if kind == "none" and _ITEM.fullmatch(word):  # "1) The first item"
            return None
        earlier = self._classes.before(words[-2]) if len(words) > 1 else "none"
        first = len(words) < 2 or word[0] in BULLETS or _begins(words, earlier)
        if kind == "." and first and _ITEM_NUMBER.fullmatch(word):
            return "item", earlier, first
        before = self._abbreviated(word, earlier, first, after)
        return (before, earlier, first) if before else None

    def _abbreviated(self, word: str, earlier: str, first: bool, after: str) -> str:
        """Class of the word before a mark, its neighbours considered; nothing where no sentence can end with it."""
        before = self._classes.before(word)
        if before == "numbered":  # "No. 5", but "Oh no. He left"
            return "" if after in ("digits", "item", "Initial") else self._classes.shape(word.lstrip(OPENERS))
        if before == "name":  # "Yahoo! said"
            return "" if after in _LOW else "Word"
        if before == "ordinal":  # "am 31. Mai"
            return "" if after != "Starter" or first else "number2"
        if before == "I" and earlier in ("Word", "Wor", "initial", "title"):  # "Albert I. Jones"
            return "initial"
        return before

    def _count(self, end: int) -> None:
        """Count the quotations and brackets of the line up to a position."""
        for character in self._counted_for:
            count = self._text.count(character, self._counted, end)
            if character == "(":
                self._depth = max(0, self._depth + count - self._text.count(")", self._counted, end))
            else:
                self._open[_QUOTES[character]] += count
        self._counted = end


def _begins(preceding: list[str], earlier: str) -> bool:
    """Whether the last of the words before a mark is the first of a sentence, by the word before it."""
    word = preceding[-2]
    if word[-1] == ".":
        return earlier not in _NEVER_LAST
    return word[-1] in "?!…:" or word in BULLETS or (len(preceding) == 2 and word in DASHES + "*·")


def _begins_with_ellipsis(right: str) -> bool:
    """Whether an ellipsis stands behind a mark and more behind the ellipsis: "at Yale. ... He left"."""
    ellipsis = _ELLIPSIS.match(right)
    return ellipsis is not None and right[ellipsis.end() : ellipsis.end() + 1].isalnum()


def _casual(text: str) -> int:
    """How often a text goes on in lower case behind a mark: never, now and then, above 5 %, above 20 %."""
    letters = _BEHIND.findall(text)
    low = sum(map(str.islower, letters))
    return (low > 0) + (low > 0.05 * len(letters)) + (low > 0.2 * len(letters))


@lru_cache(4096)
def _mark(mark: str) -> tuple[str, str]:
    """Kind of a mark, and what closes behind it."""
    run = mark
    if mark[0] in ".!?…؟":
        run = mark.rstrip("\"'”’»›)]}*_“‘ \u00a0\u202f")
        kind = "?" if "?" in run or "؟" in run else "!" if "!" in run else "." if run == "." else "…"
    elif mark[0] in ";:":
        run = kind = mark[0]
    else:
        kind = "-" if mark[0] in DASHES else "none"
    closers = set(mark[len(run) :])
    if not closers:
        return kind, ""
    quote, bracket = closers & set("\"'”’»›“‘"), closers & set(")]}")
    return kind, "both" if quote and bracket else "quote" if quote else "bracket" if bracket else "other"
