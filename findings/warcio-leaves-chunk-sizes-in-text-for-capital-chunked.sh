#!/usr/bin/env bash
# Package: warcio 1.8.1 (beside FastWARC 2.0.1).
#
# Expected: content_stream() takes off the chunks of a body with
# "Transfer-Encoding: Chunked" as with "chunked". RFC 9112, 7: "All
# transfer-coding names are case-insensitive". warcio itself lowers the case
# of Content-Encoding before it looks.
#
# Seen: the comparison is with "chunked" in small letters only. With a capital
# the sizes and line ends of the chunks stay in the text. FastWARC reads it.
#
# Output seen:
#   chunked  warcio   b'Hello chunked world'
#   chunked  fastwarc b'Hello chunked world'
#   Chunked  warcio   b'13\r\nHello chunked world\r\n0\r\n\r\n'
#   Chunked  fastwarc b'Hello chunked world'
#
# Why it matters: hexadecimal numbers in the midst of words, in text taken
# from archives; a hash of the text differs from that of the same page read
# with another tool, so that duplicates are not found.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check warcio==1.8.1 fastwarc==2.0.1

env/bin/python - <<'PY'
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


body = b"Hello chunked world"
framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
changed = []
for name, want in (("chunked", body), ("Chunked", framed)):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: {name}\r\n\r\n"
    raw = archive(head.encode() + framed)
    own, other = with_warcio(raw), with_fastwarc(raw)
    print(f"{name}  warcio   {own}")
    print(f"{name}  fastwarc {other}")
    if own != want or other != body:
        changed.append(name)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
