"""Codes of languages, as other people write them, in the form of the column ``language``."""

from __future__ import annotations

from functools import lru_cache

#: One code for what the detector calls by one code.
_SAME = {"nb": "no", "cmn": "zh"}
_NO_LANGUAGE = {"und", "zxx", "mis", "mul"}
_LONGEST = 35  # of a tag, RFC 5646


def language_code(text: str) -> str:
    """Return the ISO 639 code of a tag, of a code of three letters, or of an English name.

    >>> language_code("pt-BR"), language_code("deu"), language_code("English"), language_code("nb_NO")
    ('pt', 'de', 'en', 'no')

    Raises
    ------
    ValueError
        If it is none of them.
    """
    tag = text.strip().replace("_", "-")
    code = _code(tag) if len(tag) <= _LONGEST else None
    if code is None:
        raise ValueError(f"{text[:_LONGEST]!r} is not a language; expected its code such as en, or de-AT")
    return code


@lru_cache(maxsize=1000)
def _code(tag: str) -> str | None:
    import langcodes  # its tables take a tenth of a second, and most corpora state no language

    code = _codes_by_name().get(tag.casefold())
    try:
        if code is None and langcodes.tag_is_valid(tag):
            code = langcodes.Language.get(tag).language
    except ValueError:
        return None
    return str(_SAME.get(code, code)) if code and code not in _NO_LANGUAGE else None


@lru_cache(maxsize=1)
def _codes_by_name() -> dict[str, str]:
    import pycld2  # who only loads releases need not have it

    return {name.replace("_", " ").casefold(): code for name, code in reversed(pycld2.LANGUAGES) if len(code) == 2}
