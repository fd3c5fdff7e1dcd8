"""Decisions by a mark and the two words beside it: the short way for nine candidates of ten.

What else a context holds (the words further off, open quotations and brackets, the rest of the line, how the writer
goes on behind marks) seldom changes what the model says: beside "house. The" all of it together weighs less. Then it is
not computed. Nothing is guessed: a candidate is decided here only where ``candidates`` and the model decide the
same for every context with this mark and these words. Each other one is left to them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from copydesk.sentences.candidate_pattern import kind_of_mark
from copydesk.sentences.canonical_marks import TERMINALS
from copydesk.sentences.certain_cases import BY_NEIGHBOURS, FOR_MODEL, may_end, may_go_on
from copydesk.sentences.context import Context
from copydesk.sentences.lexicon import Lexicon, lexicon
from copydesk.sentences.list_items import ITEM_NUMBER
from copydesk.sentences.model import FREE, ends_whatever_else
from copydesk.sentences.words import BULLETS, classes

_KEPT = 1 << 15  # words kept in memory, for each language
#: Characters in which the word before a mark has to begin. At the beginning of a text they are fewer.
_LONG = 24
_NEW = object()
_decisions: dict[tuple[str, str, str], bool | None] = {}
_OTHERWISE = frozenset(TERMINALS + BULLETS)


Decide = Callable[[str, int, int, str, str], bool | None]


@cache
def by_two_words(language: str) -> Decide:
    """The function that decides about candidates in texts of a language.

    It takes a text, where a mark starts and ends, the mark, and the word behind it with the space before it; and
    returns whether a sentence ends there, or None.
    """
    words = lexicon(language)
    before_mark = lru_cache(_KEPT)(lambda word: _before(word, words))
    behind_mark = lru_cache(_KEPT)(lambda piece: _behind(piece, words))

    def decide(text: str, start: int, end: int, mark: str, behind: str) -> bool | None:
        kind = _kind(mark)
        after = behind_mark(behind)
        if kind is None or after is None:
            return None
        stop = end if kind == "none" else start  # a letter that no mark follows belongs to the word
        _, space, word = text[stop - _LONG : stop].rpartition(" ")
        if space and not word:  # "in May – and", "Who ? And"
            _, space, word = text[stop - _LONG : stop - 1].rpartition(" ")
        before = before_mark(word) if space else None
        if before is None:
            return None
        around = kind, before, after
        decision = _decisions.get(around, _NEW)
        if decision is _NEW:
            decision = _decisions[around] = _decided(*kind_of_mark(mark)[:2], before, *after.split(","))
        return decision

    return decide


@lru_cache(4096)
def _kind(mark: str) -> str | None:
    """Kind of a mark and what closes behind it; None for a mark that is decided otherwise."""
    kind, closed, noted = kind_of_mark(mark)
    return None if mark[0] in _OTHERWISE or noted or kind == "…" else kind + closed


def _before(word: str, words: Lexicon) -> str | None:
    """Class of the word before a mark, from the text behind the space before it; None if it depends on others."""
    if word.split() != [word] or ITEM_NUMBER.fullmatch(word) or words.kind(word) == "unit":
        return None
    before = classes(words.language).before(word)
    return None if before in BY_NEIGHBOURS or before == "numbered" else before


def _behind(piece: str, words: Lexicon) -> str | None:
    """Classes of the word behind a mark, with the space before it; None if they depend on others."""
    if piece[0] != " ":
        return ",glued," if piece[0].islower() or piece[0].isdecimal() else None
    behind = classes(words.language).after(piece[1:])
    return None if behind[1] == "opener" else ",".join(behind)


def _decided(kind: str, closed: str, before: str, opener: str, after: str, written: str) -> bool | None:
    """What is decided about each context with a mark of a kind and these classes beside it; None if it differs."""
    if after == "glued":  # "$3.5", "example.com"
        return False if kind == "." else None
    written = written if kind == "." else ""
    model_after = FOR_MODEL.get(after, after)
    context = Context(kind, closed, before, "", False, opener, model_after, written, "", False, False, False, 0, 0)
    ends = ends_whatever_else(context, FREE)
    if ends is None or (may_go_on(kind, before, after) if ends else may_end(kind, before, opener, after)):
        return None
    return ends
