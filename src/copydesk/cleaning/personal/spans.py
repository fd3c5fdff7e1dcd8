"""Types and patterns that the rules about personal data share."""

from __future__ import annotations

import re

Span = tuple[int, int]
# Letters of alphabets with spaces between words: in Chinese text an address follows the sentence without a space.
_LETTER = "A-Za-zÀ-ÖØ-öø-\u052f"
_DIGITS = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]+")
