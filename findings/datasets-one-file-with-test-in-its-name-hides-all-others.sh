#!/usr/bin/env bash
# Package: datasets 5.2.0.
#
# Expected: load_dataset(folder) of a folder without a card takes names such
# as train and test for splits, and puts all other files into train.
#
# Seen: no warning. As soon as one name has a word of that kind in it, all
# files without one are left out. "test" between hyphens or dots in a title
# is enough, so is a folder named dev. "contest" does not count. This was
# reported (issue 5021 of huggingface/datasets) and closed; it is still so.
#
# Output seen (datasets 5.2.0):
#   moon-landing, contest-of-poets                 {'train': 2}
#   moon-landing, contest-of-poets, test-of-time   {'test': 1}
#   2024-01, 2024-02, dev/notes                    {'validation': 1}
#
# Why it matters: a corpus has a file per book, month or site, named after it.
# One more file, and the dataset consists of that file alone, as a test split;
# code that asks for train fails, code that takes what is there goes on.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1

env/bin/python - 2>/dev/null <<'PY'
import importlib.metadata
from pathlib import Path

import datasets

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))


def splits(number, names):
    for name in names:
        path = Path(f"corpus{number}", f"{name}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "Once."}\n')
    loaded = datasets.load_dataset(f"./corpus{number}")
    return {split: len(rows) for split, rows in loaded.items()}


expected = {
    ("moon-landing", "contest-of-poets"): {"train": 2},
    ("moon-landing", "contest-of-poets", "test-of-time"): {"test": 1},
    ("2024-01", "2024-02", "dev/notes"): {"validation": 1},
}
changed = []
for number, (names, rows_by_split) in enumerate(expected.items()):
    found = splits(number, names)
    print(f"{', '.join(names):46} {found}")
    if found != rows_by_split:
        changed.append(names)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
