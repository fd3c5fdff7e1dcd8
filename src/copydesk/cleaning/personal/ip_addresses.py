"""IP addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from copydesk.cleaning.personal.spans import _WORD, Span

_VERSION_4, _IN_VERSION_4 = re.compile("[0-9.]+"), re.compile(r"[0-9]\.[0-9]")
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
#: Words near such a number that say that it is a version, if it may be one by its size; and that it is an address.
_VERSIONED = frozenset(
    (
        "version versions release released build firmware update updates updated upgrade upgraded patch driver ios "
        "ipados android macos windows chrome firefox safari edge opera kernel software plugin java flash versión "
        "versione versie verze wersja sürüm versjon aktualisierung mise actualización обновление версии версией"
    ).split()
)
_ADDRESSED = frozenset(
    "ip ipv4 address addresses adresse host server dns gateway ping адрес dirección indirizzo".split()
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
    for run in _VERSION_4.finditer(text) if _IN_VERSION_4.search(text) else ():
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
    # The version is 1.2.3.4; the firmware update to 4.5.6.7; iOS 17.1.2.1: parts of versions are small.
    small = all(int(part) < 32 for part in text[start:end].split("."))
    if small and not _VERSIONED.isdisjoint(words[-3:]) and _ADDRESSED.isdisjoint(words):
        return True
    # 1.2.3.4 Methods
    heading = small and not before.rpartition("\n")[2].strip(" \t") and _HEADING.match(text, end)
    return "§" in before[-3:] or bool(heading and heading.group(1).isupper())


def _address_value(text: str) -> str:
    return str(ip_address(text))


_ADDRESS_SCREEN = r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[23][0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:"
