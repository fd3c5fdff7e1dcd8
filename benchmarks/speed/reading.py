"""How fast a dataset is read: the first row of a stream, and all rows, by ``datasets`` and by pyarrow alone.

    python benchmarks/speed/reading.py FOLDER [--config documents]

Prints JSON: seconds from ``load_dataset`` to the first row, and seconds that all rows take, batch after batch as
Arrow tables, each the fastest of some runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import load_dataset

BATCH = 1000
RUNS = 3


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", default="documents")
    given = parser.parse_args()
    files = sorted((given.folder / "data" / given.config).rglob("train*.parquet"))

    def first() -> int:
        next(iter(load_dataset(str(given.folder), given.config, split="train", streaming=True)))
        return 1

    def streamed() -> int:
        rows = load_dataset(str(given.folder), given.config, split="train", streaming=True).with_format("arrow")
        return sum(_read(table) for table in rows.iter(batch_size=BATCH))

    def plain() -> int:
        batches = (batch for path in files for batch in pq.ParquetFile(path).iter_batches(BATCH))
        return sum(_read(pa.Table.from_batches([batch])) for batch in batches)

    first()  # what is imported when it is first used
    counts: set[int] = set()
    told = {
        "first_row": _fastest(first, set()),
        "datasets": _fastest(streamed, counts),
        "pyarrow": _fastest(plain, counts),
    }
    if len(counts) != 1:
        raise SystemExit(f"read {sorted(counts)} rows of the same files")
    print(json.dumps({**told, "rows": counts.pop()}))


def _read(table: pa.Table) -> int:
    """Rows of a table, the bytes of which were looked at."""
    return table.num_rows if table.nbytes else 0


def _fastest(read: Callable[[], int], counts: set[int]) -> float:
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        counts.add(read())
        times.append(time.perf_counter() - begun)
    return round(min(times), 3)


if __name__ == "__main__":
    main()
