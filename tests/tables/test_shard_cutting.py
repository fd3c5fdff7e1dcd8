"""Shards: cut by content, written the same way every time."""

from __future__ import annotations

import hashlib
import io

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given

from copydesk.errors import ConfigError
from copydesk.tables.parquet import ROW_GROUP, read_parquet, write_parquet
from copydesk.tables.shard_cutting import ShardLimits, shard_ranges
from support import run_python

LIMITS = ShardLimits(target=8, minimum=3, maximum=24, max_bytes=1 << 30)
UNLIMITED = LIMITS._replace(maximum=10**6)
IDS = st.lists(st.integers(0, 10**6).map(str), unique=True, max_size=200)


def shards_of(ids: list[str], limits: ShardLimits = LIMITS) -> list[tuple[str, ...]]:
    return [tuple(ids[start:stop]) for start, stop in shard_ranges(ids, [1] * len(ids), limits)]


def most_changes(*versions: list[tuple[str, ...]]) -> int:
    """Two; more only in a run that is cut by counting, where a change reaches to the end of the run."""
    return 2 + max(sum(len(shard) == LIMITS.maximum for shard in shards) for shards in versions)


def assert_changes_little(before: list[str], after: list[str]) -> None:
    for limits in (UNLIMITED, LIMITS):
        old, new = shards_of(before, limits), shards_of(after, limits)
        most = 2 if limits is UNLIMITED else most_changes(old, new)
        assert len(set(new) - set(old)) <= most
        assert len(set(old) - set(new)) <= most


def plain_cut(ids: list[str], sizes: list[int], limits: ShardLimits) -> list[tuple[int, int]]:
    """What the docstring of shard_ranges says, document by document."""
    hashes = [int.from_bytes(hashlib.sha256(i.encode()).digest()[:8], "big") for i in ids]
    candidates = [n for n, found in enumerate(hashes) if found <= (2**64 - 1) // limits.target]
    shards, start = [], 0
    for n in range(1, len(ids)):
        # The beginning counts as a cut: the first candidate needs so many documents before it too.
        before = max((c for c in candidates if c < n - 1), default=-1)
        ends = n - 1 in candidates and n - 1 - before >= limits.minimum
        full = n - start >= limits.maximum or sum(sizes[start : n + 1]) > limits.max_bytes
        if ends or full:
            shards.append((start, n))
            start = n
    return [*shards, (start, len(ids))] if ids else []


@example([str(n) for n in range(300)], [1], 8, 1 << 30)
@example([str(n) for n in range(300)], [3, 0, 10, 9], 24, 20)
@given(
    IDS,
    st.lists(st.integers(0, 10), min_size=1, max_size=5),
    st.sampled_from((8, 24)),
    st.sampled_from((5, 20, 100, 1 << 30)),
)
def test_shards_are_cut_where_the_rule_says(ids: list[str], sizes: list[int], most: int, heaviest: int) -> None:
    sizes = [sizes[n % len(sizes)] for n in range(len(ids))]
    limits = LIMITS._replace(maximum=most, max_bytes=heaviest)
    assert shard_ranges(ids, sizes, limits) == plain_cut(ids, sizes, limits)


@given(IDS)
def test_shards_follow_each_other_and_keep_to_the_maximum(ids: list[str]) -> None:
    shards = shards_of(ids)
    assert [i for shard in shards for i in shard] == ids
    assert all(0 < len(shard) <= LIMITS.maximum for shard in shards)


@given(IDS)
def test_shards_keep_to_the_minimum_where_content_ends_them(ids: list[str]) -> None:
    shards = shards_of(ids)
    # The last shard ends where the corpus does, and what is left of a run that was cut by counting may be short.
    for before, shard in zip([(), *shards], shards[:-1], strict=False):
        assert len(shard) >= LIMITS.minimum or len(before) == LIMITS.maximum


@given(IDS, st.data())
def test_inserting_a_document_changes_two_shards_at_most(ids: list[str], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(ids)))
    new = data.draw(st.integers(10**6 + 1, 10**7))
    assert_changes_little(ids, [*ids[:where], str(new), *ids[where:]])


@given(IDS.filter(len), st.data())
def test_removing_a_document_changes_two_shards_at_most(ids: list[str], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(ids) - 1))
    assert_changes_little(ids, [*ids[:where], *ids[where + 1 :]])


@given(IDS.filter(len), st.data())
def test_editing_a_document_changes_its_shard_alone(ids: list[str], data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(ids) - 1))
    sizes = [10] * len(ids)
    # Ids decide the cut: another text, of any size that fits, leaves it where it was.
    edited = [*sizes[:where], data.draw(st.integers(0, 10_000)), *sizes[where + 1 :]]
    assert shard_ranges(ids, sizes, LIMITS) == shard_ranges(ids, edited, LIMITS)


@given(IDS, IDS)
def test_appending_changes_the_last_shard_alone(ids: list[str], more: list[str]) -> None:
    more = [f"new-{i}" for i in more]
    before, after = shards_of(ids), shards_of([*ids, *more])
    kept = max(len(before) - 1, 0)
    assert after[:kept] == before[:kept]


def test_a_change_to_a_large_corpus_rewrites_little() -> None:
    limits = ShardLimits(1000, 250, 4000, 1 << 30)
    ids = [f"doc-{n}" for n in range(100_000)]
    before = set(shards_of(ids, limits))
    rewritten = []
    for n in range(40):
        where = n * 2_500 + 17
        after = shards_of([*ids[:where], f"new-{n}", *ids[where:]], limits)
        assert len(set(after) - before) <= 2
        rewritten.append(sum(len(shard) for shard in set(after) - before) / len(ids))
    assert sum(rewritten) / len(rewritten) < 0.03
    assert 50 <= len(before) <= 110


def test_a_heavy_document_makes_a_shard_alone() -> None:
    sizes = [1, 1, 100, 1, 1]
    limits = ShardLimits(1000, 1, 1000, max_bytes=50)
    assert shard_ranges(list("abcde"), sizes, limits) == [(0, 2), (2, 3), (3, 5)]


def test_no_documents_make_no_shards() -> None:
    assert shard_ranges([], [], LIMITS) == []


def test_limits_that_contradict_each_other_are_refused() -> None:
    for wrong in ({"minimum": 9}, {"maximum": 7}):
        limits = LIMITS._replace(**wrong)
        with pytest.raises(ConfigError) as caught:
            shard_ranges(["a"], [1], limits)
        found = f"{limits.minimum}, {limits.target}, {limits.maximum}"
        assert str(caught.value) == f"params.yaml: shards: expected minimum <= target <= maximum, found {found}"
    assert shard_ranges(["a", "b", "c"], [1, 1, 1], ShardLimits(1, 1, 1, 9)) == [(0, 1), (1, 2), (2, 3)]


def rows(count: int) -> pa.Table:
    return pa.table({"doc_id": [f"d{n}" for n in range(count)], "text": ["wörds " * (n % 50) for n in range(count)]})


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    write_parquet(table, sink)
    return sink.getvalue().to_pybytes()


def test_rows_in_any_layout_give_the_same_bytes() -> None:
    table = rows(5_000)
    pieces = pa.concat_tables([table.slice(0, 17), table.slice(17, 3_000), table.slice(3_017)])
    tagged = table.replace_schema_metadata({"huggingface": "{}", "pandas": "{}"})
    assert parquet(table) == parquet(pieces) == parquet(tagged) == parquet(table.combine_chunks())


def test_another_process_writes_the_same_bytes() -> None:
    code = (
        "import sys; sys.path += ['tests', 'tests/tables']; from test_shard_cutting import parquet, rows; "
        "import hashlib; print(hashlib.sha256(parquet(rows(3000))).hexdigest())"
    )
    done = run_python(code)
    assert done.stdout.strip() == hashlib.sha256(parquet(rows(3_000))).hexdigest(), done.stderr


def test_files_have_what_the_hub_reads() -> None:
    file = pq.ParquetFile(io.BytesIO(parquet(rows(25_000))))
    group = file.metadata.row_group(0)
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [ROW_GROUP, ROW_GROUP, 5_000]
    assert group.column(0).compression == "ZSTD"
    assert group.column(0).has_offset_index and group.column(0).has_column_index
    assert file.schema_arrow.metadata is None


def test_reading_gives_back_what_was_written() -> None:
    assert read_parquet(pa.BufferReader(parquet(rows(100)))).equals(rows(100))


def test_reading_some_columns_gives_these_alone() -> None:
    assert read_parquet(pa.BufferReader(parquet(rows(9))), ["text"]).equals(rows(9).select(["text"]))


def test_what_one_stage_hands_to_the_next_is_written_faster() -> None:
    sink = pa.BufferOutputStream()
    write_parquet(rows(100), sink, published=False)
    column = pq.ParquetFile(pa.BufferReader(sink.getvalue())).metadata.row_group(0).column(0)
    assert (column.compression, column.has_offset_index) == ("LZ4", False)
