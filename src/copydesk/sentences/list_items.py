"""Items of a list that runs on in one line, by their numbers: "1) The first item 2) The second item"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

#: What the second item of a list begins with: a text without it has none, which takes a thousandth of the splitting.
_SECOND = (" 2.", " 2)", " b.", " b)", " ii.", " ii)")
_MARKER = re.compile(r"(?<!\S)(\d{1,2}|[a-z]|[ivx]{2,5})(\.\)|[.)])(?= )")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BEGINS_BEHIND = frozenset(("", ".", "!", "?", "…"))
_MOST_SPACES = 8
#: Items that are written without capitals, or where "1." is also read "first", are a list if they are so many.
_MANY = 3


class ListItem(NamedTuple):
    """Where the number of an item begins and ends."""

    start: int
    end: int


class _Marker(NamedTuple):
    item: ListItem
    style: str
    number: int
    capital: bool


def list_items(text: str, *, ordinals: bool) -> list[ListItem]:
    """Items, in order, behind the first of each list in a text.

    A list begins a line or a sentence, and counts up from 1, a or i; so "Room 2. The door" is no item.

    Parameters
    ----------
    text : str
    ordinals : bool
        Whether "2." is read "second" in the language, as in "1. FC gegen die 2. Mannschaft".

    >>> list_items("1. The first item 2. The second item", ordinals=False)
    [ListItem(start=18, end=20)]
    """
    if not any(sign in text for sign in _SECOND):
        return []
    items: list[ListItem] = []
    start = 0
    for line in text.split("\n"):
        for chain in _chains(line):
            if _is_list(line, chain, ordinals=ordinals):
                items += [ListItem(start + marker.item.start, start + marker.item.end) for marker in chain[1:]]
        start += len(line) + 1
    return sorted(items)


def _chains(line: str) -> Iterator[list[_Marker]]:
    """Markers of one style that count up from the first, for each that begins a line or a sentence."""
    markers = sorted(_markers(line), key=lambda marker: (marker.style, marker.item))
    for _, of_style in groupby(markers, key=lambda marker: marker.style):
        chain: list[_Marker] = []
        for marker in of_style:
            if marker.number == 1 and _begins(line, marker.item.start):
                yield chain
                chain = [marker]
            elif chain and marker.number == len(chain) + 1:
                chain.append(marker)
        yield chain


def _markers(line: str) -> Iterator[_Marker]:
    for match in _MARKER.finditer(line):
        name, sign = match.groups()
        kinds = [("number", int(name))] if name.isdecimal() else []
        if name in _ROMAN:
            kinds.append(("roman", _ROMAN.index(name) + 1))
        if len(name) == 1 and name in _LETTERS:
            kinds.append(("letter", _LETTERS.index(name) + 1))
        following = line[match.end() + 1 : match.end() + 2]
        for kind, number in kinds:
            yield _Marker(ListItem(*match.span()), kind + sign, number, not following.islower())


def _begins(line: str, start: int) -> bool:
    return _sign_before(line, start) in _BEGINS_BEHIND


def _sign_before(line: str, start: int) -> str:
    """The last sign before a position but white space; nothing where the line begins."""
    return line[max(0, start - _MOST_SPACES) : start].rstrip()[-1:]


def _is_list(line: str, chain: list[_Marker], *, ordinals: bool) -> bool:
    if len(chain) < 2 or any(_sign_before(line, marker.item.start) in (",", ";", ":") for marker in chain[1:]):
        return False  # "1) to find, 2) to test": a sentence that counts
    capitals = all(marker.capital for marker in chain)
    certain = capitals and not (ordinals and chain[0].style == "number.")
    return certain or (len(chain) >= _MANY and (capitals or not chain[0].style.endswith(".")))
