#!/usr/bin/env bash
# Package: polars 2.1.0 and pyarrow 26.0.1 (beside duckdb 2.0.0).
#
# Expected: DataFrame.write_parquet(folder, partition_by=["lang"]) writes a
# Hive layout (lang=de/...), which pyarrow.parquet.read_table(folder) reads, as
# it reads its own and as polars and DuckDB read this one.
#
# Seen: pyarrow raises ArrowTypeError. polars writes the column of the
# partition into the files, too, as large_string; pyarrow finds it there and
# as a dictionary of strings in the names of folders, and refuses to merge
# them. With partitioning=None it reads the folder.
#
# Output seen:
#   polars                      [{'lang': 'de', 'text': 'Tag'}, {'lang': 'en', 'text': 'Day'}]
#   duckdb                      [('de', 'Tag'), ('en', 'Day')]
#   pyarrow                     ArrowTypeError: Unable to merge: Field lang has incompatible types
#   pyarrow, partitioning=None  [{'lang': 'de', 'text': 'Tag'}, {'lang': 'en', 'text': 'Day'}]
#
# Why it matters: a folder per language is how corpora are laid out. One that
# polars wrote cannot be opened with the defaults of pyarrow, nor of pandas,
# which reads with it, and the message does not say that a folder's name is
# one of the two fields.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.0

env/bin/python - <<'PY'
import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

print("polars", polars.__version__, "pyarrow", pa.__version__, "duckdb", duckdb.__version__)
rows = [{"lang": "de", "text": "Tag"}, {"lang": "en", "text": "Day"}]
polars.DataFrame(rows).write_parquet("corpus", partition_by=["lang"])


def by_pyarrow(**options):
    try:
        return sorted(pq.read_table("corpus", **options).to_pylist(), key=lambda row: row["lang"])
    except pa.ArrowTypeError as error:
        return f"ArrowTypeError: {str(error).rpartition(': ')[0]}"


found = {
    "polars": polars.read_parquet("corpus").sort("lang").to_dicts(),
    "duckdb": duckdb.sql("SELECT lang, text FROM 'corpus/*/*.parquet' ORDER BY lang").fetchall(),
    "pyarrow": by_pyarrow(),
    "pyarrow, partitioning=None": by_pyarrow(partitioning=None),
}
for reader, result in found.items():
    print(f"{reader:27} {result}")
refused = "ArrowTypeError: Unable to merge: Field lang has incompatible types"
assert list(found.values()) == [rows, [("de", "Tag"), ("en", "Day")], refused, rows], found
PY
