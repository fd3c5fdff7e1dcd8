#!/usr/bin/env bash
# Package: mosaicml-streaming 0.13.0.
#
# Expected: index.json says how many bytes each shard has. A shard with fewer,
# as after a copy that was interrupted, is refused when it is opened, or its
# last rows are.
#
# Seen: no error. LocalDataset never compares the size, and a row that ends
# behind the end of the file is decoded from what is left: the text of the
# last row is 48 characters and not 78. With a column of fixed size behind it
# there would be an error of numpy.
#
# Output seen:
#   streaming 0.13.0: index.json says 469 bytes, the file has 439
#   lengths of the texts: [78, 78, 48]
#
# Why it matters: shards are copied between buckets and machines. A text that
# ends in the middle is trained on as if the author had ended it there.
#
# The library imports torch, transformers and six clouds at its start, which
# it does not use to read or write local files: empty modules stand for them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.1.3 Brotli==1.2.1 pillow==13.0.0 \
  python-snappy==0.7.3 catalogue==2.0.10 filelock==4.3.1 tqdm==4.70.1 typing_extensions==4.16.0 xxhash==3.8.2 zstd==1.5.7.2
env/bin/pip install --quiet --disable-pip-version-check --no-deps mosaicml-streaming==0.13.0

env/bin/python - <<'PY'
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types


class Absent(types.ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    names = "azure boto3 botocore google matplotlib oci paramiko torch torchvision transformers".split()

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(Finder())
import streaming
from streaming import LocalDataset, MDSWriter

with MDSWriter(columns={"id": "str", "text": "str"}, out="data") as writer:
    for number in range(3):
        writer.write({"id": str(number), "text": "The mayor opened the bridge on Monday. " * 2})
path = "data/shard.00000.mds"
with open(path, "r+b") as file:
    file.truncate(os.path.getsize(path) - 30)
said = json.load(open("data/index.json"))["shards"][0]["raw_data"]["bytes"]
print(f"streaming {streaming.__version__}: index.json says {said} bytes, the file has {os.path.getsize(path)}")
lengths = [len(row["text"]) for row in LocalDataset("data")]
print("lengths of the texts:", lengths)
assert lengths == [78, 78, 48], lengths
PY
