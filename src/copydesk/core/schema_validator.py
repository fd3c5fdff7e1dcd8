"""The validator of a JSON Schema, our checks of formats, and how messages write places in a value."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jsonschema_rs

Schema = dict[str, Any]

#: Largest compiled pattern, in bytes.
PATTERN_BYTES = 1 << 20

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII | re.IGNORECASE
)


def is_date(value: object) -> bool:
    """Return whether a value is a ``full-date`` of RFC 3339; True for anything but a string.

    >>> is_date("2026-02-28"), is_date("-026-02-28"), is_date("0000-02-28")
    (True, False, False)
    """
    if not isinstance(value, str):
        return True
    try:
        return bool(_DATE.fullmatch(value) and datetime.date.fromisoformat(value))
    except ValueError:
        return False


def is_moment(value: object) -> bool:
    """Return whether a value is a ``date-time`` of RFC 3339, without leap seconds; True for anything but a string.

    >>> is_moment("2026-02-28T12:00:00Z"), is_moment("2026-02-28T12:00:60Z")
    (True, False)
    """
    return not isinstance(value, str) or bool(
        is_date(value[:10]) and value[10:11] in ("T", "t") and _TIME.fullmatch(value, 11)
    )


#: Our own checks of formats, because validators differ in them.
_FORMATS = {"date": is_date, "date-time": is_moment}


def fast_validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Make the validator of a schema. It checks formats, matches patterns in linear time and fetches nothing."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        schema,
        validate_formats=True,
        formats=_FORMATS,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES),
        offline=True,
    )


def dotted(path: Iterable[str | int]) -> str:
    """Return a path in an instance as messages write it: ``spans[3].start``."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def clipped(message: str, limit: int = 300) -> str:
    """Return a message with its middle left out if it is longer than ``limit`` characters."""
    return message if len(message) <= limit else f"{message[: limit - 60]} … {message[-50:]}"
