#!/usr/bin/env bash
# Package: pyarrow 26.0.1 (with pandas 3.1.1, numpy 2.4.6).
#
# Expected: Array.slice(k).to_pandas() gives the same values as
# Array.slice(k).to_pylist(), for list_view as for list. A slice is only a
# view, and the Arrow format says that every array may start at an offset.
#
# Seen: when the array from which the slice was cut has a null anywhere, and
# the slice does not start at 0, each value of a list_view (or
# large_list_view) column comes out in pandas as None. No error, no warning.
# The slice itself is sound: to_pylist() and null_count are right, and a plain
# list column is right too. Without a null in the whole array it is right.
#
# Output seen:
#   list             pylist [[3], [4]]   pandas [[3], [4]]
#   list_view        pylist [[3], [4]]   pandas [None, None]
#   large_list_view  pylist [[3], [4]]   pandas [None, None]
#   second batch of to_batches(max_chunksize=2): pandas [None, None]
#
# Why it matters: corpora keep token ids, spans and labels in list columns and
# are walked batch by batch. From the second batch on, the lists of every row
# are gone once one row of the table had no list.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 pandas==3.1.1 numpy==2.4.6

env/bin/python - <<'PY'
import pyarrow as pa

print("pyarrow", pa.__version__)


def in_pandas(column):
    return [None if v is None else v.tolist() for v in column]


rows = [[1], None, [3], [4]]
seen = {}
for kind in (pa.list_, pa.list_view, pa.large_list_view):
    name = kind.__name__.rstrip("_")
    whole = pa.array(rows, kind(pa.int64()))
    cut = whole.slice(2)
    cut.validate(full=True)
    assert cut.null_count == 0 and cut.to_pylist() == [[3], [4]]
    seen[name] = in_pandas(cut.to_pandas())
    print(f"{name:16} pylist {cut.to_pylist()}   pandas {seen[name]}")

table = pa.table({"ids": pa.array(rows, pa.list_view(pa.int64()))})
last = table.to_batches(max_chunksize=2)[-1]
seen["batch"] = in_pandas(last.to_pandas()["ids"])
print("second batch of to_batches(max_chunksize=2): pandas", seen["batch"])

lost = [None, None]
want = {"list": [[3], [4]], "list_view": lost, "large_list_view": lost, "batch": lost}
if seen != want:
    raise SystemExit(f"behaviour changed: expected {want}")
PY
