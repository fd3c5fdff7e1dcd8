"""Sentence boundary candidates and the context of each: marks, words, quotations, brackets.

The model (``model.py``) decides about most candidates. Those that are certain without it are decided here, each with
an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from copydesk.sentences.canonical_marks import TERMINALS, canonical
from copydesk.sentences.certain_cases import (
    CAPITAL,
    FOR_MODEL,
    LOW,
    NEVER_ALONE,
    NUMBERS,
    before_mark,
    ends,
    goes_on,
)
from copydesk.sentences.enclosures import open_ends
from copydesk.sentences.lexicon import ABBREVIATIONS, Lexicon
from copydesk.sentences.words import BULLETS, DASHES, OPENERS, classes

# One pass over a text finds all candidates. The pattern begins with a set of characters, for which the regex engine
# searches fast, and distinguishes the cases by looking back. No part can match the beginning of the next one, so
# there is no backtracking.
_CLOSERS = r"(?:[\"'”’»›)\]}*_]|[“‘`](?=\s|$)|[ \u00a0\u202f][»”](?=\W|$))*"
# A reference to a note: "in spring.[4] Its", "in spring. [1][2] [3] Its", "in spring.⁴ Its".
_NOTE = (
    r"(?:(?=[ \[(\d⁰¹²³⁴-⁹])(?:(?:\[[^\[\]\n]{1,24}\])+|(?: ?\[\d{1,3}\])+|[⁰¹²³⁴-⁹]{1,3}|\(\d{1,2}\)|\d{1,3}(?= )))?"
)
_NOTE_BEGINS = re.compile(r"[\[(\d⁰¹²³⁴-⁹]")
_CANDIDATE = re.compile(
    rf"[.!?…؟;:{BULLETS}{TERMINALS}A-Z0-9)\]>_=*–—-](?:"
    rf"(?<=\s[.!?…])[.!?…]*(?: [.!?…]+)*{_CLOSERS}"  # marks that stand alone
    rf"|(?<=[.!?…؟])[.!?…؟]*{_CLOSERS}{_NOTE}"  # marks behind a word
    r"|(?<=[A-Z0-9)\]>_=*])(?= [A-Z0-9(<\[*])"  # none: a caption or heading runs into the text
    rf"|(?<=[;:]){_CLOSERS}(?= )"  # a pause
    r"|(?<= [-–—])[-–—]*(?= )|(?<=[–—])[–—]*(?= )"  # a dash
    rf"|(?<=[{BULLETS}])"  # the bullet of the next item
    rf"|(?<=[{TERMINALS}])[{TERMINALS}]*(?: ?[།༎])*[」』”’）》»›\"')]*{_NOTE}"
    r")"
)
_AROUND = 48  # characters of context on each side
_QUOTES = {'"': "straight", "“": "open", "„": "open", "«": "open", "”": "close", "»": "close"}
_BEHIND = re.compile(r"[.!?…](?<=[^\W\d_]{3}.) ([^\W\d_])")  # behind a word, not behind "p." or "т. е."
_ITEM = re.compile(r"\(?\d{1,3}[.)]")
_ITEM_NUMBER = re.compile(rf"[{BULLETS}]?(?:\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}|[a-h]|[ivx]{{1,4}})")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[ .…]*|\s*\.(?: \.)+ ?")
_COUNTED = frozenset(("digits", "item", "Initial"))
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


def candidates(text: str, words: Lexicon) -> Iterator[tuple[int, Context | None]]:
    """Offsets in order behind which a sentence may end inside a line, each with its context.

    A context of None says that a sentence ends there for certain.
    """
    text = canonical(text)
    around = _Surroundings(text, words)
    may_end = open_ends(text)
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if start >= around.line_end:
            around.next_line(start)
        if end >= around.line_end:
            continue
        mark = match.group()
        if may_end and not may_end(end):
            continue
        if mark[0] in TERMINALS:
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
        self._casual = self._casualness()
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

    def _casualness(self) -> int:
        """How often the text goes on in lower case behind a mark: never, now and then, above 5 %, above 20 %.

        Once is now and then in a text of few sentences.
        """
        letters = _BEHIND.findall(self._text)
        if not any(map(str.islower, letters)):
            return 0
        low = 0
        for match in _BEHIND.finditer(self._text):
            if match[1].islower():
                begin = self._text.rfind(" ", max(0, match.start() - _AROUND), match.start()) + 1
                low += self._classes.before(self._text[begin : match.start()]) not in ABBREVIATIONS
        return (low > 0) + (low > 0.05 * len(letters) + 0.5) + (low > 0.2 * len(letters) + 1)

    def context(self, start: int, end: int, mark: str) -> Context | bool:
        """The context of a mark; True if a sentence certainly ends there, False if none can."""
        kind, closed, noted = _mark(mark)
        behind = self._behind(start, end, kind, closed)
        if behind is None:
            return False
        opener, after, written, later, glued = behind
        ahead = self._ahead(start, kind + closed, after, later)
        # Digits may refer to a note, "still.12 It was"; but "3.5 million", "fig.5 shows"
        if ahead is None or (noted and not (after in CAPITAL and _is_plain(self._text[max(0, start - 4) : start]))):
            return False
        if kind != ".":  # other marks end a sentence before names, too
            written = ""
        before, earlier, first = ahead
        if self._counted_for:
            self._count(end)
        if after in LOW and self._casual < 3 and self._interrupts(start, kind, mark):
            return False
        # "la mafia local; De acuerdo con el secretario"
        certain = kind == ";" and after == "Starter" and not self._depth
        certain |= before == "item" and self._words.items_apart
        certain |= kind == "none" and before == "smiley" and after in CAPITAL  # "Thanks :-) See you"
        if certain or (kind == "." and not glued and not closed and ends(before, earlier, opener, after)):
            return True
        quoted = self._open["straight"] % 2 == 1 or self._open["open"] > self._open["close"]
        rest = min(3, (self.line_end - end) // 16)
        around = (kind, closed, before, earlier, first, opener, FOR_MODEL.get(after, after), written, later, glued)
        # As Context(*around, ...), in a third of the time.
        return tuple.__new__(Context, (*around, quoted, self._depth > 0, rest, self._casual))

    def _behind(self, start: int, end: int, kind: str, closed: str) -> tuple[str, str, str, str, bool] | None:
        """Opener, after, written, later and glued of a mark's context; None where the sentence goes on by them."""
        right = self._text[end : min(end + _AROUND, self.line_end)]
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
        elif after in LOW:  # "“Will they print it?” she asked", "(He was there.) and left"
            inside = closed not in ("", "other") and self._casual < 3
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
        left = self._text[max(self._line_start, start - _AROUND) : start + (mark == "none")]
        words = left.rsplit(None, 2)
        if not words:
            return "none", "none", True
        word = words[-1]
        if mark[0] == "…" and word[-1] in ".?!…" and left[-1].isspace():
            return None  # "compounds. . . . The practice": the ellipsis begins the next sentence
        earlier = self._classes.before(words[-2]) if len(words) > 1 else "none"
        first = len(words) < 2 or word[0] in BULLETS or _begins(words, earlier)
        bullet = first and word == "*" and self._text.startswith(word, self._line_start)
        if mark == "none" and (bullet or _ITEM.fullmatch(word)):  # "1) The first item", "* The next"
            return None
        if mark[0] == "." and first and _ITEM_NUMBER.fullmatch(word):
            return "item", earlier, first
        before = self._classes.before(word)
        if before == "numbered":  # "No. 5", but "Oh no. He left"
            before = "" if after in _COUNTED else self._classes.shape(word.lstrip(OPENERS))
        elif earlier in NUMBERS and self._words.kind(word) == "unit":  # "6 in. tall", but "the house he lives in. He"
            before = "open"
        else:
            before = before_mark(before, earlier, first, after)
        inside = mark == "." and (
            goes_on(before, first, after, later, self._casual)
            or (before in NEVER_ALONE and _opens(words, earlier, self._words))
        )
        return None if inside or not before else (before, earlier, first)

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
        return earlier not in _NEVER_LAST and not (earlier == "month" and preceding[-1].isdecimal())
    return word[-1] in "?!…:" or word in BULLETS or (len(preceding) == 2 and word in DASHES + "*·")


def _opens(preceding: list[str], earlier: str, words: Lexicon) -> bool:
    """Whether the words before a mark only open a sentence: "The U.S. Chamber", "At 5 a.m. Mr. Smith"."""
    word = preceding[-2] if len(preceding) > 1 else ""
    if earlier in NUMBERS and "." in preceding[-1] and len(preceding) > 2:
        word = preceding[0].rsplit(None, 1)[-1]
    return word[:1].isupper() and word.isalpha() and word != "I" and word.lower() in words.starters


def _begins_with_ellipsis(right: str, kind: str) -> bool:
    """Whether an ellipsis stands behind a mark and a sentence behind that: "at Yale. ... He left"."""
    ellipsis = _ELLIPSIS.match(right)
    following = right[ellipsis.end() : ellipsis.end() + 1] if ellipsis else ""
    return following.isalnum() and (kind == "." or not following.islower())


def _is_plain(word: str) -> bool:
    return len(word) > 3 and word.isalpha() and word.islower()


@lru_cache(4096)
def _mark(mark: str) -> tuple[str, str, bool]:
    """Kind of a mark, what closes behind it, and whether bare digits follow, which may refer to a note."""
    run, noted = mark, False
    if mark[0] in ".!?…؟":
        if note := _NOTE_BEGINS.search(mark):
            mark, noted = mark[: note.start()].rstrip(), mark[note.start()].isdecimal()
        run = mark.rstrip("\"'”’»›)]}*_“‘ \u00a0\u202f")
        kind = "?" if "?" in run or "؟" in run else "!" if "!" in run else "." if run == "." else "…"
    elif mark[0] in ";:":
        run = kind = mark[0]
    else:
        kind = "-" if mark[0] in DASHES else "none"
    closers = set(mark[len(run) :])
    if not closers:
        return kind, "", noted
    quote, bracket = closers & set("\"'”’»›“‘"), closers & set(")]}")
    return kind, "both" if quote and bracket else "quote" if quote else "bracket" if bracket else "other", noted
