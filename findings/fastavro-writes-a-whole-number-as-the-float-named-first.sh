#!/usr/bin/env bash
# Package: fastavro 1.13.1.
#
# Expected: for a field of type ["null", "double", "long"] an int of Python is
# written as long, since that branch of the union holds it exactly.
#
# Seen: no error. A float or double that is named before long takes the int,
# rounded. The same values under ["null", "long", "double"] come back exact,
# though unions that differ only in their order allow the same values. With
# float, this begins at 2**24.
#
# Output seen (fastavro 1.13.1):
#   null, long, double  [16777217, 9007199254740993, 0.5]
#   null, double, long  [16777217.0, 9007199254740992.0, 0.5]
#   null, float, long   [16777216.0, 9007199254740992.0, 0.5]
#
# Why it matters: schemas that were made from data name the type seen first.
# Where the first score was 0.5, ids, hashes and offsets of later documents
# are rounded, and ids that were apart become one.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check fastavro==1.13.1

env/bin/python - <<'PY'
import importlib.metadata
import io

import fastavro

print("fastavro", importlib.metadata.version("fastavro"))
VALUES = [2**24 + 1, 2**53 + 1, 0.5]


def read_back(*union):
    schema = {"type": "record", "name": "Document", "fields": [{"name": "value", "type": list(union)}]}
    file = io.BytesIO()
    fastavro.writer(file, schema, [{"value": value} for value in VALUES])
    file.seek(0)
    return [record["value"] for record in fastavro.reader(file)]


changed = []
for union, wanted in (
    (("null", "long", "double"), VALUES),
    (("null", "double", "long"), [16777217.0, 9007199254740992.0, 0.5]),
    (("null", "float", "long"), [16777216.0, 9007199254740992.0, 0.5]),
):
    found = read_back(*union)
    print(f"{', '.join(union):19} {found}")
    if [(type(value), value) for value in found] != [(type(value), value) for value in wanted]:
        changed.append(union)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
