#!/usr/bin/env bash
# Package: pyarrow 26.0.1.
#
# Expected: a reader that is handed an open Python file, and is then dropped
# without close(), leaves that file open. Python's own gzip, bz2 and lzma
# readers do, and so does pyarrow.PythonFile and pyarrow.input_stream(file)
# without compression.
#
# Seen: CompressedInputStream closes the caller's file when it is garbage
# collected, as does input_stream(file, compression=...) and
# BufferedInputStream over it. The class's documentation does not say so.
#
# Output seen (is the caller's file closed once the reader is gone?):
#   gzip.GzipFile                        False
#   pyarrow.PythonFile                   False
#   pyarrow.input_stream, plain          False
#   pyarrow.input_stream, gzip           True
#   pyarrow.CompressedInputStream        True
#   pyarrow.BufferedInputStream          True
#
# Why it matters: a function that peeks at the first bytes of an open corpus
# file to tell its compression, and lets its reader go out of scope, leaves
# the caller with "I/O operation on closed file" far from the cause. In
# CPython it happens at the return of the function.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1

env/bin/python - <<'PY'
import gc
import gzip
import io

import pyarrow as pa

print("pyarrow", pa.__version__)
packed = gzip.compress(b"one line\n")


def closed_after(make):
    file = io.BytesIO(packed)
    reader = make(file)
    reader.read(4)
    del reader
    gc.collect()
    return file.closed


cases = {
    "gzip.GzipFile": (lambda f: gzip.GzipFile(fileobj=f), False),
    "pyarrow.PythonFile": (lambda f: pa.PythonFile(f, "r"), False),
    "pyarrow.input_stream, plain": (pa.input_stream, False),
    "pyarrow.input_stream, gzip": (lambda f: pa.input_stream(f, compression="gzip"), True),
    "pyarrow.CompressedInputStream": (lambda f: pa.CompressedInputStream(f, "gzip"), True),
    "pyarrow.BufferedInputStream": (
        lambda f: pa.BufferedInputStream(pa.PythonFile(f, "r"), 16),
        True,
    ),
}
changed = []
for name, (make, want) in cases.items():
    got = closed_after(make)
    print(f"{name:36} {got}")
    if got != want:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
