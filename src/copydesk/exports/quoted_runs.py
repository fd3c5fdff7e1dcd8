"""Which strings share a run of five words with a text, in whatever form a name has them.

Both are read in the same forms: escapes are undone, case, marks and the spellings of umlauts fall away, and words end
at all that is no letter or digit; or the apostrophes and dots in a word fall away; or a word also ends where
``CamelCase`` or a number begins. A name without any spaces is compared letter by letter from where words begin.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import unquote

_RUN = 5
#: A letter of a script without spaces is a word, as in the column ``words``.
_SPACELESS = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")
#: Escapes of escapes of escapes.
_DEPTH = 3
#: Letters that are none with a mark.
_LETTERS = {
    **{"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "ı": "i"},
    **{"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ß": "ss", "ẞ": "SS"},
}
#: Combining marks of Latin, Greek and Cyrillic, soft hyphens, and characters without width.
_MARKS = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]")


class _Unmarked(dict[int, str]):
    """Letters without marks, one by one: to normalise a whole text takes the square of its marks in time."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if not "가" <= letter <= "힣":  # a syllable of Korean is one letter
            letter = _MARKS.sub("", unicodedata.normalize("NFKD", _LETTERS.get(letter, letter)))
        self[code] = letter
        return letter


_UNMARKED = _Unmarked()
#: Letters that are one in some spelling: "Bürgermeister löst", "Buergermeister loest" and "Burgermeister lost".
_ONE_LETTER = ("ee", "ae", "oe", "ue", "aa", "ss")
_WITHIN = re.compile(r"(?<=\w)['’ʼ.,]+(?=\w)")
_LOWER, _UPPER = "a-zα-ωа-џ", "A-ZΑ-ΩЀ-Я"
_PARTS = re.compile(
    rf"([{_LOWER}])(?=[{_UPPER}0-9])|([{_UPPER}])(?=[{_UPPER}][{_LOWER}]|[0-9])|([0-9])(?=[{_LOWER}{_UPPER}])"
)
#: Letters of a run of five parts; those of random names are shorter.
_LETTERS_OF_PARTS = 12
#: Letters of a name without spaces that are compared with a text.
_WINDOW = 20
_WITHOUT_SPACES = re.compile(rf"[^\W_]{{{_WINDOW},}}")
#: What has no words: hashes, UUIDs, times.
_NUMBERS = re.compile(r"(?i)(?=\D*\d)[0-9a-f_-]+|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?")

Run = tuple[str, ...]


def word_runs(text: str) -> Iterator[Run]:
    """The runs of five words of a text, in all forms.

    >>> list(word_runs("The-quick brown, fox: JUMPS over"))
    [('the', 'quick', 'brown', 'fox', 'jumps'), ('quick', 'brown', 'fox', 'jumps', 'over')]
    >>> [*word_runs("20240105_Der%20B\u00fcrgermeister l&ouml;st Zo\u00eb ab")] == [
    ...     *word_runs("20240105-der-buergermeister-lost-zoe-ab")
    ... ]
    True
    """
    for words, _ in _forms(_unescaped(text)):
        yield from _runs(words)


def _unescaped(text: str) -> str:
    """A text without percent encoding, HTML entities and marks, in its case."""
    for _ in range(_DEPTH):
        unescaped = html.unescape(unquote(text))
        if unescaped == text:
            break
        text = unescaped
    return text if text.isascii() else text.translate(_UNMARKED)


def _forms(text: str) -> Iterator[tuple[list[str], int]]:
    """The words of a text in each form that differs, and the letters that a run must have."""
    words = _WORD.findall(text)
    yield _spelled(words), 0
    if (joined := _WITHIN.sub("", text)) != text:
        yield _spelled(_WORD.findall(joined)), 0
    parts = [
        word if word.isalpha() and (word.islower() or word.istitle()) else _PARTS.sub(r"\g<0> ", word)
        for word in words
    ]
    if parts != words:
        yield _spelled(parts), _LETTERS_OF_PARTS


def _spelled(words: list[str]) -> list[str]:
    """The words without case, in one spelling."""
    text = " ".join(words).casefold()
    for pair in _ONE_LETTER:
        while pair in text:  # no more than once for any but a double letter, of which each time half are left
            text = text.replace(pair, pair[0])
    return text.split()


def _runs(words: list[str]) -> Iterator[Run]:
    return zip(*(words[n:] for n in range(_RUN)), strict=False)


def _windows(text: str) -> Iterator[str]:
    """What is compared letter by letter: the parts of a text without spaces that are no hashes."""
    for match in _WITHOUT_SPACES.finditer(text.casefold()):
        letters = match[0]
        if sum(map(str.isdecimal, letters)) * 3 < len(letters):
            yield from (letters[n : n + _WINDOW] for n in range(len(letters) - _WINDOW + 1))


class QuotedRuns:
    """Finds the strings that share a run with one of many texts. Only the runs of the strings are in memory."""

    def __init__(self) -> None:
        self._strings: dict[Run, set[tuple[str, str]]] = defaultdict(set)
        self._first: set[str] = set()  # words of runs
        self._windows: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.quoting: set[tuple[str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._strings or self._windows)

    def add(self, place: str, string: str) -> None:
        """Look for a string, which stands at some place."""
        if _NUMBERS.fullmatch(string):
            return
        text = _unescaped(string)
        for words, letters in _forms(text):
            for run in _runs(words):
                if len("".join(run)) >= letters:
                    self._strings[run].add((place, string))
                    self._first.add(run[0])
        for window in _windows(text):
            self._windows[window].add((place, string))

    def scan(self, text: str) -> None:
        """Add to ``quoting`` the place and the string of each that shares a run with a text."""
        text = _unescaped(text)
        for words, _ in _forms(text) if self._strings else ():
            for n in [n for n, word in enumerate(words) if word in self._first]:
                run = tuple(words[n : n + _RUN])
                if run in self._strings:
                    self.quoting |= self._strings[run]
        if self._windows:
            self._scan_letters(_WORD.findall(text.casefold()))

    def _scan_letters(self, words: list[str]) -> None:
        letters = "".join(words)
        start = 0
        for n, word in enumerate(words[: 1 - _RUN]):
            window = letters[start : start + _WINDOW]
            if window in self._windows:
                run = "".join(words[n : n + _RUN])
                self.quoting.update(place for place in self._windows[window] if run in _letters(place[1]))
            start += len(word)


def _letters(string: str) -> str:
    return "".join(_WORD.findall(_unescaped(string).casefold()))
