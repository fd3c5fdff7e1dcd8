#!/usr/bin/env bash
# Package: datasets 5.2.0 (with numpy 2.4.6).
#
# Expected: with_format("numpy") gives integers as int64. If a batch has a
# missing value, numpy has no integer for it, so one would expect float64, as
# pandas gives, which is exact up to 2**53.
#
# Seen: no warning. The column of that batch is float32, which is exact up to
# 2**24 only: other values of the batch change, too. Which rows change depends
# on which rows share a batch with the missing one. map writes them back.
#
# Output seen (datasets 5.2.0):
#   without format:       [16777217, None, 20000001]
#   numpy, one batch:     float32 [16777216.0, nan, 20000000.0]
#   numpy, without null:  int64 [20000001]
#   pandas, one batch:    float64 [16777217.0, nan, 20000001.0]
#   map in numpy, +0:     [16777216.0, nan, 20000000.0]
#
# Why it matters: offsets into a file of a corpus pass 2**24 after 16 MB, and
# ids do sooner. One document without an offset moves those of its neighbours,
# and the nulls have become NaN.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6

env/bin/python - 2>/dev/null <<'PY'
import importlib.metadata

import datasets

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))
offsets = datasets.Dataset.from_dict({"start": [16777217, None, 20000001]})
arrays = offsets.with_format("numpy")
batch, last = arrays[:]["start"], arrays[2:]["start"]
frame = offsets.with_format("pandas")[:]["start"]
mapped = arrays.map(lambda rows: {"copied": rows["start"] + 0}, batched=True).with_format(None)["copied"][:]
found = {
    "without format": str(offsets["start"][:]),
    "numpy, one batch": f"{batch.dtype} {batch.tolist()}",
    "numpy, without null": f"{last.dtype} {last.tolist()}",
    "pandas, one batch": f"{frame.dtype} {frame.tolist()}",
    "map in numpy, +0": str(mapped),
}
for case, values in found.items():
    print(f"{case + ':':21} {values}")
assert list(found.values()) == [
    "[16777217, None, 20000001]",
    "float32 [16777216.0, nan, 20000000.0]",
    "int64 [20000001]",
    "float64 [16777217.0, nan, 20000001.0]",
    "[16777216.0, nan, 20000000.0]",
], found
PY
