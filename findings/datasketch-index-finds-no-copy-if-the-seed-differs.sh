#!/usr/bin/env bash
# Package: datasketch 2.0.0.
#
# Expected: a MinHashLSH refuses a signature that was made with another seed
# than those in it, as it refuses one of another length, and as
# MinHash.jaccard refuses it. The signature knows its seed.
#
# Seen: no error. The query of the same text gives no match, and the signature
# can be inserted beside the others.
#
# Output seen (datasketch 2.0.0; the index holds the text that is asked for):
#   same seed            ['article']
#   128 and 64 values    ValueError
#   other seed           []
#   other seed, jaccard  ValueError
#   other seed, insert   accepted
#
# Why it matters: signatures of a corpus are kept and asked again years later,
# with a seed from other settings. The answer is that the new texts have no
# near-duplicates, which is what one hopes for.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasketch==2.0.0

env/bin/python - <<'PY'
import importlib.metadata

from datasketch import MinHash, MinHashLSH

print("datasketch", importlib.metadata.version("datasketch"))


def signature(length, seed):
    minhash = MinHash(num_perm=length, seed=seed)
    minhash.update_batch([word.encode() for word in "the mayor opened the bridge on monday".split()])
    return minhash


def outcome(call):
    try:
        result = call()
    except ValueError as error:
        return type(error).__name__
    return "accepted" if result is None else str(result)


known, other = signature(128, 1), signature(128, 7)
index = MinHashLSH(threshold=0.8, num_perm=128)
index.insert("article", known)
found = {
    "same seed": outcome(lambda: index.query(signature(128, 1))),
    "128 and 64 values": outcome(lambda: index.query(signature(64, 1))),
    "other seed": outcome(lambda: index.query(other)),
    "other seed, jaccard": outcome(lambda: known.jaccard(other)),
    "other seed, insert": outcome(lambda: index.insert("copy", other)),
}
for case, result in found.items():
    print(f"{case:20} {result}")
assert list(found.values()) == ["['article']", "ValueError", "[]", "ValueError", "accepted"], found
PY
