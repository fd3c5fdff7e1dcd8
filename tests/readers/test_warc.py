"""Archives of the web: pages, texts and conversions become documents, the rest is counted."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import UnreadableError
from copydesk.readers.archives.warc import read_warc
from copydesk.readers.base import RecordOptions
from copydesk.readers.decompression import unpacked
from copydesk.readers.plain_text import to_bytes
from fuzz.scratch import scratch
from reading import listed
from support import run_python


def record(kind: str, block: bytes, number: int = 1, **headers: str) -> bytes:
    """A record of an archive, written by hand."""
    known = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012x}>",
        "WARC-Date": "2024-05-06T07:08:09Z",
        "WARC-Target-URI": f"https://example.org/{number}",
        "Content-Type": "text/plain" if kind == "conversion" else "application/http; msgtype=response",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in known.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def http(payload: bytes, status: str = "200 OK", kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    known = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in known.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + payload


def chunked(data: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(data[n : n + 7]), data[n : n + 7]) for n in range(0, len(data), 7)) + (
        b"0\r\n\r\n"
    )


HTML = "<p>Käse &amp; Brot</p>\r\n".encode()
ZLIB = zlib.compress(HTML)
PAGES = [
    http(HTML),
    http(gzip.compress(HTML), Content_Encoding="gzip"),
    http(chunked(HTML), Transfer_Encoding="chunked"),
    http(chunked(gzip.compress(HTML)), Content_Encoding="gzip", Transfer_Encoding="chunked"),
    http(HTML.decode().encode("latin-1"), kind="text/html; charset=ISO-8859-1"),
    http(HTML, kind="application/xhtml+xml"),
    http("Käse\n".encode("cp1252"), kind='text/plain; charset="windows-1252"'),
]
#: Responses as servers and recorders write them, all of the same page.
AS_FOUND = {
    "x-gzip": http(gzip.compress(HTML), Content_Encoding="x-gzip"),
    "two members": http(gzip.compress(HTML[:9]) + gzip.compress(HTML[9:]), Content_Encoding="gzip"),
    "bytes behind": http(gzip.compress(HTML) + b"\r\n", Content_Encoding="gzip"),
    "zlib": http(ZLIB, Content_Encoding="deflate"),
    "raw deflate": http(ZLIB[2:-4], Content_Encoding="deflate"),
    "brotli": http(pa.compress(HTML, "brotli", asbytes=True), Content_Encoding="br"),
    "zstd": http(pa.compress(HTML, "zstd", asbytes=True), Content_Encoding="zstd"),
    "two codings": http(gzip.compress(zlib.compress(HTML)), Content_Encoding="deflate, gzip"),
    "transfer": http(chunked(gzip.compress(HTML)), Transfer_Encoding="gzip, chunked"),
    "extension": http(b"3;a=b\r\n" + HTML[:3] + b"\r\n" + chunked(HTML[3:]), Transfer_Encoding="Chunked"),
    "trailer": http(chunked(HTML)[:-2] + b"X-Sum: 1\r\n\r\n", Transfer_Encoding="chunked"),
    "padded": http(b"  %x  \r\n%s\r\n0000\r\n\r\n" % (len(HTML), HTML), Transfer_Encoding="chunked"),
    "line feeds": http(chunked(HTML.replace(b"\r", b"")), Transfer_Encoding="chunked").replace(b"\r", b""),
    "said to be gzip": http(HTML, Content_Encoding="gzip"),
    "said to be deflate": http(HTML, Content_Encoding="deflate"),
    "said to be brotli": http(HTML, Content_Encoding="br"),
    "said to be zstd": http(HTML, Content_Encoding="zstd"),
    "said to be chunked": http(HTML, Transfer_Encoding="chunked"),
    "said to be both": http(HTML, Transfer_Encoding="chunked", Content_Encoding="gzip"),
    "said to be chunks of gzip": http(gzip.compress(HTML), Transfer_Encoding="chunked", Content_Encoding="gzip"),
    "folded": http(HTML).replace(b"Content-Type: text/html;", b"CONTENT-TYPE:\r\n text/html;"),
    "HTTP/2": http(HTML).replace(b"HTTP/1.1 200 OK", b"HTTP/2 200"),
}
LONG = "".join(f"<p>Käse {n * n} &amp; Brot</p>\r\n" for n in range(500)).encode()
#: Responses that end before their end.
CUT = {
    "said by the crawler": (http(LONG[:5000]), {"WARC_Truncated": "length"}),
    "gzip": (http(gzip.compress(LONG)[:-900], Content_Encoding="gzip"), {}),
    "brotli": (http(pa.compress(LONG, "brotli", asbytes=True)[:-300], Content_Encoding="br"), {}),
    "a chunk": (http(chunked(LONG)[:-900], Transfer_Encoding="chunked"), {}),
    "chunks": (http(chunked(LONG)[:-5], Transfer_Encoding="chunked"), {}),
    "length": (http(LONG[:-500], Content_Length=str(len(LONG))), {}),
}
OTHERS = [
    record("warcinfo", b"software: by hand", 100),
    record("request", b"GET / HTTP/1.1\r\n\r\n", 101),
    record("response", http(b"gone", status="404 Not Found"), 102),
    record("response", http(b"\x89PNG", kind="image/png"), 103),
    record("response", b"\0\0", 104, WARC_Target_URI="dns:example.org", Content_Type="text/dns"),
    record("revisit", http(b""), 105),
]


@pytest.mark.parametrize("ending", [".warc", ".warc.gz", ".WARC.GZ", ".warc.zst"])
def test_pages_and_texts_are_documents_and_the_rest_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    parts = [record("response", block, n) for n, block in enumerate(PAGES)] + OTHERS
    if ending.lower().endswith(".gz"):
        data = b"".join(gzip.compress(part) for part in parts)  # each record is a member
    elif ending.endswith(".zst"):
        data = pa.Codec("zstd").compress(b"".join(parts), asbytes=True)
    else:
        data = b"".join(parts)
    rows, refused = listed(tmp_path, f"crawl{ending}", data)
    assert refused == []
    assert [row["doc_id"] for row in rows] == [f"00000000-0000-4000-8000-{n:012x}" for n in range(len(PAGES))]
    assert [row["path"] for row in rows] == [f"crawl{ending}#{row['doc_id']}" for row in rows]
    assert [row["page"] for row in rows] == [True] * 6 + [False]
    assert [row["raw"].text for row in rows] == [HTML.decode()] * 6 + ["Käse\n"]
    assert [row["raw"].encoding for row in rows] == ["utf-8"] * 4 + ["cp1252", "utf-8", "cp1252"]
    assert json.loads(rows[3]["stated"]) == {"url": "https://example.org/3"}
    assert capsys.readouterr().err == (
        "ingest: crawl: 13 records, not documents: 1 request, 1 response of another protocol, "
        "1 response of another type, 1 response with status 404, 1 revisit, 1 warcinfo\n"
    )


@pytest.mark.parametrize("name", ["a.wet", "a.wet.gz", "CC-MAIN-1.warc.wet.gz"])
def test_conversions_are_texts(tmp_path: Path, name: str) -> None:
    data = record("warcinfo", b"x", 1) + record("conversion", "Käse & Brot\n".encode(), 2)
    rows, refused = listed(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data)
    (row,) = rows
    assert (row["raw"].text, row["page"], refused) == ("Käse & Brot\n", False, [])


BAD_RECORDS = {
    http(gzip.compress(HTML)[:-8] + b"\xff" * 8, Content_Encoding="gzip"): (
        "bad-record",
        "a body that is damaged, or",
    ),
    http(b"\0\1\2", Content_Encoding="gzip"): ("bad-record", "not gzip as its header says"),
    http(b"1\r\nx\r\nno\r\n", Transfer_Encoding="chunked"): (
        "bad-record",
        "no size of a chunk at byte 6 of the body",
    ),
    http(b"x", Content_Encoding="compress"): (
        "bad-record",
        "coding 'compress', expected one of ['br', 'deflate', 'gzip'",
    ),
    http(b"x", Content_Encoding=", ".join(["gzip"] * 5)): ("bad-record", "5 codings, expected at most 4"),
    http(b"x", X="y" * (1 << 18)): ("bad-record", "a header of 262,204 bytes"),
    http(b""): ("empty", "0 bytes"),
    http(b"caf\xe9"): ("undecodable", "not utf-8 at byte 3"),
    http(b"x" * 1001): ("too-large", "more than the 1,000 bytes"),
    http(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip"): ("bomb", " unpack to "),
    http(b"x" * 2_000_000): ("too-large", "2,000,"),
}


def test_records_that_are_bad_are_refused_and_the_others_read(tmp_path: Path) -> None:
    blocks = [block for bad in BAD_RECORDS for block in (bad, http(b"good"))]
    data = b"".join(record("response", block, n) for n, block in enumerate(blocks))
    rows, refused = listed(tmp_path, "a.warc", data, max_bytes=1000)
    assert len(rows) == len(refused) == len(BAD_RECORDS)
    for number, (refusal, (reason, detail)) in enumerate(zip(refused, BAD_RECORDS.values(), strict=True)):
        assert (refusal.path, refusal.reason) == (f"a.warc#{2 * number + 1}", reason)
        assert refusal.detail.startswith(f"record {2 * number + 1}: ")
        assert refusal.detail.count("record ") == 1
        assert detail in refusal.detail


GOOD = [record("response", http(b"<p>%d</p>" % n), n) for n in range(3)]
LENGTH = len(http(b"<p>0</p>"))
ENDLESS = GOOD[1].replace(b"Content-Length: ", b"Content-Length: 9")
DAMAGED = {
    "cut in a block": (b"".join(GOOD)[:-10], [0, 1, "<p"], "record 3: a record of"),
    "cut in a header": (
        GOOD[0] + GOOD[1] + GOOD[2][:120],
        [0, 1],
        "record 3: a record without its type or its length",
    ),
    "cut in a block in the middle": (
        GOOD[0] + GOOD[1][:-7] + GOOD[2],
        [0, "<p>1<", 2],
        f"record 2: a record of {LENGTH} bytes",
    ),
    "cut in a header in the middle": (GOOD[0] + GOOD[1][:120] + GOOD[2], [0, 2], "record 2: a record without its"),
    "cut in the first line": (GOOD[0] + GOOD[1][:7] + GOOD[2], [0, 2], "record 2: not WARC"),
    "garbage between": (GOOD[0] + b"garbage\r\n" * 9 + GOOD[1], [0, 1], "record 2: not WARC"),
    "much garbage": (GOOD[0] + b"WARC/1." * 50_000 + GOOD[1], [0, 1], "record 2: not WARC"),
    "too long a length": (GOOD[0] + ENDLESS, [0, "<p>1</p>\r\n\r\n"], "record 2: a record of 9"),
    "too long a length in the middle": (GOOD[0] + ENDLESS + GOOD[2], [0, "<p>1</p>", 2], "record 2: a record of 9"),
    "too short a length": (
        GOOD[0] + GOOD[1].replace(b"Length: %d" % LENGTH, b"Length: %d" % (LENGTH - 6)) + GOOD[2],
        [0, "<p", 2],
        f"record 2: a record of more than the {LENGTH - 6} bytes",
    ),
    "no length": (
        GOOD[0] + GOOD[1].replace(b"Content-Length: ", b"Content-Length: x") + GOOD[2],
        [0, 2],
        "record 2: a record without its type or its length",
    ),
    "several places": (
        GOOD[0][:-7] + GOOD[1] + b"x\r\n" + GOOD[2],
        ["<p>0<", 1, 2],
        f"record 1: a record of {LENGTH} bytes, of which {LENGTH - 3} are present; deliver the file again; 2 damaged places",
    ),
    "no archive": (b"<html>no archive</html>", [], "record 1: not WARC"),
    "nothing": (b"", [], "no record; expected at least one"),
    "nothing of use": (record("warcinfo", b"x"), [], "no record; expected at least one"),
    "cut gzip": (
        gzip.compress(GOOD[0]) + gzip.compress(GOOD[1])[:-12],
        [0, "<p>1</"],
        "record 2: damaged (Truncated",
    ),
    "bad gzip": (gzip.compress(GOOD[0]) + gzip.compress(GOOD[1])[:40] + b"\xff" * 50, [0], "record 2: damaged"),
    "bad gzip in the middle": (
        gzip.compress(GOOD[0]) + gzip.compress(GOOD[1])[:40] + b"\xff" * 50 + gzip.compress(GOOD[2]),
        [0, 2],
        "record 2: damaged",
    ),
    "a checksum of gzip": (
        gzip.compress(GOOD[0]) + gzip.compress(GOOD[1])[:-8] + bytes(8) + gzip.compress(GOOD[2]),
        [0, 1, 2],
        "record 3: damaged (Error -3",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_of_a_damaged_archive_is_read_what_is_there(tmp_path: Path, case: str) -> None:
    data, texts, detail = DAMAGED[case]
    name = "a.warc.gz" if "gzip" in case else "a.warc"
    rows, (refusal,) = listed(tmp_path, name, data)
    assert [row["raw"].text for row in rows] == [f"<p>{n}</p>" if isinstance(n, int) else n for n in texts]
    assert [row["flag"] for row in rows] == ["truncated" if isinstance(text, str) else None for text in texts]
    assert (refusal.path.partition("#")[0][:6], refusal.reason) == ("a.warc", "bad-container")
    assert refusal.detail.startswith(f"at {detail}" if detail.startswith("record") else detail)


@settings(deadline=None)
@given(st.data())
def test_whatever_a_record_loses_it_is_marked_and_the_others_are_read(data: st.DataObject) -> None:
    payloads = [LONG[n * 100 : n * 100 + 4000] for n in range(4)]
    is_packed = data.draw(st.booleans())
    pack = gzip.compress if is_packed else bytes
    parts = [pack(record("response", http(payload), n)) for n, payload in enumerate(payloads)]
    place = data.draw(st.integers(0, 3))
    lost = data.draw(st.integers(1, len(parts[place]) - 1))
    parts[place] = parts[place][:-lost]
    read: dict[str, tuple[bytes, bool]] = {}
    with pytest.raises(UnreadableError) if is_packed or lost > 4 else nullcontext():
        for found in records_of(b"".join(parts), is_packed):
            read[found.fields["id"][-1]] = found.fields["text"], found.cut
    for n, payload in enumerate(payloads):
        if n != place:
            assert read.pop(str(n)) == (payload, False)
    if read:  # its header was there
        ((text, is_cut),) = read.values()
        assert payloads[place].startswith(text) and (is_cut or text == payloads[place])


def records_of(data: bytes, is_packed: bool) -> Iterator[Any]:
    path = scratch() / "a.warc"
    path.write_bytes(data)
    with unpacked(path, "gzip" if is_packed else None) as file:
        yield from read_warc(file, RecordOptions("a", "id", "text", 1 << 20))


def test_a_page_about_archives_is_whole(tmp_path: Path) -> None:
    page = b"<pre>" + GOOD[0] + b"\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\n</pre>"
    for behind in (b"", GOOD[1], b"garbage" + GOOD[1]):
        rows, refused = listed(tmp_path, "a.warc", record("response", http(page), 7) + behind)
        if behind.startswith(b"g"):  # then it cannot be known what the page swallowed
            assert rows[0]["flag"] == "truncated" and refused
        else:
            assert (rows[0]["raw"].text, rows[0]["flag"], refused) == (page.decode(), None, [])


@pytest.mark.slow
def test_damage_at_every_place_takes_linear_time(tmp_path: Path) -> None:
    liar = GOOD[0].replace(b"Content-Length: %d" % LENGTH, b"Content-Length: 9999999")
    packed = gzip.compress(liar)
    for name, data in {"a.warc": liar * 20_000, "b.warc.gz": (packed[:-9] + packed) * 10_000}.items():
        started = time.process_time()
        _, refused = listed(tmp_path / name, name, data)
        assert "; 100 damaged places; what follows is not read" in refused[0].detail
        assert time.process_time() - started < 10


def test_responses_are_read_as_they_are_found(tmp_path: Path) -> None:
    rows, refused = listed(
        tmp_path, "a.warc", b"".join(record("response", b, n) for n, b in enumerate(AS_FOUND.values()))
    )
    assert refused == []
    for name, row in zip(AS_FOUND, rows, strict=True):
        wanted = HTML.decode().replace("\r", "") if name == "line feeds" else HTML.decode()
        assert (name, row["raw"].text, row["flag"]) == (name, wanted, None)


def test_what_ends_before_its_end_is_marked(tmp_path: Path) -> None:
    parts = [record("response", block, n, **headers) for n, (block, headers) in enumerate(CUT.values())]
    parts.append(record("conversion", b"A text that is cut", 99, WARC_Truncated="time"))
    rows, refused = listed(tmp_path, "a.warc", b"".join(parts))
    assert refused == []
    assert [row["flag"] for row in rows] == ["truncated"] * len(parts)
    for name, row in zip(CUT, rows, strict=False):
        data = to_bytes(row["raw"])
        assert LONG.startswith(data[:-2]), name
        assert len(data) > 3000 or name == "brotli", name


PAYLOADS = """
import io, json, resource, sys, zlib
import pyarrow as pa
from copydesk.readers.base import RecordOptions
from copydesk.readers.archives.warc import read_warc
sys.path += sys.argv[1:]
from test_warc import http, record
def packed(coding, megabytes):
    block = bytes(1 << 20)
    if coding != "gzip":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, {"br": "brotli"}.get(coding, coding)) as stream:
            for _ in range(megabytes):
                stream.write(block)
        return sink.getvalue().to_pybytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
def read(coding, megabytes):
    archive = record("response", http(packed(coding, megabytes), Content_Encoding=coding))
    (found,) = read_warc(io.BytesIO(archive), RecordOptions("a", "id", "text", 4 << 20))
    return found.problem[0]
reasons, peaks = [], []
for megabytes in (8, 100):
    reasons += [read(coding, megabytes) for coding in ("gzip", "br", "zstd")]
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(json.dumps([reasons, peaks[1] - peaks[0]]))
"""


def test_a_payload_is_unpacked_no_further_than_a_document_may_be_long() -> None:
    folders = [str(folder) for folder in Path(__file__).parents[:2]]
    done = run_python(f"import sys\nsys.argv = ['x', *{folders!r}]\n{PAYLOADS}")
    assert done.returncode == 0, done.stderr
    reasons, megabytes = json.loads(done.stdout)
    assert reasons == ["bomb"] * 6
    assert megabytes < 12


def test_an_archive_that_was_made_to_fill_a_disk_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(record("warcinfo", bytes(100_000_000)))
    rows, (refusal,) = listed(tmp_path, "a.warc.gz", data)
    assert (rows, refusal.reason) == ([], "bomb")


def test_ids_and_addresses(tmp_path: Path) -> None:
    given = {
        "<urn:uuid:00000000-0000-4000-8000-00000000000A>": "https://example.org/a|b?c=50%",
        "<https://archive.example/7>": "dns:example.org",
        "": "https://example.org/[",
    }
    quoted = ["https://example.org/a%7Cb?c=50%25", None, "https://example.org/%5B"]
    parts = [record("conversion", b"text", WARC_Record_ID=name, WARC_Target_URI=url) for name, url in given.items()]
    rows, refused = listed(tmp_path, "a.wet", b"".join(parts))
    assert refused == []
    named, dated = (
        hashlib.sha256(name.encode()).hexdigest()[:32]
        for name in ("<https://archive.example/7>", "https://example.org/[ 2024-05-06T07:08:09Z")
    )
    assert [row["doc_id"] for row in rows] == ["00000000-0000-4000-8000-00000000000a", named, dated]
    assert [json.loads(row["stated"] or "{}").get("url") for row in rows] == quoted


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive() -> None:
    class Endless(io.RawIOBase):
        left = 3000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.left -= 1
            data = record("conversion", b"x" * 30_000, self.left) if self.left > 0 else b""
            buffer[: len(data)] = data
            return len(data)

    tracemalloc.start()
    count = sum(
        1 for _ in read_warc(io.BufferedReader(Endless(), 1 << 16), RecordOptions("a", "id", "text", 1 << 20))
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 2000
    assert peak < 2_000_000
