"""Bytes that are not valid UTF-8, kept in a text as private-use characters."""

from __future__ import annotations

import re

_FIRST_STRAY = 0x10F700
STRAYS = re.compile(f"[{chr(_FIRST_STRAY + 0x80)}-{chr(_FIRST_STRAY + 0xFF)}]")


def without_strays(text: str) -> str:
    """Return a text of the same length with a replacement character for each stray byte."""
    return STRAYS.sub("\ufffd", text)
