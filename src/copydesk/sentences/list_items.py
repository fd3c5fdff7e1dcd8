"""Items of a list that runs on in one line, by their numbers: "1) The first item 2) The second item"."""

from __future__ import annotations

import re
from typing import NamedTuple

from copydesk.sentences.lexicon import Lexicon
from copydesk.sentences.words import BULLETS

#: Numbers of a first item.
FIRST_ITEM = frozenset("1ai")
_MARKER = re.compile(r"(?<!\S)(\d{1,2}|[a-z]|[ivx]{2,4})(\.\)|[.)])(?= )")
_FIRST = re.compile(r"[1ai](?:\.\)|[.)]) ")
#: What may number an item, with its bullet.
ITEM_NUMBER = re.compile(rf"[{BULLETS}]?(?:\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}|[a-h]|[ivx]{{1,4}})")
#: Numbers of items by that of the first.
_NUMBERS = {
    "1": [str(number) for number in range(1, 100)],
    "a": list("abcdefghijklmnopqrstuvwxyz"),
    "i": "i ii iii iv v vi vii viii ix x xi xii".split(),
}
#: Items that are written without capitals, or where "1." is also read "first", are a list if they are so many.
_MANY = 3
_MOST_SPACES = 8


class ListItem(NamedTuple):
    """Where the number of an item begins and ends."""

    start: int
    end: int


def list_items(text: str, start: int, end: int, words: Lexicon) -> list[ListItem]:
    """Items behind the first of a list that begins at a place in a line, the last first.

    They are numbered in one style, from 1, a or i; so "Room 2. The door" has none.

    Parameters
    ----------
    text : str
    start, end : int
        Where the number of the first item begins, and where the line ends.
    words : Lexicon
        It says whether "2." is read "second", as in "1. FC gegen die 2. Mannschaft", and before which words.

    >>> from copydesk.sentences.lexicon import lexicon
    >>> list_items("1. The first item 2. The second item", 0, 36, lexicon("en"))
    [ListItem(start=18, end=20)]
    """
    if not _FIRST.match(text, start, end):
        return []
    items: list[ListItem] = []
    ordinals = words.ordinals and text[start] == "1" and text.startswith(". ", start + 1)
    numbers = iter(_NUMBERS[text[start]])
    following, style, capitals = next(numbers), "", True
    for match in _MARKER.finditer(text, start, end):
        number, sign = match.groups()
        if items and number == text[start]:  # another list begins; so that no text is searched twice
            break
        if number == following and sign == (style or sign):
            before = text[max(start, match.start() - _MOST_SPACES) : match.start()].rstrip()
            if before.endswith((",", ";", ":")):  # "1) to find, 2) to test": a sentence that counts
                return []
            space, word = before.rpartition(" ")[1:]
            if ordinals and space and words.begins(word):  # "aus der 2. Bundesliga in die 3. Liga"
                return []
            items.append(ListItem(*match.span()))
            following, style = next(numbers, ""), sign
            capitals = capitals and not text[match.end() + 1 : match.end() + 2].islower()
    certain = capitals and not ordinals
    is_list = len(items) > 1 and (certain or (len(items) >= _MANY and (capitals or style != ".")))
    return items[:0:-1] if is_list else []
