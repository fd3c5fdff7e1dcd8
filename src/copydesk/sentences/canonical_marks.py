"""A text with one sign for each role of a mark, in as many characters: what candidates are searched in.

Scripts and printers write the same role with different signs, and the same sign in different roles: ``;`` asks in
Greek, ``:`` ends in Armenian, ``»`` opens in German books and closes in French ones. Each sign is judged by its
neighbours, so no language has to be known, and offsets stay those of the text.
"""

from __future__ import annotations

import re

#: Marks that end a sentence wherever they stand: Unicode's property Sentence_Terminal without the marks of Latin
#: texts and the commas among them, and with the Tibetan shad.
TERMINALS = "".join(
    chr(code)
    for first, last in (
        *((0x0589, 0x0589), (0x061D, 0x061D), (0x06D4, 0x06D4), (0x0700, 0x0702), (0x07F9, 0x07F9)),
        *((0x0837, 0x0837), (0x0839, 0x0839), (0x083D, 0x083E), (0x0964, 0x0965), (0x0F0D, 0x0F0E), (0x104B, 0x104B)),
        *((0x1362, 0x1362), (0x1367, 0x1368), (0x166E, 0x166E), (0x1735, 0x1736), (0x17D4, 0x17D5), (0x1803, 0x1803)),
        *((0x1809, 0x1809), (0x1944, 0x1945), (0x1AA8, 0x1AAB), (0x1B5A, 0x1B5B), (0x1B5F, 0x1B5F), (0x1C3B, 0x1C3C)),
        *((0x1C7E, 0x1C7F), (0x2E3C, 0x2E3C), (0x3002, 0x3002), (0xA4FF, 0xA4FF), (0xA60E, 0xA60F), (0xA6F3, 0xA6F3)),
        *((0xA6F7, 0xA6F7), (0xA876, 0xA877), (0xA8CE, 0xA8CF), (0xA92F, 0xA92F), (0xA9C8, 0xA9C9), (0xAA5D, 0xAA5F)),
        *((0xAAF0, 0xAAF1), (0xABEB, 0xABEB), (0xFE12, 0xFE12), (0xFE52, 0xFE52), (0xFE56, 0xFE57), (0xFF01, 0xFF01)),
        *((0xFF1F, 0xFF1F), (0xFF61, 0xFF61)),
    )
    for code in range(first, last + 1)
)
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
_ARMENIAN = "\u0531-\u0589"
_INDIC = "\u0900-\u0d7f"
_CJK = "\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
_OPEN_BEFORE = r"(?<![^\s(\[{„“«‹—–-]"  # what may stand before a mark that opens

_GREEK_QUESTION = re.compile(f';(?:(?<=[{_GREEK}];)|(?<=[{_GREEK}]["”»)];))(?=\\s|$)')
_ARMENIAN_END = re.compile(f':(?<=[{_ARMENIAN}\\d.…)»"]:)(?!\\s?[ա-ֆ]|\\d)')
_ARMENIAN_PAUSE = re.compile(r"\.(?<=[ա-ֆ]\.)(?![.…])")
_TYPED_DANDA = re.compile(rf"\|+(?<=[{_INDIC}?!]\|)\|?|(?<=[{_INDIC}] )\|+(?= |$)")
_WIDE_STOP = re.compile(f"．(?<=[{_CJK}」』）］]．)")
_WIDE_STOP_OF_LATIN = re.compile(r"．(?<=[^\W\d_]．)(?=[\sA-Z]|$)")
_OPENING = {sign: re.compile(rf"{sign}{_OPEN_BEFORE}{sign})(?=[^\W_])") for sign in "»›”"}
_CLOSING = {sign: re.compile(rf"{sign}(?<=[^\s([{{—–-]{sign})(?!\w)") for sign in "«‹"}
_LOW_COMMAS = re.compile(r",,(?<![^\s(],,)(?=\s?\w)")
_DETACHED = re.compile(r'"(?<!\S")(?!\S)')
_DETACHED_PAIR = re.compile(r"''(?<!\S'')(?!\S)")
_DETACHED_HIGH = re.compile(r"“(?<!\S“)(?!\S)")
_QUOTE_OR_END = re.compile(r"[\"\n„“”]|''")


def canonical(text: str) -> str:
    """The text with one sign for each role of a mark; each character stays in its place.

    >>> canonical("Ήρθες; Ναι."), canonical("»Na gut«, sagte sie."), canonical("Նա կարդում է: Ես")
    ('Ήρθες? Ναι.', '«Na gut», sagte sie.', 'Նա կարդում է։ Ես')
    """
    if not text.isascii():
        text = _scripts(_quotations(text))
    if ",," in text:
        text = _LOW_COMMAS.sub("'„", text)  # as the Dutch type it
    if "`" in text and "``" in text:  # to look for two characters takes ten times as long as for one
        text = text.replace("``", "'“").replace("''", "'”")
    detached = (
        ('"' in text and _DETACHED.search(text))
        or ("''" in text and _DETACHED_PAIR.search(text))
        or ("„" in text and _DETACHED_HIGH.search(text))
    )
    return _attached(text) if detached else text


def _quotations(text: str) -> str:
    for closing, opening in (("»", "«"), ("›", "‹"), ("”", "“")):
        if closing in text:
            text = _OPENING[closing].sub(opening, text)
            if opening in _CLOSING:
                text = _CLOSING[opening].sub(closing, text)
    return text


def _scripts(text: str) -> str:
    # Letters are looked for before signs: in Cyrillic, to find that there is no ";" or "›" takes ten times as long.
    if "α" in text:  # one of the commonest letters of Greek, as the next of Armenian
        text = _GREEK_QUESTION.sub("?", text.replace("\u037e", "?"))
    if "ա" in text:
        text = _ARMENIAN_END.sub("։", text)
    if "։" in text:  # where the full stop has its own sign, the dot is a colon
        text = _ARMENIAN_PAUSE.sub(",", text)
    if "፡" in text:
        text = text.replace("፡፡", "።።")
    if "|" in text:
        text = "\n".join(_with_dandas(line) if "|" in line else line for line in text.split("\n"))
    return _WIDE_STOP_OF_LATIN.sub(".", _WIDE_STOP.sub("。", text)) if "．" in text else text


def _with_dandas(line: str) -> str:
    """A line in which "|" is typed for a danda: it ends with one, or the pieces are too long for a menu."""
    pieces = line.split("|")
    long = len(pieces) > 1 and all(piece.count(" ") > 3 for piece in pieces[:-1])
    return _TYPED_DANDA.sub(lambda m: "।" * len(m.group()), line) if long or not pieces[-1].strip() else line


def _attached(text: str) -> str:
    """Quotation marks with spaces on both sides, as tokenised text has them (" or two '), as open and closed ones.

    A low one opens, and what follows it closes: ",, Dat is goed. '' Zij", "„Taip. “ Ji".
    """
    opened = low = False
    pair_closes = "'„" in text  # what ",," was replaced by

    def turned(match: re.Match[str]) -> str:
        nonlocal opened, low
        sign = match.group()
        if sign in "\n„”":
            low = sign == "„"
            opened = low or (opened and sign == "”")
            return sign
        start, end = match.span()
        detached = not text[start - 1 : start].strip() and not text[end : end + 1].strip()
        if sign == "“":  # closes what a low one opened, else it opens
            closing, low = detached and low, False
            return "”" if closing else sign
        if detached or sign == '"':
            opened = not opened and not (pair_closes and sign == "''")
        return ("“" if opened else "”") + sign[1:] if detached else sign

    return _QUOTE_OR_END.sub(turned, text)
