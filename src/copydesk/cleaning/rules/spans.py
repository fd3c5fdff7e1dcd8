"""What the rules about personal data share."""

from __future__ import annotations

import re

Span = tuple[int, int]
# Letters of alphabets that put spaces between words: in Chinese text an address follows its sentence without one.
_LETTER = "A-Za-zÀ-ÖØ-öø-\u052f"
_DIGITS = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]+")
