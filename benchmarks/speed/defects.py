"""What scraping breaks, put into good text: each defect is a function of a text and a source of chance.

A defect returns the text unchanged where it finds no place to be. Kinds are those of the cleaning bench
(``benchmarks/quality``); how often each comes is a guess at news pages, since nobody publishes such counts.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Defect = Callable[[str, random.Random], str]

_PEOPLE = ("Grace Nakamura", "Daniel Okoro", "Ana Sofia Duarte", "Tom Whitfield", "Lena Brandt")
_PAPERS = ("Metro Herald", "Northern Post", "World Today", "The Evening Courier")
_TOP = ("By {upper}\n\n", "{paper} — Updated 3 March 2024, 10:15\n\n", "By {person}, {paper}\n\n")
_MIDDLE = ("Advertisement", "Story continues below", "Continue reading the main story", "Photo: Getty Images")
_END = (
    "Source: {paper}",
    "SOURCE: News agencies",
    "© {paper}",
    "Follow {person} on Twitter @{handle}",
    "Enter your email address to receive {paper} updates.",
    "{person} is a senior reporter at {paper}, where she covers defence and foreign affairs.",
    "Photo: Reuters",
)


def _place(text: str, draw: random.Random, pattern: str) -> re.Match[str] | None:
    """One of the places where a pattern is found, by chance."""
    found = list(re.finditer(pattern, text))
    return draw.choice(found) if found else None


def _replaced(pattern: str, replacement: str, most: int = 1) -> Defect:
    def defect(text: str, draw: random.Random) -> str:
        for _ in range(draw.randint(1, most)):
            if place := _place(text, draw, pattern):
                text = text[: place.start()] + place.expand(replacement) + text[place.end() :]
        return text

    return defect


def _keyword(text: str, draw: random.Random) -> str:
    """A linked word that lost the spaces around it, wherever it stands."""
    words = sorted(set(re.findall(r"(?<=[a-z] )[A-Z][a-z]{4,}(?= [a-z])", text)))
    if not words:
        return text
    word = draw.choice(words)
    return re.sub(rf"(?<=[a-z]) {word} (?=[a-z])", word, text)


def _stray_capital(text: str, draw: random.Random) -> str:
    return draw.choice("MTAW") + text


def _split_capital(text: str, draw: random.Random) -> str:
    return re.sub(r"^([A-Z])([a-z]+)", r"\1 \2", text)


def _curled(text: str) -> str:
    """With the marks that word processors make."""
    text = re.sub(r"(?<=\w)'", "’", text)
    return re.sub(r'"([^"\n]*)"', r"“\1”", text).replace(" - ", " – ")


def _mojibake(text: str, draw: random.Random) -> str:
    """UTF-8 read as Windows-1252, the whole text."""
    data = _curled(text).encode()
    return data.decode("ascii") if data.isascii() else "".join(_WINDOWS[byte] for byte in data)


def _controls(text: str, draw: random.Random) -> str:
    """Windows-1252 read as Latin-1: marks become control characters."""
    return _curled(text).translate({0x201C: 0x93, 0x201D: 0x94, 0x2019: 0x92, 0x2013: 0x96})


def _entities(text: str, draw: random.Random) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&quot;")


def _odd_spaces(text: str, draw: random.Random) -> str:
    odd = draw.choice(("\u00a0", "\u200b ", "\u2009", "  ", " \u00ad"))
    return re.sub(" ", lambda found: odd if draw.random() < 0.03 else found[0], text)


def _wrapped(text: str, draw: random.Random) -> str:
    """Lines of some 72 characters, as in print."""
    return re.sub(r"([^\n]{60,72}) ", r"\1\n", text)


def _windows_lines(text: str, draw: random.Random) -> str:
    return text.replace("\n", "\r\n")


def _line(templates: tuple[str, ...], where: str) -> Defect:
    def defect(text: str, draw: random.Random) -> str:
        person, paper = draw.choice(_PEOPLE), draw.choice(_PAPERS)
        line = draw.choice(templates).format(
            person=person, paper=paper, upper=person.upper(), handle=person.replace(" ", "")
        )
        if where == "top":
            return line + text
        if where == "end":
            return text + line + "\n"
        paragraphs = text.split("\n\n")
        paragraphs.insert(draw.randint(1, len(paragraphs)), line)
        return "\n\n".join(paragraphs)

    return defect


def _misread_byte(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_WINDOWS = [_misread_byte(byte) for byte in range(256)]

#: Each kind of defect, and how often it comes among the others.
DEFECTS: dict[str, tuple[Defect, int]] = {
    "glued word": (_replaced(r"(?<=[a-z]{3}) (?=[A-Z][a-z]{3})", "", 4), 10),
    "glued keyword": (_keyword, 6),
    "glued lower-case word": (_replaced(r"(?<= [a-z]{4}) (?=[a-z]{4,})", "", 2), 4),
    "lost space after a full stop": (_replaced(r"(?<=[a-z]\.) (?=[A-Z])", "", 4), 10),
    "lost space after a comma": (_replaced(r"(?<=[a-z],) (?=[a-z])", "", 3), 5),
    "space before a mark": (_replaced(r"(?<=[a-z])(?=[,.] )", " ", 3), 5),
    "lost full stop": (_replaced(r"(?<=[a-z])\.(?= [A-Z])", "", 1), 3),
    "stray drop cap": (_stray_capital, 3),
    "split drop cap": (_split_capital, 3),
    "torn word": (_replaced(r"(?<= [a-z]{2})(?=[a-z]{5})", " ", 2), 3),
    "line at the top": (_line(_TOP, "top"), 6),
    "line in the middle": (_line(_MIDDLE, "middle"), 6),
    "line at the end": (_line(_END, "end"), 12),
    "mojibake": (_mojibake, 3),
    "control characters": (_controls, 2),
    "entities": (_entities, 4),
    "odd spaces": (_odd_spaces, 8),
    "hard wrap": (_wrapped, 2),
    "Windows line ends": (_windows_lines, 4),
    "ligature": (_replaced(r"fi(?=[a-z])", "ﬁ", 4), 2),
    "full-width mark": (_replaced(r"(?<=[a-z]), ", "，", 3), 1),
    "wrong quotation mark": (_replaced("“", "”"), 2),
    "redaction": (_replaced(r"(?<= )[A-Z][a-z]{4,}(?= )", "█████", 2), 1),
}


def damage(text: str, wanted: int, draw: random.Random) -> tuple[str, tuple[str, ...]]:
    """Put so many kinds of defect into a text, fewer where there is no place for one; say which."""
    names, weights = list(DEFECTS), [weight for _, weight in DEFECTS.values()]
    chosen: dict[str, None] = {}
    while len(chosen) < wanted:
        chosen[draw.choices(names, weights)[0]] = None
    made = []
    # In the order of the list: what breaks single characters comes after what looks for words.
    for name in sorted(chosen, key=names.index):
        damaged = DEFECTS[name][0](text, draw)
        if damaged != text:
            text = damaged
            made.append(name)
    return text, tuple(made)
