#!/usr/bin/env bash
# Package: datasets 5.2.0 (pyarrow 26.0.1).
#
# Expected: load_dataset("json", features=...) with a column declared as
# string gives the strings that stand between the quotes in the file.
#
# Seen: no error. Types are guessed before the features are applied: a file
# where every title looks like a date is read as timestamps, and these are
# written out again as strings. The features that were given change the text
# into another one; an offset from UTC is gone. pyarrow with the same schema
# gives the strings. The same happens, without features, to a second file of
# dates behind one of plain titles.
#
# Output seen (datasets 5.2.0):
#   in the file            ['2024-01-05', '1999-12-31T23+02:00']
#   datasets, string       ['2024-01-05 00:00:00', '1999-12-31 21:00:00']
#   datasets, second file  ['Weather', '2024-01-05 00:00:00', '1999-12-31 21:00:00']
#   pyarrow, string        ['2024-01-05', '1999-12-31T23+02:00']
#
# Why it matters: titles of diaries, minutes and daily papers are dates. The
# text differs from its source and its hash, offsets of labels shift, and
# whether it happens depends on how rows were spread over files.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1

env/bin/python - 2>/dev/null <<'PY'
import importlib.metadata
import json
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.json
from datasets import Features, Value, load_dataset

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))
TITLES = ["2024-01-05", "1999-12-31T23+02:00"]


def write(name, titles):
    Path(name).write_text("".join(json.dumps({"title": title}) + "\n" for title in titles))
    return name


plain, dates = write("0.jsonl", ["Weather"]), write("1.jsonl", TITLES)
declared = load_dataset("json", data_files=dates, split="train", features=Features({"title": Value("string")}))
behind = load_dataset("json", data_files=[plain, dates], split="train")
schema = pyarrow.json.ParseOptions(explicit_schema=pa.schema({"title": pa.string()}))
found = {
    "in the file": TITLES,
    "datasets, string": declared["title"][:],
    "datasets, second file": behind["title"][:],
    "pyarrow, string": pyarrow.json.read_json(dates, parse_options=schema)["title"].to_pylist(),
}
for case, titles in found.items():
    print(f"{case:22} {titles}")
rewritten = ["2024-01-05 00:00:00", "1999-12-31 21:00:00"]
assert list(found.values()) == [TITLES, rewritten, ["Weather", *rewritten], TITLES], found
PY
