#!/usr/bin/env bash
# Package: FastWARC 2.0.1 and warcio 1.8.1.
#
# Expected: a body with "Content-Encoding: x-gzip" is read like one with
# "gzip". RFC 9110, 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be
# equivalent to "gzip"." Browsers do.
#
# Seen: FastWARC raises OSError (and calls it a Transfer-Encoding); warcio
# hands out the compressed bytes as if they were the page, with no sign.
#
# Output seen:
#   gzip    fastwarc b'Hello gzip world'
#   gzip    warcio   b'Hello gzip world'
#   x-gzip  fastwarc OSError: Unsupported Transfer-Encoding: x-gzip
#   x-gzip  warcio   still compressed: True
#
# Why it matters: of a page sent with the old name the one library makes an
# error and the other binary noise in the text.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check fastwarc==2.0.1 warcio==1.8.1

env/bin/python - <<'PY'
import gzip
import importlib.metadata
import io

from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

for package in ("fastwarc", "warcio"):
    print(package, importlib.metadata.version(package))


def archive(http):
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.com/\r\n"
        "WARC-Date: 2024-01-01T00:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:0c4f4f2e-0d05-4b6c-a7d6-6f2d5e4f8a11>\r\n"
        "Content-Type: application/http;msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def with_fastwarc(raw):
    try:
        record = next(iter(FastIterator(io.BytesIO(raw), auto_decode="all")))
        return record.reader.read()
    except OSError as error:
        return f"OSError: {error}"


def with_warcio(raw):
    record = next(iter(ArchiveIterator(io.BytesIO(raw))))
    return record.content_stream().read()


body = b"Hello gzip world"
packed = gzip.compress(body)


def coded(name):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: %s\r\n\r\n"
    return archive(head % name + packed)


plain, old = coded(b"gzip"), coded(b"x-gzip")
got = [with_fastwarc(plain), with_warcio(plain), with_fastwarc(old), with_warcio(old) == packed]
for label, value in zip(
    ("gzip    fastwarc", "gzip    warcio  ", "x-gzip  fastwarc", "x-gzip  warcio   still compressed:"),
    got,
):
    print(label, value)
if got != [body, body, "OSError: Unsupported Transfer-Encoding: x-gzip", True]:
    raise SystemExit("behaviour changed")
PY
