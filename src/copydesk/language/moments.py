"""Dates and times as they are written in metadata, in the form of RFC 3339."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime

from copydesk.core.schema_validator import is_date, is_moment
from copydesk.language.names_and_dates import DATE, MONTHS

_ZONE = re.compile(r"\s+(?=[+-][0-9])|\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
#: What some programs write behind the offset: the name of the zone.
_ZONE_NAME = re.compile(r"(?:\s+[A-Z]{3,4}|\[[A-Za-z_+/-]{1,60}\])$")
_SLASHES = re.compile(r"((?:19|20)\d\d)/(\d\d)/(\d\d)(?=\D|$)")
_LONGEST_DATE = 100


def moment(text: str) -> str:
    """Return a date or a time in the form of RFC 3339; of a time without a zone only the date is kept.

    >>> moment("2017-07-17 17:03:00"), moment("2017-07-17T17:03:00+0200"), moment("Mon, 17 Jul 2017 17:03:00 GMT")
    ('2017-07-17', '2017-07-17T17:03:00+02:00', '2017-07-17T17:03:00+00:00')
    >>> moment("14. März 2023"), moment("2023/03/14")
    ('2023-03-14', '2023-03-14')

    Raises
    ------
    ValueError
        If it is not a date or a time, or an ambiguous date such as 03/04/2020.
    """
    text = text.strip()
    if _is_valid(text):
        return text
    short = text[:_LONGEST_DATE]
    for read in (_iso, parsedate_to_datetime):
        try:
            at = read(short)
            written = (at.date() if at.tzinfo is None else at).isoformat()
        except (ValueError, OverflowError):
            continue
        if _is_valid(written):
            return written
    if len(text) < _LONGEST_DATE and (day := date_in(text)):
        return day
    shown = repr(text) if len(text) <= 80 else f"{text[:77]!r}..."
    raise ValueError(f"{shown} is not a date; expected one such as 2024-05-31 or 2024-05-31T12:00:00Z")


def date_in(text: str) -> str | None:
    """Return the date in a text, as in RFC 3339; None if it has no date, several dates or an ambiguous one."""
    dates = {_date(match) for match in DATE.finditer(text[:200])}
    return dates.pop() if len(dates) == 1 else None


def _is_valid(text: str) -> bool:
    return is_date(text) or is_moment(text)


def _iso(text: str) -> datetime.datetime:
    text = _SLASHES.sub(r"\1-\2-\3", _ZONE_NAME.sub("", text) if re.search(r"[+-]\d\d:?\d\d", text) else text)
    return datetime.datetime.fromisoformat(_ZONE.sub(lambda zone: "" if zone[0].isspace() else "+00:00", text))


def _date(match: re.Match[str]) -> str | None:
    for form in "123":
        if match[f"y{form}"]:
            month = match[f"m{form}"].lower()
            try:
                number = MONTHS.get(month) or int(month)
                return datetime.date(int(match[f"y{form}"]), number, int(match[f"d{form}"])).isoformat()
            except ValueError:
                return None
    # 03/04/2020 is ambiguous.
    return None
