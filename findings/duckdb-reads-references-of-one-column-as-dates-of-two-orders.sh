#!/usr/bin/env bash
# Package: duckdb 2.0.0.
#
# Expected: strings such as "1-2-3" in JSON (book, chapter, verse; or volume,
# number, page) stay strings. If they are taken for dates, then for dates of
# one order, and the same in JSON and in CSV.
#
# Seen: no error. In JSON the column is DATE, and the order is chosen for each
# value: "1-2-3" has the year first, "1-2-31" the year last. In CSV the first
# alone is a TIMESTAMP of antiquity, and the two together stay strings.
#
# Output seen (duckdb 2.0.0):
#   1-2-3   JSON DATE 2001-02-03   CSV TIMESTAMP 0001-02-03 00:00:00
#   1-2-31  JSON DATE 2031-02-01   CSV DATE 2031-02-01
#   both in one file: JSON 2001-02-03, 2031-02-01; CSV 1-2-3, 1-2-31
#
# Why it matters: references of that form are the ids of many corpora. They
# cannot be got back from such dates, they match none of the annotations that
# point to them, and the shorter a file, the likelier it happens.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0

env/bin/python - <<'PY'
import json
from pathlib import Path

import duckdb

print("duckdb", duckdb.__version__)


def read(name, text):
    Path(name).write_text(text)
    return duckdb.sql(f"SELECT typeof(verse), verse::VARCHAR FROM '{name}'").fetchall()


def in_json(*verses):
    return read("verses.jsonl", "".join(json.dumps({"verse": verse}) + "\n" for verse in verses))


def in_csv(*verses):
    return read("verses.csv", "verse\n" + "".join(f"{verse}\n" for verse in verses))


found = {}
for verse in ("1-2-3", "1-2-31"):
    found[verse] = " ".join(in_json(verse)[0]), " ".join(in_csv(verse)[0])
    print(f"{verse:7} JSON {found[verse][0]}   CSV {found[verse][1]}")
both = [[value for _, value in read_both("1-2-3", "1-2-31")] for read_both in (in_json, in_csv)]
print(f"both in one file: JSON {', '.join(both[0])}; CSV {', '.join(both[1])}")
assert found["1-2-3"] == ("DATE 2001-02-03", "TIMESTAMP 0001-02-03 00:00:00"), found
assert found["1-2-31"] == ("DATE 2031-02-01", "DATE 2031-02-01"), found
assert both == [["2001-02-03", "2031-02-01"], ["1-2-3", "1-2-31"]], both
PY
