"""Read a table of a dataset's folder with pyarrow alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from copydesk.errors import InputError
from copydesk.tables.parquet import read_parquet


def read_table(folder: Path, name: str, split: str | None = None) -> pa.Table | dict[str, pa.Table]:
    """The rows of a table in the order in which they are published.

    Parameters
    ----------
    folder : Path
        Folder of the dataset, whose files were verified.
    name : str
        The table, such as ``documents``.
    split : str, optional
        All splits otherwise.

    Returns
    -------
    pa.Table or dict of pa.Table
        The rows of the split, or those of each split by its name.

    Raises
    ------
    InputError
        If the table has no such split.
    """
    files = files_by_split(folder, name)
    if split is None:
        return {known: _read(paths) for known, paths in files.items()}
    if split not in files:
        raise InputError(f"{name}: no split {split!r}; it has {', '.join(files)}")
    return _read(files[split])


def files_by_split(folder: Path, name: str) -> dict[str, list[Path]]:
    """The files of a table that are in the folder of a dataset, by split and in order."""
    files: dict[str, list[Path]] = {}
    for path in sorted((folder / "data" / name).glob("*.parquet")):
        files.setdefault(split_of(path), []).append(path)
    return files


def split_of(path: Path | str) -> str:
    """The split of a data file, which its name begins with: ``data/raw/train-00000-of-00001.parquet``."""
    return str(path).rpartition("/")[2].partition("-")[0]


def _read(paths: list[Path]) -> pa.Table:
    return pa.concat_tables([read_parquet(path) for path in paths])
