#!/usr/bin/env bash
# Package: FastWARC 2.0.1 (beside warcio 1.8.1).
#
# Expected: an HTTP head whose lines end in LF alone is read as one whose
# lines end in CRLF. RFC 9112, 2.2, lets a recipient do so, and browsers,
# Python's http.client and warcio do; archives hold what servers sent.
#
# Seen: no error. If all lines end in LF, the whole response, body included,
# becomes the status line: no header fields, and the body reads as empty. If
# just one line ends in LF, that field and the next become one field.
#
# Output seen:
#   all LF  fastwarc fields {}  body b''
#   all LF  warcio   fields {'Content-Type': 'text/plain', 'X-A': 'b'}  body b'Hello'
#   one LF  fastwarc fields {'Content-Type': 'text/plain\nX-A: b'}  body b'Hello'
#   one LF  warcio   fields {'Content-Type': 'text/plain', 'X-A': 'b'}  body b'Hello'
#
# Why it matters: such pages count as empty documents and fall out of a corpus
# without a trace; in the other case the charset or the language is read wrong.
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
    record = next(iter(FastIterator(io.BytesIO(raw))))
    fields = dict(record.http_headers.items())
    return fields, record.reader.read()


def with_warcio(raw):
    record = next(iter(ArchiveIterator(io.BytesIO(raw))))
    return dict(record.http_headers.headers), record.content_stream().read()


all_lf = archive(b"HTTP/1.1 200 OK\nContent-Type: text/plain\nX-A: b\n\nHello")
one_lf = archive(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\nX-A: b\r\n\r\nHello")
right = ({"Content-Type": "text/plain", "X-A": "b"}, b"Hello")
changed = []
for label, raw, want in (
    ("all LF", all_lf, ({}, b"")),
    ("one LF", one_lf, ({"Content-Type": "text/plain\nX-A: b"}, b"Hello")),
):
    fast, other = with_fastwarc(raw), with_warcio(raw)
    print(f"{label}  fastwarc fields {fast[0]}  body {fast[1]}")
    print(f"{label}  warcio   fields {other[0]}  body {other[1]}")
    if fast != want or other != right:
        changed.append(label)
if changed:
    raise SystemExit(f"behaviour changed for: {', '.join(changed)}")
PY
