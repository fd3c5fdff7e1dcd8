"""Parquet whose footer lies, or that unpacks to far more than it is: refused with a reason, in bounded memory."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from broken import repackage, shard, write_manifest
from copydesk.errors import UnreadableError
from copydesk.project import Project
from copydesk.readers.base import Record, RecordOptions
from copydesk.readers.parquet_records import read_parquet_rows
from copydesk.tables.parquet import read_parquet
from copydesk.validation import validate
from support import run_python

ROWS = 1000
TEXTS = [f"Text number {number}." for number in range(ROWS)]
WANTED = RecordOptions("a", "id", "text", 1 << 24)


def written(table: pa.Table, **settings: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **{"compression": "none", "use_dictionary": False, **settings})
    return sink.getvalue()


def read(data: bytes) -> tuple[list[Record], str]:
    """Records, and the reason for which the rest is refused, if it is."""
    records: list[Record] = []
    try:
        for record in read_parquet_rows(io.BytesIO(data), WANTED):
            records.append(record)
    except UnreadableError as error:
        return records, error.reason
    return records, ""


def texts(records: list[Record]) -> list[Any]:
    return [(record.fields or {}).get("text") for record in records]


def zigzag(number: int) -> bytes:
    """A number as Thrift's compact protocol writes it."""
    value, made = (number << 1) ^ (number >> 63), b""
    while value > 127:
        made += bytes([value & 127 | 128])
        value >>= 7
    return made + bytes([value])


def lies(data: bytes, number: int, others: tuple[int, ...]) -> Iterator[bytes]:
    """The file with another number in each place of its footer where this one may stand."""
    length = struct.unpack("<I", data[-8:-4])[0]
    body, footer = data[: -8 - length], data[-8 - length : -8]
    for place in re.finditer(re.escape(zigzag(number)), footer):
        for other in others:
            told = footer[: place.start()] + zigzag(other) + footer[place.end() :]
            yield body + told + struct.pack("<I", len(told)) + b"PAR1"


def test_a_footer_that_lies_about_rows_loses_no_document() -> None:
    data = written(pa.table({"id": [f"d{n}" for n in range(ROWS)], "text": TEXTS}))
    found = set()
    for lie in lies(data, ROWS, (0, 100, ROWS - 1, ROWS + 1, 8000, 2**31 - 1, 2**40, 2**62, -1, -(2**40))):
        records, reason = read(lie)
        assert texts(records) == TEXTS[: len(records)]
        assert reason or len(records) == ROWS
        found.add(reason)
    assert found == {"", "bad-container", "bomb"}


def test_a_footer_that_leads_elsewhere_is_refused() -> None:
    data = written(pa.table({"id": [f"d{n}" for n in range(ROWS)], "text": TEXTS}))
    chunks = [pq.read_metadata(io.BytesIO(data)).row_group(0).column(number) for number in (0, 1)]
    seen = 0
    for number in (chunks[1].data_page_offset, chunks[1].total_compressed_size, chunks[0].total_uncompressed_size):
        for lie in lies(data, number, (4, len(data) // 2, len(data) + 1, 2**31, 2**62, -5)):
            records, reason = read(lie)
            assert reason or texts(records) == TEXTS
            seen += bool(reason)
    assert seen > 5


def _lying(schema: pa.Schema) -> dict[bytes, bytes]:
    return {b"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes())}


@pytest.mark.parametrize(
    "metadata",
    [
        {b"huggingface": json.dumps({"info": {"features": {"text": {"dtype": "int64", "_type": "Value"}}}}).encode()},
        {b"huggingface": b'{"info": {"features": {"text": {"_type": "Image"}, "id": {"_type": "../../x"}}}}'},
        {b"pandas": b'{"index_columns": ["text"], "columns": 7}'},
        {b"ARROW:schema": b"no base 64"},
        {b"ARROW:schema": base64.b64encode(b"\xff" * 40)},
        _lying(pa.schema({"id": pa.int64(), "text": pa.int64()})),
        _lying(pa.schema({"other": pa.string()})),
        _lying(pa.schema({"id": pa.string(), "text": pa.list_(pa.string())})),
    ],
)
def test_metadata_that_lie_about_columns_are_not_believed(metadata: dict[bytes, bytes]) -> None:
    table = pa.table({"id": ["a", "b"], "text": ["One.", "Two."]}).replace_schema_metadata(metadata)
    records, reason = read(written(table, store_schema=False))
    assert reason == "bad-container" or (texts(records), reason) == (["One.", "Two."], "")
    if b"ARROW:schema" not in metadata:
        assert texts(records) == ["One.", "Two."]


def test_a_value_that_no_program_can_read_is_left_out_alone() -> None:
    far = pa.array([0, 2**61], pa.int64()).view(pa.timestamp("us"))
    records, _ = read(written(pa.table({"text": ["One.", "Two."], "published": far})))
    assert texts(records) == ["One.", "Two."]
    assert records[1].unread == {"published": "a value that cannot be read (date value out of range)"}
    nowhere = pa.array([0, 0], pa.int64()).view(pa.timestamp("us", "../../etc/passwd"))
    records, _ = read(written(pa.table({"text": ["One.", "Two."], "published": nowhere})))
    assert [list(record.unread) for record in records] == [["published"]] * 2
    records, _ = read(written(pa.table({"text": ["One.", "Two."], "id": far})))
    assert texts(records) == ["One.", None]
    assert records[1].problem == (
        "bad-record",
        "id has a value that cannot be read (date value out of range); correct the record",
    )


BOMBS = """
import gzip, sys
import pyarrow as pa, pyarrow.parquet as pq
long, many = pa.array(["x" * 8_000_000] * 25), pa.array([0] * 500_000, pa.int32())
def put(name, table, **settings):
    pq.write_table(table, f"{sys.argv[1]}/{name}.parquet", **{"compression": "zstd", **settings})
put("pages", pa.table({"text": long}), use_dictionary=False)
put("pages-gzip", pa.table({"text": long}), use_dictionary=False, compression="gzip")
put("dictionary", pa.table({"text": pa.DictionaryArray.from_arrays(many, pa.array(["y" * 60_000]))}))
put("long", pa.table({"text": pa.DictionaryArray.from_arrays(many[:100], pa.array(["y" * 50_000_000]))}))
items = pa.ListArray.from_arrays(pa.array([0, 60_000_000], pa.int32()), pa.nulls(60_000_000, pa.int8()))
put("list", pa.table({"text": ["a"], "title": items}))
for name in ("jsonl", "csv", "txt", "parquet"):
    open(f"{sys.argv[1]}/zeros.{name}.gz", "wb").write(gzip.compress(bytes(60_000_000)))
    open(f"{sys.argv[1]}/zeros.{name}.zst", "wb").write(pa.compress(bytes(60_000_000), "zstd", asbytes=True))
"""
READ = """
import json, resource, sys
from pathlib import Path
from copydesk.core.config import check_params
from copydesk.readers.seed_files import list_seeds
from copydesk.readers.document_listing import list_documents
limits = check_params({})["ingest"]
def read(folder):
    root = Path(sys.argv[1])
    seeds, refused = list_seeds(root / folder, limits["max_bytes"])
    table, more = list_documents(root / folder, seeds, root / f"build-{folder}", limits)
    return [(r.path, r.reason) for r in (*refused, *more)]
read("small")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
refused = read("bombs")
print(json.dumps([refused, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


@pytest.mark.slow
def test_what_unpacks_to_far_more_is_refused_in_little_memory(tmp_path: Path) -> None:
    for name in ("bombs", "small"):
        (tmp_path / name).mkdir()
    pq.write_table(pa.table({"text": ["A text."]}), tmp_path / "small" / "a.parquet")
    (tmp_path / "small" / "b.jsonl").write_text('{"text": "Another."}\n')
    for code, folder in ((BOMBS, tmp_path / "bombs"), (READ, tmp_path)):
        done = run_python(f"import sys\nsys.argv = ['x', {str(folder)!r}]\n{code}")
        assert done.returncode == 0, done.stderr
    refused, megabytes = json.loads(done.stdout)
    assert {path.partition("#")[0]: reason for path, reason in refused} == {
        **dict.fromkeys(
            (f"{name}.parquet" for name in ("pages", "pages-gzip", "dictionary", "long", "list")), "bomb"
        ),
        **{f"zeros.{name}.{end}": "bomb" for name in ("jsonl", "csv", "parquet") for end in ("gz", "zst")},
        # Of a text no more is read than it may be long.
        **{"zeros.txt.gz": "too-large", "zeros.txt.zst": "too-large"},
    }
    # The files unpack to between 60 MB and 30 GB.
    assert megabytes < 120


def test_validate_tells_a_lie_about_rows(own_copy: Project) -> None:
    path = shard(own_copy, "sentences")
    rows = read_parquet(path)
    lied = 0
    for lie in lies(path.read_bytes(), rows.num_rows, (rows.num_rows + 1,)):
        path.write_bytes(lie)
        repackage(own_copy)  # as one would who wants to be believed
        ok = validate(own_copy.corpus, own_copy.schemas, load=False).ok
        assert not ok or (pq.read_metadata(path).num_rows, read_parquet(path)) == (rows.num_rows, rows)
        lied += not ok
    assert lied > 2


KINDS: dict[str, Callable[[int], pa.Array]] = {
    "bytes": lambda count: pa.array([b"\xff"] * count),
    "times": lambda count: pa.array([2**61] * count, pa.int64()).view(pa.timestamp("us")),
    "structs": lambda count: pa.array([{"a": 1}] * count),
    "lists": lambda count: pa.array([[[1]]] * count),
    "nulls": pa.nulls,
}


@pytest.mark.parametrize("kind", [*KINDS, "missing", "without a name", "twice", "not UTF-8"])
def test_validate_names_a_column_that_is_another(own_copy: Project, kind: str) -> None:
    for name, column in (("documents", "doc_id"), ("sentences", "text"), ("edits", "doc_id")):
        path = shard(own_copy, name)
        before = path.read_bytes()
        change_column(own_copy, name, column, kind)
        findings = validate(own_copy.corpus, own_copy.schemas, load=False).findings
        told = [finding for finding in findings if finding.file == f"data/{name}/{path.name}"]
        assert any(finding.field == column or "utf-8" in finding.message for finding in told), findings
        path.write_bytes(before)


def change_column(project: Project, name: str, column: str, kind: str) -> None:
    path = shard(project, name)
    rows = read_parquet(path)
    place = rows.column_names.index(column)
    if kind == "missing":
        rows = rows.drop_columns([column])
    elif kind == "without a name":
        rows = rows.rename_columns(["" if each == column else each for each in rows.column_names])
    elif kind == "twice":
        rows = rows.append_column(column, rows[column])
    elif kind == "not UTF-8":
        ends = pa.array(range(0, 2 * rows.num_rows + 2, 2), pa.int32()).buffers()[1]
        bad = pa.StringArray.from_buffers(rows.num_rows, ends, pa.py_buffer(b"\xff\xfe" * rows.num_rows))
        rows = rows.set_column(place, rows.schema.field(column), bad)
    else:
        rows = rows.set_column(place, column, KINDS[kind](rows.num_rows))
    pq.write_table(rows.replace_schema_metadata(None), path, store_schema=False)
    write_manifest(project)
