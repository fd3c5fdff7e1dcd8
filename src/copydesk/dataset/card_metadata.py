"""The front matter of the dataset card: YAML that ``datasets`` and the Hub read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.dataset.license_file import NAME as LICENSE
from copydesk.dataset.metrics import Metrics
from copydesk.tables.licenses import UNKNOWN
from copydesk.tables.table import Table

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


class DataFile(NamedTuple):
    """A Parquet file of the dataset. ``size`` is in bytes, ``num_bytes`` that of its columns uncompressed."""

    path: str
    split: str
    sha256: str
    size: int
    rows: int
    num_bytes: int

    @classmethod
    def of(cls, file: Path, path: str, split: str, sha256: str, footer: pq.FileMetaData | None = None) -> DataFile:
        """Describe a file by its footer, which is read if it is not given."""
        footer = footer or pq.read_metadata(file)
        groups = (footer.row_group(i).total_byte_size for i in range(footer.num_row_groups))
        return cls(path, split, sha256, file.stat().st_size, footer.num_rows, sum(groups))


class Config(NamedTuple):
    """A table as a configuration of the dataset, with its files in order and the logical hash of each split."""

    table: Table
    files: list[DataFile]
    logical: Mapping[str, str] = MappingProxyType({})

    @property
    def name(self) -> str:
        """Name of the configuration."""
        return self.table.name

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    @property
    def digest(self) -> str:
        """Hash of the files' hashes, in order; it changes if a row changes."""
        return hashlib.sha256("".join(f"{f.split} {f.sha256}\n" for f in self.files).encode()).hexdigest()

    @property
    def splits(self) -> dict[str, int]:
        """Rows by split, in the order of the files."""
        rows: dict[str, int] = {}
        for file in self.files:
            rows[file.split] = rows.get(file.split, 0) + file.rows
        return rows


def front_matter(settings: dict[str, Any], configs: list[Config], metrics: Metrics) -> dict[str, Any]:
    """The YAML of the card."""
    documents = configs[0].rows
    size = next((name for limit, name in _SIZES if documents < limit), "n>10M")
    return {
        "pretty_name": settings["title"],
        "language": [code for code in metrics.languages if code != "unknown"],
        **_license(metrics),
        "size_categories": [size],
        "task_categories": ["text-generation"],
        "configs": [
            {
                "config_name": config.name,
                # load_dataset caches a local folder by this entry alone: without these two lines it would go on
                # serving the rows of the version it saw first.
                "version": settings["version"],
                "description": f"content sha256:{config.digest}",
                "data_files": [
                    {"split": split, "path": f"data/{config.name}/{split}-*.parquet"} for split in config.splits
                ],
                **({"default": True} if config is configs[0] else {}),
            }
            for config in configs
        ],
        "dataset_info": [dataset_info(config) for config in configs],
    }


def dataset_info(config: Config) -> dict[str, Any]:
    """Features, counts and sizes of a configuration, as the card's ``dataset_info`` has them."""
    splits = [
        {
            "name": split,
            "num_bytes": sum(f.num_bytes for f in config.files if f.split == split),
            "num_examples": rows,
        }
        for split, rows in config.splits.items()
    ]
    return {
        "config_name": config.name,
        "features": yaml_features(config.table.arrow),
        "splits": splits,
        "download_size": sum(f.size for f in config.files),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def yaml_features(fields: pa.Schema | pa.StructType) -> list[dict[str, Any]]:
    """Columns in the notation of ``dataset_info`` (a test compares it with what ``datasets`` makes of it)."""
    return [{"name": field.name, **_yaml_type(field.type)} for field in fields]


def _yaml_type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        inner = _yaml_type(kind.value_type)
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    if pa.types.is_struct(kind):
        return {"struct": yaml_features(kind)}
    names = {pa.float64(): "float64", pa.bool_(): "bool"}
    return {"dtype": names.get(kind, str(kind))}


def _license(metrics: Metrics) -> dict[str, Any]:
    names = list(metrics.licenses)
    if any(name.startswith("LicenseRef-") or " " in name for name in names):
        name = "unknown" if names == [UNKNOWN] else "mixed"
        return {"license": "other", "license_name": name, "license_link": LICENSE}
    return {"license": names[0].lower() if len(names) == 1 else [name.lower() for name in names]}
