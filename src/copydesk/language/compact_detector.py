"""The Compact Language Detector 2, a model of languages that needs no network: which languages a sample is in."""

from __future__ import annotations

import re
from operator import itemgetter

import pycld2

#: A language, and the percent of the letters that are in it.
LanguageShare = tuple[str | None, int]
NO_SHARE: LanguageShare = (None, 0)
#: Least percent of the letters in a language. The model wants 80, which a quarter of the Russian texts do not reach;
#: with 40 no document got a wrong label.
LEAST_PERCENT = 40

#: Codes of the model that ISO 639 has replaced, or that name a script or a country, too.
_RENAMED = {"iw": "he", "jw": "jv", "sr-ME": "cnr", "zh-Hant": "zh"}
#: Codes that the model accepts as a hint, by our codes.
_HINTS: dict[str | None, str] = {_RENAMED.get(code, code): code for _, code in reversed(pycld2.LANGUAGES)}
#: Unknown, and jokes: Bork, Elmer Fudd, Hacker and Pig Latin. Codes of a script alone begin with "xx".
_NO_LANGUAGE = {"un", "xxx", "zzb", "zze", "zzh", "zzp"}

#: Characters that the model refuses as "invalid UTF-8": control characters and non-characters.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
#: Addresses, which contain words of other languages. The pattern starts where a word does; else it were quadratic.
_ADDRESS = re.compile(r"(?<![!-~])[!-~]*(?:://|www\.|@)[!-~]*")


def without_addresses(sample: str) -> str:
    """A sample without what looks like an address of a page or a mailbox."""
    # To look for the signs takes a hundredth of the time of the pattern, and most texts have none.
    return _ADDRESS.sub(" ", sample) if any(sign in sample for sign in ("://", "www.", "@")) else sample


def model_shares(sample: str, hint: str | None = None, *, best_effort: bool = False) -> list[LanguageShare]:
    """Up to three languages of a sample, the one with most of its letters first."""
    percents: dict[str | None, int] = {}
    for _, code, percent, _ in _model_output(sample, hint, best_effort):
        if code not in _NO_LANGUAGE and not code.startswith("xx-"):
            language = _RENAMED.get(code, code)
            percents[language] = percents.get(language, 0) + percent
    return sorted(percents.items(), key=itemgetter(1), reverse=True)


def _model_output(sample: str, hint: str | None, best_effort: bool) -> tuple[tuple[str, str, int, float], ...]:
    """Name, code, percent and strength of three languages, as the model returns them."""
    hint_code = _HINTS.get(hint)
    try:
        details: tuple[tuple[str, str, int, float], ...]
        _, _, details = pycld2.detect(sample, isPlainText=True, hintLanguage=hint_code, bestEffort=best_effort)
    except pycld2.error:
        spaced = _REFUSED.sub(" ", sample)
        return _model_output(spaced, hint, best_effort) if spaced != sample else ()
    return details
