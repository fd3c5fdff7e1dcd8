#!/usr/bin/env bash
# Package: pandas 3.1.1 (with pyarrow 26.0.1).
#
# Expected: read_parquet(folder) reads what to_parquet(folder,
# partition_cols=["lang"]) wrote, also if a document has no language; or such
# a row is refused when it is written.
#
# Seen: it is written, and pyarrow reads the folder. read_parquet raises
# ArrowInvalid, for all of it: partition columns are read as dictionaries, and
# those with a null are not unified. With a filter that leaves the null's
# folder out it reads the rest.
#
# Output seen (pandas 3.1.1, pyarrow 26.0.1):
#   pyarrow                  ['de', 'en', None]
#   pandas                   ArrowInvalid: Cannot yet unify dictionaries with nulls
#   pandas, only de and en   ['de', 'en']
#
# Why it matters: a language that could not be told is a null. The first such
# document makes the whole corpus unreadable for pandas, after it was written
# without a word and its source may be gone.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6

env/bin/python - <<'PY'
import pandas
import pyarrow as pa
import pyarrow.parquet as pq

print("pandas", pandas.__version__, "pyarrow", pa.__version__)
frame = pandas.DataFrame({"lang": ["de", "en", None], "text": ["Tag", "Day", "42"]})
frame.to_parquet("corpus", partition_cols=["lang"])


def by_pandas(**options):
    try:
        return sorted(pandas.read_parquet("corpus", **options)["lang"].tolist())
    except pa.ArrowInvalid as error:
        return f"ArrowInvalid: {error}"


found = {
    "pyarrow": sorted(pq.read_table("corpus")["lang"].to_pylist(), key=lambda lang: lang or "~"),
    "pandas": by_pandas(),
    "pandas, only de and en": by_pandas(filters=[("lang", "in", ["de", "en"])]),
}
for reader, result in found.items():
    print(f"{reader:24} {result}")
refused = "ArrowInvalid: Cannot yet unify dictionaries with nulls"
assert list(found.values()) == [["de", "en", None], refused, ["de", "en"]], found
PY
