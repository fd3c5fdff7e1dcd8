"""Seeds of many shapes, each of any size: what a reader of files may be given, in good faith or not.

A case makes a file of so many units. None of them harms a program that reads it; some take long where a reader looks
back, or much memory where it unpacks.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Make = Callable[[int], bytes]
_TEXT = "The council met on Monday, and the mayor said that the work would begin. "

#: Records by their number.
RECORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "plain": lambda n: {"id": f"a{n}", "text": _TEXT * 3},
    "tiny": lambda n: {"text": "x"},
    "one-id": lambda n: {"id": "a", "text": _TEXT},
    "long-id": lambda n: {"id": f"{n}-" + "ä" * 300, "text": _TEXT},
    "addresses": lambda n: {"id": f"a{n}", "text": _TEXT, "url": f"https://bücher{n}.example/a|b c/{n}%?q=ü"},
    "no-address": lambda n: {"id": f"a{n}", "text": _TEXT, "url": f"no address {n} [" + "%" * 300},
    "dates": lambda n: {"id": f"a{n}", "text": _TEXT, "published": f"2017-07-{n % 28 + 1:02} 17:03:00"},
    "no-date": lambda n: {"id": f"a{n}", "text": _TEXT, "published": "9" * 300},
    "empty": lambda n: {"id": f"a{n}", "text": " \n" * 50},
    "controls": lambda n: {"id": f"a{n}", "text": "\x01\x02x" * 50},
    "quotes": lambda n: {"id": f"a{n}", "text": '"",\n' * 60},
    "accents": lambda n: {"id": f"e\u0301{n}", "text": "e\u0301\u0302\u200d" * 60},
}


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    """JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """CSV with a header."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    """Parquet."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    """One frame."""
    return bytes(pa.compress(data, "zstd", asbytes=True))


def response(number: int, body: bytes, fields: str = "", warc: str = "", end: str = "\r\n") -> bytes:
    """A record of an archive with a response."""
    block = f"HTTP/1.1 200 OK{end}Content-Type: text/plain{end}{fields}{end}".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number:08x}-0000-4000-8000-000000000000>\r\n"
    )
    return f"{head}{warc}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def _archive(one: Callable[[int], bytes]) -> Make:
    return lambda count: b"".join(map(one, range(count)))


_BODY = (_TEXT * 20).encode()
_GZIP = gzip.compress(_BODY)
_CHUNKED = "Transfer-Encoding: chunked\r\n"


def _coded(body: bytes, coding: str) -> Make:
    return _archive(lambda n: response(n, body, f"Content-Encoding: {coding}\r\n"))


ARCHIVES: dict[str, Make] = {
    "line-ends": lambda count: b"\r\n" * (count * 500),
    "folded-head": lambda count: b"WARC/1.0\r\nWARC-Type: x\r\n" + b" x\n" * (count * 40) + b"Content-Length: 0\n\n",
    "open-heads": lambda count: b"WARC/1.0\r\nWARC-Date: x\r\n" * (count * 100),
    "one-head": lambda count: b"WARC/1.0\r\n" + b"WARC-Date: WARC/1.0\r\n" * (count * 100),
    "dates": lambda count: b"WARC/1.0\r\n" + b"WARC-Date: x\r\n" * (count * 100),
    "markers": lambda count: b"WARC/1.0\r\n" * (count * 100),
    "liars": lambda count: b"WARC/1.0\r\nWARC-Type: x\r\nContent-Length: 9999999\r\n\r\n" * (count * 20),
    "plain": _archive(lambda n: response(n, _BODY)),
    "gzip": _coded(_GZIP, "gzip"),
    "deflate": _coded(zlib.compress(_BODY)[2:-4], "deflate"),
    "br": _coded(pa.compress(_BODY, "brotli", asbytes=True), "br"),
    "zstd": _coded(zstd(_BODY), "zstd"),
    "gzip-twice": _coded(gzip.compress(_GZIP), "gzip, gzip"),
    "no-gzip": _coded(_BODY, "gzip"),
    "cut-gzip": _coded(_GZIP[:-30], "gzip"),
    "damaged-gzip": _coded(_GZIP[:60] + b"\xff" * 60, "gzip"),
    "truncated": _archive(lambda n: response(n, _BODY[:700], warc="WARC-Truncated: length\r\n")),
    "line-feeds": _archive(lambda n: response(n, _BODY, end="\n")),
    "many-fields": _archive(lambda n: response(n, _BODY, "".join(f"X-{i}: {i}\r\n" for i in range(60)))),
    "other-types": _archive(lambda n: response(n, _BODY).replace(b"text/plain", b"image/png.")),
    "chunks": lambda count: response(0, b"1\r\nx\r\n" * (count * 200) + b"0\r\n\r\n", _CHUNKED),
    "extensions": lambda count: response(
        0, (b"1;" + b"a" * 99 + b"\r\nx\r\n") * (count * 20) + b"0\r\n\r\n", _CHUNKED
    ),
    "no-chunks": lambda count: response(0, b"x\n" * (count * 500), _CHUNKED),
    "folded": lambda count: response(0, _BODY, "X: 1\r\n" + " 1\r\n" * (count * 200)),
    "members": lambda count: response(0, gzip.compress(b"x ") * (count * 30), "Content-Encoding: gzip\r\n"),
    "empty-members": lambda count: response(
        0, gzip.compress(b"") * (count * 40) + _GZIP, "Content-Encoding: gzip\r\n"
    ),
}

_LINES = [as_jsonl([RECORDS["plain"](n)]) for n in range(50)]


def _lines(count: int) -> bytes:
    return b"".join(_LINES) * (count // 10)


def _random(count: int) -> bytes:
    return as_jsonl([{"text": f"{n} {zlib.crc32(b'%d' % n)} {n * 7919 % 1000003}"} for n in range(count * 10)])


PACKED: dict[str, tuple[str, Make]] = {
    "one-member": (".jsonl.gz", lambda count: gzip.compress(_lines(count), 1)),
    "members": (".jsonl.gz", lambda count: b"".join(map(gzip.compress, _LINES)) * (count // 10)),
    "cut": (".jsonl.gz", lambda count: gzip.compress(_random(count))[:-20]),
    "damaged": (".jsonl.gz", lambda count: gzip.compress(_random(count))[:-300] + b"\xff" * 300),
    "members-behind": (".jsonl.gz", lambda count: b"\x1f\x8b\x08\0" * 9 + gzip.compress(b"x") * (count * 40)),
    "garbage": (".jsonl.gz", lambda count: gzip.compress(_random(count)) + b"\x1f\x8b" * count),
    "one-frame": (".jsonl.zst", lambda count: zstd(_lines(count))),
    "frames": (".jsonl.zst", lambda count: b"".join(map(zstd, _LINES)) * (count // 10)),
    "cut-frame": (".jsonl.zst", lambda count: zstd(_random(count))[:-20]),
    "garbage-frame": (".jsonl.zst", lambda count: zstd(_random(count)) + b"garbage"),
    "bomb": (".jsonl.gz", lambda count: gzip.compress(bytes(count * 40_000))),
    "bomb-frame": (".jsonl.zst", lambda count: zstd(bytes(count * 40_000))),
    "text": (".txt.zst", lambda count: zstd(_TEXT.encode() * (count * 20))),
}
FILES: dict[str, tuple[str, Make]] = {
    "csv header": (".csv", lambda count: as_csv([{"text": "x", **{f"c{n}": n for n in range(count * 2)}}])),
    "csv header-twice": (".csv", lambda count: b"text" + b",c" * (count * 2) + b"\nx" + b",1" * (count * 2)),
    "csv header-long": (".csv", lambda count: b"text" + b",c" * (count * 300)),
    "csv open-quote": (".csv", lambda count: b'text\n"' + b'""x,\n' * (count * 200)),
    "csv wide-rows": (".csv", lambda count: b"text\n" + (b"x" + b"," * 50 + b"\n") * (count * 10)),
    "jsonl brackets": (".jsonl", lambda count: b"[" * (count * 2000)),
    "jsonl keys": (".jsonl", lambda count: b"{" + b'"a":1,' * (count * 300) + b'"text":"x"}\n'),
    "jsonl carriage-returns": (".jsonl", lambda count: b'{"text": "x"}\r' * (count * 50)),
    "jsonl no-json": (".jsonl", lambda count: b"{\n" * (count * 20)),
    "parquet columns": (
        ".parquet",
        lambda count: as_parquet([{"text": "x", **{f"c{n}": n for n in range(count // 2)}}]),
    ),
    "text words": (".txt", lambda count: _TEXT.encode() * (count * 20)),
    "text one-word": (".txt", lambda count: b"x" * (count * 1500)),
    "text lines": (".txt", lambda count: b"\r\n\n\r" * (count * 300) + b"x"),
    "text utf-16": (".txt", lambda count: (_TEXT * (count * 10)).encode("utf-16")),
    "text no-utf-8": (".txt", lambda count: b"\xff" * (count * 1500)),
    "text zeros": (".txt", lambda count: b"\0" * (count * 1500)),
}
_ITEM = "<item><guid>{}</guid><description>A text.</description></item>"


_DESCRIPTION = ("<item><description>", "</description></item>")


def _feed(inside: Callable[[int], str], around: tuple[str, str] = _DESCRIPTION) -> Make:
    begin, end = around
    return lambda count: f"<rss><channel>{begin}{inside(count)}{end}</channel></rss>".encode()


def _book(chapters: int, page: str) -> bytes:
    names = [f"c{n}" for n in range(chapters)]
    items = "".join(f'<item id="{name}" href="{name}" media-type="text/html"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        rootfile = '<rootfile full-path="p.opf"/>'
        archive.writestr("META-INF/container.xml", f"<container><rootfiles>{rootfile}</rootfiles></container>")
        archive.writestr("p.opf", f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>")
        for name in names:
            archive.writestr(name, page)
    return file.getvalue()


#: What newsrooms deliver.
DELIVERIES: dict[str, tuple[str, Make]] = {
    "rss entries": (".rss", _feed(lambda count: "".join(_ITEM.format(n) for n in range(count * 8)), ("", ""))),
    "rss one-text": (".rss", _feed(lambda count: _TEXT * (count * 20))),
    "rss references": (".rss", _feed(lambda count: "&amp;&#x26;&nbsp;" * (count * 200))),
    "rss sections": (".rss", _feed(lambda count: "<![CDATA[<p>x</p>]]>" * (count * 100))),
    "rss elements": (".rss", _feed(lambda count: "<b>x</b>" * (count * 150))),
    "rss depth": (".rss", _feed(lambda count: "<b>" * (count * 100) + "</b>" * (count * 100))),
    "rss attributes": (".rss", _feed(lambda count: "<b" + "".join(f" a{n}=''" for n in range(count * 9)) + "/>")),
    "rss namespaces": (".rss", _feed(lambda count: "".join(f"<b xmlns:n{n}='u{n}'/>" for n in range(count * 20)))),
    "rss long-comment": (".rss", _feed(lambda count: f"<!--{'x' * count * 400}-->")),
    "rss open-channels": (".rss", _feed(lambda count: "<channel>" * (count * 100), ("", ""))),
    "rss fields": (".rss", _feed(lambda count: "<title>A</title>" * (count * 40), ("", ""))),
    "json items": (".json", lambda count: json.dumps([{"body_text": _TEXT}] * (count * 8)).encode()),
    "json one-text": (".json", lambda count: json.dumps({"body_text": _TEXT * (count * 20)}).encode()),
    "json escapes": (".json", lambda count: b'{"body_text": "' + b'\\"' * (count * 500) + b'"}'),
    "json open-text": (".json", lambda count: b'["' + b"\\" * (count * 500)),
    "json brackets": (".json", lambda count: b"[" * (count * 500)),
    "json keys": (".json", lambda count: b"{" + b",".join(b'"k%d":1' % n for n in range(count * 100)) + b"}"),
    "json spaces": (".json", lambda count: b"[1," + b" \n" * (count * 500) + b"2]"),
    "epub chapters": (".epub", lambda count: _book(count * 2, f"<p>{_TEXT}</p>")),
    "epub tags": (".epub", lambda count: _book(2, "<p><" * (count * 100))),
}
_PARAGRAPH = f"<p>{_TEXT * 2}</p>"
_ARTICLE = f"<html><body><article>{_PARAGRAPH * 4}"
#: Pages: what is repeated inside the article.
UNITS = {
    "paragraphs": _PARAGRAPH,
    "divisions": "<div><b>x",
    "comments": "<!-- <script>",
    "open-tags": "<p a='",
    "references": "&amp;&#x26;",
    "brackets": "<" * 30,
    "cells": "<table><tr><td>x",
    "lists": "<ul><li>x",
    "links": "<a href='/x'>x</a> ",
    "scripts": "<script>a<b && c</script>",
    "closing": "</p></b>",
    "spans": "<span class='a'>word </span>",
    "doctype": "<!doctype html>",
}
PAGES: dict[str, Make] = {
    **{name: lambda count, unit=unit: f"{_ARTICLE}{unit * count * 5}".encode() for name, unit in UNITS.items()},  # type: ignore[misc]
    "attributes": lambda count: f"<p {' '.join(f'a{n}' for n in range(count * 9))}>{_ARTICLE}".encode(),
    "attributes-each": lambda count: (
        (f"<i {' '.join(f'a{n}' for n in range(900))}>x" * (count // 20)).encode() + _ARTICLE.encode()
    ),
    "long-value": lambda count: f"<p a='{'x > ' * count * 30}'>{_ARTICLE}".encode(),
}


def _of_records(name: str, write: Callable[[list[dict[str, Any]]], bytes]) -> Make:
    return lambda count: write([RECORDS[name](n) for n in range(count * 4)])


#: By name, the ending of the file and what makes it of so many units.
CASES: dict[str, tuple[str, Make]] = {
    **{
        f"{ending[1:]} {name}": (ending, _of_records(name, write))
        for ending, write in ((".jsonl", as_jsonl), (".csv", as_csv), (".parquet", as_parquet))
        for name in RECORDS
    },
    **{f"warc {name}": (".warc", make) for name, make in ARCHIVES.items()},
    **{f"{ending.rpartition('.')[2]} {name}": (ending, make) for name, (ending, make) in PACKED.items()},
    **FILES,
    **DELIVERIES,
    **{f"html {name}": (".html", make) for name, make in PAGES.items()},
}
