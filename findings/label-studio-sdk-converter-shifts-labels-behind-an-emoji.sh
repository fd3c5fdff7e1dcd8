#!/usr/bin/env bash
# Package: label-studio-sdk 2.1.2.
#
# Expected: Converter, which turns exports of Label Studio into CoNLL 2003,
# reads offsets as Label Studio's page writes them. The page is JavaScript and
# counts UTF-16 code units: a character beyond U+FFFF counts as two.
#
# Seen: no error. Offsets are taken for code points. Behind each such character
# labels lie one place too far right; the text of the label, which stands beside
# its offsets in the export, is not compared. Without such characters, or with
# offsets in code points, the same labels come out right.
#
# Output seen:
#   label-studio-sdk 2.1.2
#   as the page counts: Carl B-NAME, left I-NAME
#   in code points:     Carl B-NAME, left O
#
# Why it matters: training data from texts with emoji or rare Chinese signs is
# labelled beside the words that the annotators marked.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check label-studio-sdk==2.1.2

env/bin/python - <<'PY'
import importlib.metadata
import json
from pathlib import Path

from label_studio_sdk.converter import Converter

print("label-studio-sdk", importlib.metadata.version("label-studio-sdk"))
CONFIG = '<View><Labels name="label" toName="text"><Label value="NAME"/></Labels><Text name="text" value="$text"/></View>'
TEXT = "\U0001f469 Anna met Bob. \U0001f469 Carl left."


def code_units(place):
    return len(TEXT[:place].encode("utf-16-le")) // 2


def tags(count):
    start = TEXT.index("Carl")
    value = {"start": count(start), "end": count(start + 4), "text": "Carl", "labels": ["NAME"]}
    region = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    tasks = [{"id": 1, "data": {"text": TEXT}, "annotations": [{"id": 1, "result": [region]}]}]
    Path("export.json").write_text(json.dumps(tasks))
    Converter(CONFIG, ".", download_resources=False).convert_to_conll2003("export.json", "out", is_dir=False)
    lines = [line.split() for line in Path("out/result.conll").read_text("utf-8").splitlines() if line.strip()]
    return {columns[0]: columns[-1] for columns in lines}


page, code_points = tags(code_units), tags(lambda place: place)
for name, found in (("as the page counts:", page), ("in code points:    ", code_points)):
    print(f"{name} Carl {found['Carl']}, left {found['left']}")
assert (page["Carl"], page["left"]) == ("B-NAME", "I-NAME"), page
assert (code_points["Carl"], code_points["left"]) == ("B-NAME", "O"), code_points
PY
