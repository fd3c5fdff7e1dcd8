#!/usr/bin/env bash
# Package: deltalake 1.6.6 (with pyarrow 26.0.1).
#
# Expected: write_deltalake refuses a column of uint8, since the Delta format
# has no unsigned types, or keeps it in the next wider signed type, in which
# every value has room.
#
# Seen: the column becomes the signed type of the same width, int8, without a
# warning. Labels below 128 are written and read; a later shard of the same
# schema with label 200 is refused. uint64 becomes int64 likewise.
#
# Output seen (deltalake 1.6.6):
#   uint8  labels [3, 127]       read as int8 [3, 127]
#   uint8  append of [200]       DeltaError: Can't cast value 200 to type Int8
#   uint64 hashes [2**63 - 1]    read as int64 [9223372036854775807]
#   uint64 append of [2**63]     DeltaError: Can't cast value 9223372036854775808 to type Int64
#
# Why it matters: ids of classes and 64-bit hashes are unsigned in Arrow. A
# corpus is taken over shard by shard and stops at the first class or hash in
# the upper half; a reader that compares schemas finds another one.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1

env/bin/python - <<'PY'
import deltalake
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

print("deltalake", deltalake.__version__, "pyarrow", pa.__version__)


def written(name, kind, values, mode):
    try:
        write_deltalake(name, pa.table({"value": pa.array(values, kind)}), mode=mode)
    except DeltaError as error:
        return f"DeltaError: {str(error).rpartition(': ')[2]}"
    column = DeltaTable(name).to_pyarrow_table()["value"]
    return f"read as {column.type} {column.to_pylist()}"


found = {
    "uint8  labels [3, 127]": written("labels", pa.uint8(), [3, 127], "error"),
    "uint8  append of [200]": written("labels", pa.uint8(), [200], "append"),
    "uint64 hashes [2**63 - 1]": written("hashes", pa.uint64(), [2**63 - 1], "error"),
    "uint64 append of [2**63]": written("hashes", pa.uint64(), [2**63], "append"),
}
for case, result in found.items():
    print(f"{case:28} {result}")
assert list(found.values()) == [
    "read as int8 [3, 127]",
    "DeltaError: Can't cast value 200 to type Int8",
    "read as int64 [9223372036854775807]",
    "DeltaError: Can't cast value 9223372036854775808 to type Int64",
], found
PY
