#!/usr/bin/env bash
# Package: FastWARC 2.0.1 (beside warcio 1.8.1).
#
# Expected: with auto_decode="all" a chunked body is read whether or not the
# sender put an extension after a chunk's size ("13;name=value"). RFC 9112,
# 7.1.1: "A recipient MUST ignore unrecognized chunk extensions." Blanks after
# the size, which are not in the grammar, are accepted.
#
# Seen: the read raises OSError, taking the extension for a part of the size.
# warcio reads the same record.
#
# Output seen:
#   no extension    fastwarc b'Hello chunked world'
#   no extension    warcio   b'Hello chunked world'
#   extension       fastwarc OSError: Invalid chunk header: '13;name=value'
#   extension       warcio   b'Hello chunked world'
#
# Why it matters: archives written from the bytes on the wire hold such
# bodies; a pass over a crawl loses the page, or ends there.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check fastwarc==2.0.1 warcio==1.8.1

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


def chunked(extension):
    body = b"Hello chunked world"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    return archive(head + b"%x%s\r\n%s\r\n0\r\n\r\n" % (len(body), extension, body))


body = b"Hello chunked world"
refusal = "OSError: Invalid chunk header: '13;name=value'"
changed = []
for label, raw, want in (
    ("no extension", chunked(b""), body),
    ("extension", chunked(b";name=value"), refusal),
):
    fast, other = with_fastwarc(raw), with_warcio(raw)
    print(f"{label:15} fastwarc {fast}")
    print(f"{label:15} warcio   {other}")
    if fast != want or other != body:
        changed.append(label)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
