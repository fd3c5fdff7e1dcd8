"""The files of a dataset, by the file of ``documents`` whose documents their rows are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.dataset.rows_by_split import split_of
from copydesk.errors import ValidationError
from copydesk.tables.parquet import DAMAGED, read_parquet
from copydesk.tables.table import TABLES


class ShardSource(Protocol):
    """Where the files of a dataset are."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def shards(self, table: str) -> Mapping[str, str]:
        """Paths of the files of a table, in order, with their hashes."""

    def locate(self, shard: str) -> Path:
        """A local copy of a file whose hash was compared."""


class ShardGroup(NamedTuple):
    """Files about the same documents.

    Attributes
    ----------
    split : str
    files : dict
        By table, the paths of the files, each with its path in a dataset that holds only the chosen documents.
    """

    split: str
    files: dict[str, list[tuple[str, str]]]


def read_shard(source: ShardSource, path: str, columns: list[str] | None = None) -> pa.Table:
    """Read a file of a dataset.

    Raises
    ------
    ValidationError
        If it is not Parquet with these columns.
    """
    try:
        return read_parquet(source.locate(path), columns)
    except DAMAGED as error:
        found = " ".join(str(error).split())
        raise ValidationError(f"{source.name}: {path}: cannot be read as Parquet ({found})") from None


def shard_groups(source: ShardSource, left_out: Collection[str] = ()) -> list[ShardGroup]:
    """Group the files of a dataset, in the order of its documents; those of which no row stays are left out.

    Raises
    ------
    ValidationError
        If a file is about documents of several files, or of none.
    """
    absent = pa.array(sorted(left_out), pa.string())
    owners: dict[str, int] = {}
    kept: dict[str, dict[str, list[tuple[str, int]]]] = {}  # by table and split: path and number of the group
    groups: list[ShardGroup] = []
    for table in TABLES:
        for path in source.shards(table):
            ids = read_shard(source, path, ["doc_id"])["doc_id"]
            present = ids.filter(pc.invert(pc.is_in(ids, value_set=absent))).unique().to_pylist()
            if not present:
                continue
            split = split_of(path)
            if table == "documents":
                owners.update(dict.fromkeys(present, len(groups)))
                groups.append(ShardGroup(split, {}))
            numbers = {owners.get(doc_id, -1) for doc_id in present}
            if len(numbers) > 1 or -1 in numbers:
                raise ValidationError(
                    f"{source.name}: {path}: expected rows about documents of one file of documents; found others; "
                    "build again"
                )
            kept.setdefault(table, {}).setdefault(split, []).append((path, numbers.pop()))
    for table, by_split in kept.items():
        for split, files in by_split.items():
            for place, (path, number) in enumerate(files):
                target = f"data/{table}/{split}-{place:05d}-of-{len(files):05d}.parquet"
                groups[number].files.setdefault(table, []).append((path, target))
    return groups
