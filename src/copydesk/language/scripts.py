"""Tell the language of a text by its script or its letters, where hardly another language has them."""

from __future__ import annotations

import re

#: Letters of scripts that hardly another language is written in; Chinese, but not Japanese, has Chinese signs alone.
_SCRIPTS = {
    language: re.compile(f"[{letters}]")
    for language, letters in {
        "ja": "\u3041-\u30ff",
        "zh": "\u3400-\u9fff",
        "ko": "\uac00-\ud7a3",
        "th": "\u0e01-\u0e5b",
        "lo": "\u0e81-\u0edf",
        "km": "\u1780-\u17ff",
        "my": "\u1000-\u109f",
        "ka": "\u10a0-\u10ff",
        "hy": "\u0531-\u058f",
        "el": "\u0370-\u03ff\u1f00-\u1fff",
        "he": "\u05d0-\u05ea",
        "am": "\u1200-\u137f",
        "pa": "\u0a01-\u0a7f",
        "gu": "\u0a81-\u0aff",
        "or": "\u0b01-\u0b7f",
        "ta": "\u0b82-\u0bff",
        "te": "\u0c00-\u0c7f",
        "kn": "\u0c80-\u0cff",
        "ml": "\u0d00-\u0d7f",
        "si": "\u0d80-\u0dff",
    }.items()
}
#: Letters that are no evidence, and for each language in Cyrillic those that tell it beside those that it may have.
_COMMON_CYRILLIC = frozenset("абвгдежзийклмнопрстуфхцчшщъьюя")
_CYRILLIC = {
    language: (frozenset(own), frozenset(own + others))
    for language, own, others in (
        ("ru", "ыэё", ""),
        ("uk", "їєґ", "і"),
        ("be", "ў", "іыэё"),
        ("sr", "ћђ", "јљњџ"),
        ("mk", "ѓќѕ", "јљњџ"),
    )
}
_LEAST_LETTERS = 20
_DENSE = 3


def by_script(sample: str) -> tuple[str, float] | None:
    """The language of a text in a script that hardly another language is written in, and its share of the letters."""
    letters = sum(map(str.isalpha, sample))
    for language, letter in _SCRIPTS.items():
        own = len(letter.findall(sample))
        weight = _DENSE if language in ("ja", "zh") else 1  # one sign says as much as some letters
        if own and 2 * weight * own >= letters + (weight - 1) * own:
            share = round(weight * own / (letters + (weight - 1) * own), 2)
            return language, share
    return None


def by_letters(sample: str) -> str | None:
    """The language of a text in Cyrillic by the letters that, of the large languages, only one writes.

    >>> by_letters("Рыбный промысел регулировался общинным правом казаков.")
    'ru'
    """
    cyrillic = [letter for letter in sample.lower() if "\u0400" <= letter <= "\u052f"]
    telling = set(cyrillic) - _COMMON_CYRILLIC
    if len(cyrillic) < _LEAST_LETTERS or 2 * len(cyrillic) < sum(map(str.isalpha, sample)):
        return None
    fitting = (language for language, (own, letters) in _CYRILLIC.items() if telling & own and telling <= letters)
    return next(fitting, None)
