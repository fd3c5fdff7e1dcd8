"""Corpora with a fault that nothing but a look at the rows can find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from copydesk.core.atomic_files import sha256_file
from copydesk.dataset.card_metadata import Config, DataFile, front_matter
from copydesk.dataset.croissant import render_croissant
from copydesk.dataset.manifest import manifest_json
from copydesk.dataset.metrics import measure
from copydesk.errors import SchemaError
from copydesk.project import Project
from copydesk.tables.logical_hash import hash_of_tables
from copydesk.tables.parquet import write_parquet
from copydesk.tables.table import TABLES, table

Change = Callable[[pa.Table], pa.Table]


def shard(project: Project, name: str, number: int = 0) -> Path:
    return sorted((project.corpus / "data" / name).glob("train-*.parquet"))[number]


def rewrite(project: Project, name: str, change: Change, number: int = 0) -> None:
    """Change a shard, and everything that counts and hashes it, as a tool with a bug would."""
    path = shard(project, name, number)
    write_parquet(change(pq.read_table(path)), path)
    repackage(project)


def repackage(project: Project) -> None:
    """Write a card and a manifest that fit the files as they are."""
    configs: list[Config] = []
    tables: dict[str, list[pa.Table]] = {}
    for folder in TABLES:
        files = sorted((project.corpus / "data" / folder).glob("*.parquet"))
        if files:
            names = {p: f"data/{folder}/{p.name}" for p in files}
            shards = [DataFile.of(p, name, p.name.partition("-")[0], sha256_file(p)) for p, name in names.items()]
            logical: dict[str, list[pa.Table]] = {}
            for path, file in zip(files, shards, strict=True):
                logical.setdefault(file.split, []).append(pq.read_table(path))
            try:
                hashes = {split: hash_of_tables(rows) for split, rows in logical.items()}
            except SchemaError:  # the rows are found to be wrong before they are hashed
                hashes = dict.fromkeys(logical, "")
            configs.append(Config(table(folder, project.schemas), shards, hashes))
        tables[folder] = [pq.read_table(p) for p in files]
    try:
        metrics = measure(tables)
    except (pa.ArrowException, KeyError, ValueError):
        metrics = measure({"documents": [], "raw": [], "sentences": [], "edits": []})
    matter = front_matter(project.params["corpus"], configs, metrics)
    card = project.corpus / "README.md"
    card.write_text(f"---\n{yaml.safe_dump(matter, sort_keys=False)}---\n")
    (project.corpus / "manifest.json").write_text(manifest_json(project.params, configs, project.schemas, []))
    (project.corpus / "croissant.json").write_text(render_croissant(project.params["corpus"], configs, metrics))
    write_manifest(project)


def write_manifest(project: Project) -> None:
    beside = ("MANIFEST.sha256", ".gitignore")
    everything = (p for p in sorted(project.corpus.rglob("*")) if p.is_file() and p.name not in beside)
    # What a test left in data/ that is no Parquet stays unlisted.
    files = [p for p in everything if p.suffix == ".parquet" or project.corpus / "data" not in p.parents]
    lines = [f"{sha256_file(p)}  {p.relative_to(project.corpus).as_posix()}\n" for p in files]
    (project.corpus / "MANIFEST.sha256").write_text("".join(lines))


def set_cell(column: str, row: int, value: Any) -> Change:
    def change(rows: pa.Table) -> pa.Table:
        values = rows[column].to_pylist()
        values[row] = value(values[row]) if callable(value) else value
        field = rows.schema.field(column)
        nullable = field.with_nullable(True) if None in values else field
        return rows.set_column(rows.column_names.index(column), nullable, pa.array(values, field.type))

    return change
