"""Deceptive characters (bidi controls, look-alike letters, invisible text): flagged, never repaired."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Detector

# Explicit directional formatting, UAX #9: embeddings, overrides, isolates, and what ends them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\n]")
_OVERRIDES = "\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"
_END, _END_ISOLATE = "\u202c", "\u2069"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")

_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_SCRIPTS = {
    "Greek": "\u0370-\u0373\u0376-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1fff",
    "Cyrillic": "\u0400-\u0481\u048a-\u052f\u1c80-\u1c88\ua640-\ua66e\ua680-\ua69d",
    "Armenian": "\u0531-\u0556\u0560-\u0588",
    "Cherokee": "\u13a0-\u13fd\uab70-\uabbf",
}
# Letters that UTS #39 (confusables.txt of Unicode 15) takes for one of ASCII, by script, and those they look like.
_TWINS = {
    "Greek": ("ͺͿΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγινορσυϒϜϱϲϳϹϺι", "iJABEZHlIKMNOPTYXayivopuFcjC"),
    "Cyrillic": ("ЅІЈАВЕКМНОРСТУХЬагеорсухѕіјѡѴѵҮүһҽӀӏԁԌԛԜԝꙇ", "SlIJABEKMHOPCTYXbareopcyxsijwVvhdGqW"),
    "Armenian": ("ՍՏՕագզհոռսցքօ", "USOwqhnugfo"),
    "Cherokee": ("ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏧᏳᏴ", "DRTiYAJEWMHGhZbSVLCPKdB"),
}
_OTHER = "".join(_SCRIPTS.values())
_WORD = re.compile(f"[{_LATIN}{_OTHER}]+")
_LATIN_LETTER, _OTHER_LETTER = re.compile(f"[{_LATIN}]"), re.compile(f"[{_OTHER}]")
_LOOKS_LATIN = re.compile(f"[{_LATIN}{''.join(twins for twins, _ in _TWINS.values())}]+")
_LOOKS_LIKE = {
    script: re.compile(f"[{_SCRIPTS[script]}{re.escape(latin)}]+") for script, (_, latin) in _TWINS.items()
}
_NOTATION = re.compile("[A-Za-z]*[A-Z][αγνρσ]")  # "TNFα"

_TAGS = "\U000e0000-\U000e007f"
_HIDDEN = re.compile(f"[{_TAGS}]+|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{{2,}}|[\u200c\u200d\u2061-\u2064]{{3,}}")
_FLAG = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")


def _turned(text: str) -> Iterator[tuple[int, int]]:
    """Overrides; embeddings and isolates where nothing runs from right to left, or that a paragraph leaves open."""
    needed = _RIGHT_TO_LEFT.search(text) is not None
    spans: list[tuple[int, int]] = []
    begun: list[tuple[int, str]] = []
    isolates = 0
    for match in _TURNS.finditer(f"{text}\n"):
        place, control = match.start(), match.group()
        if control == "\n":
            yield from _outermost([*spans, *((start, place) for start, _ in begun)])
            spans, begun, isolates = [], [], 0
        elif control not in (_END, _END_ISOLATE):
            begun.append((place, control))
            isolates += control in _ISOLATES
        elif not begun or (begun[-1][1] in _ISOLATES if control == _END else not isolates):
            spans.append((place, place + 1))
        else:
            start, opened = begun.pop()
            left_open = False
            while control == _END_ISOLATE and opened not in _ISOLATES:  # an isolate ends what it holds
                left_open = True
                start, opened = begun.pop()
            isolates -= control == _END_ISOLATE
            if opened in _OVERRIDES or left_open or not needed:
                spans.append((start, place + 1))


def _outermost(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    reached = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > reached:
            yield start, end
            reached = end


def _look_alikes(text: str) -> Iterator[tuple[int, int]]:
    """Words of two scripts that look like one of the script of most letters: mixed-script confusables of UTS #39."""
    for match in _WORD.finditer(text) if _OTHER_LETTER.search(text) else ():
        word = match.group()
        if not word.isascii() and _is_mixed(word):
            yield match.span()


def _is_mixed(word: str) -> bool:
    latin = len(_LATIN_LETTER.findall(word))
    if not 0 < latin < len(word) or _NOTATION.fullmatch(word):
        return False
    if 2 * latin >= len(word):
        return _LOOKS_LATIN.fullmatch(word) is not None
    return any(looks_like.fullmatch(word) for looks_like in _LOOKS_LIKE.values())


def _hidden(text: str) -> Iterator[tuple[int, int]]:
    for match in () if text.isascii() else _HIDDEN.finditer(text):
        start, end = match.span()
        # The flags of England, Scotland and Wales are spelled so.
        if not (text[start - 1 : start] == "\U0001f3f4" and _FLAG.fullmatch(match.group())):
            yield start, end


DETECTORS = (
    Detector(
        "text-direction",
        r"[\x{202a}-\x{202e}\x{2066}-\x{2069}]",
        _turned,
        marks="the account 0123\u202e4567\u202c was closed",
        leaves="\u2068\u0645\u0631\u062d\u0628\u0627\u2069 (Hello)",
    ),
    Detector(
        "look-alike-letter",
        f"[{_LATIN}][{_OTHER}]|[{_OTHER}][{_LATIN}]",
        _look_alikes,
        marks="log in at p\u0430yp\u0430l today",
        leaves="ΔT, kΩ, TNFα, IT-компания, PDFка",
    ),
    Detector(
        "hidden-text",
        r"[\x{e0000}-\x{e007f}]|[\x{fe00}-\x{fe0f}\x{e0100}-\x{e01ef}]{2}|[\x{200c}\x{200d}\x{2061}-\x{2064}]{3}",
        _hidden,
        marks="a fine day\U000e0049\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065 it was",
        leaves="🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 👩\u200d💻 ❤\ufe0f",
    ),
)
