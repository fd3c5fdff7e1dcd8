#!/usr/bin/env bash
# Package: datasets 5.2.0.
#
# Expected: load_dataset(folder) of a folder without a card puts each file
# into one split. A path with the words of two splits is refused, or its first
# word decides.
#
# Seen: no warning. The file is in both splits, row for row.
#
# Output seen (datasets 5.2.0):
#   train-0.jsonl, test-0.jsonl                 train 1, test 1, in both 0
#   train-0.jsonl, train-without-test.jsonl     train 2, test 1, in both 1
#   train/2023/0.jsonl, train/2024-test/0.jsonl train 2, test 1, in both 1
#
# Why it matters: files are named after what is in them and what was done to
# them, also within a folder named train. The test set then consists of
# training data, and the figures of the evaluation are good for that reason.
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

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))


def sizes(number, names):
    for name in names:
        path = Path(f"corpus{number}", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"text": f"This stands in {name}."}) + "\n")
    loaded = datasets.load_dataset(f"./corpus{number}")
    train, test = set(loaded["train"]["text"]), set(loaded["test"]["text"])
    return f"train {len(train)}, test {len(test)}, in both {len(train & test)}"


expected = {
    ("train-0.jsonl", "test-0.jsonl"): "train 1, test 1, in both 0",
    ("train-0.jsonl", "train-without-test.jsonl"): "train 2, test 1, in both 1",
    ("train/2023/0.jsonl", "train/2024-test/0.jsonl"): "train 2, test 1, in both 1",
}
changed = []
for number, (names, wanted) in enumerate(expected.items()):
    found = sizes(number, names)
    print(f"{', '.join(names):43} {found}")
    if found != wanted:
        changed.append(names)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
