"""Good text damaged at known places, as scrapers, scanners and wrong encodings damage it: every repair is known."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Change = tuple[int, int, str]
#: One damage in so many words; the place that it needs is looked for in so many.
_APART, _FARTHEST = 16, 40
_WIDTH = 72


def damaged(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Two damaged copies of a document: one with damage inside its lines, one that was set in narrow lines.

    Parameters
    ----------
    document : dict
        ``id`` and ``text``.

    Yields
    ------
    dict
        ``id``, ``dirty`` and ``edits``: start, end and replacement of each repair, in code points of ``dirty``.
    """
    for name, damage in (("inline", _inline), ("wrapped", _wrapped)):
        chance = random.Random(zlib.crc32(f"{name} {document['id']}".encode()))
        changes = list(damage(document["text"], chance))
        dirty, edits, position = "", [], 0
        for start, end, new in changes:
            dirty += document["text"][position:start]
            edits.append(
                {"start": len(dirty), "end": len(dirty) + len(new), "replacement": document["text"][start:end]}
            )
            dirty += new
            position = end
        yield {"id": f"{document['id']} {name}", "dirty": dirty + document["text"][position:], "edits": edits}


def _inline(text: str, chance: random.Random) -> Iterator[Change]:
    """Damage between words and in letters, far apart."""
    spaces = [match.start() for match in re.finditer(r"(?<=[^ \n]) (?=[^ \n])", text)]
    number = 0
    while number < len(spaces) - 2:
        damage = chance.choice(_INLINE)
        last = min(number + _FARTHEST, len(spaces) - 2)
        number = next((n for n in range(number, last) if damage.fits(text, spaces[n])), last)
        if damage.fits(text, spaces[number]):
            yield damage.change(text, spaces[number], spaces[number + 1])
        number += chance.randrange(_APART // 2, _APART * 3 // 2)


class _Damage(NamedTuple):
    """Where a damage can be done: at a space; and the change, given this space and the next one."""

    fits: Callable[[str, int], bool]
    change: Callable[[str, int, int], Change]


def _between(before: str, after: str) -> Callable[[str, int], bool]:
    left, right = re.compile(rf"(?:{before})\Z"), re.compile(after)
    return lambda text, place: bool(left.search(text[max(0, place - 3) : place]) and right.match(text, place + 1))


_INLINE = (
    # A tag whose space was lost, twice as often as the others.
    *2 * [_Damage(_between(r"[^\W\d_]", r"[^\W\d_]"), lambda text, place, following: (place, place + 1, ""))],
    # The space between two sentences.
    _Damage(_between(r"[^\W\d_]{2}[.?!]", r"[^\W\d_]"), lambda text, place, following: (place, place + 1, "")),
    _Damage(_between(r"\w", r"\w"), lambda text, place, following: (place, place + 1, "  ")),
    _Damage(_between(r"[^\W\d_][,.]", r"\w"), lambda text, place, following: (place - 1, place - 1, " ")),
    # UTF-8 read as Windows-1252.
    _Damage(
        _between("", r"[a-z]*[^\W\d_a-zA-Z]"),
        lambda text, place, following: (place + 1, following, _misread(text[place + 1 : following])),
    ),
)


def _misread(word: str) -> str:
    """UTF-8 read as Windows-1252, as far as that has the bytes; else as references."""
    try:
        return word.encode().decode("cp1252")
    except UnicodeDecodeError:
        return "".join(char if char.isascii() else f"&#{ord(char)};" for char in word)


def _wrapped(text: str, chance: random.Random) -> Iterator[Change]:
    """Lines of one width; a word that does not fit is hyphenated or goes to the next line."""
    column, position = 0, 0
    for place in [n for n, char in enumerate(text) if char in " \n"] + [len(text)]:
        word = text[position:place]
        if column and column + len(word) > _WIDTH:
            room = _WIDTH - column - 1
            cut = min(room, len(word) - 3)
            if word.isalpha() and cut >= 3 and chance.random() < 0.5:
                yield position + cut, position + cut, "-\n"
                column = -cut
            elif text[position - 1 : position] == " ":
                yield position - 1, position, "\n"
                column = 0
        column = 0 if text[place : place + 1] == "\n" else column + len(word) + 1
        position = place + 1
