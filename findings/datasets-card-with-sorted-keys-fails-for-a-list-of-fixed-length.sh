#!/usr/bin/env bash
# Package: datasets 5.2.0 (PyYAML 6.0.3).
#
# Expected: the features in a dataset's card are YAML mappings, and those have
# no order. A card whose keys were sorted, as yaml.safe_dump does unless it is
# told otherwise, loads like the one that datasets wrote.
#
# Seen: features load with sorted keys, save a list of fixed length: the key
# "length" stands before "list", is taken for the type of the feature, and
# load_dataset raises TypeError without the name of a file or of a column.
#
# Output seen (datasets 5.2.0):
#   list                        loads
#   list, keys sorted           loads
#   list of two                 loads
#   list of two, keys sorted    TypeError: 'int' object is not a mapping
#
# Why it matters: spans and pairs of sentences are lists of two. A tool that
# adds a license or a tag to the card and writes it again makes the dataset
# unreadable, though every value of the card is what it was.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HF_HOME="$work/home" HF_HUB_OFFLINE=1

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 PyYAML==6.0.3

env/bin/python - 2>/dev/null <<'PY'
import importlib.metadata
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import Features, List, Value
from datasets.info import DatasetInfo, DatasetInfosDict
from huggingface_hub import DatasetCardData

datasets.disable_progress_bars()
print("datasets", importlib.metadata.version("datasets"))


def loaded(name, feature, sort):
    card = DatasetCardData()
    info = DatasetInfo(features=Features({"span": feature}), config_name="default")
    DatasetInfosDict({"default": info}).to_dataset_card_data(card)
    described = yaml.safe_dump(yaml.safe_load(card.to_yaml()), sort_keys=sort)
    folder = Path(name.replace(" ", "_"))
    folder.mkdir()
    (folder / "README.md").write_text(f"---\n{described}---\n")
    pq.write_table(pa.table({"span": [[3, 7]]}), folder / "train.parquet")
    try:
        rows = datasets.load_dataset(str(folder.resolve()), split="train")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "loads" if rows[:] == {"span": [[3, 7]]} else f"gives {rows[:]}"


plain, two = List(Value("int64")), List(Value("int64"), length=2)
found = {
    "list": loaded("list", plain, False),
    "list, keys sorted": loaded("sorted list", plain, True),
    "list of two": loaded("two", two, False),
    "list of two, keys sorted": loaded("sorted two", two, True),
}
for case, result in found.items():
    print(f"{case:27} {result}")
assert list(found.values()) == ["loads"] * 3 + ["TypeError: 'int' object is not a mapping"], found
PY
