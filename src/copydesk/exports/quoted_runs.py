"""Which strings share a run of five words with a text, whatever case and punctuation are."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from urllib.parse import unquote

_RUN = 5
#: A letter of a script without spaces is a word, as in the column ``words``.
_SPACELESS = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")

_BETWEEN = re.compile(r"[\W_]+")


def word_runs(text: str) -> Iterator[tuple[str, ...]]:
    """The runs of five words of a text.

    >>> list(word_runs("The-quick brown, fox: JUMPS over"))
    [('the', 'quick', 'brown', 'fox', 'jumps'), ('quick', 'brown', 'fox', 'jumps', 'over')]
    """
    window: deque[str] = deque(maxlen=_RUN)
    for match in _WORD.finditer(text.casefold()):
        window.append(match[0])
        if len(window) == _RUN:
            yield tuple(window)


def letters_of(text: str) -> str:
    """The letters and digits of a text, of ``%20`` as well, without case and all that is between them.

    >>> letters_of("TheQuick%20brown_fox")
    'thequickbrownfox'
    """
    return _BETWEEN.sub("", unquote(text).casefold())


class QuotedRuns:
    """Finds the strings that share a run with one of many texts. Only the runs of the strings are in memory."""

    def __init__(self) -> None:
        self._strings: dict[tuple[str, ...], set[tuple[str, str]]] = defaultdict(set)
        self.quoting: set[tuple[str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._strings)

    def add(self, place: str, string: str) -> None:
        """Look for a string, which stands at some place."""
        for run in word_runs(string):
            self._strings[run].add((place, string))

    def scan(self, text: str) -> None:
        """Add to ``quoting`` the place and the string of each that shares a run with a text."""
        for run in word_runs(text):
            if run in self._strings:
                self.quoting |= self._strings[run]
