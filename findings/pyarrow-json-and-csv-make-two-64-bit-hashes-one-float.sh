#!/usr/bin/env bash
# Package: pyarrow 26.0.1 (beside polars 2.1.0, duckdb 2.0.0).
#
# Expected: pyarrow.json.read_json and pyarrow.csv.read_csv read a column of
# whole numbers below 2**64 as uint64, if they do not fit int64, or raise.
#
# Seen: no error. One number of 2**63 or more makes the column float64, and
# every value in it is rounded: two hashes that differ are equal, and small
# ones beyond 2**53 have changed, too. With a schema given they are exact.
#
# Output seen:
#   pyarrow json, type given  18446744073709551615, 18446744073709551614, 9007199254740993
#   pyarrow json              1.8446744073709552e+19, 1.8446744073709552e+19, 9007199254740992.0
#   pyarrow csv               1.8446744073709552e+19, 1.8446744073709552e+19, 9007199254740992.0
#   polars                    18446744073709551615, 18446744073709551614, 9007199254740993
#   duckdb                    18446744073709551615, 18446744073709551614, 9007199254740993
#
# Why it matters: xxHash64 and SimHash are unsigned and half of their values
# are that large. Documents are joined and dropped as duplicates by them, and
# a file whose hashes happen to be small is read right.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.0

env/bin/python - <<'PY'
import json
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.json

print("pyarrow", pa.__version__, "polars", polars.__version__, "duckdb", duckdb.__version__)
HASHES = [2**64 - 1, 2**64 - 2, 2**53 + 1]
Path("hashes.jsonl").write_text("".join(json.dumps({"hash": number}) + "\n" for number in HASHES))
Path("hashes.csv").write_text("hash\n" + "".join(f"{number}\n" for number in HASHES))
schema = pyarrow.json.ParseOptions(explicit_schema=pa.schema({"hash": pa.uint64()}))
found = {
    "pyarrow json, type given": pyarrow.json.read_json("hashes.jsonl", parse_options=schema)["hash"].to_pylist(),
    "pyarrow json": pyarrow.json.read_json("hashes.jsonl")["hash"].to_pylist(),
    "pyarrow csv": pyarrow.csv.read_csv("hashes.csv")["hash"].to_pylist(),
    "polars": polars.read_ndjson("hashes.jsonl")["hash"].to_list(),
    "duckdb": [hashed for (hashed,) in duckdb.sql("SELECT hash FROM 'hashes.jsonl'").fetchall()],
}
for reader, values in found.items():
    print(f"{reader:25} {', '.join(map(repr, values))}")
rounded = [float(2**64), float(2**64), float(2**53)]
for reader, values in found.items():
    wanted = rounded if reader in ("pyarrow json", "pyarrow csv") else HASHES
    assert [(type(value), value) for value in values] == [(type(value), value) for value in wanted], reader
PY
