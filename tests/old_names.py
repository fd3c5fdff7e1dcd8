"""Repositories from before columns and fields were renamed: schemas, hand-written files and releases in the old names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from copydesk.core.atomic_files import sha256_file
from copydesk.core.json_schema import PACKAGED
from copydesk.core.renamed_fields import COLUMNS
from copydesk.store.shard_store import Part, Store
from copydesk.tables.parquet import read_parquet, write_parquet

_OLD = {
    "source": {"source": "outlet", "license": "licence"},
    "documents": {new: old for old, new in COLUMNS.items()},
    "decision": {new: old for old, new in COLUMNS.items()},
}


def write_old_schemas(folder: Path) -> None:
    """Write the schemas of the package into a folder, as they were before the rename."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in PACKAGED.glob("*.schema.json"):
        names = _OLD.get(path.name.partition(".")[0])
        schema = json.loads(path.read_text("utf-8"))
        if names:
            schema |= _renamed({key: schema[key] for key in _NAMING if key in schema}, names)
        (folder / path.name).write_text(json.dumps(schema, indent=2) + "\n" if names else path.read_text("utf-8"))


#: Keywords of a schema below which columns and fields are named.
_NAMING = ("required", "properties", "allOf", "$defs")


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def rename_corpus(root: Path) -> None:
    """Give the columns of a corpus their old names, in the tables, in the manifest and in the store of shards."""
    manifest = root / "corpus" / "manifest.json"
    listing = json.loads(manifest.read_text("utf-8"))
    for path, file in listing["tables"]["documents"]["files"].items():
        rows = read_parquet(root / "corpus" / path)
        write_parquet(_old_table(rows), root / "corpus" / path)
        file["sha256"] = sha256_file(root / "corpus" / path)
        shard = Store(root / "build" / "store").path(Part(0, file["sha256"]))
        shard.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "corpus" / path, shard)
    manifest.write_text(json.dumps(listing), "utf-8")


def _old_table(rows: pa.Table) -> pa.Table:
    names = _OLD["documents"]
    origins = [
        [{**origin, "field": names.get(origin["field"], origin["field"])} for origin in of_document]
        for of_document in rows["provenance"].to_pylist()
    ]
    at = rows.column_names.index("provenance")
    field = rows.schema.field("provenance")
    rows = rows.set_column(at, field, pa.array(origins, field.type))
    return rows.rename_columns([names.get(name, name) for name in rows.column_names])
