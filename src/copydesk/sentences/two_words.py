"""Decisions by a mark and the two words beside it: the short way for nine candidates of ten.

What else a context holds (words further off, open quotations and brackets, the rest of the line, how the writer goes
on behind marks) seldom matters: all of it together weighs less than "house. The". Then it is not computed. This is no
guess: a candidate is decided here only if the certain cases cannot apply to these two words, and if the model decides
in the same way about every context that has them (``model.ends_whatever_else``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from copydesk.sentences.candidate_pattern import kind_of_mark
from copydesk.sentences.canonical_marks import TERMINALS
from copydesk.sentences.certain_cases import BY_NEIGHBOURS, FOR_MODEL, may_end, may_go_on
from copydesk.sentences.context import Context
from copydesk.sentences.lexicon import Lexicon, lexicon
from copydesk.sentences.list_items import ITEM_NUMBER
from copydesk.sentences.model import FREE, ends_whatever_else
from copydesk.sentences.words import BULLETS, classes

#: Decides about a text, where a mark starts and ends, the mark, and the word behind it with the space before it.
Decide = Callable[[str, int, int, str, str], bool | None]

_KEPT = 1 << 15  # classes of words and decisions kept in memory, each
_LONGEST = 48  # characters of a mark, or of a word, that is kept with them
#: Characters in which the word before a mark has to begin.
_LONG = 24
_OTHERWISE = frozenset(TERMINALS + BULLETS)


class _Remembered(dict[Any, Any]):
    """Results of a function of one argument: a hit takes half the time that it takes in ``functools.lru_cache``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, argument: Any) -> Any:
        result = self._function(argument)
        if len(argument) <= _LONGEST:  # not a run of thousands of marks
            if len(self) >= _KEPT:
                self.clear()
            self[argument] = result
        return result


@cache
def by_two_words(language: str) -> Decide:
    """The function that decides about candidates of a language; it returns None where more has to be known."""
    words = lexicon(language)
    before_mark = _Remembered(lambda word: _before(word, words))
    behind_mark = _Remembered(lambda piece: _behind(piece, words))

    def decide(text: str, start: int, end: int, mark: str, behind: str) -> bool | None:
        kind = _kinds[mark]
        after = behind_mark[behind]
        if kind is None or after is None:
            return None
        stop = end if kind == _NO_MARK else start  # a letter that no mark follows belongs to the word
        # Near the beginning of a text, where the first place is negative, this is less of it, down to nothing.
        _, space, word = text[stop - _LONG : stop].rpartition(" ")
        if space and not word:  # "in May – and", "Who ? And"
            _, space, word = text[stop - _LONG : stop - 1].rpartition(" ")
        before = before_mark[word] if space else None
        decision: bool | None = _decisions[kind, before, after] if before else None
        return decision

    return decide


def _kind(mark: str) -> str | None:
    """Kind of a mark and what closes behind it, with a comma between; None for a mark that is decided otherwise."""
    kind, closed, noted = kind_of_mark(mark)
    return None if mark[0] in _OTHERWISE or noted or kind == "…" else f"{kind},{closed}"


def _before(word: str, words: Lexicon) -> str | None:
    """Class of the word before a mark, from the text behind the space before it; None if it depends on others."""
    if word.split() != [word] or ITEM_NUMBER.fullmatch(word) or words.kind(word) == "unit":
        return None
    before = classes(words.language).before(word)
    return None if before in BY_NEIGHBOURS or before == "numbered" else before


def _behind(piece: str, words: Lexicon) -> str | None:
    """Classes of the word behind a mark, with commas between, of its text with the space; None if they may change."""
    if piece[0] != " ":
        return _INSIDE if piece[0].islower() or piece[0].isdecimal() or piece[1:2] == "." else None
    behind = classes(words.language).after(piece[1:])
    return None if behind[1] == "opener" else ",".join(behind)


def _decided(around: tuple[str, str, str]) -> bool | None:
    """What is decided about each context with a mark and these classes beside it; None if it differs."""
    mark, before, behind = around
    kind, closed = mark.split(",")
    if behind == _INSIDE:
        return False if kind == "." else None
    opener, after, written = behind.split(",")
    in_model = FOR_MODEL.get(after, after), written if kind == "." else ""
    context = Context(kind, closed, before, "", False, opener, *in_model, later="", glued=False)
    ends = ends_whatever_else(context, FREE)
    if ends is None or (may_go_on(kind, before, after) if ends else may_end(kind, before, opener, after)):
        return None
    return ends


_NO_MARK = "none,"
_INSIDE = "inside"  # what stands behind a full stop inside a word: "$3.5", "example.com", "U.S."
_kinds = _Remembered(_kind)
_decisions = _Remembered(_decided)
