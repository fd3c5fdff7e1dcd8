#!/usr/bin/env bash
# Package: mlcroissant 1.1.1 (pandas 3.1.1, pyarrow 26.0.1).
#
# Expected: an object reads a record set as often as it is asked, a filter
# holds for the call that gives it, a filter whose pattern cannot be used is an
# error, and a record set that refers to another one is read after it as well
# as before it.
#
# Seen: the second reading of a table gives no rows. After a reading with a
# filter, one without gives the filtered rows. A filter makes a glob of the
# regular expression of the field; where that has a class such as \d it fits no
# file, and there are no rows and no error. And a table with a reference to
# the key of another one fails with GenerationError once the other was read.
#
# Output seen (numbers of rows; the table has 3, of which 2 are in train):
#   all rows, read once, and again                       3 0
#   rows of train, and then all rows                     2 2
#   with \d+ in the pattern: all rows, rows of train     3 0
#   table a, then table b, which refers to a             3 GenerationError
#   table b alone                                        3
#
# Why it matters: a valid description of a corpus, with a foreign key and an
# exact pattern for its files, fails in validators that read one record set
# after the other, and a training set read by its split is empty without a
# word. Tests that make a new object for each table do not see it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check \
  "mlcroissant[parquet]==1.1.1" pandas==3.1.1 pyarrow==26.0.1

env/bin/python -W ignore - <<'PY'
import importlib.metadata
import json
import logging
from pathlib import Path

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq

logging.disable(logging.CRITICAL)
print("mlcroissant", importlib.metadata.version("mlcroissant"))


def field(table, name, source, **more):
    source = {"fileSet": {"@id": f"{table}-files"}, **source}
    return {"@type": "cr:Field", "@id": f"{table}/{name}", "dataType": "sc:Text", "source": source, **more}


def described(pattern, refers=False):
    """Two tables in two splits each, whose split is read off the path."""
    Path("data").mkdir(exist_ok=True)
    files, sets = [], []
    for table in ("a", "b"):
        for split, ids in (("test", ["x"]), ("train", ["y", "z"])):
            pq.write_table(pa.table({"id": ids}), f"data/{table}-{split}-0001.parquet")
        files.append(
            {
                "@type": "cr:FileSet",
                "@id": f"{table}-files",
                "encodingFormat": "application/x-parquet",
                "includes": f"data/{table}-*.parquet",
            }
        )
        to_other = {"references": {"field": {"@id": "a/id"}}} if refers and table == "b" else {}
        transform = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": pattern.format(table)}}
        sets.append(
            {
                "@type": "cr:RecordSet",
                "@id": table,
                "field": [
                    field(table, "id", {"extract": {"column": "id"}}, **to_other),
                    field(table, "split", transform, references={"field": {"@id": "splits/name"}}),
                ],
            }
        )
    splits = {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "dataType": "cr:Split",
        "field": [{"@type": "cr:Field", "@id": "splits/name", "dataType": "sc:Text"}],
        "data": [{"splits/name": "test"}, {"splits/name": "train"}],
    }
    names = ("column extract field fileProperty fileSet includes recordSet references regex source transform").split()
    whole = {
        "@context": {
            "@language": "en",
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
            "conformsTo": "dct:conformsTo",
            "data": {"@id": "cr:data", "@type": "@json"},
            "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
            **{name: f"cr:{name}" for name in names},
        },
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "two tables",
        "distribution": files,
        "recordSet": [splits, *sets],
    }
    Path("croissant.json").write_text(json.dumps(whole))
    return mlcroissant.Dataset(jsonld="croissant.json")


def count(dataset, table, **how):
    try:
        return len(list(dataset.records(table, **how)))
    except Exception as error:
        return type(error).__name__


GROUPS = r"(?:data/{}-)?(test|train)(?:-.+parquet)?$"  # what a filter understands
DIGITS = r"(?:data/{}-)?(test|train)(?:-\d+\.parquet)?$"  # the same paths
train = {"filters": {"a/split": "train"}}
dataset = described(GROUPS)
first, second = count(dataset, "a"), count(dataset, "a")
dataset = described(GROUPS)
filtered, after = count(dataset, "a", **train), count(dataset, "a")
digits = described(DIGITS)
whole, by_digits = count(digits, "a"), count(described(DIGITS), "a", **train)
refers = described(GROUPS, refers=True)
cases = {
    "all rows, read once, and again": ((first, second), (3, 0)),
    "rows of train, and then all rows": ((filtered, after), (2, 2)),
    r"with \d+ in the pattern: all rows, rows of train": ((whole, by_digits), (3, 0)),
    "table a, then table b, which refers to a": ((count(refers, "a"), count(refers, "b")), (3, "GenerationError")),
    "table b alone": ((count(described(GROUPS, refers=True), "b"),), (3,)),
}
changed = []
for name, (seen, want) in cases.items():
    print(f"{name:52}", *seen)
    if seen != want:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
