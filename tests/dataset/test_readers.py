"""Every reader that the documentation names gives the same rows, whole, by columns, and by slices of splits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from copydesk import logical_hash
from copydesk.core.config import check_params
from copydesk.core.json_schema import PACKAGED
from copydesk.dataset.manifest import read_listing
from copydesk.project import Project
from copydesk.tables.logical_hash import hash_of_tables
from copydesk.tables.table import PUBLISHED, table
from support import articles, run_python, run_stages, write_seeds

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in several shards and all three splits."""
    root = tmp_path_factory.mktemp("split")
    write_seeds(root / "seeds", articles(60))
    params = {
        "engine": {"workers": 1},
        "shards": {"target": 10, "minimum": 5, "maximum": 40},
        "splits": {"train": 0.6, "validation": 0.2, "test": 0.2, "minimum": 10},
    }
    places = {name: root / name for name in ("seeds", "corpus", "reports", "build")}
    return run_stages(Project(**places, schemas=PACKAGED, params=check_params(params))).corpus


def paths(corpus: Path, name: str, split: str) -> list[str]:
    return sorted(map(str, (corpus / "data" / name).glob(f"{split}-*.parquet")))


def expected(corpus: Path, name: str) -> dict[str, str]:
    """The logical hash of each split."""
    splits = read_listing(corpus)["tables"][name]["splits"]
    return {split: found["logical_sha256"] for split, found in splits.items()}


def test_the_corpus_is_worth_reading(corpus: Path) -> None:
    assert all(sorted(expected(corpus, name)) == sorted(SPLITS) for name in PUBLISHED)
    assert len(paths(corpus, "documents", "train")) > 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_datasets_need_not_convert_what_it_reads(corpus: Path, name: str) -> None:
    loaded = table(name).features.arrow_schema.remove_metadata()
    assert all(pq.read_schema(path) == loaded for split in SPLITS for path in paths(corpus, name, split))


def arrow(files: list[str]) -> Any:
    return pyarrow.dataset.dataset(files)


def parquet(files: list[str]) -> Any:
    return pa.concat_tables(map(pq.read_table, files))


def duck(files: list[str]) -> Any:
    with duckdb.connect() as connection:
        return connection.sql("SELECT * FROM read_parquet(?)", params=[files]).to_arrow_table()


def polar(files: list[str]) -> Any:
    return polars.scan_parquet(files).collect().to_arrow()


@pytest.mark.parametrize("reader", [arrow, parquet, duck, polar], ids=lambda reader: reader.__name__)
def test_every_reader_gives_the_rows_of_the_manifest(reader: Any, corpus: Path) -> None:
    for name in PUBLISHED:
        found = {split: logical_hash(reader(paths(corpus, name, split))) for split in SPLITS}
        assert found == expected(corpus, name)


def test_some_columns_are_those_columns(corpus: Path) -> None:
    for name in PUBLISHED:
        files = paths(corpus, name, "train")
        some = [column for column in table(name).arrow.names if column != "text"][1::2]
        whole = logical_hash(parquet(files).select(some))
        names = ", ".join(f'"{column}"' for column in some)
        with duckdb.connect() as connection:
            asked = connection.sql(f"SELECT {names} FROM read_parquet(?)", params=[files]).to_arrow_table()
        assert logical_hash(asked) == whole
        assert logical_hash(arrow(files).to_table(columns=some)) == whole
        assert logical_hash(polars.scan_parquet(files).select(some).collect().to_arrow()) == whole


@pytest.mark.parametrize("name", PUBLISHED)
def test_sql_chooses_rows_by_their_split(corpus: Path, name: str) -> None:
    files = str(corpus / "data" / name / "*.parquet")
    with duckdb.connect() as connection:
        for split in SPLITS:
            query = "SELECT * FROM read_parquet(?) WHERE split = ?"
            rows = connection.sql(query, params=[files, split]).to_arrow_table()
            assert logical_hash(rows) == expected(corpus, name)[split]


READ = """
import json
from datasets import load_dataset
from copydesk import logical_hash

found = {{}}
for name, columns in {asked!r}.items():
    for way in ("cold", "warm"):
        rows = load_dataset({corpus!r}, name)
        found[f"{{name}} {{way}}"] = {{split: logical_hash(part) for split, part in rows.items()}}
    streamed = load_dataset({corpus!r}, name, streaming=True)
    found[f"{{name}} streamed"] = {{split: logical_hash(part) for split, part in streamed.items()}}
    some = load_dataset({corpus!r}, name, columns=columns, split="train")
    found[f"{{name}} columns"] = [
        logical_hash(some),
        logical_hash(rows["train"].select_columns(columns)),
        logical_hash(load_dataset({corpus!r}, name, columns=columns, split="train", streaming=True)),
    ]
    found[f"{{name}} slices"] = [
        load_dataset({corpus!r}, name, split=asked)["doc_id"][:]
        for asked in ("train[3:7]", "train[:25%]", "train[25%:]", "validation+test[-2:]")
    ]
print(json.dumps(found))
"""


def test_datasets_reads_it_in_every_way(corpus: Path, tmp_path: Path) -> None:
    asked = {name: [column for column in table(name).arrow.names if column != "text"][::2] for name in PUBLISHED}
    done = run_python(READ.format(corpus=str(corpus), asked=asked), home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for name in PUBLISHED:
        for way in ("cold", "warm", "streamed"):
            assert found[f"{name} {way}"] == expected(corpus, name)
        train = parquet(paths(corpus, name, "train"))
        assert set(found[f"{name} columns"]) == {hash_of(train.select(asked[name]).to_batches())}
        ids = {split: parquet(paths(corpus, name, split))["doc_id"].to_pylist() for split in SPLITS}
        some, first, rest, both = found[f"{name} slices"]
        assert some == ids["train"][3:7]
        assert first + rest == ids["train"]
        assert abs(len(first) - len(ids["train"]) / 4) <= 1
        assert both == [*ids["validation"], *ids["test"][-2:]]


def hash_of(batches: Iterable[pa.RecordBatch]) -> str:
    return hash_of_tables(pa.Table.from_batches([batch]) for batch in batches)
