#!/usr/bin/env bash
# Package: webdataset 1.0.2.
#
# Expected: a tar file with the members doc.v1.txt, doc.v1.json, doc.v2.txt
# and doc.v2.json, and ..a.txt, has three samples, or is refused.
#
# Seen: no error, one sample. Names are divided at their first dot, so the key
# of the first two is "doc", and the sample has the fields v1.txt, v1.json,
# v2.txt and v2.json. The third, whose name begins with a dot, is not there.
#
# Output seen:
#   webdataset 1.0.2 reads 1 sample of 3: ['doc: v1.json v1.txt v2.json v2.txt']
#
# Why it matters: ids of documents are names of files or addresses, and hold
# dots. A corpus packed under them loses documents without a word, and the
# training data has others than the count of files says.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check webdataset==1.0.2

env/bin/python - <<'PY'
import importlib.metadata
import io
import tarfile

import webdataset

with tarfile.open("shard.tar", "w") as tar:
    for key in ("doc.v1", "doc.v2", "..a"):
        for ending, data in (("txt", key.encode()), ("json", b"{}")):
            member = tarfile.TarInfo(f"{key}.{ending}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
samples = list(webdataset.WebDataset("shard.tar", shardshuffle=False))
found = [f"{s['__key__']}: {' '.join(sorted(name for name in s if name[:1] != '_'))}" for s in samples]
print("webdataset", importlib.metadata.version("webdataset"), "reads", len(samples), "sample of 3:", found)
assert found == ["doc: v1.json v1.txt v2.json v2.txt"], found
PY
