#!/usr/bin/env bash
# Package: jsonschema 4.26.0.
#
# Expected: is_valid() says True or False of any value that json.loads() made
# of a valid JSON text. The number 1e400 is valid JSON (RFC 8259 sets no
# bound), and Python's json gives float infinity for it.
#
# Seen: {"multipleOf": 0.5} gives no verdict but raises OverflowError, from
# is_valid() and from iter_errors(). The same schema with the whole number 2,
# or any other keyword tried, gives a verdict. A whole number of 401 digits
# raises it too. (The special case for a quotient that overflows, 1e308 / 0.5,
# is there and works.)
#
# Output seen:
#   {"multipleOf": 2} on 1e400: False
#   {"maximum": 3} on 1e400: False
#   {"multipleOf": 0.5} on 1e308: True
#   {"multipleOf": 0.5} on 1e400: OverflowError: cannot convert Infinity to integer ratio
#   {"multipleOf": 0.5} on 10^400 written out: OverflowError: int too large to convert to float
#
# Why it matters: one line of a JSON Lines file of strangers, valid JSON, ends
# the run of a checker that only catches ValidationError.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check jsonschema==4.26.0

env/bin/python - <<'PY'
import importlib.metadata
import json

from jsonschema import Draft202012Validator

print("jsonschema", importlib.metadata.version("jsonschema"))
long_number = "1" + "0" * 400
cases = [
    ({"multipleOf": 2}, "1e400", "1e400", "False"),
    ({"maximum": 3}, "1e400", "1e400", "False"),
    ({"multipleOf": 0.5}, "1e308", "1e308", "True"),
    ({"multipleOf": 0.5}, "1e400", "1e400", "OverflowError"),
    ({"multipleOf": 0.5}, long_number, "10^400 written out", "OverflowError"),
]
changed = []
for schema, text, label, want in cases:
    Draft202012Validator.check_schema(schema)
    value = json.loads(text)
    try:
        got = str(Draft202012Validator(schema).is_valid(value))
    except OverflowError as error:
        got = f"OverflowError: {error}"
    print(f"{json.dumps(schema)} on {label}: {got}")
    if got.split(":")[0] != want:
        changed.append(f"{json.dumps(schema)} on {label}")
if changed:
    raise SystemExit(f"behaviour changed for: {'; '.join(changed)}")
PY
