"""A hash of rows that no layout, no library and no reader changes, and that any other row does."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from copydesk.errors import SchemaError
from copydesk.project import Project
from copydesk.tables.logical_hash import Digests, combined, hash_of_tables, logical_hash, shape_of
from copydesk.tables.table import PUBLISHED
from support import articles, hard_texts, run_python

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "n": pa.int32(),
        "x": pa.float64(),
        "yes": pa.bool_(),
        "names": pa.list_(pa.string()),
        "spans": pa.list_(pa.struct({"start": pa.int32(), "kind": pa.string()})),
        "one": pa.struct({"b": pa.int64(), "a": pa.list_(pa.int32())}),
    }
)
numbers = st.integers(-(2**31), 2**31 - 1)
rows = st.fixed_dictionaries(
    {
        "id": st.none() | hard_texts,
        "n": st.none() | numbers,
        "x": st.none() | st.floats(),
        "yes": st.none() | st.booleans(),
        "names": st.none() | st.lists(st.none() | hard_texts, max_size=3),
        "spans": st.none()
        | st.lists(
            st.fixed_dictionaries({"start": st.none() | numbers, "kind": st.sampled_from(["a", ""])}), max_size=3
        ),
        "one": st.none()
        | st.fixed_dictionaries({"b": numbers, "a": st.none() | st.lists(st.none() | numbers, max_size=2)}),
    }
)


def made(content: list[dict[str, Any]], schema: pa.Schema = SCHEMA) -> pa.Table:
    return pa.Table.from_pylist(content, schema)


# The definition of docs/logical-hash.md once more, value by value, as somebody else would write it.


def head(letter: str, number: int) -> bytes:
    return letter.encode() + struct.pack("<q", number)


def encoded(value: Any, kind: Any) -> bytes:
    if value is None:
        return head("n", 0)
    match kind:
        case "string":
            return head("s", len(value.encode())) + value.encode()
        case "integer":
            return head("i", value)
        case "boolean":
            return head("b", int(value))
        case "number":
            return b"f" + struct.pack("<d", float("nan") if value != value else value)
        case [inner]:
            return head("l", len(value)) + b"".join(encoded(item, inner) for item in value)
    return head("o", len(kind)) + b"".join(encoded(value[name], kind[name]) for name in sorted(kind))


def defined(content: list[dict[str, Any]], shape: str) -> str:
    kinds = json.loads(shape)
    digests = [hashlib.sha256(b"".join(encoded(row[n], kinds[n]) for n in sorted(kinds))).digest() for row in content]
    whole, piece = f"{shape}\n".encode(), b""
    for digest in digests:
        piece += digest
        if digest[0] == 0:
            whole, piece = whole + hashlib.sha256(piece).digest(), b""
    return hashlib.sha256(whole + (hashlib.sha256(piece).digest() if piece else b"")).hexdigest()


@given(st.lists(rows, max_size=12))
def test_it_is_what_the_documentation_defines(content: list[dict[str, Any]]) -> None:
    assert logical_hash(made(content)) == defined(content, shape_of(SCHEMA))


def test_it_is_what_the_documentation_defines_for_many_rows() -> None:
    content = [{"a": f"row {n}"} for n in range(5_000)]
    schema = pa.schema({"a": pa.string()})
    assert logical_hash(made(content, schema)) == defined(content, shape_of(schema))


@given(st.lists(st.integers(0, 999), max_size=8))
def test_where_shards_are_cut_does_not_matter(cuts: list[int]) -> None:
    table = pa.table({"n": pa.array(range(1_000))})
    places = [0, *sorted(cuts), 1_000]
    parts = [Digests.of(table.slice(a, b - a)) for a, b in pairwise(places)]
    kept = [Digests.from_row({**json.loads(json.dumps(part.as_row())), "table": "t"}) for part in parts]
    assert kept == parts
    assert combined(shape_of(table.schema), parts) == logical_hash(table)


@given(st.lists(rows, min_size=1, max_size=6))
def test_types_layout_and_order_of_columns_do_not_matter(content: list[dict[str, Any]]) -> None:
    table = made(content)
    expected = logical_hash(table)
    wide = pa.schema(
        {
            "one": pa.struct({"a": pa.large_list(pa.int64()), "b": pa.int32()}),
            "spans": pa.large_list(pa.struct({"kind": pa.large_string(), "start": pa.int64()})),
            "names": pa.list_(pa.large_string()),
            "yes": pa.bool_(),
            "x": pa.float64(),
            "n": pa.int64(),
            "id": pa.string_view(),
        }
    )
    assert logical_hash(made(content, wide)) == expected
    assert logical_hash(pa.concat_tables([table.slice(0, 1), table.slice(1)])) == expected
    assert logical_hash(pa.concat_tables([table, table]).slice(len(content))) == expected
    encoded_ids = table.set_column(0, "id", table["id"].dictionary_encode())
    assert logical_hash(encoded_ids) == expected


@given(st.lists(rows, min_size=1, max_size=4), st.data())
def test_any_other_row_gives_another_hash(content: list[dict[str, Any]], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(content) - 1))
    name = data.draw(st.sampled_from(SCHEMA.names))
    other = data.draw(rows.filter(lambda row: repr(row[name]) != repr(content[number][name])))
    changed = [*content[:number], {**content[number], name: other[name]}, *content[number + 1 :]]
    assert logical_hash(made(changed)) != logical_hash(made(content))


def test_order_count_names_and_kinds_matter() -> None:
    content = [{"a": "x", "b": "y"}, {"a": "", "b": None}, {"a": None, "b": ""}]
    tables = [pa.Table.from_pylist(list(order)) for order in permutations(content)]
    tables += [tables[0].slice(1), pa.concat_tables([tables[0], tables[0].slice(2)]), tables[0].slice(0, 0)]
    tables += [
        tables[0].rename_columns(["a", "c"]),
        tables[0].rename_columns(["b", "a"]),
        tables[0].drop_columns("a"),
    ]
    tables += [pa.table({"a": values}) for values in ([1], [1.0], ["1"], [True], [[1]], [{"a": 1}])]
    tables += [pa.table({"a": pa.array([value], pa.list_(pa.int64()))}) for value in ([], [None], None)]
    assert len({logical_hash(table) for table in tables}) == len(tables)


def test_zero_and_minus_zero_differ_and_nans_do_not() -> None:
    values = [0.0, -0.0, float("nan"), struct.unpack("<d", b"\x01" + b"\xff" * 7)[0]]
    hashes = [logical_hash(pa.table({"x": pa.array([value])})) for value in values]
    assert hashes[2] == hashes[3]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("given_rows", "message"),
    [
        (pa.table({"when": pa.array([0], pa.timestamp("s"))}), r"column when: timestamp\[s\] has no logical hash"),
        (pa.table({"a": [{"b": [b"x"]}]}), r"column a\.b\[\]: binary has no logical hash"),
        (pa.table({"a": pa.array([2**63], pa.uint64())}), "an integer has no logical hash"),
        (pa.table({"a": pa.nulls(1)}), "column a: null has no logical hash"),
        (pa.table([pa.nulls(1)] * 2, ["a", "a"]), "column a: given twice"),
        ([{"a": 1}], "list: expected a table of pyarrow or a dataset"),
    ],
)
def test_what_cannot_be_hashed_is_named(given_rows: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        logical_hash(given_rows)


def test_tables_that_do_not_go_together_are_named() -> None:
    tables = [pa.table({"a": ["x", "y"]}), pa.table({"a": [1]})]
    with pytest.raises(SchemaError, match="column a: after row 2 integer, before it string; give all rows"):
        hash_of_tables(tables)
    with pytest.raises(SchemaError, match="no columns"):
        logical_hash(pa.table({"a": [1]}).drop_columns("a"))


def test_the_corpus_has_the_hashes_of_its_manifest_by_every_reader(two_articles: Project) -> None:
    listed = json.loads((two_articles.corpus / "manifest.json").read_text("utf-8"))["tables"]
    for name in PUBLISHED:
        expected = listed[name]["splits"]["train"]["logical_sha256"]
        folder = two_articles.corpus / "data" / name
        assert logical_hash(pq.read_table(folder)) == expected
        assert logical_hash(pyarrow.dataset.dataset(folder)) == expected
        assert logical_hash({"train": pq.read_table(folder)}) == listed[name]["logical_sha256"]


def test_rewritten_files_keep_it(two_articles: Project, tmp_path: Path) -> None:
    table = pq.read_table(two_articles.corpus / "data" / "sentences")
    expected = logical_hash(table)
    layouts: list[dict[str, Any]] = [
        {"compression": "gzip", "row_group_size": 7},
        {"use_dictionary": False, "version": "1.0", "store_schema": False},
        {"data_page_size": 100, "use_byte_stream_split": False, "compression": "none"},
    ]
    for number, layout in enumerate(layouts):
        pq.write_table(table.select(table.column_names[::-1]), tmp_path / f"{number}.parquet", **layout)
        assert logical_hash(pq.read_table(tmp_path / f"{number}.parquet")) == expected


def test_other_libraries_read_and_write_the_same(two_articles: Project, tmp_path: Path) -> None:
    import duckdb
    import polars

    listed = json.loads((two_articles.corpus / "manifest.json").read_text("utf-8"))["tables"]
    for name in PUBLISHED:
        expected = listed[name]["splits"]["train"]["logical_sha256"]
        path = str(two_articles.corpus / "data" / name / "train-00000-of-00001.parquet")
        frame = polars.read_parquet(path)
        assert logical_hash(frame.to_arrow()) == expected
        frame.write_parquet(tmp_path / "polars.parquet")
        assert logical_hash(pq.read_table(tmp_path / "polars.parquet")) == expected
        assert logical_hash(duckdb.sql(f"select * from '{path}'").to_arrow_table()) == expected


def test_datasets_gives_the_same_mapped_and_streamed(two_articles: Project, tmp_path: Path) -> None:
    code = """
import json
from datasets import load_dataset
from copydesk import logical_hash

tables = json.load(open("corpus/manifest.json"))["tables"]
for name, listed in tables.items():
    expected = listed["splits"]["train"]["logical_sha256"]
    for streaming in (False, True):
        loaded = load_dataset("corpus", name, streaming=streaming)
        assert logical_hash(loaded["train"]) == expected, (name, streaming)
        assert logical_hash(loaded) == listed["logical_sha256"], (name, streaming)
    mapped = load_dataset("corpus", name, split="train")
    assert logical_hash(mapped.with_format("numpy")) == expected
    assert logical_hash(mapped.select(range(len(mapped)))) == expected
    assert logical_hash(mapped.select(range(len(mapped) - 1))) != expected
    assert logical_hash(mapped.select(range(len(mapped) - 1, -1, -1))) != expected
    assert logical_hash(mapped.select([])) != expected
print(len(tables))
"""
    done = run_python(code, cwd=two_articles.corpus.parent, home=tmp_path)
    assert done.stdout == "4\n", done.stderr


def test_a_stream_behind_a_filter_or_a_map_has_the_hash_of_its_rows(tmp_path: Path) -> None:
    rows = pa.table({"a": [*[None] * 1500, "x"], "b": range(1501), "c": [None, *[["y"]] * 1500]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    program = """
from datasets import load_dataset
from copydesk import logical_hash
rows = load_dataset("parquet", data_files="rows.parquet", split="train", streaming=True)
for stream in (
    rows.filter(lambda row: True), rows.map(lambda row: row), rows.remove_columns("b"), rows.rename_column("b", "d")
):
    print(logical_hash(stream))
"""
    of = [rows, rows, rows.drop_columns("b"), rows.rename_columns(["a", "d", "c"])]
    done = run_python(program, cwd=tmp_path, home=tmp_path / "home")
    assert done.stdout.split() == [logical_hash(each) for each in of], done.stderr


def test_views_of_lists_and_booleans_of_eight_bits_are_what_they_hold() -> None:
    lists = pa.array([["a", "b"], None, [], [None, "c"]])
    for kind in (pa.list_view(pa.string()), pa.large_list_view(pa.string())):
        views = pa.array(lists.to_pylist(), kind)
        assert logical_hash(pa.table({"a": views})) == logical_hash(pa.table({"a": lists}))
        assert logical_hash(pa.table({"a": views.slice(1, 2)})) == logical_hash(pa.table({"a": lists.slice(1, 2)}))
    wide = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8()))
    assert logical_hash(pa.table({"a": wide})) == logical_hash(pa.table({"a": [True, False, None]}))


def test_other_shards_have_the_same_hashes(make_corpus: Callable[..., Project]) -> None:
    found = []
    for name, target in (("fine", 4), ("coarse", 100)):
        shards = {"target": target, "minimum": min(target, 2), "maximum": 400}
        settings = {"shards": shards, "splits": {"train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 10}}
        project = make_corpus(articles(40), settings, name)
        tables = json.loads((project.corpus / "manifest.json").read_text("utf-8"))["tables"]
        found.append({name: (t["logical_sha256"], t["splits"]) for name, t in tables.items()})
        found.append(len(tables["documents"]["files"]))
        assert list(tables["documents"]["splits"]) == ["test", "train", "validation"]
    assert found[0] == found[2]
    assert found[1] > found[3]
