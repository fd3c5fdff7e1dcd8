#!/usr/bin/env bash
# Package: datasets 5.2.0 (with pandas 3.1.1).
#
# Expected: Dataset.to_json writes numbers from which the same float64 is read
# again, as Python's json does, and a timestamp with all its digits.
#
# Seen: no warning. Ten places behind the point are kept, so 2.5e-12 becomes
# 0.0, and two scores that differ come out equal. Timestamps become whole
# milliseconds since 1970, microseconds are cut off, and datasets reads them
# back as integers. to_parquet keeps all of it.
#
# Output seen (datasets 5.2.0):
#   {"score":0.0,"fetched":1704448800123}
#   {"score":0.3333333333,"fetched":1704448800123}
#   {"score":0.3333333333,"fetched":1704448800123}
#   read back: {'score': Value('float64'), 'fetched': Value('int64')}
#   differing rows in Parquet 3, in JSON 2
#
# Why it matters: probabilities and perplexities of language models are that
# small. A threshold or an order by score gives other documents after a corpus
# went through JSON, and rows that differed count as duplicates.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6

env/bin/python - 2>/dev/null <<'PY'
import datetime
import importlib.metadata
from pathlib import Path

import datasets

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))
times = [datetime.datetime(2024, 1, 5, 10, 0, 0, 123000 + extra) for extra in (400, 500, 600)]
scored = datasets.Dataset.from_dict({"score": [2.5e-12, 1 / 3, 1 / 3 + 1e-11], "fetched": times})
scored.to_json("scored.jsonl")
scored.to_parquet("scored.parquet")
lines = Path("scored.jsonl").read_text().splitlines()
print(*lines, sep="\n")
from_json = datasets.load_dataset("json", data_files="scored.jsonl", split="train")
from_parquet = datasets.load_dataset("parquet", data_files="scored.parquet", split="train")
print("read back:", from_json.features)
distinct = [len({tuple(row.values()) for row in rows}) for rows in (from_parquet, from_json)]
print(f"differing rows in Parquet {distinct[0]}, in JSON {distinct[1]}")
rounded = '{"score":0.3333333333,"fetched":1704448800123}'
assert lines == ['{"score":0.0,"fetched":1704448800123}', rounded, rounded], lines
assert from_json.features["fetched"].dtype == "int64", from_json.features
assert from_parquet[:] == scored[:] and distinct == [3, 2], distinct
PY
