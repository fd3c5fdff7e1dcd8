"""Spaces lost next to punctuation: after a sentence, after a comma, around brackets and quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copydesk.cleaning.rule import Found, Rule
from copydesk.cleaning.word_splitting import AFFIXES, log_frequency
from copydesk.language.blocks import WORDS, Blocks
from copydesk.language.english_words import FUNCTION_WORDS
from copydesk.language.word_frequencies import frequency_in

_REACH = 60
#: A word so common that many sentences begin with it.
_COMMON = 3e-4
_RAREST = 1e-7
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMERAL = re.compile("[IVX]+")
_INNER_MARKS = re.compile(r"(?<=\w)[,.;:](?=[\w!])")
#: Languages that append endings to a quotation: "Sonat"ını.
_WITH_SUFFIXES = frozenset({"tr", "az", "kk", "ky", "uz", "tk", "tt", "hu", "fi", "et", "eu", "mn"})
#: Languages that open and close a quotation with the same mark: ”nej tack”.
_ONE_QUOTE = frozenset({"fi", "sv"})
#: Languages in which a word never begins with a dash.
_DASH_APART = frozenset({"en", "it"})
#: Scripts without capitals that set spaces between words: a mark between two of their letters has lost its space.
_NO_CAPITALS = "\u0620-\u064a\u066e-\u06d3\u0900-\u0963\u0971-\u09e3\u0a01-\u0d7f"
_BETWEEN_LETTERS = re.compile(
    rf"(?<=[{_NO_CAPITALS}]{{2}})[,.;!?،؛؟۔।](?=[{_NO_CAPITALS}]{{2}})(?![{_NO_CAPITALS}]{{0,40}}[.@])"
)
_NO_CAPITALS_LETTER = re.compile(f"[{_NO_CAPITALS}]")
_WITHOUT_CAPITALS = re.compile("[\u0590-\u08ff]")
_AROUND = "()[]\"'“”‘’.,;:!?"
_NEAR = 200
_FEWEST_SPACES = 2
_CLOSERS = "”’\"')]"
_ENDS = re.compile(r"(?<![.?!…])[.?!…]++[”’\"')\]]*+(?=[“‘\"'(]?[^\W\d_a-z])")
_MARKS = re.compile(
    r"(?<![,;:])[,;:](?=[^\W\d_]|[“‘][^\W_])|\((?=[^\W_])|[)\]”](?=[^\W\d_]{2})|[“](?=[^\W_])|[–—](?=[A-Z])|\""
)
# Ranges in which all letters and numbers lie, and signs that are rare: RE2 compiles \pL for longer than it matches.
_FAR = r"\x{c0}-\x{1fff}\x{2070}-\x{10ffff}"
_L, _N = rf"A-Za-z\x{{aa}}\x{{b5}}\x{{ba}}{_FAR}", rf"0-9\x{{b2}}\x{{b3}}\x{{b9}}\x{{bc}}-\x{{be}}{_FAR}"
_CASELESS = r"\x{0620}-\x{06d3}\x{0900}-\x{0d7f}"
# What makes a run of characters an address, a path or code.
_SIGNS = frozenset("/@_\\=<>{}#|~^*$%&+`")
# Behind a full stop these end an address or the name of a file.
_ENDINGS = frozenset(
    """ai app asp biz bz ca cc cn co com css csv de doc docx edu eu exe fm fr gif gov gz htm html in info int io it
    jpeg jpg js json jp me mil mov mp md net nl no nz org pdf php png ppt py rar rb rs ru se sh so sql svg tar to ts
    tv tx txt uk us wav xls xlsx xml xyz yaml yml zip""".split()
)


def _left(text: str, position: int) -> str:
    """The letters that end at a position."""
    start = position
    while start > 0 and position - start < _REACH and text[start - 1].isalpha():
        start -= 1
    return text[start:position]


def _right(text: str, position: int) -> str:
    """The letters that begin at a position."""
    match = _LETTERS.match(text, position, position + _REACH)
    return match.group() if match else ""


def _run(text: str, position: int) -> str:
    """The characters between white space around a position."""
    before = text[max(0, position - _REACH) : position]
    after = text[position : position + _REACH]
    # A space that a token begins or ends with is not part of it.
    left = "" if before[-1:].isspace() else (before.rsplit(maxsplit=1) or [""])[-1]
    return left + (after.split(maxsplit=1) or [""])[0]


def _is_code(text: str, position: int, language: str | None) -> bool:
    run = _run(text, position)
    if not _SIGNS.isdisjoint(run) or "www." in run or "()" in run or run.endswith(");"):
        return True
    return run.islower() and _is_chain(run, language)


def _is_chain(run: str, language: str | None) -> bool:
    """Whether marks join parts of a name or a list for machines: "mail.info;auth.notice", "rw,user,noauto"."""
    parts = _INNER_MARKS.split(run)
    if len(parts) < 3:
        return False
    return "." in _INNER_MARKS.findall(run) or not all(_is_word(part.strip(_AROUND), language) for part in parts)


class _Quotes:
    """Whether a quotation mark that may do both opens or closes, by how many precede it on its line.

    Asked in order of position.
    """

    def __init__(self, text: str, mark: str = '"') -> None:
        self._text = text
        self._mark = mark
        self._at = 0
        self._open = False

    def opens(self, position: int) -> bool:
        line = self._text.rfind("\n", self._at, position)
        if line >= 0:
            self._at, self._open = line + 1, False
        self._open ^= self._text.count(self._mark, self._at, position) % 2 == 1
        self._at = position
        return not self._open


def _missing_after_sentence(text: str, blocks: Blocks) -> Iterator[Found]:
    quotes, quotes_alike = _Quotes(text), _Quotes(text, "”")
    for match in _ENDS.finditer(text):
        start, end = match.span()
        if end - start > _REACH or start == 0:
            continue
        marks = match.group()
        alike = marks.find("”") if "“" not in text and blocks.at(start).language in _ONE_QUOTE else -1
        if alike >= 0 and quotes_alike.opens(start + alike):
            yield Found(start + alike, start + alike, " ", 0.9)  # useita ”näkymiä”.”Näkymä” on
            continue
        quote = marks.find('"')
        if quote >= 0 and quotes.opens(start + quote):
            end = start + quote
            marks = marks[:quote]
        elif quote < 0 and text[end] == '"' and not quotes.opens(end):
            continue
        if marks[0] in ".…" and len(marks) > 1 and text[start - 1] in "\"“„«‘'([":
            continue  # an ellipsis that begins a quotation
        word = end + 1 if text[end] in "“‘\"'(" else end
        right = _right(text, word)
        left = _left(text, start)
        if (marks == "." or (marks == "!" and left.isupper())) and _is_name(left, right, blocks.at(start).language):
            continue
        if _ends_sentence(text, start, marks, right, word) and not _is_code(text, end, blocks.at(start).language):
            yield Found(end, end, " ", 0.95 if marks[0] != "." or text[start - 1].islower() else 0.9)


def _is_name(left: str, right: str, language: str | None) -> bool:
    """Whether a mark joins two parts of a name (``FRITZ!Box``): no sentence begins with the second.

    >>> _is_name("Яндекс", "Маркет", "ru")
    True
    """
    return left[:1].isupper() and language != "en" and frequency_in(right, language) < _COMMON


def _ends_sentence(text: str, start: int, marks: str, right: str, position: int) -> bool:
    """Whether marks that a capital follows end a sentence: not an abbreviation, a name, an address or code."""
    after = text[position + len(right) : position + len(right) + 2]
    if not right[:1].isupper() or after[:1] == "(" or (after[:1] == "." and after[1:].islower()):
        return False
    before, left = text[start - 1], _left(text, start)
    if before in _CLOSERS or before == "%":
        return len(right) > 1 or right in "IA"
    if marks[0] != ".":
        return len(left) > 1 or before.isdigit() or left == "I"
    return _begins_sentence(right, after) and _may_end(text, start, left, right)


def _begins_sentence(right: str, after: str) -> bool:
    """Whether a word behind a full stop can be the first of a sentence, and not the last part of an address."""
    if len(right) == 1:
        return right in "IA" and (after[:1].isspace() or after[:1] in ("’", "'"))
    if right.lower() in _ENDINGS and right.lower() not in FUNCTION_WORDS:
        return False
    return not right.isupper() or len(right) > 2


def _may_end(text: str, start: int, left: str, right: str) -> bool:
    """Whether what stands before a full stop can be the last of a sentence."""
    if text[start - 1].isdigit():
        return _ends_number(text, start) and right[1:].islower()
    if len(left) < 2 or text[start - len(left) - 1 : start - len(left)] == ".":
        return False
    # Behind capitals, only a real word: not "ASP.NET", not "README.Debian".
    return left[-1].islower() or log_frequency(right.lower()) > -5.0


def _ends_number(text: str, end: int) -> bool:
    start = end
    while start > 0 and end - start < 8 and text[start - 1].isdigit():
        start -= 1
    before = text[start - 1 : start]
    return not before or before.isspace() or before in "$€£("


def _glued_to_marks(text: str, blocks: Blocks) -> Iterator[Found]:
    quotes, low_quotes = _Quotes(text), "„" in text  # which “ closes
    quotes_alike = _Quotes(text, "”")
    yield from (Found(match.end(), match.end(), " ", 0.9) for match in _BETWEEN_LETTERS.finditer(text))
    for match in _MARKS.finditer(text):
        start, end = match.span()
        mark = match.group()
        left, right = text[start - 1 : start], text[end : end + 1]
        # Scripts that set no spaces between words have lost none.
        if not left or (left.isspace() and mark not in "–—") or right >= "\u2e80" or left >= "\u3040":
            continue
        language = blocks.at(start).language
        if mark in '“”"' and (language in _WITH_SUFFIXES or _WITHOUT_CAPITALS.match(left)):
            continue  # "Sonat"ını, ארה"ב, and ל"بحر" behind a preposition of one letter
        if mark in "–—" and language not in _DASH_APART:
            continue  # "oder –Services", "los dos —Ana y Luis— callaron"
        if mark[0] in ",;:." and _NO_CAPITALS_LETTER.match(left):
            continue  # above
        if mark[0] in ",;:":
            at = end if _parts(text, start, end, language) else -1
        elif mark == "(":
            at = start if _opens_remark(text, start, language) else -1
        elif mark in ")]":
            at = end if _closes_remark(text, start, language) else -1
        elif mark in "“”":
            at = _at_curly_quote(text, start, low_quotes, quotes_alike, language)
        elif mark == '"':
            at = _at_quote(text, start, quotes, language)
        else:
            at = end if left == " " and right.isupper() else -1
        if at >= 0 and not _is_code(text, at, language):
            yield Found(at, at, " ", 0.9)


def _parts(text: str, start: int, end: int, language: str | None) -> bool:
    """Whether a comma, semicolon or colon parts two words."""
    left, right = _left(text, start), _right(text, end)
    if not left:
        behind_number = text[start - 1].isdigit() and right.islower() and _is_word(right, language)
        return text[start] in ",;" and (text[start - 1] in ')”’"' or behind_number)
    if text[start] == ":":
        label = start - text.rfind("\n", max(0, start - 40), start) - 1
        return (
            right[:1].isupper()
            and (len(right) > 2 or right.lower() in FUNCTION_WORDS)
            and (
                (left.islower() and len(left) > 2 and _is_word(left, language))
                or (label == len(left) and _is_word(right, language) and len(left) > 2)
            )
        )
    if len(right) == 1:
        return right in "Ia" and len(left) > 2 and text[end + 1 : end + 2].isspace() and _is_word(left, language)
    if len(left) < 2 or not _is_in_sentence(text, start):
        return False
    return not right or _is_word(left, language) or _is_word(right, language)


def _is_word(word: str, language: str | None) -> bool:
    return frequency_in(word, language) > _RAREST


def _is_in_sentence(text: str, position: int) -> bool:
    """Whether a line has more words than commands and settings have."""
    first, last = max(0, position - _NEAR), position + _NEAR
    start, end = text.rfind("\n", first, position), text.find("\n", position, last)
    return text.count(" ", start + 1 if start >= 0 else first, end if end >= 0 else last) >= _FEWEST_SPACES


def _opens_remark(text: str, start: int, language: str | None) -> bool:
    """Whether a bracket behind a word opens a remark: "Agreement (updated today)", not "foo(x)" or "word(s)"."""
    left = _left(text, start)
    inside = text[start + 1 : start + _REACH].partition(")")[0]
    first, _, rest = inside.partition(" ")
    if rest and len(left) > 1 and frequency_in(first, language) >= _COMMON and first.isalpha() and len(first) > 1:
        return "(" not in inside and not inside.startswith(left)  # "apt (in het pakket"
    if (
        len(left) < 3
        or left.lower() in AFFIXES
        or not _is_word(left, language)
        or not inside
        or "(" in inside
        or '"' in inside
    ):
        return False
    if _NUMERAL.fullmatch(inside) or text.startswith(")-", start + 1 + len(inside)):
        return False  # "iron(III)", "Eisen(II)-Salze"
    words = inside.split()
    if len(words) > 1:
        return not any(word.endswith((",", "=")) for word in words[:-1]) or left[0].isupper()
    return (
        len(inside) > 2
        and inside[0].isupper()
        and inside.isalpha()
        and text[start - len(left) - 1 : start - len(left)].isspace()
    )


def _closes_remark(text: str, start: int, language: str | None) -> bool:
    """Whether a bracket before a word closes a remark: "(2019) and", "research.[2] It", not "(multi)media"."""
    right = _right(text, start + 1)
    before = text[max(0, start - _REACH) : start]
    opened = max(before.rfind("("), before.rfind("["))
    if opened < 0:
        return right in FUNCTION_WORDS
    inside = before[opened + 1 :]
    if before[opened] == "[":
        return inside.isdigit() and _is_word(right, language)
    if inside.endswith("-") or (inside.isalpha() and (inside.islower() or len(inside) == 1)):
        return False
    if inside.isalpha() and not inside.isupper() and right[:1].isupper() and language != "en":
        return False  # "(Holz)Balken"
    return (
        len(right) > 1 and _is_word(right, language) and text[start + 1 + len(right) : start + 2 + len(right)] != "("
    )


def _at_curly_quote(text: str, start: int, low_quotes: bool, quotes_alike: _Quotes, language: str | None) -> int:
    left = text[start - 1]
    if text[start] == "“":
        return start if left.isalpha() and left.isascii() and not low_quotes else -1
    if "“" in text or low_quotes or not quotes_alike.opens(start):
        return start + 1
    # Not in an English paragraph on a Swedish page: "the” No desktop” value".
    return start if left.isalpha() and language in _ONE_QUOTE else -1


def _at_quote(text: str, start: int, quotes: _Quotes, language: str | None) -> int:
    left, right = text[start - 1], _right(text, start + 1)
    if quotes.opens(start):
        return start if left.isalpha() and text[start + 1 : start + 2].isalnum() else -1
    if len(right) < 2 or not (left.isalpha() or left in ".,!?"):
        return -1
    is_suffix = right.islower() and (right in AFFIXES or not _is_word(right, language))  # "gothic"ish
    return -1 if is_suffix else start + 1


RULES = (
    Rule(
        "glued-punctuation",
        "probable",
        # Not "1,200" and "5:45", which most texts have.
        rf"[{_L})”’\"][,;:]+[{_L}{_N}“‘]|[{_N}][,;:]+[{_L}“‘]|[{_CASELESS}][.!?]+[{_CASELESS}]"
        rf"|[{_L}{_N}]\([{_L}{_N}]|[)\]”][{_L}{_N}]{{2}}|[{_L}]“| [–—][A-Z]|[{_L}.,!?]\"[{_L}{_N}]",
        _glued_to_marks,
        repairs=(
            "in the economy,and in terms(as of today)of science",
            "in the economy, and in terms (as of today) of science",
        ),
        leaves="print(value) for 1,200 word(s), a (multi)media show at 5:45 and https://example.org/a,bc",
        kinds=WORDS,
        needs_blocks=True,
    ),
    Rule(
        "missing-space",
        "probable",
        # Not "U.S.", which many texts have.
        r"(?:[^\s.?!…]{2}|[)\]”’\"'%\pN]|I)[.?!…]+[”’\"')\]]*[“‘\"'(]?[\p{Lu}\p{Nl}]",
        _missing_after_sentence,
        repairs=("the outcome of the war?Russia does not", "the outcome of the war? Russia does not"),
        leaves="see https://example.org/war?Russia=1 and a U.S.-led force, Node.js, README.TXT, System.Out.println",
        kinds=WORDS,
        needs_blocks=True,
    ),
)
