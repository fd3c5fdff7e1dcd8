"""Files of records become documents one by one; what is none is refused with its file and number."""

from __future__ import annotations

import csv
import datetime
import gzip
import hashlib
import io
import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED, load_schema, violations
from copydesk.errors import BuildError
from copydesk.project import Project
from copydesk.readers import REASONS, record_cache
from copydesk.readers.document_listing import list_documents
from copydesk.readers.plain_text import to_bytes
from copydesk.readers.record_cache import texts_of
from copydesk.readers.seed_files import list_seeds, seed_of
from copydesk.stages import ingest
from copydesk.stages.runner import read_inputs
from copydesk.validation import validate
from support import articles, file_bytes, hard_texts, run_stages, write_seeds

ROWS = [
    {"id": "a-1", "text": "One  article.\r\nTwo lines.", "title": "First", "published": "2023-02-14", "views": 7},
    {"id": 17, "text": "Another “article”, with a comma", "url": "https://example.org/17"},
    {"text": 'No id\n\nbut quotes: " and a line end'},
]
IDS = ["a-1", "17", "news-3"]


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    rows = [{**row, "id": str(row["id"]) if "id" in row else None} for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]), sink)
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


WRITERS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    ".jsonl": as_jsonl,
    ".ndjson": as_jsonl,
    ".csv": as_csv,
    ".parquet": as_parquet,
}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstd,
    ".GZ": gzip.compress,
}


def listed(root: Path, files: dict[str, bytes], **settings: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    """Rows of documents with their texts, and refusals, of seeds that hold records."""
    write_seeds(root / "seeds", files)
    given = check_params({"ingest": settings})["ingest"]
    seeds, refused = list_seeds(root / "seeds", given["max_bytes"])
    table, more = list_documents(root / "seeds", seeds, root / "build", given)
    rows = table.to_pylist()
    for row in rows:
        if row["rows"] is not None:
            (row["raw"],) = texts_of(root / "build" / "records" / row["rows"], [row["row"]])
            data = to_bytes(row["raw"])
            assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    found = [*refused, *more]
    assert {refusal.reason for refusal in found} <= set(REASONS)
    assert [v for r in found for v in violations(load_schema("quarantine"), r._asdict())] == []
    return rows, found


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_documents(tmp_path: Path, ending: str, compression: str) -> None:
    data = COMPRESSIONS[compression](WRITERS[ending](ROWS))
    rows, refused = listed(tmp_path, {f"news{ending}{compression}": data})
    assert refused == []
    assert [row["doc_id"] for row in rows] == IDS
    assert [row["path"] for row in rows] == [f"news{ending}{compression}#{doc_id}" for doc_id in IDS]
    assert [row["raw"].text for row in rows] == [row["text"] for row in ROWS]
    assert [json.loads(row["stated"] or "{}") for row in rows] == [
        {"published": "2023-02-14", "title": "First"},
        {"url": "https://example.org/17"},
        {},
    ]


@pytest.mark.parametrize("compression", [".gz", ".zst"])
def test_a_compressed_text_is_a_document_with_the_bytes_that_it_unpacks_to(tmp_path: Path, compression: str) -> None:
    data = b"\xef\xbb\xbfA marked text.\r\n"
    ((row,), refused) = listed(tmp_path, {f"cafe\u0301.txt{compression}": COMPRESSIONS[compression](data)})
    assert (row["doc_id"], row["sha256"], refused) == ("café", hashlib.sha256(data).hexdigest(), [])
    assert (row["raw"].bom, row["raw"].newline, row["raw"].text) == (True, "crlf", "A marked text.\r\n")


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    row = {"uid": "x", "id": "not this", "body": "A text.", "text": 5}
    for ending, write in {".jsonl": as_jsonl, ".csv": as_csv, ".parquet": as_parquet}.items():
        root = tmp_path / ending
        rows, refused = listed(root, {f"a{ending}": write([row])}, fields={"id": "uid", "text": "body"})
        assert ([(r["doc_id"], r["raw"].text) for r in rows], refused) == ([("x", "A text.")], [])


STATED_BY = {
    "author": ("A. Berg", "byline", "A. Berg"),
    "authors": (["A. Berg", {"name": "C. Dahl"}], "byline", "A. Berg; C. Dahl"),
    "headline": ("T", "title", "T"),
    "date": ("2023-02-14 10:00", "published", "2023-02-14"),
    "created": ("2023-02-14T10:00:00+0200", "published", "2023-02-14T10:00:00+02:00"),
    "site_name": ("The Site", "publisher", "The Site"),
    "lang": ("pt_BR", "language", "pt"),
    "language": ("German", "language", "de"),
    "license": ("https://creativecommons.org/licenses/by/4.0/", "license", "CC-BY-4.0"),
}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
@pytest.mark.parametrize("name", STATED_BY)
def test_metadata_is_read_under_the_names_that_records_use(tmp_path: Path, ending: str, name: str) -> None:
    value, field, expected = STATED_BY[name]
    if ending == ".parquet" and isinstance(value, list):
        value = [v if isinstance(v, str) else v["name"] for v in value]
    (row,), refused = listed(tmp_path, {f"a{ending}": WRITERS[ending]([{"text": "A text.", name: value}])})
    assert (json.loads(row["stated"]), refused) == ({field: expected}, [])


NESTED = {
    "doc": {"id": "x", "body": "A text."},
    "meta": {"by": "B", "when": "2023-02-14", "n": 3},
    "date": "2020-01-01",
}
NESTED_NAMES = {"id": "doc.id", "text": "doc.body", "byline": "meta.by", "published": "meta.when"}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_fields_within_fields_have_names_with_dots(tmp_path: Path, ending: str) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([NESTED]), sink)
    data = {".jsonl": as_jsonl([NESTED]), ".parquet": sink.getvalue()}[ending]
    (row,), refused = listed(tmp_path, {f"a{ending}": data}, fields=NESTED_NAMES)
    assert (row["doc_id"], row["raw"].text, refused) == ("x", "A text.", [])
    assert json.loads(row["stated"]) == {"byline": "B", "published": "2023-02-14"}


@pytest.mark.parametrize("ending", WRITERS)
def test_fields_that_are_passed_over_are_named_once(
    tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": n, "text": f"Text {n}.", "author": "A", "views": "7", "tag\x1b[2J": "x"} for n in range(3)]
    for _ in range(2):  # the second time from the cache, if the file is old enough
        files = {f"a{ending}": WRITERS[ending](rows)}
        listed(tmp_path, files)
        os.utime(tmp_path / "seeds" / f"a{ending}", (1, 1))
    said = capsys.readouterr().err
    assert "views" in said and "ingest.fields may name them" in said and "\x1b" not in said
    assert "author" not in said


BAD_LINES = {
    b'{"id": "a", "text": "cut': ("bad-record", "not JSON"),
    b'["a", "b"]': ("bad-record", "expected a JSON object, found list"),
    b'{"id": "a", "id": "b", "text": "x"}': ("bad-record", "keys given twice: id"),
    b'{"id": "a", "text": NaN}': ("bad-record", "NaN is not JSON"),
    b'{"id": "a"}': ("bad-record", "no text; expected one, or its name in params: ingest.fields"),
    b'{"id": "a", "text": ["x"]}': ("bad-record", "text is ['x'], expected a string"),
    b'{"id": "a", "text": "  \\n"}': ("empty", "3 bytes without a visible character"),
    b'{"id": "a", "text": "\\u0000\\u0001\\u0002"}': ("not-text", "3 control characters"),
    b'{"id": "a", "text": "half \\ud83d"}': ("bad-record", "surrogate"),
    b'{"id": "a", "text": "caf\xe9"}': ("undecodable", "not UTF-8 at byte 24"),
    b'{"id": "a/b", "text": "x"}': ("bad-name", "id is 'a/b': a slash"),
    b'{"id": "a\\u0000", "text": "x"}': ("bad-name", "a control character"),
    b'{"id": "", "text": "x"}': ("bad-name", "0 characters, expected 1 to 255"),
    b'{"id": 1.5, "text": "x"}': ("bad-name", "id is 1.5, expected a string or a whole number"),
    b'{"id": true, "text": "x"}': ("bad-name", "id is True"),
    b'{"id": "a", "text": "x", "title": "\\udc00"}': ("bad-record", "surrogate"),
    b'{"id": "a", "text": "' + b"x" * 1001 + b'"}': (
        "too-large",
        "more than the 1,000 bytes that params.yaml allows (ingest.max_bytes)",
    ),
    b'{"id": "a", "text": "' + b"x" * 2_000_000 + b'"}': ("too-large", "a line of more than 1,054,576 bytes"),
    b"[" * 100_000: ("bad-record", "not JSON"),
}


def test_bad_lines_are_refused_and_the_others_read(tmp_path: Path) -> None:
    lines = [line for bad in BAD_LINES for line in (bad, b'{"text": "Good."}', b"")]
    rows, refused = listed(tmp_path, {"a.jsonl": b"\n".join(lines)}, max_bytes=1000)
    assert [row["doc_id"] for row in rows] == [f"a-{3 * n + 2}" for n in range(len(BAD_LINES))]
    assert len(refused) == len(BAD_LINES)
    for number, (refusal, (reason, detail)) in enumerate(zip(refused, BAD_LINES.values(), strict=True)):
        assert (refusal.path, refusal.reason) == (f"a.jsonl#{3 * number + 1}", reason)
        assert refusal.detail.startswith(f"record {3 * number + 1}: ")
        assert detail in refusal.detail


BAD_FILES = {
    "none.jsonl": (b"", "bad-container", "no record"),
    "header.csv": (b"", "bad-container", "no header"),
    "columns.csv": (b"a,b\n1,2\n", "bad-container", "the columns a, b; expected one column 'text'"),
    "twice.csv": (b"text,text\n1,2\n", "bad-container", "the column 'text' twice"),
    "many.csv": (b"text" + b",x" * 10_000, "bad-container", "a header of 10,001 columns, at most 10,000"),
    "open.csv": (b'id,text\na,"never closed\n', "bad-container", "at record 1: unexpected end of data"),
    "wide.csv": (b"id,text\na," + b"x" * 2000, "bad-container", "field larger than field limit (1001)"),
    "bad.parquet": (b"PAR1 nothing PAR1", "bad-container", "at record 1: not Parquet"),
    "numbers.parquet": (None, "bad-container", "the columns ['text']; expected a column 'text' of strings"),
    "bad.jsonl.gz": (b"not compressed", "bad-container", "incorrect header check"),
    "bad.jsonl.zst": (b"not compressed", "bad-container", "damaged (ZSTD"),
    "zeros.jsonl.gz": (gzip.compress(bytes(100_000_000)), "bomb", "at most 200 times"),
    "zeros.txt.gz": (gzip.compress(bytes(3000)), "too-large", "more than the 1,000 bytes"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(tmp_path: Path, name: str) -> None:
    data, reason, detail = BAD_FILES[name]
    if data is None:
        data = _numbers()
    # The limit of a line is far from what a small file may hold.
    rows, (refusal,) = listed(tmp_path, {name: data}, max_bytes=1000 if "zeros.jsonl" not in name else 16777216)
    assert (rows, refusal.reason) == ([], reason)
    assert refusal.path.startswith(name)
    assert name != "zeros.txt.gz" or (refusal.path, refusal.detail.partition(" ")[0]) == (name, "more")
    assert detail in refusal.detail


def _numbers() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [1, 2]}), sink)
    return sink.getvalue()


def test_what_comes_before_the_damage_is_read(tmp_path: Path) -> None:
    many = as_jsonl(
        [{"id": f"a-{n}", "text": f"Text {n}, {hashlib.sha256(b'%d' % n).hexdigest()}."} for n in range(5_000)]
    )
    packed = gzip.compress(many)
    rows, (refusal,) = listed(tmp_path, {"cut.jsonl.gz": packed[: len(packed) * 3 // 4]})
    assert 2_500 < len(rows) < 4_000
    assert [row["doc_id"] for row in rows] == [f"a-{n}" for n in range(len(rows))]
    assert refusal == (
        "cut.jsonl.gz",
        "bad-container",
        "damaged (Truncated compressed stream); deliver the file again",
    )


def test_what_comes_before_the_damage_of_zstd_is_read_to_the_last_byte(tmp_path: Path) -> None:
    many = as_jsonl([{"text": f"Text {n}, {hashlib.sha256(b'%d' % n).hexdigest()}."} for n in range(5000)])
    packed = zstd(many)
    damages = {"garbage": packed + b"garbage", "cut": packed[:-20], "half": packed[: len(packed) // 2]}
    counts = {}
    for name, data in damages.items():
        rows, (*_, refusal) = listed(tmp_path / name, {"a.jsonl.zst": data})
        assert [row["raw"].text[:7] for row in rows[:3]] == ["Text 0,", "Text 1,", "Text 2,"]
        assert (refusal.reason, "damaged (" in refusal.detail) == ("bad-container", True)
        counts[name] = len(rows)
    assert counts["garbage"] == 5000
    # zstd gives whole blocks of 128 KiB.
    assert counts["cut"] > 5000 - (1 << 17) / 80 and counts["half"] > 1000


def test_members_of_gzip_behind_a_damage_are_counted(tmp_path: Path) -> None:
    members = [gzip.compress(as_jsonl([{"text": f"Text {n}, {n * n}."}])) for n in range(300)]
    broken = members[1][:-8] + b"\xff" * 8  # its checksum
    rows, (refusal,) = listed(tmp_path, {"a.jsonl.gz": b"".join([members[0], broken, *members[2:]])})
    assert [row["raw"].text for row in rows] == ["Text 0, 0.", "Text 1, 1."]
    assert refusal.detail.startswith(
        "damaged (Error -3 while decompressing data: incorrect data check); 298 gzip members"
    )


LEFT_OUT = {
    "published": ("14.2.2023", "published: '14.2.2023' is not a date; expected one such as 2024-05-31"),
    "url": ("no address", "url: 'no address' is not a URL; expected one such as https://example.org/a"),
    "title": (["x"], "title: ['x'], expected text"),
    "license": ("free for all", "license: 'free for all' is not a license; expected an SPDX expression such as CC-"),
    "language": ("Elvish", "language: 'Elvish' is not a language; expected its code such as en"),
    "date": ("soon", "published: 'soon' is not a date; expected one such as 2024-05-31 or 2024-05-31T12:00:00Z (in"),
}


def test_a_field_that_cannot_be_read_costs_the_record_no_more_than_that(tmp_path: Path) -> None:
    lines = [{"text": "Good.", "byline": "A", name: value} for name, (value, _) in LEFT_OUT.items()]
    rows, refused = listed(tmp_path, {"a.jsonl": as_jsonl(lines)})
    assert [row["stated"] for row in rows] == ['{"byline": "A"}'] * len(LEFT_OUT)
    for number, (refusal, (_, detail)) in enumerate(zip(refused, LEFT_OUT.values(), strict=True), start=1):
        assert (refusal.path, refusal.reason) == (f"a.jsonl#{number}", "bad-metadata")
        assert refusal.detail.startswith(f"record {number}: {detail}")
        assert refusal.detail.endswith("; the record is kept without it")


def test_what_a_schema_of_ones_own_demands_refuses_the_record(tmp_path: Path) -> None:
    for schema in PACKAGED.glob("*.json"):
        write_seeds(tmp_path / "schemas", {schema.name: schema.read_bytes()})
    own = json.loads((PACKAGED / "source.schema.json").read_text("utf-8"))
    own["required"].append("url")
    write_seeds(tmp_path / "schemas", {"source.schema.json": json.dumps(own).encode()})
    lines = [{"text": "Good.", "url": "no address"}, {"text": "Good.", "url": "https://example.org/ä"}]
    write_seeds(tmp_path / "seeds", {"a.jsonl": as_jsonl(lines)})
    ingest = check_params({})["ingest"]
    seeds, _ = list_seeds(tmp_path / "seeds", ingest["max_bytes"])
    table, refused = list_documents(tmp_path / "seeds", seeds, tmp_path / "build", ingest, tmp_path / "schemas")
    assert table["doc_id"].to_pylist() == ["a-2"]
    assert ["a.jsonl#1", "bad-record"] in [[r.path, r.reason] for r in refused]


def test_rows_of_csv_with_other_fields_are_refused_alone(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbfid,text\r\n\r\na,"one, ""two""\r\nthree"\r\nb\r\nc,x,y\r\nd,caf\xe9\r\ne,last'
    rows, refused = listed(tmp_path, {"a.csv": data})
    assert [(r["doc_id"], r["raw"].text) for r in rows] == [("a", 'one, "two"\r\nthree'), ("e", "last")]
    assert [(r.path, r.reason) for r in refused] == [
        ("a.csv#2", "bad-record"),
        ("a.csv#3", "bad-record"),
        ("a.csv#4", "undecodable"),
    ]
    assert "3 fields in line 6, expected 2" in refused[1].detail


def test_dates_of_parquet_are_written_as_dates(tmp_path: Path) -> None:
    sink = io.BytesIO()
    utc = datetime.datetime(2023, 2, 14, 12, tzinfo=datetime.UTC)
    columns = {"text": pa.array(["One.", "Two."]).dictionary_encode(), "published": [utc, None]}
    pq.write_table(pa.table(columns), sink)
    rows, refused = listed(tmp_path, {"a.parquet": sink.getvalue()})
    assert refused == []
    assert [row["stated"] for row in rows] == ['{"published": "2023-02-14T12:00:00+00:00"}', None]


def test_types_that_other_programs_write_by_default_are_read(tmp_path: Path) -> None:
    noon, night = datetime.datetime(2024, 1, 5, 12), datetime.datetime(2024, 1, 6)
    uuids = pa.array([bytes(range(16)), bytes(16)], pa.binary(16))
    columns = {
        "id": pa.ExtensionArray.from_storage(pa.uuid(), uuids),
        "text": pa.array(["One.", "Two."], pa.string_view()),
        "published": pa.array([noon, night], pa.timestamp("ns")),
        "byline": pa.array([["A"], None], pa.list_view(pa.string())),
        "title": pa.array([b"\xff", b"A"]).view(pa.string()),
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    rows, refused = listed(tmp_path, {"a.parquet": sink.getvalue()})
    assert [row["doc_id"] for row in rows] == [
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "00000000-0000-0000-0000-000000000000",
    ]
    assert [json.loads(row["stated"]) for row in rows] == [
        {"published": "2024-01-05", "byline": "A"},
        {"published": "2024-01-06", "title": "A"},
    ]
    assert [r.detail for r in refused] == ["record 1: title: not UTF-8 at byte 0; the record is kept without it"]
    numbers = pa.table({"id": [17.0, 2.0**53, None], "text": ["One.", "Two.", "Three."]})
    pq.write_table(numbers, tmp_path / "seeds" / "a.parquet")
    rows, (refusal,) = listed(tmp_path, {})
    assert ([row["doc_id"] for row in rows], refusal.reason) == (["17", "a-3"], "bad-name")


def test_a_column_of_128_bits_hinders_no_text(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    large = polars.Series([2**100, None], dtype=polars.Int128)
    sink = io.BytesIO()
    polars.DataFrame({"id": ["a", "b"], "text": ["One.", "Two."], "large": large}).write_parquet(sink)
    rows, refused = listed(tmp_path, {"a.parquet": sink.getvalue()})
    assert ([row["raw"].text for row in rows], refused) == (["One.", "Two."], [])


def test_the_second_document_with_an_id_is_refused_wherever_it_is(tmp_path: Path) -> None:
    files = {
        "a.txt": b"File.",
        "b.jsonl": as_jsonl([{"id": i, "text": f"Text {i}."} for i in ("a", "x", "x", "caf\u0065\u0301", "b-5")]),
        "b.csv": as_csv([{"id": "café", "text": "First, by its path."}]),
        "b.txt": b"No record has this id.",
        "c.jsonl": as_jsonl([{"id": "y", "text": "Fine."}, {"text": "And this."}]),
    }
    rows, refused = listed(tmp_path, files)
    assert [row["doc_id"] for row in rows] == ["a", "café", "x", "b-5", "b", "y", "c-2"]
    assert {(r.path, r.reason, r.detail) for r in refused} == {
        ("b.jsonl#a", "duplicate-id", "id 'a' belongs to a.txt; rename one of them"),
        ("b.jsonl#x", "duplicate-id", "id 'x' belongs to b.jsonl#x; rename one of them"),
        ("b.jsonl#café", "duplicate-id", "id 'café' belongs to b.csv#café; rename one of them"),
    }


texts = st.lists(st.tuples(hard_texts.filter(str.strip), hard_texts), min_size=1, max_size=8)


@given(texts)
@settings(max_examples=25)
def test_texts_come_back_from_every_format(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[tuple[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("records")
    rows = [{"id": f"d{n}", "text": text, "title": title} for n, (text, title) in enumerate(given_rows)]
    files = {
        f"{ending[1:]}{ending}": write([{**row, "id": ending + row["id"]} for row in rows])
        for ending, write in WRITERS.items()
    }
    found, refused = listed(root, files)
    by_id = {row["doc_id"]: row["raw"].text for row in found}
    refused_paths = {r.path for r in refused if r.reason == "not-text"}
    assert len(by_id) + len(refused_paths) == len(rows) * len(files)
    for ending in WRITERS:
        for row in rows:
            assert by_id.get(ending + row["id"], row["text"]) == row["text"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    text = "".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(40))
    lines = as_jsonl([{"id": n, "text": f"{n} {text}"} for n in range(4000)])
    write_seeds(tmp_path / "seeds", {"a.jsonl.zst": zstd(lines)})
    params = check_params({})["ingest"]
    seeds, _ = list_seeds(tmp_path / "seeds", 1000)
    record_cache.read_container(tmp_path / "seeds", seed_of(seeds, 0), tmp_path / "warm", params)
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    container = record_cache.read_container(tmp_path / "seeds", seed_of(seeds, 0), tmp_path / "build", params)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert container.index.num_rows == 4000
    assert len(lines) > 10_000_000
    assert peak < 6_000_000
    assert pa.total_allocated_bytes() - before < 2_000_000


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were read, and time enough behind every change."""
    read: list[str] = []
    plain = record_cache.rows_of

    def recorded(path: Path, *arguments: Any) -> Any:
        read.append(path.name)
        return plain(path, *arguments)

    monkeypatch.setattr(record_cache, "rows_of", recorded)
    monkeypatch.setattr(record_cache, "SETTLED", -(10**12))
    return read


def test_what_is_known_is_not_read_again(tmp_path: Path, settled: list[str]) -> None:
    files = {"a.jsonl": as_jsonl(ROWS), "b.csv.gz": gzip.compress(as_csv([{"id": "b", "text": "x"}]))}
    first = listed(tmp_path, files)
    write = tmp_path / "seeds" / "a.jsonl"
    settled.clear()
    seeds, _ = list_seeds(tmp_path / "seeds", 1000)
    params = check_params({})["ingest"]
    table, _ = list_documents(tmp_path / "seeds", seeds, tmp_path / "build", params)
    assert (settled, table.num_rows) == ([], 4)
    # Other bytes of the same length and time; other settings; a memory that is damaged.
    status = write.stat()
    write.write_bytes(write.read_bytes().replace(b"Another", b"Others!"))
    os.utime(write, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "Others!" in listed_again(tmp_path, params)[1]
    assert settled == ["a.jsonl"]
    listed_again(tmp_path, {**params, "max_bytes": 100})
    assert settled == ["a.jsonl", "a.jsonl", "b.csv.gz"]
    settled.clear()
    for path in (tmp_path / "build" / "records").iterdir():
        path.write_bytes(b"PAR1")
    assert listed_again(tmp_path, params)[0] == first[0][0]["raw"].text
    assert settled == ["a.jsonl", "b.csv.gz"]
    write.unlink()
    listed_again(tmp_path, params)
    assert len(list((tmp_path / "build" / "records").iterdir())) == 1


def listed_again(root: Path, params: dict[str, Any]) -> list[str]:
    seeds, _ = list_seeds(root / "seeds", 1000)
    table, _ = list_documents(root / "seeds", seeds, root / "build", params)
    kept = root / "build" / "records"
    return [next(texts_of(kept / row["rows"], [row["row"]])).text for row in table.to_pylist()]


def test_a_file_that_changes_while_it_is_read_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = record_cache.rows_of

    def changing(path: Path, *arguments: Any) -> Any:
        yield from plain(path, *arguments)
        path.open("ab").close()
        os.utime(path, ns=(1, 1))

    monkeypatch.setattr(record_cache, "rows_of", changing)
    with pytest.raises(BuildError, match=r"a\.jsonl: changed while it was being read; build again"):
        listed(tmp_path, {"a.jsonl": as_jsonl(ROWS)})
    assert list((tmp_path / "build" / "records").iterdir()) == []


SMALL: dict[str, Any] = {"shards": {"target": 6, "minimum": 3, "maximum": 18}, "engine": {"workers": 1}}


def forty() -> list[dict[str, Any]]:
    return [{"id": name[:-4], "text": text, "source": "The Paper"} for name, text in articles(40).items()]


def keys(project: Project) -> list[tuple[str, ...]]:
    return [
        (p["ingest.raw"].sha256, p["ingest.provenance"].sha256)
        for p in read_inputs(project, ["ingest.raw", "ingest.provenance"])
    ]


@pytest.mark.parametrize("change", ["edit", "insert", "remove", "append", "metadata"])
def test_one_changed_record_touches_its_shard_alone(make_project: Callable[..., Project], change: str) -> None:
    rows = forty()
    project = make_project({"news.jsonl.gz": gzip.compress(as_jsonl(rows))}, SMALL)
    ingest.run(project)
    before = keys(project)
    assert len(before) >= 4
    if change == "edit":
        rows[20]["text"] += " More."
    elif change == "insert":
        rows.insert(20, {"id": "new", "text": "A new record."})
    elif change == "remove":
        del rows[20]
    elif change == "append":
        rows.append({"id": "new", "text": "A new record."})
    else:
        rows[20]["source"] = "Another paper"
    write_seeds(project.seeds, {"news.jsonl.gz": gzip.compress(as_jsonl(rows))})
    ingest.run(project)
    after = keys(project)
    assert 1 <= len(set(after) - set(before)) <= 2
    assert len(set(before) - set(after)) <= 2


def test_records_and_files_make_the_same_corpus_and_a_whole_one(make_project: Callable[..., Project]) -> None:
    texts = articles(30)
    as_files = make_project({f"{n:02}/{name}": text for n, (name, text) in enumerate(texts.items())}, SMALL, "files")
    as_records = make_project(
        {"a.jsonl": as_jsonl([{"id": n[:-4], "text": t} for n, t in texts.items()])}, SMALL, "records"
    )
    parallel = {**SMALL, "engine": {"workers": 2}}
    as_two = make_project(
        {"a.parquet": as_parquet([{"id": n[:-4], "text": t} for n, t in texts.items()])}, parallel, "two"
    )
    for project in (as_files, as_records, as_two):
        run_stages(project)
    tables = ("documents", "sentences", "edits")
    data = [
        {n: d for n, d in file_bytes(p.corpus / "data").items() if n.startswith(tables)}
        for p in (as_files, as_records, as_two)
    ]
    assert data[0] == data[1] == data[2]
    assert validate(as_records.corpus, as_records.schemas, load=False).findings == []


def test_what_is_known_and_decided_of_documents_holds_for_records(make_project: Callable[..., Project]) -> None:
    rows = [
        {"id": "a", "text": "One  text.", "source": "Its own", "title": "Its title"},
        {"id": "b", "text": "Two."},
        {"id": "c", "text": "Three."},
        {"id": "d", "text": "Four."},
    ]
    hashes = {row["id"]: hashlib.sha256(row["text"].encode()).hexdigest() for row in rows}
    gone = {"reason": "asked", "date": "2026-01-02", "text_key": "0" * 64, "minhash": []}
    ledger = [{"doc_id": "b", "raw_sha256": "0" * 64, **gone}, {"doc_id": "x", "raw_sha256": hashes["c"], **gone}]
    decisions = [
        {"doc_id": doc_id, "raw_sha256": hashes["a"], "decision": "exclude", "date": "2026-01-02", "reason": "x"}
        for doc_id in ("a", "d", "e")
    ]
    project = make_project(
        {
            "a.jsonl": as_jsonl(rows),
            "sources.jsonl": as_jsonl([{"doc_id": "a", "source": "Stated", "title": None}]),
            "takedowns.jsonl": as_jsonl(ledger),
            "decisions.jsonl": as_jsonl(decisions),
        }
    )
    ingest.run(project)
    (parts,) = read_inputs(project, ["ingest.provenance", "ingest.decisions"])
    stated = project.store.read(parts["ingest.provenance"]).to_pylist()
    assert [(row["doc_id"], row["source"], row["title"]) for row in stated] == [
        ("a", "Stated", "Its title"),
        ("d", None, None),
    ]
    decided = {row["doc_id"]: row["problem"] for row in project.store.read(parts["ingest.decisions"]).to_pylist()}
    assert decided["a"] is None
    assert "has changed since" in decided["d"]
    assert "there is no such document" in project.passed_on.read_text("utf-8")
    refused = [json.loads(line) for line in (project.reports / "quarantine.jsonl").read_text("utf-8").splitlines()]
    assert [(row["path"], row["reason"]) for row in refused] == [
        ("a.jsonl#b", "taken-down"),
        ("a.jsonl#c", "taken-down"),
    ]
    assert refused[1]["detail"].endswith("is in seeds/takedowns.jsonl; remove the record")


@pytest.mark.parametrize("write", [as_jsonl, as_csv, as_parquet])
def test_records_with_old_names_of_fields(
    tmp_path: Path, write: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"id": "a", "text": "One text.", "licence": "MIT", "outlet": "The Paper", "license": "CC0-1.0"},
        {"id": "b", "text": "Another text.", "licence": "MIT"},
        {"id": "c", "text": "A third text.", "outlet": "The Paper"},
    ]
    path = f"a.{write.__name__.removeprefix('as_')}"
    documents, (refusal,) = listed(tmp_path, {path: write(rows)})
    assert [json.loads(row["stated"]) for row in documents] == [
        {"source": "The Paper"},
        {"license": "MIT"},
        {"source": "The Paper"},
    ]
    assert (refusal.path, refusal.reason) == (f"{path}#1", "bad-metadata")
    assert "license is 'CC0-1.0' and licence is 'MIT'; keep license alone" in refusal.detail
    assert capsys.readouterr().err.splitlines() == [
        f"warning: {tmp_path / 'seeds' / path}: licence is now license (2 records); the old name is still read",
        f"warning: {tmp_path / 'seeds' / path}: outlet is now source (2 records); the old name is still read",
    ]
