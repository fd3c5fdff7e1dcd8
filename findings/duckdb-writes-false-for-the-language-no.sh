#!/usr/bin/env bash
# Package: duckdb 2.0.0.
#
# Expected: a CSV file whose column of languages is "no" in each row, as the
# Norwegian part of a corpus has it, is read as strings, and COPY ... TO writes
# "no" again.
#
# Seen: no warning. The column is BOOLEAN, and written to CSV it says false;
# Parquet and JSON hold a truth value, too. Beside rows of another language it
# stays a string, unless these come after the rows that are sampled: then there
# is an error. "yes", "t" and "f" are taken likewise. A query for lang = 'no'
# still finds the rows, so nothing shows before the file is written.
#
# Output seen (duckdb 2.0.0):
#   no, no   BOOLEAN  written again: false, false
#   no, de   VARCHAR  written again: no, de
#   de, de   VARCHAR  written again: de, de
#
# Why it matters: corpora are kept in a file per language, and "no" is the
# ISO 639 code of Norwegian. After a conversion its rows have the language
# "false", while all other files are right.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0

env/bin/python - <<'PY'
import csv
from pathlib import Path

import duckdb

print("duckdb", duckdb.__version__)


def written_again(languages):
    Path("in.csv").write_text("lang,text\n" + "".join(f"{language},Text.\n" for language in languages))
    kind = duckdb.sql("SELECT DISTINCT typeof(lang) FROM 'in.csv'").fetchall()[0][0]
    duckdb.sql("COPY (FROM 'in.csv') TO 'out.csv'")
    with open("out.csv", newline="") as file:
        return kind, [row["lang"] for row in csv.DictReader(file)]


changed = []
for languages, wanted in (
    (["no", "no"], ("BOOLEAN", ["false", "false"])),
    (["no", "de"], ("VARCHAR", ["no", "de"])),
    (["de", "de"], ("VARCHAR", ["de", "de"])),
):
    kind, found = written_again(languages)
    print(f"{', '.join(languages):8} {kind}  written again: {', '.join(found)}")
    if (kind, found) != wanted:
        changed.append(languages)
if changed:
    raise SystemExit(f"behaviour changed for: {changed}")
PY
