"""Records of partitions are those that were added for them, whatever a task has in memory, also if it runs twice."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
from hypothesis import given, settings

from copydesk.description.duplicates.partitions import Outbox, batches, owners, partition_records, table_of

SCHEMA = pa.schema({"id": pa.string(), "number": pa.int64()})
FEWER = settings(max_examples=max(10, settings().max_examples // 4), deadline=None)


@given(
    st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), max_size=6),
    st.integers(1, 5),
    st.integers(1, 30),
)
@FEWER
def test_each_partition_has_its_records(tasks: list[list[int]], count: int, largest: int) -> None:
    with TemporaryDirectory() as name:
        records, tables = Path(name) / "records", Path(name) / "tables"
        for number, values in enumerate(tasks):
            column = np.array(values, dtype=np.int64)
            to = owners(column, count)
            with Outbox(records, number, count, largest) as outbox, Outbox(tables, number, count, largest) as others:
                for start in range(0, len(column), 7):
                    part, places = column[start : start + 7], to[start : start + 7]
                    outbox.add(np.stack([part, part], axis=1), places)
                    others.add(
                        pa.table([pa.array(map(str, part.tolist()), pa.string()), part], schema=SCHEMA), places
                    )
            assert outbox.written == others.written == len(values)
        whole = np.array([value for values in tasks for value in values], dtype=np.int64)
        for number in range(count):
            expected = whole[owners(whole, count) == number].tolist()
            assert partition_records(records, number, 2).tolist() == [[value, value] for value in expected]
            assert all(len(some) >= largest for some in list(batches(records, number, 2, largest))[:-1])
            rows = table_of(tables, number, SCHEMA)
            assert rows["number"].to_pylist() == expected
            assert rows["id"].to_pylist() == list(map(str, expected))


def test_a_task_that_runs_again_replaces_nothing(tmp_path: Path) -> None:
    """What it reads may be removed by then."""
    for values in ([1, 2, 3], [1]):
        with Outbox(tmp_path, 0, 1) as outbox:
            outbox.add(np.array([values], dtype=np.int64).T, np.zeros(len(values), dtype=np.int64))
    assert partition_records(tmp_path, 0, 1).ravel().tolist() == [1, 2, 3]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_task_that_fails_leaves_nothing(tmp_path: Path) -> None:
    try:
        with Outbox(tmp_path, 0, 1) as outbox:
            outbox.add(np.zeros((1, 1), dtype=np.int64), np.zeros(1, dtype=np.int64))
            raise RuntimeError
    except RuntimeError:
        assert not list(tmp_path.iterdir())
