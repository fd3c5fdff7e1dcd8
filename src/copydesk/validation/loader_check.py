"""Load every configuration as users do: mapped and streamed, with a cold cache and a warm one.

Runs in a separate process, with its own cache and without a network, because ``datasets`` reads its settings once, on
import. Only the counts and the first and last rows of each split are compared: they show missing files, and columns
that were filled or cast. The bytes of all files were hashed before.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.core.findings import Report
from copydesk.core.progress import say
from copydesk.core.scratch import scratch
from copydesk.tables.table import table

_ROWS = 1_000  # compared at either end of a split
#: A dataset of more bytes is only streamed, unless ``mapped`` is set: mapping writes all of it into the cache.
_MAPPED = 8 * 2**20
#: Lines of a card that follow from the rows alone.
_OF_CONTENT = re.compile(
    r"^ *(?:description: content sha256|version|num_bytes|num_examples|download_size|dataset_size): ?.*\n",
    re.MULTILINE,
)
_WAYS = (("cold", False), ("warm", False), ("streamed", True))


class Loader:
    """A process that imports ``datasets``, which takes a second, and then waits for the names of configurations.

    Parameters
    ----------
    corpus, schemas : Path
    ways : list of str
        From :func:`ways_of`.
    """

    def __init__(self, corpus: Path, schemas: Path, ways: list[str]) -> None:
        self._scratch = ExitStack()
        cache = self._scratch.enter_context(scratch("cache", corpus.absolute().parent / "build"))
        environment = {
            **os.environ,
            "HF_HOME": str(cache),
            "HF_DATASETS_CACHE": str(cache / "datasets"),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        # -P: the current folder may be a stranger's repository, and Python would import modules from it.
        command = [sys.executable, "-P", "-m", __name__, str(self._loadable(corpus)), str(schemas), *ways]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def _loadable(self, corpus: Path) -> Path:
        """The dataset's folder, or a folder of links to it if ``datasets`` would read its path as a pattern."""
        if "[" not in str(corpus.resolve()):
            return corpus
        advice = "rename the folder above it, or load a copy in another folder"
        say(f"{corpus}: load_dataset reads [ and ] in the path of a folder as a pattern and finds no file; {advice}")
        # In the temporary folder, because the path of build/ has the same brackets. It contains links, no documents.
        folder = self._scratch.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-links-"))
        linked = Path(folder, "corpus")
        linked.mkdir()
        for entry in corpus.iterdir():
            (linked / entry.name).symlink_to(entry.resolve())
        return linked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._scratch.close()

    def check(self, names: list[str]) -> Report:
        """Load some configurations, and compare counts, features and rows with the files."""
        report = Report()
        stdout, stderr = self._process.communicate("\n".join(names))
        try:
            if self._process.returncode:
                raise ValueError(stderr.strip()[-500:] or f"exit status {self._process.returncode}")
            problems = json.loads(stdout.strip().split("\n")[-1])
        except ValueError as error:
            report.add("loading", "README.md", f"datasets could not be run: {error}")
            return report
        for name, problem in problems:
            report.add("loading", f"data/{name}", problem)
        return report


def ways_of(corpus: Path, *, mapped: bool = False) -> list[str]:
    """The ways to load a dataset: all of them if it is small or ``mapped`` is set, else only streamed."""
    files = [file for file in corpus.glob("data/*/*.parquet") if file.is_file()]
    mapped = mapped or sum(file.stat().st_size for file in files) <= _MAPPED
    return [way for way, streaming in _WAYS if mapped or streaming]


def way_of_reading(corpus: Path) -> str:
    """What decides how ``datasets`` reads a dataset, and not what it reads: the card's configurations and features.

    Digests, counts and sizes are left out: they are compared with the files before anything is loaded.
    """
    try:
        _, matter, _ = (corpus / "README.md").read_text("utf-8").split("---\n", 2)
    except (OSError, ValueError):
        return ""  # the check of the card says so
    return _OF_CONTENT.sub("", matter)


def _load_all(corpus: Path, schemas: Path, ways: list[str], names: list[str]) -> Iterator[tuple[str, str]]:
    for way in ways:
        for name in names:
            try:
                problem = _load(corpus, schemas, name, streaming=dict(_WAYS)[way])
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                yield name, f"{way}: {problem}"


def _load(corpus: Path, schemas: Path, name: str, *, streaming: bool) -> str | None:
    """Load a configuration; return the first difference from its files."""
    from datasets import load_dataset

    loaded = load_dataset(str(corpus), name, streaming=streaming)
    shape = table(name, schemas)
    files = sorted((corpus / "data" / name).glob("*.parquet"))
    splits = {split: [f for f in files if f.name.startswith(f"{split}-")] for split in loaded}
    if sum(map(len, splits.values())) != len(files):
        return f"splits are {sorted(splits)}, the files have others too"
    for split, dataset in loaded.items():
        if dataset.features != shape.features:
            return f"split {split}: features are {dataset.features}, expected {shape.features}"
        rows = dataset.with_format("arrow")
        if streaming:
            ends = [(0, next(iter(rows.iter(_ROWS))))]
        else:
            total = sum(pq.read_metadata(file).num_rows for file in splits[split])
            if len(dataset) != total:
                return f"split {split}: {len(dataset)} rows, the files have {total}"
            ends = [(start, rows[start : start + _ROWS]) for start in sorted({0, max(0, total - _ROWS)})]
        for start, loaded_rows in ends:
            expected = _rows(splits[split], start, loaded_rows.num_rows)
            if not loaded_rows.cast(expected.schema).combine_chunks().equals(expected):
                return f"split {split}: rows {start} to {start + loaded_rows.num_rows} differ from those of the files"
    return None


def _rows(files: list[Path], start: int, count: int) -> pa.Table:
    """Rows of a split by their position, read from only the files that contain them."""
    parts = []
    for path in files:
        with pq.ParquetFile(path) as file:
            row_count = file.metadata.num_rows
            if start < row_count:
                parts.append(file.read().slice(start, count))
                count -= parts[-1].num_rows
        if not count:
            break
        start = max(0, start - row_count)
    return pa.concat_tables(parts).combine_chunks()


if __name__ == "__main__":
    import datasets  # noqa: F401  (while the files are still being checked)

    _corpus, _schemas, *_ways = sys.argv[1:]
    print(json.dumps(list(_load_all(Path(_corpus), Path(_schemas), _ways, sys.stdin.read().split()))), flush=True)
    # Threads of a stream that was not read to its end sometimes abort a process that exits normally:
    # https://github.com/apache/arrow/issues/45214
    os._exit(0)
