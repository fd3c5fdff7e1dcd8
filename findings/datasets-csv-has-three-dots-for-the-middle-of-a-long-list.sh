#!/usr/bin/env bash
# Package: datasets 5.2.0 (with pandas 3.1.1, numpy 2.4.6).
#
# Expected: Dataset.to_csv writes every element of a column of lists, in a
# form that can be read back, or refuses the column.
#
# Seen: no error, no warning. The cell holds what numpy prints for people: no
# commas, and of more than 1000 elements only the first three and the last
# three with "..." between them. to_json writes all.
#
# Output seen:
#   datasets 5.2.0
#   2 tokens in CSV:     [12  7]
#   1001 tokens in CSV:  [   0    1    2 ...  998  999 1000]
#   1001 tokens in JSON: 1001 read back
#
# Why it matters: token ids and spans are lists of that length. A corpus that
# is handed over as CSV has lost the middle of its long documents, while short
# ones, at which one looks to check the file, are there.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6

env/bin/python - 2>/dev/null <<'PY'
import csv
import importlib.metadata
import json

import datasets

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))
documents = datasets.Dataset.from_dict({"token_ids": [[12, 7], list(range(1001))]})
documents.to_csv("tokens.csv")
documents.to_json("tokens.jsonl")
with open("tokens.csv", newline="") as file:
    short, long = (row["token_ids"] for row in csv.DictReader(file))
with open("tokens.jsonl") as file:
    read_back = len(json.loads(file.readlines()[1])["token_ids"])
print("2 tokens in CSV:    ", short)
print("1001 tokens in CSV: ", long)
print("1001 tokens in JSON:", read_back, "read back")
assert short == "[12  7]", short
assert long == "[   0    1    2 ...  998  999 1000]", long
assert read_back == 1001, read_back
PY
