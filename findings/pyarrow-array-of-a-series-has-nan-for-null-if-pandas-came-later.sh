#!/usr/bin/env bash
# Package: pyarrow 26.0.1 with numpy 2.4.0, and pandas 3.0.0, which is installed
# while the process runs (as one does in a notebook).
#
# Expected: pyarrow.array(series) reads a pandas series as its documentation
# says: missing values become nulls. What the process did before pandas was
# there should not matter.
#
# Seen: pyarrow looks for pandas at the first array that it makes, and only
# then. If pandas is not there at that moment and is installed and imported
# afterwards, pyarrow.array takes a series for any sequence: missing values
# become NaN, null_count is 0, and nothing is said. The first conversion that
# needs pandas (Table.to_pandas or Table.from_pandas) makes pyarrow look
# again: the same call then gives nulls.
#
# Output seen:
#   before any conversion [1.0, nan], nulls 0
#   after one             [1.0, None], nulls 1
#
# Why it matters: the same cell of a notebook writes other rows into a dataset
# depending on what was run before it, and hashes of the rows differ.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.0

env/bin/python - <<'PY'
import importlib
import subprocess
import sys

import pyarrow as pa

pa.array([1, 2])  # pyarrow looks for pandas
subprocess.run(
    [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pandas==3.0.0"], check=True
)
importlib.invalidate_caches()
import pandas as pd  # noqa: E402

series = pd.Series([1.0, None])
before = pa.array(series)
print("before any conversion", before.to_pylist(), "nulls", before.null_count)
pa.table({"a": [1]}).to_pandas()
after = pa.array(series)
print("after one            ", after.to_pylist(), "nulls", after.null_count)
if before.null_count != 0:
    raise SystemExit("behaviour changed: pyarrow notices a pandas that came later")
if after.null_count != 1:
    raise SystemExit("behaviour changed: a conversion no longer makes pyarrow look again")
PY
