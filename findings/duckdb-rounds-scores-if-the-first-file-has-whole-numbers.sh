#!/usr/bin/env bash
# Package: duckdb 2.0.0 (beside pyarrow 26.0.1).
#
# Expected: SELECT ... FROM 'shards/*.parquet' gives each value as its file
# has it, in the wider type of all files, or raises where the types differ. A
# float that would lose its fraction is an error in pyarrow.
#
# Seen: no error. The first file by name decides: if its scores are integers,
# the float64 of all later files are rounded to integers, half to even. The
# same files under other names, or with union_by_name=true, are read right.
#
# Output seen (duckdb 2.0.0):
#   whole numbers in the first file  [1, 0, 0, 1, 2]
#   whole numbers in the last file   [0.5, 0.75, 1.5, 1.0, 0.0]
#   first file, union_by_name        [1.0, 0.0, 0.5, 0.75, 1.5]
#   pyarrow, first file              ArrowInvalid: Float value 0.500000 was truncated
#
# Why it matters: a tool writes 0 and 1 for one shard and 0.5 for the next, and
# Parquet has integers for one, floats for the other. Quality scores between 0
# and 1 become 0 or 1, and a filter by them keeps other documents.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1

env/bin/python - <<'PY'
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

print("duckdb", duckdb.__version__, "pyarrow", pa.__version__)
WHOLE, PARTS = [1, 0], [0.5, 0.75, 1.5]


def folder(name, *shards):
    Path(name).mkdir()
    for number, scores in enumerate(shards):
        pq.write_table(pa.table({"score": scores}), f"{name}/{number}.parquet")


def scores(source):
    return [score for (score,) in duckdb.sql(f"SELECT score FROM {source}").fetchall()]


folder("first", WHOLE, PARTS)
folder("last", PARTS, WHOLE)
try:
    by_pyarrow = str(pq.read_table("first")["score"].to_pylist())
except pa.ArrowInvalid as error:
    by_pyarrow = f"ArrowInvalid: {error}"[:49]
found = {
    "whole numbers in the first file": str(scores("'first/*.parquet'")),
    "whole numbers in the last file": str(scores("'last/*.parquet'")),
    "first file, union_by_name": str(scores("read_parquet('first/*.parquet', union_by_name=true)")),
    "pyarrow, first file": by_pyarrow,
}
for case, values in found.items():
    print(f"{case:32} {values}")
assert list(found.values()) == [
    "[1, 0, 0, 1, 2]",
    "[0.5, 0.75, 1.5, 1.0, 0.0]",
    "[1.0, 0.0, 0.5, 0.75, 1.5]",
    "ArrowInvalid: Float value 0.500000 was truncated ",
], found
PY
