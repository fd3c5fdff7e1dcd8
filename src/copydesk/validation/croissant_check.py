"""Read ``croissant.json`` back with the reference library, as validators and loaders do.

Runs in a separate process, because the library imports pandas. It would fetch what a description names, so it is
only called after :func:`copydesk.validation.file_checks.check_files` found the expected files, fields and context.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from copydesk.core.findings import Report
from copydesk.core.scratch import scratch
from copydesk.dataset.croissant import KEYS
from copydesk.dataset.croissant import NAME as CROISSANT
from copydesk.dataset.rows_by_split import split_of

if TYPE_CHECKING:
    import mlcroissant

LIBRARY = "mlcroissant"
_ROWS = 3  # compared of each record set and split


def is_installed() -> bool:
    """Whether the reference library can be imported."""
    return find_spec(LIBRARY) is not None


def read_back(corpus: Path, names: list[str], *, whole: bool) -> Report:
    """Read some rows of each record set, and compare their keys and splits with the files.

    Parameters
    ----------
    corpus : Path
        A dataset whose files were checked.
    names : list of str
        Its tables.
    whole : bool
        Whether to read the record sets without a filter too, one after the other: the library then reads whole
        tables into memory. With a filter by split it reads file by file.
    """
    report = Report()
    # -P: the current folder may be a stranger's repository, and Python would import modules from it.
    command = [sys.executable, "-P", "-W", "ignore", "-m", __name__, str(corpus), str(int(whole)), *names]
    with scratch("croissant", corpus.absolute().parent / "build") as cache:
        environment = {**os.environ, "CROISSANT_CACHE": str(cache)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    try:
        if done.returncode:
            raise ValueError(done.stderr.strip()[-500:] or f"exit status {done.returncode}")
        problems = json.loads(done.stdout.strip().split("\n")[-1])
    except ValueError as error:
        report.add("loading", CROISSANT, f"{LIBRARY} could not be run: {error}")
        return report
    for name, problem in problems:
        report.add("loading", CROISSANT, f"{LIBRARY}: {problem}", field=name)
    return report


def _read_all(corpus: Path, names: list[str], whole: bool) -> Iterator[tuple[str, str]]:
    import mlcroissant

    described = str(corpus / CROISSANT)
    dataset = mlcroissant.Dataset(jsonld=described)
    for name in names:
        paths = sorted((corpus / "data" / name).glob("*.parquet"))
        if whole:
            yield from _problems(dataset, name, paths, None)
        for split in sorted({split_of(path) for path in paths}):
            # A filter holds for all that is read with the same object later, but for another filter of that table.
            yield from _problems(dataset, name, [path for path in paths if split_of(path) == split], split)


def _problems(
    dataset: mlcroissant.Dataset, name: str, paths: list[Path], split: str | None
) -> Iterator[tuple[str, str]]:
    """The first difference of a record set, or of one split of it, from its files."""
    filters = {f"{name}/file_split": split} if split else None
    asked = f"split {split}" if split else "all rows"
    columns = KEYS.get(name, ("doc_id",))
    try:
        records = [
            {column: _plain(record[f"{name}/{column}"]) for column in (*columns, "file_split")}
            for record in islice(dataset.records(name, filters=filters), _ROWS)
        ]
    except Exception as error:
        yield name, f"{asked}: {type(error).__name__}: {error}"
        return
    with pq.ParquetFile(paths[0]) as file:
        rows = next(file.iter_batches(_ROWS, columns=list(columns))).to_pylist()
    expected = [{**row, "file_split": split_of(paths[0])} for row in rows]
    if records[: len(expected)] != expected:
        yield name, f"{asked}: begins with {records}, the files with {expected}"


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    _corpus, _whole, *_names = sys.argv[1:]
    print(json.dumps(list(_read_all(Path(_corpus), _names, _whole == "1"))), flush=True)
