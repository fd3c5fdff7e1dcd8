"""Loading as users do: every configuration, mapped and streamed, with a cold cache and a warm one.

Runs in processes of its own, with a cache of its own and without a network, since ``datasets`` reads its
settings once, when it is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.tables import table
from copydesk.validation.report import Report

_BATCH = 1_000


def check_loading(corpus: Path, schemas: Path, names: list[str], report: Report) -> None:
    """Load each configuration and compare what comes with the files, row by row."""
    with tempfile.TemporaryDirectory(prefix="copydesk-cache-") as cache:
        environment = {
            **os.environ,
            "HF_HOME": cache,
            "HF_DATASETS_CACHE": str(Path(cache, "datasets")),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        for state in ("cold", "warm"):
            command = [sys.executable, "-m", __name__, state, str(corpus), str(schemas), *names]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            try:
                if done.returncode:
                    raise ValueError(done.stderr.strip()[-500:] or f"exit status {done.returncode}")
                problems = json.loads(done.stdout.splitlines()[-1])
            except (ValueError, IndexError) as error:
                report.add("loading", "README.md", f"{state}: datasets could not be run: {error}")
                continue
            for name, problem in problems:
                report.add("loading", f"data/{name}", f"{state} cache, {problem}")
            report.checked[f"loads_{state}"] = len(names)


def _load_all(state: str, corpus: Path, schemas: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        for how in ("mapped", "streamed"):
            try:
                problem = _load(corpus, schemas, name, streaming=how == "streamed")
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                yield name, f"{how}: {problem}"


def _load(corpus: Path, schemas: Path, name: str, *, streaming: bool) -> str | None:
    """Load a configuration and name the first difference from its files."""
    from datasets import load_dataset

    loaded = load_dataset(str(corpus), name, streaming=streaming)
    shape = table(name, schemas)
    for split, dataset in loaded.items():
        if dataset.features != shape.features:
            return f"split {split}: features are {dataset.features}, expected {shape.features}"
        expected = _batches(sorted((corpus / "data" / name).glob(f"{split}-*.parquet")))
        rows = 0
        for batch in dataset.with_format("arrow").iter(_BATCH):
            wanted = next(expected, None)
            if wanted is None or not batch.cast(shape.arrow).combine_chunks().equals(wanted.combine_chunks()):
                return f"split {split}: rows {rows} to {rows + len(batch)} differ from those of the files"
            rows += len(batch)
        if next(expected, None) is not None:
            return f"split {split}: {rows} rows, the files have more"
    return None


def _batches(files: list[Path]) -> Iterator[pa.Table]:
    """Rows of all files in batches of one size, however they are spread over the files."""
    held: list[pa.Table] = []
    count = 0
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(_BATCH):
            held.append(pa.Table.from_batches([batch]))
            count += len(batch)
            while count >= _BATCH:
                whole = pa.concat_tables(held)
                yield whole.slice(0, _BATCH)
                held, count = [whole.slice(_BATCH)], count - _BATCH
    if count:
        yield pa.concat_tables(held)


if __name__ == "__main__":
    _state, _corpus, _schemas, *_names = sys.argv[1:]
    print(json.dumps(list(_load_all(_state, Path(_corpus), Path(_schemas), _names))))
