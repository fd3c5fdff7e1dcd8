#!/usr/bin/env bash
# Package: pyarrow 26.0.1.
#
# Expected: utf8_is_digit is true for "Unicode digits" (its documentation),
# that is for Numeric_Type Decimal or Digit, as Python's str.isdigit();
# utf8_is_numeric is true for "numeric Unicode characters", that is for any
# Numeric_Type, as str.isnumeric(). So U+00BD (one half: Numeric_Type Numeric)
# is numeric and no digit, and U+4E00 (the ideograph for one) is numeric.
#
# Seen: utf8_is_digit goes by the general category (Nd and No), so fractions
# and the like pass as digits; utf8_is_numeric also goes by category, so the
# ideographic numbers do not pass as numeric.
#
# Output seen:
#   U+00BD VULGAR FRACTION ONE HALF           is_digit True  (Python False)
#   U+00BD VULGAR FRACTION ONE HALF           is_numeric True  (Python True)
#   U+4E00 CJK UNIFIED IDEOGRAPH-4E00         is_numeric False  (Python True)
#   U+2469 CIRCLED NUMBER TEN                 is_digit True  (Python False)
#
# Why it matters: a filter on "share of digits" or "this token is a number"
# gives other counts in Arrow than in Python: recipes and prices with fractions
# look more numeric, Chinese and Japanese text less.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1

env/bin/python - <<'PY'
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

print("pyarrow", pa.__version__)
cases = [
    ("\u00bd", "is_digit", True, False),
    ("\u00bd", "is_numeric", True, True),
    ("\u4e00", "is_numeric", False, True),
    ("\u2469", "is_digit", True, False),
]
changed = []
for char, what, arrow_want, python_want in cases:
    arrow = getattr(pc, "utf8_" + what)(pa.array([char]))[0].as_py()
    python = getattr(char, what.replace("_", ""))()
    label = f"U+{ord(char):04X} {unicodedata.name(char)}"
    print(f"{label:41} {what} {arrow}  (Python {python})")
    if (arrow, python) != (arrow_want, python_want):
        changed.append(label)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
