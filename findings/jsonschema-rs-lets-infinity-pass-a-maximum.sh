#!/usr/bin/env bash
# Package: jsonschema-rs 0.60.3 (beside jsonschema 4.26.0).
#
# Expected: the valid JSON number 1e400, which Python's json.loads() gives as
# float infinity, is a number to a validator, and is refused by {"maximum": 3}.
# Or it is refused as a value outside what can be checked.
#
# Seen: to jsonschema-rs the float is no number. {"type": "number"} refuses it
# and calls it null; {"type": "null"} refuses it too, with a message that
# contradicts itself; and {"maximum": 3} accepts it. jsonschema gives the
# opposite verdict on the first and the last.
#
# Output seen (schema, jsonschema, jsonschema-rs):
#   {"type": "number"}   True   False   null is not of type "number"
#   {"type": "null"}     False  False   null is not of type "null"
#   {"maximum": 3}       False  True
#
# Why it matters: the two validators are used in place of each other for the
# speed; a bound on a field of a corpus (a score of at most 3) holds in the
# one and lets infinity through in the other.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check jsonschema==4.26.0 jsonschema-rs==0.60.3

env/bin/python - <<'PY'
import importlib.metadata
import json

import jsonschema_rs
from jsonschema import Draft202012Validator

for package in ("jsonschema", "jsonschema-rs"):
    print(package, importlib.metadata.version(package))
value = json.loads("1e400")
changed = []
for schema, want in (
    ({"type": "number"}, (True, False)),
    ({"type": "null"}, (False, False)),
    ({"maximum": 3}, (False, True)),
):
    python = Draft202012Validator(schema).is_valid(value)
    checker = jsonschema_rs.Draft202012Validator(schema)
    rust = checker.is_valid(value)
    why = " ".join(error.message for error in checker.iter_errors(value))
    print(f"{json.dumps(schema):20} {python!s:6} {rust!s:6}  {why}".rstrip())
    if (python, rust) != want:
        changed.append(json.dumps(schema))
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
