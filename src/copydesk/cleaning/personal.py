"""Personal data: e-mail addresses, phone numbers and public IP addresses are marked, and masked where asked to.

The detectors run on every corpus. The rules that mask are off until params.yaml names them::

    clean:
      rules: {mask-email-address: probable, mask-phone-number: probable, mask-ip-address: probable}

A mask is a function of the value alone, so that one address has one mask in every document: who is who can still be
told. It hides a value from a reader of the text only: the table of edits keeps it, and whoever knows a value can
compute its mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from copydesk.cleaning.rule import Detector, Found, Rule

Span = tuple[int, int]

# ---- E-mail addresses

# Letters of alphabets that put spaces between words: in Chinese text an address follows its sentence without one.
_LETTER = "A-Za-zÀ-ÖØ-öø-\u052f"
# The signs of RFC 5322, less those that join an address to what stands before it: ?to=anna@example.org, `code`.
_LOCAL = re.compile(rf"[0-9{_LETTER}.!#$%&'+^_~-]+")
_AT = re.compile(rf"(?<=[0-9{_LETTER}!#$%&'+^_~-])@(?=[0-9{_LETTER}])")
_DOMAIN = re.compile(rf"[0-9{_LETTER}.-]+")
_LONGEST_LOCAL, _LONGEST_DOMAIN, _LONGEST_LABEL = 64, 253, 63
#: What follows the last dot in logo@2x.png.
_FILE_TYPES = frozenset("png jpg jpeg gif webp svg avif css js mp4".split())


def _emails(text: str) -> Iterator[Span]:
    for at in _AT.finditer(text):
        start, end = _local_start(text, at.start()), _domain_end(text, at.end())
        if start >= 0 and end >= 0 and not _is_login(text, start, end):
            yield start, end


def _local_start(text: str, at: int) -> int:
    """Where the part before the sign begins; -1 if none may stand there."""
    run = _LOCAL.match(text[max(0, at - _LONGEST_LOCAL - 1) : at][::-1])
    length = run.end() if run else 0
    # @anna@example.social is a handle, and so is what follows anna@example.org in anna@example.org@example.org.
    if length > _LONGEST_LOCAL or text[at - length - 1 : at - length] == "@":
        return -1
    local = text[at - length : at]
    local = local[local.rfind("..") + 1 :] if ".." in local else local
    while local and not local[0].isalnum():  # quoted or in italics: 'anna@example.org', _anna@example.org_
        local = local[1:]
    return at - len(local) if local else -1


def _domain_end(text: str, start: int) -> int:
    """Where the domain that begins at a place ends; -1 if it is none."""
    run = _DOMAIN.match(text, start, start + _LONGEST_DOMAIN + 2)
    labels = run.group().split(".") if run else []
    if run is None or run.end() - start > _LONGEST_DOMAIN + 1:
        return -1
    while labels and not labels[-1].strip("-"):
        labels.pop()  # the full stop, the ellipsis or the dash behind it
    # The space behind a full stop is missing: anna@example.org.She, tomorrow@8pm.Then
    if (
        len(labels) > 1
        and labels[-1].istitle()
        and labels[-2].islower()
        and (len(labels) > 2 or labels[0][0].isdigit())
    ):
        labels.pop()
    if len(labels) < 2:
        return -1
    top = labels.pop().partition("-")[0]  # anna@example.org-based
    sound = all(0 < len(one) <= _LONGEST_LABEL and one.strip("-") == one for one in labels)
    if not sound or len(top) < 2 or len(top) > _LONGEST_LABEL or not top.isalpha() or top.lower() in _FILE_TYPES:
        return -1
    end = start + len(".".join((*labels, top)))
    return -1 if text[end : end + 1].isdecimal() else end


def _is_login(text: str, start: int, end: int) -> bool:
    """Whether a program logs in there: https://anna:secret@example.org, git@example.org:anna/notes.git."""
    before = text[max(0, start - _LONGEST_LOCAL) : start]
    scheme = before.rfind("://")
    inside = scheme >= 0 and not re.search(r"[\s/?#]", before[scheme + 3 :])
    path = (
        text[end : end + 1] == ":"
        and text[end + 1 : end + 2].isalpha()
        and "/" in text[end + 1 : end + 40].split(maxsplit=1)[0]
    )
    return inside or path


# ---- Phone numbers

_SPACES = " \u00a0\u2009\u202f"
_DASHES = "\u2010-\u2013-"
_BETWEEN = rf"[{_SPACES}().\/{_DASHES}]"
_SEPARATORS = _SPACES + "()./-\u2010\u2011\u2012\u2013"  # the same, one by one
_DIGITS = re.compile("[0-9]+")
_GAP = re.compile(rf"{_BETWEEN}+")
_TIME = re.compile(":[0-9]")
_FEWEST, _FEWEST_ABROAD, _MOST = 7, 8, 15  # digits of a number; 15 are the most that E.164 allows

#: Words that say what follows is a phone number, in whatever shape ...
_SURE = (
    "tel tél tlf tfno teléfono telefono telefone téléphone telephone fax telefax тел телефон факс моб hotline "
    "whatsapp cellphone 电话 電話 전화 ☎ 📞"
).split()
#: ... and those that also stand before a count: mobile 12 500 000 subscribers, they call 1500000 people.
_UNSURE = "phone phones telefon telefoon call dial mobile mobil móvil movil cell handy handynummer звоните".split()
#: What may stand between such a word and its number.
_FILLERS = frozenset(
    (
        "us me him her them at on is the our my his their number numbers no nr num nummer número numero номер free "
        "toll now or and text directly office home work desk line fax phone mobile cell by under unter au al по "
        "telephone tel hotline helpline for more information please"
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
_WORD = re.compile(r"[^\W\d_]+")
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
            if number.sizes != shape:  # Tel. 555-0100, 555-0101
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


# ---- IP addresses

_VERSION_4 = re.compile("[0-9.]+")
_VERSION_6 = re.compile("[0-9A-Fa-f:.]+")
# All public addresses of version 6 lie in 2000::/3, so std::dec and 12:30:45 are none.
_BEGINS_6 = re.compile("[23][0-9A-Fa-f]{3}:(?=[0-9A-Fa-f]{0,4}:)")
_LONGEST_4, _LONGEST_6 = 15, 39
#: Words before a number of four parts that is a version, or a part of a document.
_NUMBERED = frozenset(
    (
        "version versions ver v release build firmware update patch driver section sections sec chapter clause "
        "paragraph para article table figure fig appendix annex item rule step oid версия пункт"
    ).split()
)
_NAMED = re.compile(r"\w/\Z|[^\W\d_]-\Z")
_HEADING = re.compile(r" {1,3}([^\W\d_])")


def _addresses(text: str) -> Iterator[Span]:
    last = 0
    for found in sorted((*_of_version_4(text), *_of_version_6(text))):
        if found[0] >= last:  # 2600::8.8.8.8 is one address
            yield found
            last = found[1]


def _of_version_4(text: str) -> Iterator[Span]:
    for run in _VERSION_4.finditer(text):
        start, end = run.span()
        if end - start < 7 or text[start] == ".":
            continue
        if end - start > _LONGEST_4 and text[start + _LONGEST_4] != ".":
            continue
        while text[end - 1] == ".":  # the full stop behind it
            end -= 1
        if end - start <= _LONGEST_4 and _is_public(text[start:end]) and not _is_version(text, start, end):
            yield start, end


def _of_version_6(text: str) -> Iterator[Span]:
    last = 0
    for begin in _BEGINS_6.finditer(text):
        start = begin.start()
        before = text[start - 1 : start] if start else ""
        if start < last or before.isalnum() or before in (":", "."):
            continue
        run = _VERSION_6.match(text, start, start + _LONGEST_6 + 3)
        end = last = run.end() if run else start
        while text[end - 1] in ".:" and text[end - 2 : end] != "::":  # the sentence goes on behind it
            end -= 1
        behind = text[end : end + 1]
        if not (behind.isalnum() or behind == "_") and end - start <= _LONGEST_6 and _is_public(text[start:end]):
            yield start, end


def _is_public(value: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(value)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast


def _is_version(text: str, start: int, end: int) -> bool:
    """Whether four numbers with dots are of a program or a section, by what stands around them."""
    before, behind = text[max(0, start - 24) : start], text[end : end + 2]
    if behind[:1].isalnum() or behind[:1] in ("_", "@") or (behind[:1] in ("-", "+", ".") and behind[1:].isalpha()):
        return True  # 1.2.3.4b, 1.2.3.4-beta
    if before[-1:].isalpha() or before[-1:] in ("_", "@") or _NAMED.search(before):
        return True  # v1.2.3.4, Chrome/1.2.3.4, openssl-1.2.3.4
    words = _WORD.findall(before.lower())
    if words and words[-1] in _NUMBERED and before.rstrip(" .:#(\u00a0")[-1:].isalpha():
        return True
    # 1.2.3.4 Methods
    small = all(int(part) < 32 for part in text[start:end].split("."))
    heading = small and not before.rpartition("\n")[2].strip(" \t") and _HEADING.match(text, end)
    return "§" in before[-3:] or bool(heading and heading.group(1).isupper())


# ---- Masks


def _email_value(text: str) -> str:
    return text.lower()


def _phone_value(text: str) -> str:
    """Its digits, with the sign of a number abroad: +44 (0)20 7946 0958 and 0044 20 7946 0958 are the same."""
    digits = "".join(_DIGITS.findall(text.replace("(0)", "") if text.startswith("+") else text))
    if text.startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _address_value(text: str) -> str:
    return str(ip_address(text))


def _mask(
    word: str, find: Callable[[str], Iterator[Span]], value: Callable[[str], str]
) -> Callable[[str], Iterator[Found]]:
    """Replace what is found by a word and a fingerprint of its value."""

    def masked(text: str) -> Iterator[Found]:
        for start, end in find(text):
            fingerprint = blake2b(value(text[start:end]).encode()).hexdigest()[:6]
            yield Found(start, end, f"[{word} {fingerprint}]")

    return masked


_EMAIL_SCREEN = rf"[0-9{_LETTER}!#$%&'+^_~-]@[0-9{_LETTER}][0-9{_LETTER}-]*\.[{_LETTER}0-9]"
_PHONE_SCREEN = (
    rf"\+\(?[0-9](?:{_BETWEEN}{{0,3}}[0-9]){{7}}"
    rf"|[0-9]{{3}}{_BETWEEN}{{1,2}}[0-9]{{3}}{_BETWEEN}[0-9]{{4}}"
    rf"|(?:{'|'.join(sorted(_SURE_FORMS | _UNSURE_FORMS))})[^0-9]*[0-9](?:{_BETWEEN}{{0,3}}[0-9]){{6}}"
)
_ADDRESS_SCREEN = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:"

RULES = (
    Rule(
        "mask-email-address",
        "off",
        _EMAIL_SCREEN,
        _mask("e-mail", _emails, _email_value),
        repairs=(
            "Write to Anna.Novak@example.org or anna.novak@EXAMPLE.org.",
            "Write to [e-mail b9f9bd] or [e-mail b9f9bd].",
        ),
        leaves="Follow @anna_novak, or log in as anna@localhost",
    ),
    Rule(
        "mask-phone-number",
        "off",
        _PHONE_SCREEN,
        _mask("phone", _phones, _phone_value),
        repairs=(
            "Call (212) 555-0100 or, from abroad, +1 212 555-0100.",
            "Call [phone 60d8b7] or, from abroad, [phone f4068a].",
        ),
        leaves="From 2019-2020 it sold 12 500 000 phones, ISBN 978-3-16-148410-0",
    ),
    Rule(
        "mask-ip-address",
        "off",
        _ADDRESS_SCREEN,
        _mask("ip", _addresses, _address_value),
        repairs=("The attack came from 8.8.8.8.", "The attack came from [ip f8f49a]."),
        leaves="The router at 192.168.0.1 runs version 2.4.8.16 since 12:30:45",
    ),
)

DETECTORS = (
    Detector(
        "email-address",
        _EMAIL_SCREEN,
        _emails,
        marks="The editors can be reached at newsdesk@example.org.",
        leaves="Follow @newsdesk, seats@home and logo@2x.png",
    ),
    Detector(
        "phone-number",
        _PHONE_SCREEN,
        _phones,
        marks="Witnesses are asked to call the police on 020 7946 0958.",
        leaves="They call 2023-2024 the worst season: 1 234 567 fans, 101-99, 40.712776",
    ),
    Detector(
        "ip-address",
        _ADDRESS_SCREEN,
        _addresses,
        marks="The server at 8.8.8.8 did not answer.",
        leaves="The server at 10.0.0.1 runs v1.2.3.4, see section 1.2.3.4",
    ),
)
