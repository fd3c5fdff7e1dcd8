#!/usr/bin/env bash
# Package: datasets 5.2.0.
#
# Expected: load_dataset(folder, "edits") needs the files of the table edits.
# The card names the files of each table, and only those are read.
#
# Seen: files of the table that the card names first must be there, too,
# whichever table is asked for; otherwise DataFilesNotFoundError, which names
# the folder and no table. With the tables in the other order it loads.
#
# Output seen:
#   card: articles, edits; files of both   ['edits']
#   card: edits, articles; files of edits  ['edits']
#   card: articles, edits; files of edits  DataFilesNotFoundError: No (supported) data files found
#
# Why it matters: whoever fetches one table of a large corpus, with its card,
# cannot load it; the message says that there are no data files at all.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0

env/bin/python -W ignore - <<'PY'
import importlib.metadata
import os
import tempfile
from pathlib import Path

os.environ |= {"HF_HOME": tempfile.mkdtemp(), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import load_dataset

print("datasets", importlib.metadata.version("datasets"))


def folder(name, first, there):
    """A dataset of two tables, of which the card names ``first`` first, with the files of some."""
    home = Path(name)
    entries = [
        f"- config_name: {table}\n  data_files: [{{split: train, path: data/{table}/*.parquet}}]\n"
        for table in sorted(["articles", "edits"], key=lambda table: table != first)
    ]
    home.mkdir()
    (home / "README.md").write_text(f"---\nconfigs:\n{''.join(entries)}---\n")
    for table in there:
        (home / "data" / table).mkdir(parents=True)
        pq.write_table(pa.table({"id": [table]}), home / "data" / table / "train-0.parquet")
    return str(home)


def loaded(name, first, there):
    try:
        return load_dataset(folder(name, first, there), "edits", split="train")["id"][:]
    except Exception as error:
        return f"{type(error).__name__}: {str(error).partition(' in ')[0]}"


cases = {
    "card: articles, edits; files of both": (loaded("a", "articles", ["articles", "edits"]), ["edits"]),
    "card: edits, articles; files of edits": (loaded("b", "edits", ["edits"]), ["edits"]),
    "card: articles, edits; files of edits": (
        loaded("c", "articles", ["edits"]),
        "DataFilesNotFoundError: No (supported) data files found",
    ),
}
changed = []
for name, (seen, want) in cases.items():
    print(f"{name:38} {seen}")
    if seen != want:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
