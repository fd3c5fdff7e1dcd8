#!/usr/bin/env bash
# Package: pycld2 0.42.
#
# Expected: the language of a text does not depend on whether its accented
# letters are composed (NFC) or decomposed (NFD): the two are canonically
# equivalent, and readers see the same text. At worst a model that was trained
# on composed letters is less sure.
#
# Seen: of decomposed text CLD2 names no language at all, not even with little
# confidence, although most of its letters have no accent: one sentence of
# French with four accents is "Unknown" with 0 percent.
#
# Output seen:
#   fr NFC: FRENCH 98 percent, reliable True
#   fr NFD: Unknown 0 percent, reliable False
#   vi NFC: VIETNAMESE 98 percent, reliable True
#   vi NFD: Unknown 0 percent, reliable False
#
# Why it matters: text from macOS file systems, from some PDF tools and from
# editors for Vietnamese is decomposed. A corpus that is filtered by language
# loses these documents, and nothing says why.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pycld2==0.42

env/bin/python - <<'PY'
from importlib.metadata import version
from unicodedata import normalize

import pycld2

print("pycld2", version("pycld2"))
texts = {
    "fr": "Le caf\u00e9 de la gare a ferm\u00e9 ses portes \u00e0 la fin de l\u2019\u00e9t\u00e9.",
    "vi": "Th\u1ecb tr\u01b0\u1edfng cho bi\u1ebft r\u1eb1ng c\u00f4ng vi\u1ec7c s\u1ebd b\u1eaft \u0111\u1ea7u v\u00e0o m\u00f9a xu\u00e2n.",
}
changed = []
for code, text in texts.items():
    for form in ("NFC", "NFD"):
        reliable, _, details = pycld2.detect(normalize(form, text))
        name, found, percent, _ = details[0]
        print(f"{code} {form}: {name} {percent} percent, reliable {reliable}")
        if found != (code if form == "NFC" else "un"):
            changed.append(f"{code} {form}")
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
