#!/usr/bin/env bash
# Package: duckdb 2.0.0 (with pyarrow 26.0.1).
#
# Expected: from a Parquet file with the columns text and Text, which the
# format allows, SELECT "Text" gives the column Text. If names are compared
# without regard to case, the query is ambiguous and is refused; a name in
# quotes, by the SQL standard, is compared with regard to case.
#
# Seen: no error. SELECT "Text" gives the values of text, under that name.
# Text is to be had as "Text_1" only, a name that is in no file. Fields of a
# struct are mixed up in the same way.
#
# Output seen (duckdb 2.0.0):
#   SELECT "text"       text    cleaned
#   SELECT "Text"       text    cleaned
#   SELECT "Text_1"     Text_1  as printed
#   SELECT forms['Text'] gives cleaned
#
# Why it matters: tables joined from two sources have such pairs, as text and
# Text, or url and URL. The filter or the export then works on the other
# column, whose values look alike.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1

env/bin/python - <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

print("duckdb", duckdb.__version__)
row = {"text": "cleaned", "Text": "as printed"}
pq.write_table(pa.table({"text": [row["text"]], "Text": [row["Text"]], "forms": [row]}), "corpus.parquet")
found = {}
for name in ("text", "Text", "Text_1"):
    result = duckdb.sql(f"""SELECT "{name}" FROM 'corpus.parquet'""")
    found[name] = (result.columns[0], result.fetchall()[0][0])
    query = f'SELECT "{name}"'
    print(f"{query:19} {found[name][0]:7} {found[name][1]}")
field = duckdb.sql("SELECT forms['Text'] FROM 'corpus.parquet'").fetchall()[0][0]
print("SELECT forms['Text'] gives", field)
wanted = {"text": ("text", "cleaned"), "Text": ("text", "cleaned"), "Text_1": ("Text_1", "as printed")}
if (found, field) != (wanted, "cleaned"):
    raise SystemExit(f"behaviour changed: expected {wanted}")
PY
