"""Phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from copydesk.cleaning.personal.spans import _DIGITS, _WORD, Span

_SPACES = " \u00a0\u2009\u202f"
_DASHES = "\u2010-\u2013-"
_BETWEEN = rf"[{_SPACES}().\/{_DASHES}]"
_SEPARATORS = _SPACES + "()./-\u2010\u2011\u2012\u2013"  # the same, one by one
_GAP = re.compile(rf"{_BETWEEN}+")
_TIME = re.compile(":[0-9]")
_FEWEST, _FEWEST_ABROAD, _MOST = 7, 8, 15  # digits of a number; 15 are the most that E.164 allows
#: Words that say what follows is a phone number, in whatever shape ...
_SURE = (
    "tel tél tlf tfno teléfono telefono telefone téléphone telephone fax telefax тел телефон факс моб hotline "
    "whatsapp cellphone 电话 電話 전화 ☎ 📞"
).split()
#: ... and those that also stand before a count: mobile 12 500 000 subscribers, they call 1500000 people.
_UNSURE = (
    "phone phones telefon telefoon call dial mobile mobil móvil movil cell handy handynummer звоните "
    # to call, as it is asked for in other languages: Rufen Sie uns an unter, appelez-nous au, llame al
    "rufen anrufen anruf appelez appeler llame llámenos llamar ligue ligar chiamate chiamare chiami bel bellen ring "
    "ringe soita soittaa zadzwoń dzwonić zavolejte volejte hívja arayın telefonujte телефонуйте дзвоніть позвоните"
).split()
#: What may stand between such a word and its number.
_FILLERS = frozenset(
    (
        "us me him her them at on is the our my his their number numbers no nr num nummer número numero номер free "
        "toll now or and text directly office home work desk line fax phone mobile cell by under unter au al по "
        "telephone tel hotline helpline for more information please "
        "sie uns mich an nous nos vous le la gratuitement para por gratis ci allo ons op oss på numeret numret nam "
        "pod nám na minket bizi нам за номером"
    ).split()
)
#: Words before a number of the American form that is another thing.
_OTHER_NUMBERS = frozenset(
    (
        "order case isbn issn invoice number tracking ref reference ticket account serial model part docket bill "
        "patent sku item grant policy permit licence license contract file parcel booking no nr id code passport doi "
        "lot batch"
    ).split()
)


def _spelled(words: list[str]) -> frozenset[str]:
    """Words in small letters, with a capital and in capitals."""
    return frozenset(form for word in words for form in (word, word.capitalize(), word.upper()))


_SURE_FORMS = _spelled(_SURE) | {"WhatsApp"}
_UNSURE_FORMS = _spelled(_UNSURE)
#: Written without a space before them.
_EAST_ASIAN = tuple(word for word in _SURE if word >= "\u3000" and word.isalpha())
_NAME = re.compile(r"[^\W\d_]+|[☎📞]")
_FURTHEST = 40  # characters from the beginning of the word to the number
_NEVER_BETWEEN = frozenset("]@$€£¥₽%!?…=*_0123456789")
_LONG_ENOUGH = re.compile(rf"[0-9](?:{_BETWEEN}{{0,3}}[0-9]){{{_FEWEST - 1}}}")
_AMERICAN = re.compile(
    r"(?:1[ .-])?"
    rf"(?:\([0-9]{{3}}\)[{_SPACES}{_DASHES}]?[0-9]{{3}}[{_SPACES}.{_DASHES}][0-9]{{4}}"
    rf"|[0-9]{{3}}[{_DASHES}][0-9]{{3}}[{_DASHES}][0-9]{{4}}"
    r"|[2-9][0-9]{2}\.[0-9]{3}\.[0-9]{4})"
)
_AMERICAN_BEFORE = re.compile(r"[\w\-\u2010-\u2015./=#$€£¥@+,)\]%&~]")
_GOES_ON = re.compile(rf"[.,:\/{_DASHES}]\w")
#: 00 and a country's code of E.164.
_COUNTRY = re.compile(
    "00(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[0578]|9[679])[0-9])"
)
_YEAR = re.compile("(?:1[89]|20)[0-9][0-9]")
_UNITS = frozenset("%‰°€£$¥₽₴′″'\"")
_LINKS = frozenset(["", ",", ";", "/", "|", "&", "or", "and", "oder", "und", "y", "o", "et", "ou", "и", "или"])


class _Number(NamedTuple):
    """Groups of digits, with what stands between them."""

    groups: tuple[Span, ...]
    digits: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(group) for group in self.digits)


_NO_NUMBER = _Number((), (), ())


def _phones(text: str) -> Iterator[Span]:
    last = 0  # where the number before ended ...
    shape: tuple[int, ...] = ()  # ... and the sizes of its groups
    for digits in _DIGITS.finditer(text):
        start = digits.start()
        if start < last or not _LONG_ENOUGH.match(text, start):
            continue
        span, number = _any_form(text, start)
        if not span and shape and start - last <= 8 and text[last:start].rstrip("(").strip() in _LINKS:
            span, number = _at_home(text, start, True)
            trunk = number.digits[0].startswith("0") if number.groups else False
            if number.sizes != shape and not trunk:  # Tel. 555-0100, 555-0101; Tel. 030/1234567 oder 0171 1234567
                span = None
        shape = number.sizes if span else ()
        span = span or _american(text, start)
        if span:
            yield span
            last = span[1]


def _any_form(text: str, start: int) -> tuple[Span | None, _Number]:
    """A number that begins at a place and shows its country, or that a word announces."""
    if text[max(0, start - 2) : start].endswith(("+", "+(")):
        return _abroad(text, start)
    if text.startswith("00", start) and (number := _dialled_abroad(text, start)):
        return (start, number.groups[-1][1]), number
    sure = _announced(text, start)
    return (None, _NO_NUMBER) if sure is None else _at_home(text, start, sure)


def _announced(text: str, start: int) -> bool | None:
    """Whether nothing but a phone number can follow the word that announces one; None if there is no such word."""
    before = text[max(0, start - _FURTHEST) : start]
    if before.rstrip(_SEPARATORS)[-1:].isdigit():
        return None  # no word between it and the number before
    names = list(_NAME.finditer(before))
    # Whom to call may stand between: call the police on 020 7946 0958.
    anybody = bool(names) and names[-1].group() in ("on", "at")
    strangers = False
    for name in reversed(names):
        between, word = before[name.end() :], name.group()
        cut = name.start() == 0 and len(before) == _FURTHEST
        if cut or not _NEVER_BETWEEN.isdisjoint(between) or (strangers and ". " in between):
            return None
        if word in _SURE_FORMS or word in _UNSURE_FORMS or word.endswith(_EAST_ASIAN):
            return not strangers and (word not in _UNSURE_FORMS or bool(between.strip(_SPACES + "(")))
        strangers = strangers or word.lower() not in _FILLERS
        if strangers and not anybody:
            return None
    return None


def _read(text: str, start: int, most: int = _MOST) -> _Number:
    """The groups of digits from a place on that can belong to one number."""
    groups: list[Span] = []
    gaps: list[str] = []
    total, position = 0, start
    while group := _DIGITS.match(text, position, position + _MOST + 1):
        size = group.end() - position
        if total + size > most:
            # What is set off by a space is another number; 978-3-16-148410-0-1234567 is none at all.
            return _number(text, groups, gaps[:-1]) if gaps and not gaps[-1].strip(_SPACES) else _NO_NUMBER
        groups.append(group.span())
        total += size
        gap = _GAP.match(text, group.end(), group.end() + 4)
        if not gap or not text[gap.end() : gap.end() + 1].isascii() or not _joins(gap.group(), gaps, size):
            break
        if not text[gap.end() : gap.end() + 1].isdigit():
            break
        gaps.append(gap.group())
        position = gap.end()
    else:
        gaps = gaps[:-1]
    return _number(text, groups, gaps)


def _number(text: str, groups: list[Span], gaps: list[str]) -> _Number:
    if groups and _TIME.match(text, groups[-1][1]):  # 020 7946 0958 10:30
        groups, gaps = groups[:-1], gaps[:-1]
    return _Number(tuple(groups), tuple(text[start:end] for start, end in groups), tuple(gaps))


def _joins(gap: str, before: list[str], size: int) -> bool:
    """Whether what stands between two groups of digits lets them be one number."""
    if len(gap) > 3 or "  " in gap or ". " in gap or gap.count("(") > 1:
        return False
    if "(" in gap or "/" in gap:  # +44 (0)20, 030/1234567; but not 555-0100 (2024), 5550100/5550101
        return not before and size <= 5
    return True


def _abroad(text: str, start: int) -> tuple[Span | None, _Number]:
    """A number with its country: +49 30 1234567."""
    plus = text.rindex("+", 0, start)
    before = text[max(0, plus - 1) : plus]
    # 2+15550100, C+15550100 and a mask before it
    if before.isalnum() or (before and before in "+)]_@="):
        return None, _NO_NUMBER
    number = _read(text, start, 11 if text[start] in "17" else _MOST)
    total = sum(number.sizes)
    # +40.712776 is a latitude; +1.5550100199 is how registries of domains write a number.
    decimal = number.gaps == (".",) and number.sizes[1] < 9
    if total < _FEWEST_ABROAD or decimal or _is_count(number) or not _ends(text, number):
        return None, _NO_NUMBER
    return (plus, number.groups[-1][1]), number


def _dialled_abroad(text: str, start: int) -> _Number | None:
    """A number with 00 and its country before it, set off from the rest: 0044 20 7946 0958, 001-212-555-0100."""
    before = text[max(0, start - 24) : start]
    if before and (_AMERICAN_BEFORE.match(before[-1]) or before.rstrip(_SEPARATORS)[-1:].isdigit()):
        return None
    number = _read(text, start)
    first, total = number.digits[0] if number.groups else "", sum(number.sizes)
    if not _COUNTRY.fullmatch(first) or total < _FEWEST_ABROAD + 2 or len(number.groups) < 3 or _is_other(number):
        return None
    words = _WORD.findall(before.lower())
    return number if _ends(text, number) and not (words and words[-1] in _OTHER_NUMBERS) else None


def _at_home(text: str, start: int, sure: bool) -> tuple[Span | None, _Number]:
    """A number in a form of its country, where a word announces it: Tel. 030 1234567."""
    number = _read(text, start)
    total = sum(number.sizes)
    if total < _FEWEST or _is_other(number) or not _ends(text, number):
        return None, _NO_NUMBER
    plain = len(number.groups) == 1 and total < 9 and not number.digits[0].startswith("0")
    if not sure and (plain or _is_count(number)):
        return None, _NO_NUMBER
    opened = text[start - 1] == "(" and ")" in "".join(number.gaps)
    return (start - opened, number.groups[-1][1]), number


def _american(text: str, start: int) -> Span | None:
    """A number of the North American form, which nothing needs to announce: (212) 555-0100, 212-555-0100."""
    if text[start - 1 : start] == "(":
        start -= 1
    found = _AMERICAN.match(text, start)
    if not found or (start and _AMERICAN_BEFORE.match(text, start - 1)):
        return None
    end = found.end()
    goes_on = _GOES_ON.match(text, end)  # 212-555-0100.html, but not 212-555-0100.Call
    if not _is_end(text, end) or (goes_on and not goes_on.group()[-1].isupper()):
        return None
    words = _WORD.findall(text[max(0, start - 24) : start].lower())
    return None if words and words[-1] in _OTHER_NUMBERS else found.span()


def _is_count(number: _Number) -> bool:
    """Whether a number is written as counts are, in threes: 12 500 000."""
    return (
        len(number.groups) > 1
        and sum(number.sizes) <= 9
        and number.sizes[0] <= 3
        and not number.digits[0].startswith("0")
        and all(size == 3 for size in number.sizes[1:])
        and all(gap in (*_SPACES, ".") for gap in number.gaps)
    )


def _is_other(number: _Number) -> bool:
    """Whether digits are a date, years, an ISBN, a decimal number or an IP address."""
    sizes, digits = number.sizes, number.digits
    years = [bool(_YEAR.fullmatch(group)) for group in digits]
    date = len(sizes) >= 3 and sorted(sizes[:3])[1] <= 2 and sorted(sizes[:3])[2] == 4 and any(years[:3])
    book = sum(sizes) == 13 and "".join(digits).startswith(("978", "979"))
    decimal = number.gaps == (".",) and not (sizes[0] > 1 and digits[0].startswith("0"))
    address = number.gaps == (".", ".", ".") and all(int(group) < 256 for group in digits)
    return date or all(years) or book or decimal or address


def _ends(text: str, number: _Number) -> bool:
    """Whether a number may end where it does."""
    end = number.groups[-1][1]
    if (
        text[end : end + 1] == ","
        and text[end + 1 : end + 2].isdigit()
        and all(g in (*_SPACES, ".") for g in number.gaps)
    ):
        return False  # 1 234 567,89
    return _is_end(text, end)


def _is_end(text: str, end: int) -> bool:
    behind = text[end : end + 2]
    extension = behind[:1] in ("x", "X") and behind[1:].isdigit()
    if behind[:1].isalnum() or behind[:1] in ("@", "_"):
        return extension
    return behind.lstrip(_SPACES)[:1] not in _UNITS


def _phone_value(text: str) -> str:
    """Its digits, with the sign of a number abroad: +44 (0)20 7946 0958 and 0044 20 7946 0958 are the same."""
    digits = "".join(_DIGITS.findall(text.replace("(0)", "") if text.startswith("+") else text))
    if text.startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


#: Digits that are enough for any number: to look for the words that announce one, too, takes three times as long.
_PHONE_SCREEN = rf"00[1-9][0-9]{{0,2}}{_BETWEEN}{{1,3}}[0-9]|[0-9](?:{_BETWEEN}{{0,3}}[0-9]){{6}}"
