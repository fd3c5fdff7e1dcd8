#!/usr/bin/env bash
# Package: ftfy 6.3.1.
#
# Expected: ftfy repairs text only where misread bytes are the likely reason,
# and leaves good German alone. Scanners and their software write the hyphen at
# the end of a line as U+00AC (NOT SIGN), so printed German has lines that end
# in "Groß¬" or "Maß¬".
#
# Seen: the pair U+00DF U+00AC is taken for the two bytes DF AC of UTF-8, and
# becomes one letter of the N'Ko script, U+07EC. Behind any other letter of
# German the sign is left alone.
#
# Output seen:
#   'Die Macht der Gro\xdf\xac' -> 'Die Macht der Gro\u07ec'
#   'Die ganze Regie\xac' -> 'Die ganze Regie\xac'
#
# Why it matters: corpora of digitised newspapers have this at every line end,
# and the repair destroys words such as Großmacht without a trace of what stood
# there: ß is the one letter of German for which it goes wrong.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check ftfy==6.3.1

env/bin/python - <<'PY'
import ftfy

print("ftfy", ftfy.__version__)
cases = {
    "Die Macht der Gro\u00df\u00ac": "Die Macht der Gro\u07ec",
    "Die ganze Regie\u00ac": "Die ganze Regie\u00ac",
}
changed = []
for text, seen in cases.items():
    fixed = ftfy.fix_text(text)
    print(ascii(text), "->", ascii(fixed))
    if fixed != seen:
        changed.append(ascii(text))
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
